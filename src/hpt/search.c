/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processor's search: primary group, then secondary, without a lock.
 */
#include "hpt/internal.h"

struct search {
	u64 want; /* v must be this ... */
	u64 mask; /* ... in these bits */
	unsigned base_shift;
};

/*
 * Both words of an entry that matches. Who changes it holds LOCK from before the first word is
 * written until after the last, so words between two equal unlocked v belong together.
 */
static bool entry_matches(const struct hpt_entry *e, const struct search *s, struct hpt_hit *hit)
{
	unsigned spins = 0;

	for (;;) {
		u64 v = hpt_load_v(e), r;

		if (((v ^ s->want) & s->mask) || !(v & (HPT_V_USED | HPT_V_LOCK)))
			return false;
		r = hpt_load_r(e);
		if (!(v & HPT_V_LOCK) && hpt_load_v(e) == v) {
			hit->v = v;
			hit->r = r;
			return hpt_page_shifts(v, r, &hit->base_shift, &hit->actual_shift) &&
			       hit->base_shift == s->base_shift;
		}
		hpt_spin(&spins);
	}
}

static bool search_group(struct hpt *hpt, u64 group, const struct search *s, struct hpt_hit *hit)
{
	u64 first = (group & hpt->pteg_mask) << HPT_GROUP_SHIFT;

	for (u64 i = first; i < first + HPT_ENTRIES_PER_GROUP; i++) {
		if (entry_matches(&hpt->entries[i], s, hit)) {
			hit->index = i;
			return true;
		}
	}
	return false;
}

bool hpt_search(struct hpt *hpt, u64 slb_vsid, u64 ea, struct hpt_hit *hit)
{
	struct hpt_va va = hpt_va_of_ea(slb_vsid, ea);
	struct search s = {.base_shift = hpt_slb_page_shift(slb_vsid)};
	u64 hash;

	if (!s.base_shift)
		return false;
	hash = hpt_hash(va, s.base_shift);

	s.want = hpt_avpn(va, s.base_shift);
	s.mask = HPT_V_CMP | HPT_V_SECONDARY;
	/* AVPN bits inside the base page are not compared. */
	if (s.base_shift > 23)
		s.mask &= ~(((1ull << (s.base_shift - 23)) - 1) << HPT_V_AVPN_SHIFT);
	/* A 4K segment has entries of both kinds: 4K pages, and larger ones with L set. */
	if (slb_vsid & HPT_SLB_L) {
		s.want |= HPT_V_LARGE;
		s.mask |= HPT_V_LARGE;
	}
	if (search_group(hpt, hash, &s, hit))
		return true;
	s.want |= HPT_V_SECONDARY;
	return search_group(hpt, ~hash, &s, hit);
}
