/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page sizes and virtual addresses: the LP codes of POWER7 and POWER8, the two hashes, and the way
 * back from an entry to its address.
 */
#include "hpt/hpt.h"

enum {
	SHIFT_4K = 12,
	SHIFT_64K = 16,
	SHIFT_16M = 24,
	SHIFT_16G = 34,
};

/* LP codes: the low 4 bits select the size; the 16M and 16G ones use the 4 bits above as well. */
enum {
	LP_16M_IN_16M = 0x00,
	LP_64K_IN_64K = 0x01,
	LP_16G_IN_16G = 0x03,
	LP_64K_IN_4K = 0x07,
	LP_16M_IN_64K = 0x08,
	LP_16M_IN_4K = 0x38,
};

#define SLB_LP_64K 0x10ull /* with L */
#define SLB_LP_16M 0x00ull
#define SLB_LP_16G 0x20ull

#define SHIFT_256M 28
#define SHIFT_1T   40
#define AVPN_SHIFT 23 /* the AVPN's lowest bit is this bit of the virtual address */

/* A 4K segment may have 64K pages as well; Linux's KVM doesn't report these, and so we don't. */
const struct hpt_base_size hpt_base_sizes[HPT_BASE_SIZES] = {
    {SHIFT_4K, 0, 2, {{SHIFT_4K, 0}, {SHIFT_16M, LP_16M_IN_4K}}},
    {SHIFT_64K,
     HPT_SLB_L | SLB_LP_64K,
     2,
     {{SHIFT_64K, LP_64K_IN_64K}, {SHIFT_16M, LP_16M_IN_64K}}},
    {SHIFT_16M, HPT_SLB_L | SLB_LP_16M, 1, {{SHIFT_16M, LP_16M_IN_16M}}},
};

bool hpt_page_shifts(u64 v, u64 r, unsigned *base_shift, unsigned *actual_shift)
{
	unsigned lp = (r & HPT_R_LP) >> HPT_R_LP_SHIFT;
	unsigned base, actual;

	if (!(v & HPT_V_LARGE)) {
		base = actual = SHIFT_4K;
	} else if ((lp & 0xf) == LP_64K_IN_64K) {
		base = actual = SHIFT_64K; /* above these 4 bits the RPN begins */
	} else if ((lp & 0xf) == LP_64K_IN_4K) {
		base = SHIFT_4K;
		actual = SHIFT_64K;
	} else {
		switch (lp) {
		case LP_16M_IN_16M:
			base = actual = SHIFT_16M;
			break;
		case LP_16M_IN_64K:
			base = SHIFT_64K;
			actual = SHIFT_16M;
			break;
		case LP_16M_IN_4K:
			base = SHIFT_4K;
			actual = SHIFT_16M;
			break;
		case LP_16G_IN_16G:
			base = actual = SHIFT_16G;
			break;
		default:
			return false;
		}
	}
	*base_shift = base;
	*actual_shift = actual;
	return true;
}

unsigned hpt_slb_page_shift(u64 slb_vsid)
{
	if (!(slb_vsid & HPT_SLB_L))
		return SHIFT_4K;
	switch (slb_vsid & HPT_SLB_LP) {
	case SLB_LP_64K:
		return SHIFT_64K;
	case SLB_LP_16M:
		return SHIFT_16M;
	case SLB_LP_16G:
		return SHIFT_16G;
	}
	return 0;
}

struct hpt_va hpt_va_of_ea(u64 slb_vsid, u64 ea)
{
	bool is_1t = (slb_vsid & HPT_SLB_B) == HPT_SLB_B_1T;
	unsigned shift = is_1t ? SHIFT_1T : SHIFT_256M;

	return (struct hpt_va){
	    .vsid = (slb_vsid & ~HPT_SLB_B) >> (is_1t ? HPT_SLB_VSID_SHIFT_1T : HPT_SLB_VSID_SHIFT),
	    .offset = ea & ((1ull << shift) - 1),
	    .is_1t = is_1t,
	};
}

/* Hash of the segment alone; the page's number in it is xored on top. */
static u64 vsid_hash(u64 vsid, bool is_1t)
{
	return is_1t ? vsid ^ vsid << 25 : vsid;
}

u64 hpt_hash(struct hpt_va va, unsigned base_shift)
{
	return vsid_hash(va.vsid, va.is_1t) ^ va.offset >> base_shift;
}

u64 hpt_avpn(struct hpt_va va, unsigned base_shift)
{
	unsigned segment_shift = va.is_1t ? SHIFT_1T : SHIFT_256M;
	u64 page = va.offset & ~((1ull << base_shift) - 1);
	u64 avpn = va.vsid << (segment_shift - AVPN_SHIFT) | page >> AVPN_SHIFT;

	return (va.is_1t ? HPT_V_B_1T : 0) | (avpn << HPT_V_AVPN_SHIFT & HPT_V_AVPN);
}

struct hpt_va hpt_entry_va(u64 index, u64 v, unsigned base_shift)
{
	bool is_1t = (v & HPT_V_B) == HPT_V_B_1T;
	unsigned segment_shift = is_1t ? SHIFT_1T : SHIFT_256M;
	u64 avpn = (v & HPT_V_AVPN) >> HPT_V_AVPN_SHIFT;
	u64 in_segment = avpn & ((1ull << (segment_shift - AVPN_SHIFT)) - 1);
	struct hpt_va va = {
	    .vsid = avpn >> (segment_shift - AVPN_SHIFT),
	    .offset = in_segment << AVPN_SHIFT,
	    .is_1t = is_1t,
	};

	if (base_shift < AVPN_SHIFT) {
		/* The group's number is the hash, cut to at least 11 bits: enough for what is
		 * missing. */
		u64 group = index >> HPT_GROUP_SHIFT;
		u64 page;

		if (v & HPT_V_SECONDARY)
			group = ~group;
		page =
		    (group ^ vsid_hash(va.vsid, is_1t)) & ((1ull << (AVPN_SHIFT - base_shift)) - 1);
		va.offset |= page << base_shift;
	} else {
		va.offset &= ~((1ull << base_shift) - 1);
	}
	return va;
}
