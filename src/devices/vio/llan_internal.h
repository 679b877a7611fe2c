/* SPDX-License-Identifier: Apache-2.0 */
/* The network card of the virtual I/O bus: what its files share. */
#ifndef PAPYR_DEVICES_LLAN_INTERNAL_H
#define PAPYR_DEVICES_LLAN_INTERNAL_H

#include "devices/vio/llan.h"
#include "devices/vio/vio.h"

#define PAGE	      4096u
#define HEADER_BYTES  14 /* Ethernet's */
#define HANDLE_BYTES  8	 /* the driver's, at the beginning of a buffer */
#define SEGMENT_BYTES 8	 /* behind it, for large frames */
#define MAC_BITS      0xffffffffffffull
#define POOLS	      8
#define POOL_BUFFERS  4096

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

static inline struct llan *llan_of(struct machine_device *d)
{
	return container_of(d, struct llan, vio.dev);
}

/* ---- llan.c: addresses, and a card that is as if it had just been opened ---- */

void llan_mac_bytes(u64 number, u8 *mac);
u64 llan_mac_number(const u8 *mac);
/* With vio.lock held. */
void llan_open_card(struct llan *l, u64 list, u64 queue, u64 queue_bytes, u64 filter_list);

/* ---- llan_receive.c: buffers and the queue; all with vio.lock held ---- */

/* The pool of buffers of a size, made if there is none. NULL: there are too many sizes. */
struct llan_pool *llan_pool_for(struct llan *l, u32 bytes);
/* False: it is full. */
bool llan_pool_put(struct llan_pool *pool, u32 address);
/* Of a pool that isn't empty, the first. */
u32 llan_pool_take(struct llan_pool *pool);
/* The queue's descriptor is the list's first. */
void llan_write_queue_descriptor(struct llan *l);
/* An entry of the queue: @word, but for its toggle, and a buffer's handle. */
void llan_enqueue(struct llan *l, u64 word, const u8 *handle);

/* What the link calls. */
extern const struct net_card_ops llan_card_ops;

/* ---- llan_state.c ---- */

void llan_save(struct machine_device *d, struct state_out *out);
int llan_load(struct machine_device *d, struct state_in *in);

#endif
