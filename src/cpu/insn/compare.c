/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons, selection, traps, and the moves between general registers and the condition
 * register. */
#include "cpu/insn/op.h"
#include "cpu/insn/forms.h"

#define COMPARE(name, type, b_value)                                                               \
	OP(name)                                                                                   \
	{                                                                                          \
		type a = (type)RA, b = (type)(b_value);                                            \
                                                                                                   \
		cpu->cr[op->t] = (a < b ? 8 : a > b ? 4 : 2) | cpu->so;                            \
		NEXT;                                                                              \
	}

OP(isel)
{
	u64 a = op->a ? RA : 0;

	cpu->gpr[op->t] = cpu_cr_bit(cpu, op->c) ? a : RB;
	NEXT;
}

/* TO's bits: less, greater, equal, less unsigned, greater unsigned. */
static inline bool trap_due(unsigned to, s64 a, s64 b)
{
	return (to & 16 && a < b) || (to & 8 && a > b) || (to & 4 && a == b) ||
	       (to & 2 && (u64)a < (u64)b) || (to & 1 && (u64)a > (u64)b);
}

/* Words are compared sign-extended, which keeps their unsigned order as well. */
#define TRAP(name, type, b_value)                                                                  \
	OP(name)                                                                                   \
	{                                                                                          \
		if (unlikely(trap_due(op->t, (type)RA, (type)(b_value))))                          \
			return cpu_raise_program(cpu, op, SRR1_PROG_TRAP);                         \
		NEXT;                                                                              \
	}

#define CR_LOGIC(name, op, not_b, not_result) /* branch.c */
#define IMM op->imm
#include "cpu/insn/compare.sem"

/* FXM: field 0's bit is the leftmost. */
#define FXM() field(op->insn, 12, 19)

OP(mfcr)
{
	cpu->gpr[op->t] = cpu_get_cr(cpu);
	NEXT;
}

/* Undefined unless FXM names exactly one field: then nothing changes here. The other fields' bits
 * are undefined, and zero. */
OP(mfocrf)
{
	unsigned fxm = FXM();

	if (__builtin_popcount(fxm) == 1) {
		unsigned shift = (unsigned)__builtin_ctz(fxm);

		cpu->gpr[op->t] = (u64)cpu->cr[7 - shift] << (4 * shift);
	}
	NEXT;
}

static inline void set_cr_fields(struct cpu *cpu, unsigned fxm, u32 v)
{
	for (unsigned i = 0; i < 8; i++)
		if (fxm & (0x80u >> i))
			cpu->cr[i] = v >> (28 - 4 * i) & 15;
}

OP(mtcrf)
{
	set_cr_fields(cpu, FXM(), (u32)RS);
	NEXT;
}

OP(mtocrf)
{
	unsigned fxm = FXM();

	if (__builtin_popcount(fxm) == 1)
		set_cr_fields(cpu, fxm, (u32)RS);
	NEXT;
}
