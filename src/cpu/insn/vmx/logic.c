/* SPDX-License-Identifier: Apache-2.0 */
/* Vector shifts of the whole register, counts, and the instructions that move single bits. */
#include "cpu/insn/vmx/vmx.h"

/*
 * The whole register: by bits (0..7, from the last three bits) and by bytes (0..15, from the four
 * before them). By bits every byte of VRB must hold the same count; otherwise the architecture
 * leaves the result open.
 */
VECTOR_AB(vsl, q, a.q << ((unsigned)b.q & 7))
VECTOR_AB(vsr, q, a.q >> ((unsigned)b.q & 7))
VECTOR_AB(vslo, q, a.q << ((unsigned)b.q & 0x78))
VECTOR_AB(vsro, q, a.q >> ((unsigned)b.q & 0x78))

static inline unsigned leading_zeros(u64 v, unsigned bits)
{
	return v ? (unsigned)__builtin_clzll(v) - (64 - bits) : bits;
}

VECTOR_EACH_B(vclzb, 16, r.b[i] = (u8)leading_zeros(b.b[i], 8))
VECTOR_EACH_B(vclzh, 8, r.h[i] = (u16)leading_zeros(b.h[i], 16))
VECTOR_EACH_B(vclzw, 4, r.w[i] = leading_zeros(b.w[i], 32))
VECTOR_EACH_B(vclzd, 2, r.d[i] = leading_zeros(b.d[i], 64))

/*
 * Population counts, doubling the width from bits to @bits: each step adds neighbouring counts.
 * Written with whole doublewords, where the masks keep the elements apart.
 */
static inline union vsr popcount(union vsr v, unsigned bits)
{
	v.vd -= v.vd >> 1 & 0x5555555555555555ull;
	v.vd = (v.vd & 0x3333333333333333ull) + (v.vd >> 2 & 0x3333333333333333ull);
	v.vd = (v.vd + (v.vd >> 4)) & 0x0f0f0f0f0f0f0f0full;
	if (bits >= 16)
		v.vd = (v.vd & 0x00ff00ff00ff00ffull) + (v.vd >> 8 & 0x00ff00ff00ff00ffull);
	if (bits >= 32)
		v.vd = (v.vd & 0x0000ffff0000ffffull) + (v.vd >> 16 & 0x0000ffff0000ffffull);
	if (bits >= 64)
		v.vd = (v.vd & 0x00000000ffffffffull) + (v.vd >> 32);
	return v;
}

VECTOR_B(vpopcntb, q, popcount(b, 8).q)
VECTOR_B(vpopcnth, q, popcount(b, 16).q)
VECTOR_B(vpopcntw, q, popcount(b, 32).q)
VECTOR_B(vpopcntd, q, popcount(b, 64).q)

/* A doubleword as eight rows of eight bits: swaps rows and columns, in blocks of 1, 2, 4 bits. */
static inline u64 transpose_bits(u64 v)
{
	u64 t;

	t = (v ^ v >> 7) & 0x00aa00aa00aa00aaull;
	v ^= t ^ t << 7;
	t = (v ^ v >> 14) & 0x0000cccc0000ccccull;
	v ^= t ^ t << 14;
	t = (v ^ v >> 28) & 0x00000000f0f0f0f0ull;
	return v ^ t ^ t << 28;
}

VECTOR_EACH_B(vgbbd, 2, r.d[i] = transpose_bits(b.d[i]))

/* The 16 bits of VRA that the bytes of VRB name (0 for 128 and more). */
static u64 gather_bits(union vsr a, union vsr b)
{
	u64 bits = 0;

	for (unsigned i = 0; i < 16; i++) {
		unsigned index = VSR_B(b, i);

		bits = bits << 1 | (index < 128 && a.q >> (127 - index) & 1);
	}
	return bits;
}

VECTOR_AB(vbpermq, q, (u128)gather_bits(a, b) << 64)
