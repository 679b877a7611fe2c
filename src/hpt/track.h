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

#include <pthread.h>
#include "base/bits.h"

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
	pthread_mutex_t lock;
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

/* The first word of level 0, at *@word or after, that has a bit set. Clears nothing there. */
bool hpt_track_next(struct hpt_tracker *t, u64 *word);

/* Clears the bits @mask of word @word and returns those that were set. */
u64 hpt_track_take(struct hpt_tracker *t, u64 word, u64 mask);

/* Sets bits again that were taken and not used. */
void hpt_track_give_back(struct hpt_tracker *t, u64 word, u64 bits);

/* The bits of a word now; orders the reads of entries before it (step c). */
static inline u64 hpt_track_peek(struct hpt_tracker *t, u64 word)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(&t->level[0][word], __ATOMIC_SEQ_CST);
}

#endif
