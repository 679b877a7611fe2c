/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed-point logical instructions on bits and bytes of a register; the others are in fixed.sem. */
#include "cpu/insn/op.h"
#include "cpu/insn/forms.h"

/* The number of ones of each byte, in that byte. */
static inline u64 count_byte_ones(u64 v)
{
	v = v - (v >> 1 & 0x5555555555555555ull);
	v = (v & 0x3333333333333333ull) + (v >> 2 & 0x3333333333333333ull);
	return (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0full;
}

static inline u64 count_word_ones(u64 v)
{
	u64 high = (u64)__builtin_popcount((u32)(v >> 32));

	return high << 32 | (u64)__builtin_popcount((u32)v);
}

/* The parity of the bytes' lowest bits, for each word. */
static inline u64 word_parity(u64 v)
{
	v ^= v >> 16;
	v ^= v >> 8;
	return v & 0x0000000100000001ull;
}

static inline u64 doubleword_parity(u64 v)
{
	v = word_parity(v);
	return (v ^ v >> 32) & 1;
}

/* A bit for each byte of @selectors, the first one's being the leftmost of the low eight. */
static inline u64 permute_bits(u64 selectors, u64 v)
{
	u64 r = 0;

	for (unsigned i = 0; i < 8; i++) {
		unsigned bit = selectors >> (56 - 8 * i) & 255;

		r = r << 1 | (bit < 64 ? v >> (63 - bit) & 1 : 0);
	}
	return r;
}

OP_RA_ONLY(popcntb, count_byte_ones(RS))
OP_RA_ONLY(popcntw, count_word_ones(RS))
OP_RA_ONLY(popcntd, (u64)__builtin_popcountll(RS))
OP_RA_ONLY(prtyw, word_parity(RS))
OP_RA_ONLY(prtyd, doubleword_parity(RS))
OP_RA_ONLY(bpermd, permute_bits(RS, RB))
