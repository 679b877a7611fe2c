/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the vector instructions are written.
 *
 * Most are one expression over the host's vectors: VECTOR_AB(vadduwm, vw, a.vw + b.vw). Operands
 * are copied before the result is written, so that registers may overlap. Elements are numbered
 * as Power does only where it matters; then through the VSR_ macros of cpu.h.
 */
#ifndef PAPYR_CPU_INSN_VMX_H
#define PAPYR_CPU_INSN_VMX_H

#include "cpu/mmu/mem.h"
#include "cpu/insn/op.h"

/* VSCR: saturation has happened (sticky); denormals are taken, and given, as zeros. */
#define VSCR_SAT 0x00000001u
#define VSCR_NJ	 0x00010000u

/* Vector register @n: the upper half of the vector-scalar registers. */
#define VR(n) (cpu->vsr[32 + (n)])

/* Two registers side by side: 32 bytes, byte 0 of Power's order being the first of @hi. */
union vsr_pair {
	union vsr v[2];
	u8 b[32];
};
#define PAIR_B(p, i) ((p).b[VSR_IX(i, 32)])

static inline union vsr_pair vsr_pair(union vsr hi, union vsr lo)
{
	union vsr_pair pair;

	pair.v[VSR_IX(0, 2)] = hi;
	pair.v[VSR_IX(1, 2)] = lo;
	return pair;
}

/* @yes where @mask is all ones, elsewhere @no. All are of one type, vectors or integers. */
#define VECTOR_SELECT(mask, yes, no) (((yes) & (mask)) | ((no) & ~(mask)))

/* An instruction of one, two or three operands whose result, member @field, is the expression. */
#define VECTOR_B(name, field, expr)                                                                \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr b = VR(op->b);                                                     \
                                                                                                   \
		VR(op->t).field = (expr);                                                          \
		NEXT;                                                                              \
	}

#define VECTOR_AB(name, field, expr)                                                               \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b);                                      \
                                                                                                   \
		VR(op->t).field = (expr);                                                          \
		NEXT;                                                                              \
	}

#define VECTOR_ABC(name, field, expr)                                                              \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b), c = VR(op->c);                       \
                                                                                                   \
		VR(op->t).field = (expr);                                                          \
		NEXT;                                                                              \
	}

/*
 * The same, element by element: the statement sets r (the result) for each i below @count. With an
 * element's operands all at index i the host's order of elements will do; others use the VSR_
 * macros.
 */
#define VECTOR_EACH_B(name, count, statement)                                                      \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr b = VR(op->b);                                                     \
		union vsr r;                                                                       \
                                                                                                   \
		for (unsigned i = 0; i < (count); i++)                                             \
			statement;                                                                 \
		VR(op->t) = r;                                                                     \
		NEXT;                                                                              \
	}

#define VECTOR_EACH_AB(name, count, statement)                                                     \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b);                                      \
		union vsr r;                                                                       \
                                                                                                   \
		for (unsigned i = 0; i < (count); i++)                                             \
			statement;                                                                 \
		VR(op->t) = r;                                                                     \
		NEXT;                                                                              \
	}

#define VECTOR_EACH_ABC(name, count, statement)                                                    \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b), c = VR(op->c);                       \
		union vsr r;                                                                       \
                                                                                                   \
		for (unsigned i = 0; i < (count); i++)                                             \
			statement;                                                                 \
		VR(op->t) = r;                                                                     \
		NEXT;                                                                              \
	}

/* The record bit of vector compares is bit 21. */
#define VC_RECORD PPC_BIT32(21)

#define CR6_ALL	 8u
#define CR6_NONE 2u

/* VRT became a mask; the record form tells of it. */
static inline void vector_compared(struct cpu *cpu, const struct op *op)
{
	u128 mask = VR(op->t).q;

	if (op->insn & VC_RECORD)
		cpu->cr[6] = !~mask ? CR6_ALL : !mask ? CR6_NONE : 0;
}

/* Has any of the four singles the exponent of zeros and denormals? Not zero if so. */
static inline u128 vector_tiny(union vsr v)
{
	v.vsw = (v.vw & 0x7f800000u) == 0;
	return v.q;
}

/* The number of @bits bits, signed or not, that is nearest to @v; VSCR[SAT] if it isn't @v. */
static inline s64 saturate_signed(struct cpu *cpu, s64 v, unsigned bits)
{
	s64 max = (s64)((1ull << (bits - 1)) - 1);

	if (likely(v >= -max - 1 && v <= max))
		return v;
	cpu->vscr |= VSCR_SAT;
	return v < 0 ? -max - 1 : max;
}

static inline u64 saturate_unsigned(struct cpu *cpu, s64 v, unsigned bits)
{
	s64 max = (s64)((1ull << bits) - 1);

	if (likely(v >= 0 && v <= max))
		return (u64)v;
	cpu->vscr |= VSCR_SAT;
	return v < 0 ? 0 : (u64)max;
}

#endif
