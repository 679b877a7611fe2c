/* SPDX-License-Identifier: Apache-2.0 */
/* The network card of the virtual I/O bus: its hypercalls, and its life. */
#include <papyr/papr.h>
#include <stdlib.h>
#include <string.h>

#include "base/racy.h"
#include "devices/vio/llan_internal.h"
#include "platform/machine.h"
#include "platform/xics.h"

#define BUFFER_LEAST  16
#define SEGMENT_LEAST 16
/* Pages of the largest frame in pieces that begin and end anywhere. */
#define PIECES (NET_FRAME_MAX / PAGE + 2 * LLAN_BUFFERS)

void llan_mac_bytes(u64 number, u8 *mac)
{
	for (unsigned i = 0; i < NET_MAC_BYTES; i++)
		mac[i] = number >> 8 * (NET_MAC_BYTES - 1 - i);
}

u64 llan_mac_number(const u8 *mac)
{
	u64 number = 0;

	for (unsigned i = 0; i < NET_MAC_BYTES; i++)
		number = number << 8 | mac[i];
	return number;
}

/* ---- Hypercalls. Where they are found wrong, nothing was changed. ---- */

void llan_open_card(struct llan *l, u64 list, u64 queue, u64 queue_bytes, u64 filter_list)
{
	l->open = true;
	l->list = list;
	l->queue = queue;
	l->queue_bytes = queue_bytes;
	l->queue_next = 0;
	l->second_way = false;
	l->filter_list = filter_list;
	l->multicast = l->filtered = false;
	l->n_filters = 0;
	for (unsigned i = 0; i < POOLS; i++)
		l->pools[i].bytes = l->pools[i].count = 0;
}

/*
 * H_REGISTER_LOGICAL_LAN - opens the card.
 *
 * r5: list of buffers, a page of the window; r6: descriptor of the receive queue, r7: list of
 * filters, a page; r8: address of the card's. H_RESOURCE: it is open. H_PARAMETER: not whole pages,
 * or entries, or not open to the device.
 */
static s64 check_places(struct llan *l, u64 list, u64 queue, u64 filter_list)
{
	u64 bytes = queue >> 32 & 0xffffff;
	u32 address = queue;

	if (list % PAGE || filter_list % PAGE || !dma_open(&l->vio, list, PAGE, true) ||
	    !dma_open(&l->vio, filter_list, PAGE, true))
		return H_PARAMETER;
	if (!(queue & LLAN_BUF_VALID) || !bytes || bytes % LLAN_RXQ_BYTES ||
	    address % LLAN_RXQ_BYTES || !dma_open(&l->vio, address, bytes, true))
		return H_PARAMETER;
	return H_SUCCESS;
}

static s64 h_register(struct llan *l, const u64 *args)
{
	static const u8 empty[PAGE];
	u32 attributes;
	s64 ret = check_places(l, args[1], args[2], args[3]);

	if (ret != H_SUCCESS)
		return ret;
	lock_acquire(&l->vio.lock);
	if (l->open) {
		ret = H_RESOURCE;
	} else {
		llan_open_card(l, args[1], (u32)args[2], args[2] >> 32 & 0xffffff, args[3]);
		l->mac = args[4] & MAC_BITS;
		l->vio.signal = false;
		dma_write(&l->vio, l->list, empty, PAGE);
		dma_write(&l->vio, l->filter_list, empty, PAGE);
		llan_write_queue_descriptor(l);
	}
	attributes = l->attributes;
	lock_release(&l->vio.lock);
	if (ret == H_SUCCESS && l->link->ops->set_large)
		l->link->ops->set_large(l->link, attributes & LLAN_ATTR_LARGE);
	return ret;
}

/* H_FREE_LOGICAL_LAN. After it no memory of the guest is written to. */
static s64 h_free(struct llan *l)
{
	lock_acquire(&l->vio.lock);
	l->open = false;
	l->vio.signal = false;
	lock_release(&l->vio.lock);
	return H_SUCCESS;
}

/*
 * H_ADD_LOGICAL_LAN_BUFFER - gives the card a buffer to receive into.
 *
 * r5: its descriptor. H_PARAMETER: none, too small, not aligned, not open to writing, or the card
 * isn't. H_RESOURCE: there are too many, or too many sizes.
 */
