/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of one entry. Each takes the entry's lock, checks, and then changes in the order that
 * track.h asks for: mark, write r, write v. Whoever must drop translations is told after that.
 */
#include <errno.h>
#include "hpt/internal.h"

/* ---- reading ------------------------------------------------------------------------------ */

void hpt_read(struct hpt *hpt, u64 index, u64 *v, u64 *r)
{
	struct hpt_entry *e = &hpt->entries[index];
	u64 word = hpt_entry_lock(e);

	*r = e->r;
	hpt_entry_unlock(e, word);
	*v = hpt_guest_v(word);
}

/* ---- entering ----------------------------------------------------------------------------- */

/* Segments are of 256M or 1T, pages of a size that has a code, and the processor knows both. */
static bool is_possible(struct hpt *hpt, u64 v, u64 r)
{
	unsigned base_shift, actual_shift;

	if ((v & HPT_V_B) > HPT_V_B_1T || !hpt_page_shifts(v, r, &base_shift, &actual_shift))
		return false;
	return !hpt->ops || !hpt->ops->knows ||
	       hpt->ops->knows(hpt->ops_ctx, v, base_shift, actual_shift);
}

int hpt_enter_check(struct hpt *hpt, u64 v, u64 r)
{
	if (!is_possible(hpt, v, r))
		return -EINVAL;
	return hpt_classify(hpt, v, r) == HPT_REFUSED ? -EPERM : 0;
}

/*
 * Locks a free slot of the group. The first look passes by whoever holds a lock, the second waits.
 */
static bool lock_free_slot(struct hpt *hpt, u64 first, u64 *slot)
{
	for (unsigned wait = 0; wait <= 1; wait++) {
		for (u64 i = first; i < first + HPT_ENTRIES_PER_GROUP; i++) {
			struct hpt_entry *e = &hpt->entries[i];
			u64 v = hpt_load_v(e);

			if (v & HPT_V_USED || (v & HPT_V_LOCK && !wait))
				continue;
			if (wait)
				v = hpt_entry_lock(e);
			else if (!hpt_entry_trylock(e, &v))
				continue;
			if (!(v & HPT_V_USED)) {
				*slot = i;
				return true;
			}
			hpt_entry_unlock(e, v);
		}
	}
	return false;
}

/*
 * With the slot locked and @old_v what is in it: makes the entry and drops the lock. -EPERM: the
 * slot is empty now.
 */
static int place(struct hpt *hpt, u64 index, u64 old_v, u64 v, u64 r)
{
	struct hpt_entry *e = &hpt->entries[index];
	u64 old_r = e->r;
	int err = 0;

	hpt_track_mark(&hpt->trackers, index);
	if (old_v & HPT_V_VALID)
		hpt_rmap_unlink(hpt, index, old_v, old_r);
	hpt_entry_set_r(e, r);
	switch (hpt_rmap_link(hpt, index, v, r)) {
	case HPT_RAM:
		v |= HPT_V_VALID;
		break;
	case HPT_MMIO:
		v |= HPT_V_ABSENT;
		break;
	default:
		err = -EPERM;
		hpt_entry_set_r(e, 0);
		v = 0;
	}
	hpt_entry_unlock(e, v);
	hpt_tell_invalidated(hpt, index, old_v, old_r);
	return err;
}

int hpt_enter(struct hpt *hpt, u64 index, unsigned flags, u64 v, u64 r, u64 *slot)
{
	u64 at = index, old_v = 0;

	v &= ~(u64)(HPT_V_OURS | HPT_V_VALID);
	r &= ~HPT_R_TS;
	if (!is_possible(hpt, v, r))
		return -EINVAL;

	if (flags & HPT_EXACT) {
		old_v = hpt_entry_lock(&hpt->entries[at]);
		if ((old_v & HPT_V_USED) && !(flags & HPT_REPLACE)) {
			hpt_entry_unlock(&hpt->entries[at], old_v);
			return -ENOSPC;
		}
	} else if (!lock_free_slot(hpt, index & ~(u64)(HPT_ENTRIES_PER_GROUP - 1), &at)) {
		return -ENOSPC;
	}
	if (slot)
		*slot = at;
	return place(hpt, at, old_v, v, r);
}

/* ---- conditions --------------------------------------------------------------------------- */

static bool conditions_hold(u64 v, unsigned conds, u64 avpn)
{
	u64 guest_v = hpt_guest_v(v);

	if (!(v & HPT_V_USED))
		return false;
	if ((conds & 1u << HPT_IF_AVPN) && (guest_v & HPT_V_CMP) != avpn)
		return false;
	return !(conds & 1u << HPT_IF_AND_ZERO) || !(guest_v & avpn);
}

