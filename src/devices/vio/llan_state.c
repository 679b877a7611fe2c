/* SPDX-License-Identifier: Apache-2.0 */
/* The network card of the virtual I/O bus: its state in saved guests. */
#include <string.h>

#include "devices/vio/llan_internal.h"

static void save_open(struct llan *l, struct state_out *out)
{
	put_u64(out, l->list);
	put_u64(out, l->queue_bytes << 32 | l->queue);
	put_u64(out, l->filter_list);
	put_u64(out, l->queue_next);
	put_u8(out, l->second_way);
	put_u8(out, l->multicast);
	put_u8(out, l->filtered);
	put_u32(out, l->n_filters);
	for (unsigned i = 0; i < l->n_filters; i++)
		put_u64(out, l->filters[i]);
	for (unsigned i = 0; i < POOLS; i++) {
		const struct llan_pool *pool = &l->pools[i];

		put_u32(out, pool->bytes);
		put_u32(out, pool->count);
		for (unsigned k = 0; k < pool->count; k++)
			put_u32(out, pool->addresses[(pool->first + k) % POOL_BUFFERS]);
	}
}

void llan_save(struct machine_device *d, struct state_out *out)
{
	struct llan *l = llan_of(d);

	vio_save(&l->vio, out);
	put_bytes(out, l->first_mac, sizeof(l->first_mac));
	put_u64(out, l->mac);
	put_u32(out, l->attributes);
	put_u8(out, l->open);
	if (l->open)
		save_open(l, out);
	net_save(l->link, out);
}

static int load_pools(struct llan *l, struct state_in *in)
{
	u32 before = 0;

	for (unsigned i = 0; i < POOLS; i++) {
		struct llan_pool *pool = &l->pools[i];
		u32 bytes = get_u32(in), count = get_u32(in);

		if (in->bad || count > POOL_BUFFERS || (bytes && bytes <= before) ||
		    (!bytes && count) || (i && bytes && !before))
			return -1;
		*pool = (struct llan_pool){.bytes = bytes};
		for (u32 k = 0; k < count; k++)
			llan_pool_put(pool, get_u32(in));
		before = bytes;
	}
	return 0;
}

/* What is open in the window is looked at again at each use. */
static int load_open(struct llan *l, struct state_in *in)
{
	u64 list = get_u64(in), queue = get_u64(in), filter_list = get_u64(in);
	u64 next = get_u64(in), queue_bytes = queue >> 32;
	u8 second = get_u8(in), multicast = get_u8(in), filtered = get_u8(in);
	u32 n_filters = get_u32(in);

	if (in->bad || list % PAGE || filter_list % PAGE || !queue_bytes || queue_bytes >> 24 ||
	    queue_bytes % LLAN_RXQ_BYTES || (u32)queue % LLAN_RXQ_BYTES || next >= queue_bytes ||
	    next % LLAN_RXQ_BYTES || second > 1 || multicast > 1 || filtered > 1 ||
	    n_filters > LLAN_FILTERS)
		return -1;
	llan_open_card(l, list, (u32)queue, queue_bytes, filter_list);
	l->queue_next = next;
	l->second_way = second;
	l->multicast = multicast;
	l->filtered = filtered;
	for (l->n_filters = 0; l->n_filters < n_filters; l->n_filters++)
		l->filters[l->n_filters] = get_u64(in);
	return load_pools(l, in);
}

/* Its network may be another than it was. */
int llan_load(struct machine_device *d, struct state_in *in)
{
	struct llan *l = llan_of(d);
	u8 first_mac[NET_MAC_BYTES], mac[NET_MAC_BYTES], open;

	if (vio_load(&l->vio, in))
		return -1;
	get_bytes(in, first_mac, sizeof(first_mac));
	if (l->mac_given && memcmp(first_mac, l->first_mac, sizeof(first_mac)))
		return -1;
	memcpy(l->first_mac, first_mac, sizeof(first_mac));
	l->mac = get_u64(in) & MAC_BITS;
	l->attributes = get_u32(in) & LLAN_ATTR_CHANGES;
	open = get_u8(in);
	if (in->bad || open > 1 || (open && load_open(l, in)))
		return -1;
	if (l->link->ops->set_large)
		l->link->ops->set_large(l->link, l->attributes & LLAN_ATTR_LARGE);
	llan_mac_bytes(l->mac, mac);
	if (open)
		net_announce(l->link, mac);
	return net_load(l->link, in);
}
