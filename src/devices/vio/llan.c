/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/vio/llan.h"

#include <papyr/papr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/racy.h"
#include "devices/vio/vio.h"
#include "platform/dirtylog.h"
#include "platform/machine.h"
#include "platform/xics.h"

#define PAGE	      4096u
#define DROPPED_AT    (PAGE - 8) /* in the buffer list: frames for which there was no buffer */
#define HEADER_BYTES  14	 /* Ethernet's */
#define HANDLE_BYTES  8		 /* the driver's, at the beginning of a buffer */
#define SEGMENT_BYTES 8		 /* behind it, for large frames */
#define BUFFER_LEAST  16
#define SEGMENT_LEAST 16
#define MAC_BITS      0xffffffffffffull
#define POOLS	      8
#define POOL_BUFFERS  4096
/* Pages of the largest frame in pieces that begin and end anywhere. */
#define PIECES (NET_FRAME_MAX / PAGE + 2 * LLAN_BUFFERS)

/* Receive buffers of one size, in the order in which they came. */
struct llan_pool {
	u32 bytes; /* 0: not used */
	u32 first, count;
	u32 addresses[POOL_BUFFERS];
};

/* All but the first two under vio.lock. */
struct llan {
	struct vio_device vio;
	struct net_link *link;
	u8 first_mac[NET_MAC_BYTES]; /* what a guest finds when it starts */
	bool mac_given;		     /* by the user: a guest that comes must have it */

	u64 mac;
	u32 attributes;
	bool open; /* registered; all that follows is of no value if not */
	u64 list, queue, queue_bytes, queue_next, filter_list;
	bool second_way; /* through the queue: its entries' toggle is 0 */
	bool multicast, filtered;
	unsigned n_filters;
	u64 filters[LLAN_FILTERS];
	struct llan_pool pools[POOLS]; /* the smaller first */
	bool starved;		       /* the link waits for a buffer */
};

static struct llan *llan_of(struct machine_device *d)
{
	return container_of(d, struct llan, vio.dev);
}

static void mac_bytes(u64 number, u8 *mac)
{
	for (unsigned i = 0; i < NET_MAC_BYTES; i++)
		mac[i] = number >> 8 * (NET_MAC_BYTES - 1 - i);
}

static u64 mac_number(const u8 *mac)
{
	u64 number = 0;

	for (unsigned i = 0; i < NET_MAC_BYTES; i++)
		number = number << 8 | mac[i];
	return number;
}

/* ---- Receive buffers, all with vio.lock held ---- */

/* The pool of buffers of a size, made if there is none. NULL: there are too many sizes. */
static struct llan_pool *pool_for(struct llan *l, u32 bytes)
{
	unsigned at = 0;

	while (at < POOLS && l->pools[at].bytes && l->pools[at].bytes < bytes)
		at++;
	if (at < POOLS && l->pools[at].bytes == bytes)
		return &l->pools[at];
	if (l->pools[POOLS - 1].bytes)
		return NULL;
	memmove(&l->pools[at + 1], &l->pools[at], (POOLS - 1 - at) * sizeof(l->pools[0]));
	l->pools[at].bytes = bytes;
	l->pools[at].first = l->pools[at].count = 0;
	return &l->pools[at];
}

static bool pool_put(struct llan_pool *pool, u32 address)
{
	if (pool->count == POOL_BUFFERS)
		return false;
	pool->addresses[(pool->first + pool->count++) % POOL_BUFFERS] = address;
	return true;
}

static u32 pool_take(struct llan_pool *pool)
{
	u32 address = pool->addresses[pool->first];

	pool->first = (pool->first + 1) % POOL_BUFFERS;
	pool->count--;
	return address;
}

/* The smallest buffer that holds @bytes. */
static bool take_buffer(struct llan *l, u64 bytes, u32 *address, u32 *buffer_bytes)
{
	for (unsigned i = 0; i < POOLS && l->pools[i].bytes; i++) {
		struct llan_pool *pool = &l->pools[i];

		if (pool->bytes < bytes || !pool->count)
			continue;
		*buffer_bytes = pool->bytes;
		*address = pool_take(pool);
		return true;
	}
	return false;
}

/* ---- Receiving ---- */

static bool wanted(const struct llan *l, const u8 *to)
{
	u64 mac = mac_number(to);

	if (!(to[0] & 1))
		return mac == l->mac;
	if (mac == MAC_BITS)
		return true;
	if (!l->multicast || !l->filtered)
		return l->multicast;
	for (unsigned i = 0; i < l->n_filters; i++)
		if (l->filters[i] == mac)
			return true;
	return false;
}

/* The guest reads how many it lost. */
static void count_dropped(struct llan *l)
{
	u8 counter[8];

	if (!dma_read(&l->vio, l->list + DROPPED_AT, counter, sizeof(counter)))
		return;
	store_be64(counter, load_be64(counter) + 1);
	dma_write(&l->vio, l->list + DROPPED_AT, counter, sizeof(counter));
}

/* The queue's descriptor is the list's first. */
static void write_queue_descriptor(struct llan *l)
{
	u8 d[8];

	store_be64(d, LLAN_BUF_VALID | (l->second_way ? LLAN_BUF_TOGGLE : 0) |
			  l->queue_bytes << 32 | l->queue);
	dma_write(&l->vio, l->list, d, sizeof(d));
}

