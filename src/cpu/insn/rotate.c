/* SPDX-License-Identifier: Apache-2.0 */
/* Rotates under mask, and shifts. Word rotates work on the low word repeated in both halves. */
#include "cpu/insn/op.h"
#include "cpu/insn/forms.h"

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

static inline u64 insert(u64 into, u64 v, u64 mask)
{
	return (v & mask) | (into & ~mask);
}

OP_RA(rlwinm, rotate_word(RS, op->b) & (u64)op->imm)
OP_RA(rlwnm, rotate_word(RS, (unsigned)RB) & (u64)op->imm)
OP_RA(rlwimi, insert(RA, rotate_word(RS, op->b), (u64)op->imm))

#define MB_ME ((unsigned)op->imm)
OP_RA(rldicl, rotl64(RS, op->c) & ~0ull >> MB_ME)
OP_RA(rldicr, rotl64(RS, op->c) & ~0ull << (63 - MB_ME))
OP_RA(rldic, rotl64(RS, op->c) & mask_bits(MB_ME, 63u - op->c))
OP_RA(rldimi, insert(RA, rotl64(RS, op->c), mask_bits(MB_ME, 63u - op->c)))
OP_RA(rldcl, rotl64(RS, (unsigned)RB) & ~0ull >> MB_ME)
OP_RA(rldcr, rotl64(RS, (unsigned)RB) & ~0ull << (63 - MB_ME))

/* One bit more of RB than the width counts: shifts of the width and above leave zeros, or signs. */
static inline u64 shift_left_word(u64 v, u64 by)
{
	return by & 32 ? 0 : (u32)v << (by & 31);
}

static inline u64 shift_right_word(u64 v, u64 by)
{
	return by & 32 ? 0 : (u32)v >> (by & 31);
}

static inline u64 shift_left_doubleword(u64 v, u64 by)
{
	return by & 64 ? 0 : v << (by & 63);
}

static inline u64 shift_right_doubleword(u64 v, u64 by)
{
	return by & 64 ? 0 : v >> (by & 63);
}

/* Algebraic shifts set CA when the value is negative and ones were shifted out. */
static inline u64 shift_algebraic_word(struct cpu *cpu, u64 v, u64 by)
{
	s64 s = (s32)v;
	unsigned n = by & 32 ? 32 : by & 31;
	s64 r = s >> n;

	cpu->ca = s < 0 && (u64)r << n != (u64)s;
	return (u64)r;
}

static inline u64 shift_algebraic_doubleword(struct cpu *cpu, u64 v, u64 by)
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

OP_RA(slw, shift_left_word(RS, RB))
OP_RA(srw, shift_right_word(RS, RB))
OP_RA(sld, shift_left_doubleword(RS, RB))
OP_RA(srd, shift_right_doubleword(RS, RB))
OP_RA(sraw, shift_algebraic_word(cpu, RS, RB))
OP_RA(srad, shift_algebraic_doubleword(cpu, RS, RB))
OP_RA(srawi, shift_algebraic_word(cpu, RS, (u64)op->imm))
OP_RA(sradi, shift_algebraic_doubleword(cpu, RS, (u64)op->imm))
