/* SPDX-License-Identifier: Apache-2.0 */
/* Rotates, masks and shifts of fixed-point instructions. */
#ifndef PAPYR_CPU_INSN_ROTATE_H
#define PAPYR_CPU_INSN_ROTATE_H

#include "cpu/cpu.h"

/* MB or ME of the formats that have one of six bits. */
#define MB_ME ((unsigned)op->imm)

/* The mask of rlwinm and its like, MASK(MB + 32, ME + 32) of the ISA. One that wraps takes the
 * upper word along, where rotate_word() has the low one once more. */
#define WORD_MASK ((u64)(u32)op->imm | (op->c ? 0xffffffff00000000ull : 0))

/* The low word in both halves, rotated. */
static inline u64 rotate_word(u64 v, unsigned n)
{
	u32 r = rotl32((u32)v, n);

	return (u64)r << 32 | r;
}

/* Ones from bit @first to bit @last (ISA numbers), wrapping round when @first is greater. */
static inline u64 mask_bits(unsigned first, unsigned last)
{
	u64 from = ~0ull >> first, to = ~0ull << (63 - last);

	return first <= last ? from & to : from | to;
}

/*
 * One bit more of @by than the width counts: shifts of the width and above leave zeros, or signs.
 */
static inline u64 shift_left_32(u64 v, u64 by)
{
	return by & 32 ? 0 : (u32)v << (by & 31);
}

static inline u64 shift_right_32(u64 v, u64 by)
{
	return by & 32 ? 0 : (u32)v >> (by & 31);
}

static inline u64 shift_left_64(u64 v, u64 by)
{
	return by & 64 ? 0 : v << (by & 63);
}

static inline u64 shift_right_64(u64 v, u64 by)
{
	return by & 64 ? 0 : v >> (by & 63);
}

/* Algebraic shifts set CA when the value is negative and ones were shifted out. */
static inline u64 shift_algebraic_32(struct cpu *cpu, u64 v, u64 by)
{
	s64 s = (s32)v;
	unsigned n = by & 32 ? 32 : by & 31;
	s64 r = s >> n;

	cpu->ca = s < 0 && (u64)r << n != (u64)s;
	return (u64)r;
}

static inline u64 shift_algebraic_64(struct cpu *cpu, u64 v, u64 by)
{
	s64 s = (s64)v;
	s64 r;

	if (by & 64) {
		cpu->ca = s < 0;
		return (u64)(s >> 63);
	}
	by &= 63;
	r = s >> by;
	cpu->ca = s < 0 && (u64)r << by != v;
	return (u64)r;
}

#endif