static s64 h_add_buffer(struct llan *l, u64 d)
{
	u32 bytes = d >> 32 & 0xffffff, address = d;
	struct llan_pool *pool;
	bool starved;
	s64 ret = H_RESOURCE;

	if (!(d & LLAN_BUF_VALID) || bytes < BUFFER_LEAST || address % 4 ||
	    !dma_open(&l->vio, address, bytes, true))
		return H_PARAMETER;
	lock_acquire(&l->vio.lock);
	if (!l->open) {
		ret = H_PARAMETER;
	} else {
		pool = llan_pool_for(l, bytes);
		if (pool && llan_pool_put(pool, address))
			ret = H_SUCCESS;
	}
	starved = l->starved;
	l->starved = false;
	lock_release(&l->vio.lock);
	if (starved)
		net_wake(l->link);
	return ret;
}

/*
 * H_FREE_LOGICAL_LAN_BUFFER - gives a receive buffer back.
 *
 * r5: of which size. It comes by the receive queue, by an entry that isn't valid but for its
 * toggle. H_NOT_FOUND: the card has none of that size. H_PARAMETER: it isn't open. H_HARDWARE: the
 * guest has closed the buffer, which stays where it is. PAPR 17.4.3.
 */
static s64 give_buffer_back(struct llan *l, u64 bytes)
{
	struct llan_pool *pool = l->pools;
	u8 handle[HANDLE_BYTES];

	while (pool < l->pools + POOLS && pool->bytes != bytes)
		pool++;
	if (!bytes || pool == l->pools + POOLS || !pool->count)
		return H_NOT_FOUND;
	if (!dma_read(&l->vio, pool->addresses[pool->first], handle, sizeof(handle)))
		return H_HARDWARE;
	llan_pool_take(pool);
	llan_enqueue(l, 0, handle);
	return H_SUCCESS;
}

static s64 h_free_buffer(struct llan *l, u64 bytes)
{
	bool signal = false;
	s64 ret = H_PARAMETER;

	lock_acquire(&l->vio.lock);
	if (l->open) {
		ret = give_buffer_back(l, bytes);
		signal = ret == H_SUCCESS && l->vio.signal;
	}
	lock_release(&l->vio.lock);
	if (signal)
		xics_pulse(l->vio.dev.m, l->vio.dev.irq);
	return ret;
}

/* The pieces of a frame that is sent; how many, or -1: they make no frame. */
static int gather(struct llan *l, const u64 *descriptors, struct iovec *iov, u64 *bytes)
{
	int n = 0;

	*bytes = 0;
	for (unsigned i = 0; i < LLAN_BUFFERS; i++) {
		u64 d = descriptors[i], piece = d >> 32 & 0xffffff;
		int r;

		if (!(d & LLAN_BUF_VALID) || !piece)
			break;
		if (piece > NET_FRAME_MAX - *bytes)
			return -1;
		r = dma_map(&l->vio, (u32)d, piece, false, iov + n, PIECES - n);
		if (r < 0)
			return -1;
		n += r;
		*bytes += piece;
	}
	return *bytes < HEADER_BYTES ? -1 : n;
}

#define HEADERS_BYTES 128 /* with room for those of Ethernet, IPv4 and TCP with all options */

/* Is it a packet of TCP, which alone can be cut? */
static bool can_cut(const struct iovec *iov, unsigned n, u64 bytes)
{
	u8 headers[HEADERS_BYTES] = {0};
	size_t have = 0;
	struct tcp_place p;

	for (unsigned i = 0; i < n && have < sizeof(headers); i++) {
		size_t piece = iov[i].iov_len;

		if (piece > sizeof(headers) - have)
			piece = sizeof(headers) - have;
		racy_copy_bytes(headers + have, iov[i].iov_base, piece);
		have += piece;
	}
	return tcp_find(headers, bytes, &p);
}

