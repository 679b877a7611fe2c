/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the meaning of instructions is written.
 *
 * Each op of a block (engine/block.h) names the function that carries its instruction out. The
 * function does its work and ends by NEXT, which goes on with the following op by a tail call; or
 * by STOP, which goes back to the dispatcher with cpu->nip set; branches return the next block's
 * first op.
 *
 *	OP(neg)
 *	{
 *		cpu->gpr[op->t] = -cpu->gpr[op->a];
 *		NEXT;
 *	}
 *
 * The function of row `neg` of isa/isa.def is op_neg. A row with the RC flag has two functions,
 * op_neg and op_neg_rc.
 *
 * Rules: registers are changed only after nothing can fault any more. A function that faults calls
 * one of the functions of cpu/raise.h (or a mem_ function of mmu/mem.h did) and returns NULL
 * (STOP).
 */
#ifndef PAPYR_CPU_OP_H
#define PAPYR_CPU_OP_H

#include "cpu/cpu.h"
#include "cpu/engine/block.h"
#include "cpu/isa/branch.h"
#include "cpu/isa/ops.h"
#include "cpu/raise.h"

#define OP(name)                                                                                   \
	const struct op *op_##name(struct cpu *cpu __attribute__((unused)),                        \
				   const struct op *op __attribute__((unused)))
#define NEXT return op[1].fn(cpu, op + 1)
#define STOP return NULL

/* Effective address of the D- and X-forms; formats with RA|0 have a = 32 for RA = 0. */
#define EA_D_OF(cpu, op) (((cpu)->gpr[(op)->a] + (u64)(s64)(op)->imm) & (cpu)->ea_mask)
#define EA_X_OF(cpu, op) (((cpu)->gpr[(op)->a] + (cpu)->gpr[(op)->b]) & (cpu)->ea_mask)
#define EA_D()		 EA_D_OF(cpu, op)
#define EA_X()		 EA_X_OF(cpu, op)

/* One field of CR: signed comparison of @v with zero, and SO. Honours 32-bit mode. */
static inline void cpu_record_cr0(struct cpu *cpu, u64 v)
{
	s64 s = (s64)(v << cpu->cr0_shift);

	cpu->cr[0] = (s < 0 ? 8 : s > 0 ? 4 : 2) | cpu->so;
}

static inline bool cpu_cr_bit(const struct cpu *cpu, unsigned bit)
{
	return cpu->cr[bit >> 2] >> (3 - (bit & 3)) & 1;
}

/* What a conditional branch with these fields asks of CR (isa/branch.h). */
static inline bool cpu_cr_allows(const struct cpu *cpu, unsigned bo, unsigned bi)
{
	return (bo & BO_ANY_CR) || cpu_cr_bit(cpu, bi) == !!(bo & BO_CR_SET);
}

/* Floating-point record form: CR1 = FX, FEX, VX, OX. */
static inline void cpu_record_cr1(struct cpu *cpu)
{
	cpu->cr[1] = *fpscr_bits(&cpu->fpscr) >> 28 & 15;
}

/* FPSCR's enabled exceptions: to be asked after an FP instruction that may have set FEX; true if
 * MSR[FE0, FE1] make a program interrupt of it: return cpu_raise_fp(). */
#define FP_EXCEPTION_DUE()                                                                         \
	(unlikely(fpscr_enabled_exception(&cpu->fpscr)) &&                                         \
	 unlikely(cpu->msr & (MSR_FE0 | MSR_FE1)))

/* Continue at @target (already masked): through the jump cache, else by the dispatcher. */
const struct op *cpu_goto(struct cpu *cpu, u64 target);
/* The same for a target relative to @op: a link is kept when it lies on the same page. */
const struct op *cpu_goto_near_slow(struct cpu *cpu, const struct op *op, u64 cia, u64 target);

static inline const struct op *cpu_goto_near(struct cpu *cpu, const struct op *op, u64 cia,
					     u64 target)
{
	if (unlikely(!op->link))
		return cpu_goto_near_slow(cpu, op, cia, target);
	cpu->nip = target;
	return op_link(op)->ops;
}

#endif
