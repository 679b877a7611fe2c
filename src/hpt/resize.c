/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Into a table of another order: what is bolted goes along, each entry to the same place of the
 * group that its address has there.
 */
#include <errno.h>
#include "base/prefault.h"
#include "hpt/internal.h"

static u64 place_in(const struct hpt *to, u64 index, u64 v, unsigned base_shift)
{
	u64 hash = hpt_hash(hpt_entry_va(index, v, base_shift), base_shift);
	u64 group = (v & HPT_V_SECONDARY ? ~hash : hash) & to->pteg_mask;

	return group << HPT_GROUP_SHIFT | (index & (HPT_ENTRIES_PER_GROUP - 1));
}

/* An entry that hpt_enter() wouldn't take today, since its memory has gone, stays absent. */
static int put(struct hpt *to, u64 index, u64 v, u64 r)
{
	struct hpt_entry *e = &to->entries[index];
	u64 there = hpt_entry_lock(e);

	if (there & HPT_V_USED) {
		hpt_entry_unlock(e, there);
		return -ENOSPC;
	}
	hpt_track_mark(&to->trackers, index);
	hpt_entry_set_r(e, r);
	v &= ~(u64)(HPT_V_OURS | HPT_V_VALID);
	v |= hpt_rmap_link(to, index, v, r) == HPT_RAM ? HPT_V_VALID : HPT_V_ABSENT;
	hpt_entry_unlock(e, v);
	return 0;
}

int hpt_rehash(struct hpt *from, struct hpt *to)
{
	for (u64 i = 0; i < from->n_entries; i++) {
		unsigned base_shift, actual_shift;
		u64 v, r;
		int ret;

		if (!(hpt_load_v(&from->entries[i]) & HPT_V_BOLTED))
			continue;
		hpt_read(from, i, &v, &r);
		if (!(v & HPT_V_VALID))
			continue;
		if (!hpt_page_shifts(v, r, &base_shift, &actual_shift))
			return -EIO;
		ret = put(to, place_in(to, i, v, base_shift), v, r);
		if (ret)
			return ret;
	}
	return 0;
}

#define PIECE_BYTES (16ull << 20)

int hpt_populate(struct hpt *hpt, const atomic_bool *stop)
{
	u64 bytes = hpt->n_entries * sizeof(*hpt->entries);

	for (u64 at = 0; at < bytes; at += PIECE_BYTES) {
		u64 n = bytes - at < PIECE_BYTES ? bytes - at : PIECE_BYTES;

		if (*stop)
			return -ECANCELED;
		if (prefault_write((u8 *)hpt->entries + at, n) && errno != EINVAL)
			return -ENOMEM;
	}
	return 0;
}