/*
 * H_SEND_LOGICAL_LAN - sends a frame.
 *
 * r5 to r10: descriptors of its pieces, up to one that is not valid; r11: of no use, since nothing
 * is left to be continued; r12: if large frames are on, the size of TCP's segments, 0 for none.
 * H_PARAMETER: no frame, not open to reading, or none of TCP to be cut. H_DROPPED: the card is not
 * open, or the network takes no more.
 */
static s64 h_send(struct llan *l, const u64 *args)
{
	struct net_frame f = {0};
	struct iovec iov[PIECES];
	u64 bytes, segment = args[8];
	bool open, large;
	int n;

	lock_acquire(&l->vio.lock);
	open = l->open;
	large = l->attributes & LLAN_ATTR_LARGE;
	lock_release(&l->vio.lock);
	if (!open)
		return H_DROPPED;
	if (!large)
		segment = 0;
	if (segment && (segment < SEGMENT_LEAST || segment > 0xffff))
		return H_PARAMETER;
	n = gather(l, args + 1, iov, &bytes);
	if (n < 0 || (segment && !can_cut(iov, n, bytes)))
		return H_PARAMETER;
	f.bytes = bytes;
	f.segment_bytes = segment;
	f.checksum_missing = args[1] & LLAN_BUF_NO_CSUM;
	return l->link->ops->send(l->link, iov, n, &f) ? H_SUCCESS : H_DROPPED;
}

static s64 change_filters(struct llan *l, u64 how, u64 mac)
{
	unsigned at = 0;

	if (how == LLAN_MCAST_CLEAR)
		l->n_filters = 0;
	if (how == LLAN_MCAST_CLEAR || !how)
		return H_SUCCESS;
	while (at < l->n_filters && l->filters[at] != mac)
		at++;
	if (how == LLAN_MCAST_REMOVE) {
		if (at == l->n_filters)
			return H_NOT_FOUND;
		l->filters[at] = l->filters[--l->n_filters];
	} else if (at == l->n_filters) {
		if (l->n_filters == LLAN_FILTERS)
			return H_CONSTRAINED;
		l->filters[l->n_filters++] = mac;
	}
	return H_SUCCESS;
}

/*
 * H_MULTICAST_CTRL - which frames for several are received, beside those for all.
 *
 * r5: flags, r6: address. Returns in r4 what is on and how many addresses are in the table.
 * H_PARAMETER: other flags, or no address. H_CONSTRAINED: the table is full. H_NOT_FOUND: it isn't
 * in the table.
 */
static s64 h_multicast(struct llan *l, u64 *args)
{
	u64 flags = args[1], how = flags & LLAN_MCAST_TABLE;
	s64 ret;

	if (flags & ~(u64)(LLAN_MCAST_SET_RECEIVE | LLAN_MCAST_SET_FILTER | LLAN_MCAST_RECEIVE |
			   LLAN_MCAST_FILTER | LLAN_MCAST_TABLE))
		return H_PARAMETER;
	if ((how == LLAN_MCAST_ADD || how == LLAN_MCAST_REMOVE) && args[2] & ~MAC_BITS)
		return H_PARAMETER;
	lock_acquire(&l->vio.lock);
	if (flags & LLAN_MCAST_SET_RECEIVE)
		l->multicast = flags & LLAN_MCAST_RECEIVE;
	if (flags & LLAN_MCAST_SET_FILTER)
		l->filtered = flags & LLAN_MCAST_FILTER;
	ret = change_filters(l, how, args[2]);
	args[0] = (l->multicast ? LLAN_MCAST_RECEIVE : 0) | (l->filtered ? LLAN_MCAST_FILTER : 0) |
		  l->n_filters;
	lock_release(&l->vio.lock);
	return ret;
}

/* H_CHANGE_LOGICAL_LAN_MAC - r5: the address whose frames are received from now on. */
static s64 h_change_mac(struct llan *l, u64 mac)
{
	lock_acquire(&l->vio.lock);
	l->mac = mac & MAC_BITS;
	lock_release(&l->vio.lock);
	return H_SUCCESS;
}

/*
 * H_ILLAN_ATTRIBUTES - what card and driver leave to each other.
 *
 * r5: attributes to reset, r6: to set. Returns in r4 what is set. H_CONSTRAINED: the card is open,
 * or one of them is as it is; then nothing was changed.
 */