/* An entry: the half with the toggle comes last. */
static void enqueue(struct llan *l, u64 word, const u8 *handle)
{
	struct iovec place;
	u64 words[2];

	if (dma_map(&l->vio, l->queue + l->queue_next, LLAN_RXQ_BYTES, true, &place, 1) == 1) {
		store_be64(&words[0], word | (l->second_way ? 0 : LLAN_RXQ_TOGGLE));
		memcpy(&words[1], handle, sizeof(words[1]));
		__atomic_store_n((u64 *)place.iov_base + 1, words[1], __ATOMIC_RELAXED);
		__atomic_store_n((u64 *)place.iov_base, words[0], __ATOMIC_RELEASE);
		dma_wrote(&l->vio, &place, 1);
	}
	l->queue_next += LLAN_RXQ_BYTES;
	if (l->queue_next == l->queue_bytes) {
		l->queue_next = 0;
		l->second_way = !l->second_way;
		write_queue_descriptor(l);
	}
}

/* Into a buffer that was taken, and the entry for it. What the guest closed since then is lost. */
static bool fill(struct llan *l, u32 buffer, const struct net_frame *f)
{
	u64 offset = HANDLE_BYTES, word = LLAN_RXQ_VALID;
	u8 handle[HANDLE_BYTES], segment[SEGMENT_BYTES];

	if (!dma_read(&l->vio, buffer, handle, sizeof(handle)))
		return false;
	if (f->segment_bytes) {
		store_be64(segment, f->segment_bytes);
		if (!dma_write(&l->vio, buffer + offset, segment, sizeof(segment)))
			return false;
		offset += SEGMENT_BYTES;
		word |= LLAN_RXQ_LARGE;
	}
	if (!dma_write(&l->vio, buffer + offset, f->data, f->bytes))
		return false;
	if (f->checksum_good && l->attributes & (LLAN_ATTR_CSUM_IPV4 | LLAN_ATTR_CSUM_IPV6))
		word |= LLAN_RXQ_CSUM_GOOD;
	enqueue(l, word | offset << 32 | f->bytes, handle);
	return true;
}

static void receive(void *card, const struct net_frame *f)
{
	struct llan *l = card;
	u64 bytes = HANDLE_BYTES + (f->segment_bytes ? SEGMENT_BYTES : 0) + f->bytes;
	u32 buffer, buffer_bytes;
	bool signal = false;

	if (f->bytes < HEADER_BYTES || f->bytes > NET_FRAME_MAX)
		return;
	lock_acquire(&l->vio.lock);
	if (l->open && wanted(l, f->data)) {
		if (take_buffer(l, bytes, &buffer, &buffer_bytes) && fill(l, buffer, f))
			signal = l->vio.signal;
		else
			count_dropped(l);
	}
	lock_release(&l->vio.lock);
	if (signal)
		xics_pulse(l->vio.dev.m, l->vio.dev.irq);
}

/* One that isn't open loses all, so that nothing old waits for it to be. */
static bool ready(void *card)
{
	struct llan *l = card;

	lock_acquire(&l->vio.lock);
	l->starved = l->open;
	for (unsigned i = 0; i < POOLS && l->pools[i].bytes && l->starved; i++)
		l->starved = !l->pools[i].count;
	lock_release(&l->vio.lock);
	return !l->starved;
}

static const struct net_card_ops card_ops = {.receive = receive, .ready = ready};

/* ---- Hypercalls. Where they are found wrong, nothing was changed. ---- */

static void open_card(struct llan *l, u64 list, u64 queue, u64 queue_bytes, u64 filter_list)
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
		open_card(l, args[1], (u32)args[2], args[2] >> 32 & 0xffffff, args[3]);
		l->mac = args[4] & MAC_BITS;
		l->vio.signal = false;
		dma_write(&l->vio, l->list, empty, PAGE);
		dma_write(&l->vio, l->filter_list, empty, PAGE);
		write_queue_descriptor(l);
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
		pool = pool_for(l, bytes);
		if (pool && pool_put(pool, address))
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
	pool_take(pool);
	enqueue(l, 0, handle);
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
	l->mac = mac_number(l->first_mac);
	lock_release(&l->vio.lock);
}

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

static void save(struct machine_device *d, struct state_out *out)
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
			pool_put(pool, get_u32(in));
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
	open_card(l, list, (u32)queue, queue_bytes, filter_list);
	l->queue_next = next;
	l->second_way = second;
	l->multicast = multicast;
	l->filtered = filtered;
	for (l->n_filters = 0; l->n_filters < n_filters; l->n_filters++)
		l->filters[l->n_filters] = get_u64(in);
	return load_pools(l, in);
}

/* Its network may be another than it was. */
static int load(struct machine_device *d, struct state_in *in)
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
	mac_bytes(l->mac, mac);
	if (open)
		net_announce(l->link, mac);
	return net_load(l->link, in);
}

static int start(struct machine_device *d, struct error *err)
{
	struct llan *l = llan_of(d);

	return net_start(l->link, d->m, &card_ops, l, err);
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
    .save = save,
    .load = load,
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
	l->mac = mac_number(l->first_mac);
	return 0;
}
