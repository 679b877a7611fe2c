/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Change tracking: bitmaps in a hierarchy, one set for each reader. track.h is the manual.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include "base/racy.h"
#include "hpt/track.h"

/* Bitmaps up to this size keep their memory: no page fault on a vcpu's way, and none later. */
#define KEEP_BYTES (1u << 20)

void hpt_trackers_init(struct hpt_trackers *ts, u64 n_entries)
{
	*ts = (struct hpt_trackers){.n_entries = n_entries};
	lock_init(&ts->lock, LOCK_TRACKERS);
}

void hpt_trackers_destroy(struct hpt_trackers *ts)
{
	struct hpt_tracker *t, *next;

	for (t = ts->list; t; t = next) {
		next = t->next;
		munmap(t->level[0], t->map_bytes);
		free(t);
	}
	lock_destroy(&ts->lock);
}

static struct hpt_tracker *tracker_new(u64 n_entries)
{
	struct hpt_tracker *t = calloc(1, sizeof(*t));
	u64 offset[HPT_TRACK_LEVELS], bits = n_entries, words = 0;
	u64 *map;

	if (!t)
		return NULL;
	do {
		bits = (bits + 63) >> HPT_TRACK_SHIFT;
		t->words[t->levels] = bits;
		offset[t->levels++] = words;
		words += bits;
	} while (bits > 1);

	t->map_bytes = words * sizeof(u64);
	map = mmap(NULL, t->map_bytes, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
		       (t->map_bytes > KEEP_BYTES ? 0 : MAP_POPULATE),
		   -1, 0);
	if (map == MAP_FAILED) {
		free(t);
		return NULL;
	}
	for (unsigned l = 0; l < t->levels; l++)
		t->level[l] = map + offset[l];
	return t;
}

struct hpt_tracker *hpt_tracker_get(struct hpt_trackers *ts)
{
	struct hpt_tracker *t;

	lock_acquire(&ts->lock);
	for (t = ts->list; t && t->active; t = t->next)
		;
	if (!t) {
		t = tracker_new(ts->n_entries);
		if (!t)
			goto out;
		t->next = ts->list;
		__atomic_store_n(&ts->list, t, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&t->active, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&ts->n_active, 1, __ATOMIC_SEQ_CST);
	/*
	 * Who looked at n_active before this has set LOCK in its entry before that; the caller's
	 * reads come after and will see the LOCK or the new words.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
out:
	lock_release(&ts->lock);
	return t;
}

void hpt_tracker_put(struct hpt_trackers *ts, struct hpt_tracker *t)
{
	lock_acquire(&ts->lock);
	__atomic_store_n(&t->active, 0, __ATOMIC_SEQ_CST);
	__atomic_fetch_sub(&ts->n_active, 1, __ATOMIC_SEQ_CST);
	/*
	 * Clears every bit; a mark under way sets a few, which only makes the next reader tell of
	 * an entry once too often.
	 */
	if (t->map_bytes > KEEP_BYTES)
		madvise(t->level[0], t->map_bytes, MADV_DONTNEED);
	else
		racy_clear(t->level[0], t->map_bytes / sizeof(u64));
	lock_release(&ts->lock);
}

/* Sets the bit for @n in level @l and, as needed, above: lowest first. */
static void set_from(struct hpt_tracker *t, unsigned l, u64 n)
{
	for (; l < t->levels; l++) {
		u64 *word = &t->level[l][n >> HPT_TRACK_SHIFT];
		u64 bit = 1ull << (n & 63);

		if (!(__atomic_load_n(word, __ATOMIC_SEQ_CST) & bit))
			__atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST);
		n >>= HPT_TRACK_SHIFT;
	}
}

void hpt_track_mark_slow(struct hpt_trackers *ts, u64 index)
{
	struct hpt_tracker *t = __atomic_load_n(&ts->list, __ATOMIC_ACQUIRE);

	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* LOCK before the bits */
	for (; t; t = t->next)
		if (__atomic_load_n(&t->active, __ATOMIC_SEQ_CST))
			set_from(t, 0, index);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* the bits before the words */
}

/*
 * Word @n of level @l was emptied, or seen empty: clears the bits above it that say otherwise. A
 * bit is cleared first and the word below it looked at again then: who set something there either
 * finds the bit clear and sets it, or did so before we look.
 */
static void clear_above(struct hpt_tracker *t, unsigned l, u64 n)
{
	while (++l < t->levels) {
		u64 *word = &t->level[l][n >> HPT_TRACK_SHIFT];
		u64 bit = 1ull << (n & 63);
		u64 rest;

		if (!(__atomic_load_n(word, __ATOMIC_SEQ_CST) & bit))
			return;
		rest = __atomic_and_fetch(word, ~bit, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&t->level[l - 1][n], __ATOMIC_SEQ_CST)) {
			set_from(t, l, n);
			return;
		}
		if (rest)
			return;
		n >>= HPT_TRACK_SHIFT;
	}
}

/* The first set bit of level @l at *@n or after; which words are worth a look the level above
 * tells. */
static bool next_bit(struct hpt_tracker *t, unsigned l, u64 *n)
{
	u64 word = *n >> HPT_TRACK_SHIFT, mask = ~0ull << (*n & 63), bits;

	if (word >= t->words[l])
		return false;
	for (;;) {
		bits = __atomic_load_n(&t->level[l][word], __ATOMIC_SEQ_CST) & mask;
		if (bits) {
			*n = word << HPT_TRACK_SHIFT | (unsigned)__builtin_ctzll(bits);
			return true;
		}
		if (mask == ~0ull)
			clear_above(t, l, word);
		word++;
		mask = ~0ull;
		if (l + 1 == t->levels || !next_bit(t, l + 1, &word))
			return false;
	}
}

u64 hpt_track_take_group(struct hpt_tracker *t, u64 *group)
{
	for (; next_bit(t, 2, group); ++*group) {
		u64 words = __atomic_exchange_n(&t->level[1][*group], 0, __ATOMIC_SEQ_CST);

		clear_above(t, 1, *group);
		if (words)
			return words;
	}
	return 0;
}

void hpt_track_give_back(struct hpt_tracker *t, u64 word, u64 bits)
{
	if (bits)
		__atomic_fetch_or(&t->level[0][word], bits, __ATOMIC_SEQ_CST);
	set_from(t, 1, word);
}