static s64 h_attributes(struct llan *l, u64 *args)
{
	s64 ret = H_SUCCESS;
	u64 new;

	lock_acquire(&l->vio.lock);
	new = ((l->attributes & ~args[1]) | args[2]) & LLAN_ATTR_CHANGES;
	if ((args[1] & LLAN_ATTR_FIXED & ~args[2]) || (new != l->attributes && l->open))
		ret = H_CONSTRAINED;
	else
		l->attributes = new;
	args[0] = l->attributes | LLAN_ATTR_FIXED;
	lock_release(&l->vio.lock);
	return ret;
}

static bool hcall(struct machine_device *d, u64 number, u64 *args, s64 *ret)
{
	struct llan *l = llan_of(d);

	if (args[0] != l->vio.unit)
		return false;
	switch (number) {
	case H_REGISTER_LOGICAL_LAN:
		*ret = h_register(l, args);
		return true;
	case H_FREE_LOGICAL_LAN:
		*ret = h_free(l);
		return true;
	case H_ADD_LOGICAL_LAN_BUFFER:
		*ret = h_add_buffer(l, args[1]);
		return true;
	case H_FREE_LOGICAL_LAN_BUFFER:
		*ret = h_free_buffer(l, args[1]);
		return true;
	case H_SEND_LOGICAL_LAN:
		*ret = h_send(l, args);
		return true;
	case H_MULTICAST_CTRL:
		*ret = h_multicast(l, args);
		return true;
	case H_CHANGE_LOGICAL_LAN_MAC:
		*ret = h_change_mac(l, args[1]);
		return true;
	case H_ILLAN_ATTRIBUTES:
		*ret = h_attributes(l, args);
		return true;
	}
	return vio_hcall(d, number, args, ret);
}

/* ---- The device ---- */

static void describe(struct vio_device *v, struct dt_tree *t)
{
	struct llan *l = llan_of(&v->dev);

	dt_prop(t, "local-mac-address", l->first_mac, sizeof(l->first_mac));
	dt_prop(t, "mac-address", l->first_mac, sizeof(l->first_mac));
	dt_cells(t, "ibm,mac-address-filters", LLAN_FILTERS);
	dt_cells(t, "ibm,illan-options", 0);
	dt_cells(t, "address-bits", 48);
	dt_cells(t, "max-frame-size", NET_FRAME_MAX);
}

static void reset(struct machine_device *d)
{
	struct llan *l = llan_of(d);

	vio_reset(&l->vio);
	lock_acquire(&l->vio.lock);
	l->open = false;
	l->attributes = 0;
	l->mac = llan_mac_number(l->first_mac);
	lock_release(&l->vio.lock);
}

static int start(struct machine_device *d, struct error *err)
{
	struct llan *l = llan_of(d);

	return net_start(l->link, d->m, &llan_card_ops, l, err);
}

static void llan_free(struct machine_device *d)
{
	struct llan *l = llan_of(d);

	net_free(l->link);
	vio_fini(&l->vio);
	free(l);
}

static const struct vio_ops llan_ops = {
    .node = "l-lan",
    .type = "network",
    .compatible = "IBM,l-lan",
    .describe = describe,
};

static const struct device_ops llan_device_ops = {
    .name = "l-lan",
    .version = 1,
    .describe = vio_describe,
    .hcall = hcall,
    .reset = reset,
    .save = llan_save,
    .load = llan_load,
    .free = llan_free,
    .start = start,
};

int llan_new(struct machine *m, struct net_link *link, const u8 *mac, struct error *err)
{
	struct llan *l = calloc(1, sizeof(*l));

	if (!l) {
		net_free(link);
		return error_nomem(err, "a network card");
	}
	l->link = link;
	if (vio_init(&l->vio, m, &llan_ops, &llan_device_ops, err))
		return -1; /* the machine's, which frees it */
	net_make_mac(m, l->vio.dev.index, l->first_mac);
	l->mac_given = mac;
	if (mac)
		memcpy(l->first_mac, mac, NET_MAC_BYTES);
	l->mac = llan_mac_number(l->first_mac);
	return 0;
}
