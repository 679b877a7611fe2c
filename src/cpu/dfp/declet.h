/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Densely packed decimal: three digits in a declet of ten bits (ISA 2.07 Book I 5.4, appendix B).
 * Digits are packed ones, four bits each.
 */
#ifndef PAPYR_CPU_DECLET_H
#define PAPYR_CPU_DECLET_H

#include "base/bits.h"

/* A digit is small (0..7, three bits) or large (8, 9: one bit); bits 4..9 of the declet tell which
 * digits are which. */
static inline u32 declet_to_digits(u32 declet)
{
	u32 pq = declet >> 8 & 3, r = declet >> 7 & 1, st = declet >> 5 & 3, u = declet >> 4 & 1;
	u32 wx = declet >> 1 & 3, y = declet & 1;
	u32 d1 = pq << 1 | r, d2 = st << 1 | u, d3 = wx << 1 | y;

	if (!(declet & 8))
		return d1 << 8 | d2 << 4 | d3;
	switch (wx) {
	case 0:
		return d1 << 8 | d2 << 4 | (8 | y);
	case 1:
		return d1 << 8 | (8 | u) << 4 | (st << 1 | y);
	case 2:
		return (8 | r) << 8 | d2 << 4 | (pq << 1 | y);
	}
	switch (st) {
	case 0:
		return (8 | r) << 8 | (8 | u) << 4 | (pq << 1 | y);
	case 1:
		return (8 | r) << 8 | (pq << 1 | u) << 4 | (8 | y);
	case 2:
		return d1 << 8 | (8 | u) << 4 | (8 | y);
	default:
		return (8 | r) << 8 | (8 | u) << 4 | (8 | y);
	}
}

static inline u32 digits_to_declet(u32 digits)
{
	u32 x = digits >> 8 & 15, y = digits >> 4 & 15, z = digits & 15;
	u32 bc = x >> 1 & 3, d = x & 1, fg = y >> 1 & 3, h = y & 1, jk = z >> 1 & 3, m = z & 1;
	u32 low = d << 7 | h << 4 | m;

	switch ((x >> 3) << 2 | (y >> 3) << 1 | z >> 3) {
	case 0:
		return low | bc << 8 | fg << 5 | jk << 1;
	case 1:
		return low | bc << 8 | fg << 5 | 8;
	case 2:
		return low | bc << 8 | jk << 5 | 8 | 1 << 1;
	case 3:
		return low | bc << 8 | 2 << 5 | 8 | 3 << 1;
	case 4:
		return low | jk << 8 | fg << 5 | 8 | 2 << 1;
	case 5:
		return low | fg << 8 | 1 << 5 | 8 | 3 << 1;
	case 6:
		return low | jk << 8 | 8 | 3 << 1;
	default:
		return low | 3 << 5 | 8 | 3 << 1;
	}
}

#endif
