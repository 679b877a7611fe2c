/* SPDX-License-Identifier: Apache-2.0 */
/* The network card of the virtual I/O bus: its receive buffers, and frames that come. */
#include <string.h>

#include "devices/vio/llan_internal.h"
#include "platform/machine.h"
#include "platform/xics.h"

#define DROPPED_AT (PAGE - 8) /* in the buffer list: frames for which there was no buffer */

/* ---- Buffers ---- */

struct llan_pool *llan_pool_for(struct llan *l, u32 bytes)
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

bool llan_pool_put(struct llan_pool *pool, u32 address)
{
	if (pool->count == POOL_BUFFERS)
		return false;
	pool->addresses[(pool->first + pool->count++) % POOL_BUFFERS] = address;
	return true;
}

u32 llan_pool_take(struct llan_pool *pool)
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
		*address = llan_pool_take(pool);
		return true;
	}
	return false;
}

/* ---- Receiving ---- */

static bool wanted(const struct llan *l, const u8 *to)
{
	u64 mac = llan_mac_number(to);

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

void llan_write_queue_descriptor(struct llan *l)
{
	u8 d[8];

	store_be64(d, LLAN_BUF_VALID | (l->second_way ? LLAN_BUF_TOGGLE : 0) |
			  l->queue_bytes << 32 | l->queue);
	dma_write(&l->vio, l->list, d, sizeof(d));
}

/* An entry: the half with the toggle comes last. */
void llan_enqueue(struct llan *l, u64 word, const u8 *handle)
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
		llan_write_queue_descriptor(l);
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
	llan_enqueue(l, word | offset << 32 | f->bytes, handle);
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
	bool starved;

	lock_acquire(&l->vio.lock);
	starved = l->open;
	for (unsigned i = 0; i < POOLS && l->pools[i].bytes && starved; i++)
		starved = !l->pools[i].count;
	l->starved = starved;
	lock_release(&l->vio.lock);
	return !starved;
}

const struct net_card_ops llan_card_ops = {.receive = receive, .ready = ready};