/* Locks the entry if the conditions hold; its words as they are. */
static int lock_if(struct hpt *hpt, u64 index, unsigned conds, u64 avpn, u64 *v, u64 *r)
{
	struct hpt_entry *e = &hpt->entries[index];

	*v = hpt_entry_lock(e);
	if (!conditions_hold(*v, conds, avpn)) {
		hpt_entry_unlock(e, *v);
		return -ENOENT;
	}
	*r = e->r;
	return 0;
}

static void hand_out(u64 v, u64 r, u64 *old_v, u64 *old_r)
{
	if (old_v)
		*old_v = hpt_guest_v(v);
	if (old_r)
		*old_r = r;
}

/* ---- changing ----------------------------------------------------------------------------- */

int hpt_remove(struct hpt *hpt, u64 index, unsigned conds, u64 avpn, u64 *old_v, u64 *old_r)
{
	struct hpt_entry *e = &hpt->entries[index];
	u64 v, r;

	if (lock_if(hpt, index, conds, avpn, &v, &r))
		return -ENOENT;
	hpt_track_mark(&hpt->trackers, index);
	if (v & HPT_V_VALID)
		hpt_rmap_unlink(hpt, index, v, r);
	hpt_entry_set_r(e, 0);
	hpt_entry_unlock(e, 0);
	hpt_tell_invalidated(hpt, index, v, r);
	hand_out(v, r, old_v, old_r);
	return 0;
}

int hpt_protect(struct hpt *hpt, u64 index, unsigned conds, u64 avpn, u64 mask, u64 bits,
		u64 *old_v, u64 *old_r)
{
	struct hpt_entry *e = &hpt->entries[index];
	u64 v, r;

	mask &= ~(u64)HPT_R_RPN; /* the chain it is on depends on it */
	if (lock_if(hpt, index, conds, avpn, &v, &r))
		return -ENOENT;
	hpt_track_mark(&hpt->trackers, index);
	hpt_entry_set_r(e, (r & ~mask) | (bits & mask));
	hpt_entry_unlock(e, v);
	hpt_tell_invalidated(hpt, index, v, r);
	hand_out(v, r, old_v, old_r);
	return 0;
}

int hpt_clear_rc(struct hpt *hpt, u64 index, u64 bits, u64 *old_v, u64 *old_r)
{
	struct hpt_entry *e = &hpt->entries[index];
	u64 v, r;

	bits &= HPT_R_R | HPT_R_C;
	if (lock_if(hpt, index, 1u << HPT_ALWAYS, 0, &v, &r))
		return -ENOENT;
	if (r & bits) {
		hpt_track_mark(&hpt->trackers, index);
		hpt_entry_set_r(e, r & ~bits);
	}
	hpt_entry_unlock(e, v);
	if (r & bits)
		hpt_tell_invalidated(hpt, index, v, r);
	hand_out(v, r, old_v, old_r);
	return 0;
}

/* Removes whatever is there, whoever looks on: of the words only memory's zeroes remain. */
void hpt_clear(struct hpt *hpt)
{
	for (u64 i = 0; i < hpt->n_entries; i++) {
		struct hpt_entry *e = &hpt->entries[i];
		u64 v, r;

		if (!(hpt_load_v(e) & (HPT_V_USED | HPT_V_LOCK)))
			continue;
		if (lock_if(hpt, i, 1u << HPT_ALWAYS, 0, &v, &r))
			continue;
		hpt_track_mark(&hpt->trackers, i);
		if (v & HPT_V_VALID)
			hpt_rmap_unlink(hpt, i, v, r);
		hpt_entry_set_r(e, 0);
		hpt_entry_unlock(e, 0);
	}
}

/* ---- the processor's changes ---------------------------------------------------------------- */

bool hpt_set_rc(struct hpt *hpt, u64 index, u64 v, u64 r, u64 bits)
{
	struct hpt_entry *e = &hpt->entries[index];
	const u64 rc = HPT_R_R | HPT_R_C;
	u64 now_r, now_v;
	bool same;

	bits &= rc;
	if (!(bits & ~r))
		return true; /* as the search saw it */
	now_v = hpt_entry_lock(e);
	now_r = e->r;
	same = now_v == v && !((now_r ^ r) & ~rc);
	if (same && (bits & ~now_r)) {
		hpt_track_mark(&hpt->trackers, index);
		hpt_entry_set_r(e, now_r | bits);
	}
	hpt_entry_unlock(e, now_v);
	return same;
}

bool hpt_make_live(struct hpt *hpt, u64 index, u64 v)
{
	struct hpt_entry *e = &hpt->entries[index];
	u64 live = (v & ~HPT_V_OURS) | HPT_V_VALID;
	u64 now_v = hpt_entry_lock(e);

	/* No mark: what guests and streams see of the entry stays the same. */
	if (now_v == v && (v & HPT_V_ABSENT) && hpt_rmap_link(hpt, index, v, e->r) == HPT_RAM)
		now_v = live;
	hpt_entry_unlock(e, now_v);
	return now_v == live;
}
