/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/entry.h"

enum { SHIFT_4K = 12, SHIFT_64K = 16, SHIFT_16M = 24, SHIFT_16G = 34 };

#define SHIFT_256M 28
#define SHIFT_1T   40
#define AVPN_LOW   23 /* the AVPN's lowest bit is this one of the address */

/* Size codes stand in the page number's low bits, as many as the page size leaves free. */
static const struct {
	u8 code, mask, base, actual;
} size_codes[] = {
    {0x01, 0x0f, SHIFT_64K, SHIFT_64K}, {0x07, 0x0f, SHIFT_4K, SHIFT_64K},
    {0x00, 0xff, SHIFT_16M, SHIFT_16M}, {0x03, 0xff, SHIFT_16G, SHIFT_16G},
    {0x08, 0xff, SHIFT_64K, SHIFT_16M}, {0x38, 0xff, SHIFT_4K, SHIFT_16M},
};

bool entry_page_shifts(u64 v, u64 r, unsigned *base, unsigned *actual)
{
	u8 code = (r & ENTRY_R_RPN) >> 12;

	*base = *actual = SHIFT_4K;
	if (!(v & ENTRY_V_LARGE))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(size_codes); i++)
		if ((code & size_codes[i].mask) == size_codes[i].code) {
			*base = size_codes[i].base;
			*actual = size_codes[i].actual;
			return true;
		}
	return false;
}

const char *entry_size_name(unsigned shift)
{
	switch (shift) {
	case SHIFT_4K:
		return "4K";
	case SHIFT_64K:
		return "64K";
	case SHIFT_16M:
		return "16M";
	default:
		return "16G";
	}
}

/* What a segment brings to the hash. */
static u64 segment_hash(struct entry_va va)
{
	return va.is_1t ? va.vsid ^ va.vsid << 25 : va.vsid;
}

u64 entry_hash(struct entry_va va, unsigned base_shift)
{
	return segment_hash(va) ^ va.offset >> base_shift;
}

struct entry_va entry_va(u64 index, u64 v, unsigned base_shift)
{
	u64 avpn = (v & ENTRY_V_AVPN) >> ENTRY_V_AVPN_SHIFT, group = index / ENTRIES_PER_GROUP;
	struct entry_va va = {.is_1t = (v & ENTRY_V_B) != 0};
	unsigned segment_shift = (va.is_1t ? SHIFT_1T : SHIFT_256M) - AVPN_LOW;
	unsigned untold = base_shift < AVPN_LOW ? AVPN_LOW - base_shift : 0;

	if (v & ENTRY_V_SECONDARY)
		group = ~group;
	va.vsid = avpn >> segment_shift;
	va.offset = (avpn & ((1ull << segment_shift) - 1)) << AVPN_LOW;
	va.offset &= ~((1ull << base_shift) - 1);
	va.offset |= ((group ^ segment_hash(va)) & ((1ull << untold) - 1)) << base_shift;
	return va;
}

const char *entry_flags(u64 r, char flags[8])
{
	static const u64 bits[] = {ENTRY_R_R, ENTRY_R_C, ENTRY_R_N, ENTRY_R_W,
				   ENTRY_R_I, ENTRY_R_M, ENTRY_R_G};

	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++)
		flags[i] = r & bits[i] ? "RCNWIMG"[i] : '-';
	flags[7] = 0;
	return flags;
}
