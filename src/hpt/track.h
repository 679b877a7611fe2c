/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Change tracking: for each reader a hierarchy of bitmaps.
 *
 * Level 0 has one bit an entry; each level above has one bit a word of the level below, up to a
 * single word. A bit above means "maybe something below": it may be set over an empty word for a
 * moment, it is never clear over a non-empty one once whoever set that has returned. Finding the
 * next change costs a few words, however large the table.
 *
 * Why nothing is lost. Who changes an entry does
 *
 *     (1) set LOCK in v   (2) set the bit, lowest level first   (3) write r   (4) write v, no LOCK
 *
 * and a reader does
 *
 *     (a) clear the bit   (b) read v and r   (c) look at the bit again
 *
 * If (2) comes before (a), then at (b) the reader sees LOCK, and waits, or the new words. If (2)
 * comes after (a), the bit stays set for the next pass; and if it comes after (c) too, the words
 * that (b) read are all old ones, and so belong together. If it comes between, the reader reads the
 * entry once more with its lock held. So a reader needs no lock unless somebody is in the middle
 * of changing just that entry. All of these are sequentially consistent. Setting a bit that is
 * found set already can be left out: whoever clears it afterwards reads the entry afterwards, and
 * finds LOCK.
 *
 * tests/model/track.pml checks this.
 */
#ifndef PAPYR_HPT_TRACK_H
#define PAPYR_HPT_TRACK_H

#include "base/bits.h"
#include "base/lock.h"

#define HPT_TRACK_SHIFT	 6 /* 64 bits a word */
#define HPT_TRACK_LEVELS 8 /* enough for 2^48 entries */

struct hpt_tracker {
	/*
	 * Trackers are kept until the table goes, and used again: who is marking on one that was
	 * just given back writes into memory that is still a tracker's.
	 */
	struct hpt_tracker *next; /* set before the tracker is on the list, never changed */
	u32 active;		  /* written with trackers.lock held, read without */
	unsigned levels;
	u64 *level[HPT_TRACK_LEVELS];
	u64 words[HPT_TRACK_LEVELS];
	size_t map_bytes;
};

struct hpt_trackers {
	u32 n_active; /* 0: hpt_track_mark is one load and a branch */
	struct hpt_tracker *list;
	struct lock lock;
	u64 n_entries;
};

void hpt_trackers_init(struct hpt_trackers *ts, u64 n_entries);
void hpt_trackers_destroy(struct hpt_trackers *ts);

/* A tracker with no bit set (up to marks that are under way). NULL: no memory. */
struct hpt_tracker *hpt_tracker_get(struct hpt_trackers *ts);
void hpt_tracker_put(struct hpt_trackers *ts, struct hpt_tracker *t);

/* ---- who changes entries -------------------------------------------------------------------- */

void hpt_track_mark_slow(struct hpt_trackers *ts, u64 index);

/* With the entry's lock held and before any of its words is written. */
static inline void hpt_track_mark(struct hpt_trackers *ts, u64 index)
{
	if (unlikely(__atomic_load_n(&ts->n_active, __ATOMIC_SEQ_CST)))
		hpt_track_mark_slow(ts, index);
}

/* ---- the reader; only one thread for each tracker ------------------------------------------- */

/*
 * A group is 64 words of level 0: 4096 entries. Finds the first with changes, at *@group or
 * after, and takes the bits above its words: the result says which words may have bits, 0 that
 * there is no such group. The caller takes each of the words, or gives it back.
 */
#define HPT_TRACK_GROUP_SHIFT 6 /* word -> group */
u64 hpt_track_take_group(struct hpt_tracker *t, u64 *group);

/* Sets bits again that were taken and not used, or none, and those above the word. */
void hpt_track_give_back(struct hpt_tracker *t, u64 word, u64 bits);

/*
 * Step (a): clears the bits @mask of word @word and returns those that were set. Between the last
 * of these and the first look at an entry goes one hpt_track_taken().
 */
static inline u64 hpt_track_take(struct hpt_tracker *t, u64 word, u64 mask)
{
	u64 *at = &t->level[0][word];

	if (!(__atomic_load_n(at, __ATOMIC_SEQ_CST) & mask))
		return 0;
	return __atomic_fetch_and(at, ~mask, __ATOMIC_SEQ_CST) & mask;
}

static inline void hpt_track_taken(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Step (c): the bits of a word now. The entries' words were read before, in this order. */
static inline u64 hpt_track_peek(struct hpt_tracker *t, u64 word)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&t->level[0][word], __ATOMIC_SEQ_CST);
}

#endif
