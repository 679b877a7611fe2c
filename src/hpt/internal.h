/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this room share: the table's struct, the entry lock, the reverse map's two
 * operations. Nothing outside src/hpt includes it (but for the room's own tests).
 */
#ifndef PAPYR_HPT_INTERNAL_H
#define PAPYR_HPT_INTERNAL_H

#include <sched.h>
#include "base/pause.h"
#include "hpt/hpt.h"
#include "hpt/track.h"

struct hpt_entry {
	u64 v; /* LOCK guards both words; written last, with release */
	u64 r; /* written only with LOCK held */
};

/* Both are an entry's index + 1, so that untouched zero pages are empty lists; 0 ends the chain. */
struct hpt_link {
	u64 next;
	u64 prev; /* 0: the bucket points here */
};

struct hpt {
	struct hpt_entry *entries;
	u64 n_entries;
	u64 pteg_mask;
	unsigned order;

	/*
	 * Reverse map: one link an entry, written with the bucket's lock (bit 63 of the bucket)
	 * held. A chain holds the valid entries; an entry goes on or off with its own lock held.
	 */
	struct hpt_link *links;
	u64 *buckets; /* bit 63 lock, below: index + 1 of the first entry */
	unsigned bucket_bits;

	const struct hpt_ops *ops;
	void *ops_ctx;

	struct hpt_trackers trackers;
};

/* ---- waiting ------------------------------------------------------------------------------ */

/* Locks are held for nanoseconds, but the holder's thread may have lost its host processor. */
static inline void hpt_spin(unsigned *spins)
{
	spin_pause();
	if (++*spins % 128 == 0)
		sched_yield();
}

/* ---- the entry lock ----------------------------------------------------------------------- */

static inline u64 hpt_load_v(const struct hpt_entry *e)
{
	return __atomic_load_n(&e->v, __ATOMIC_ACQUIRE);
}

static inline u64 hpt_load_r(const struct hpt_entry *e)
{
	return __atomic_load_n(&e->r, __ATOMIC_ACQUIRE);
}

/* seq_cst: the lock must be visible before the trackers are looked at (track.h). */
static inline bool hpt_entry_trylock(struct hpt_entry *e, u64 *v)
{
	*v = __atomic_load_n(&e->v, __ATOMIC_RELAXED);
	return !(*v & HPT_V_LOCK) &&
	       __atomic_compare_exchange_n(&e->v, v, *v | HPT_V_LOCK, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

/* Returns v as it was, without LOCK. */
static inline u64 hpt_entry_lock(struct hpt_entry *e)
{
	unsigned spins = 0;
	u64 v;

	while (!hpt_entry_trylock(e, &v))
		hpt_spin(&spins);
	return v;
}

/* Writes v, without LOCK, and so drops the lock. */
static inline void hpt_entry_unlock(struct hpt_entry *e, u64 v)
{
	__atomic_store_n(&e->v, v, __ATOMIC_RELEASE);
}

/* Only between hpt_track_mark and hpt_entry_unlock. */
static inline void hpt_entry_set_r(struct hpt_entry *e, u64 r)
{
	__atomic_store_n(&e->r, r, __ATOMIC_RELEASE);
}

static inline void hpt_tell_invalidated(struct hpt *hpt, u64 index, u64 v, u64 r)
{
	if ((v & HPT_V_VALID) && hpt->ops && hpt->ops->invalidated)
		hpt->ops->invalidated(hpt->ops_ctx, index, v, r);
}

/* ---- the reverse map, for entry.c: called with the entry locked ------------------------------ */

/*
 * Puts the entry on its chain if there is memory behind it; the answer and the link are one step
 * under the bucket's lock, so hpt_rmap_make_absent misses no entry. Returns the answer.
 */
enum hpt_backing hpt_rmap_link(struct hpt *hpt, u64 index, u64 v, u64 r);

void hpt_rmap_unlink(struct hpt *hpt, u64 index, u64 v, u64 r);

enum hpt_backing hpt_classify(struct hpt *hpt, u64 v, u64 r);

#endif
