/* SPDX-License-Identifier: Apache-2.0 */
/* Branches and condition register logic (Power ISA 2.07, Book I, chapter 2). */
#include "cpu/insn/op.h"
#include "cpu/isa/branch.h"

static const struct op *branch(struct cpu *cpu, const struct op *op, u64 target)
{
	u64 cia = CIA();

	cpu->cfar = cia;
	return cpu_goto_near(cpu, op, cia, target & cpu->ea_mask);
}

static const struct op *branch_away(struct cpu *cpu, const struct op *op, u64 target)
{
	cpu->cfar = CIA();
	return cpu_goto(cpu, target & cpu->ea_mask);
}

OP(b)
{
	return branch(cpu, op, CIA() + op->imm);
}

OP(bl)
{
	cpu->lr = NIA();
	return branch(cpu, op, CIA() + op->imm);
}

OP(ba)
{
	return branch_away(cpu, op, op->imm);
}

OP(bla)
{
	cpu->lr = NIA();
	return branch_away(cpu, op, op->imm);
}

static inline bool counter_holds(struct cpu *cpu, const struct op *op)
{
	if (op->t & BO_NO_CTR)
		return true;
	cpu->ctr--;
	return ((cpu->ctr & cpu->ea_mask) == 0) == !!(op->t & BO_CTR_ZERO);
}

/* The counter counts whatever the condition is. */
static inline bool taken(struct cpu *cpu, const struct op *op)
{
	bool counter = counter_holds(cpu, op);

	return counter && cpu_cr_allows(cpu, op->t, op->a);
}

OP(bc)
{
	if (taken(cpu, op))
		return branch(cpu, op, CIA() + op->imm);
	NEXT;
}

OP(bt)
{
	if (cpu->cr[op->c] & op->b)
		return branch(cpu, op, CIA() + op->imm);
	NEXT;
}

OP(bf)
{
	if (!(cpu->cr[op->c] & op->b))
		return branch(cpu, op, CIA() + op->imm);
	NEXT;
}

OP(bdnz)
{
	if (--cpu->ctr & cpu->ea_mask)
		return branch(cpu, op, CIA() + op->imm);
	NEXT;
}

OP(bdz)
{
	if (!(--cpu->ctr & cpu->ea_mask))
		return branch(cpu, op, CIA() + op->imm);
	NEXT;
}

OP(blr)
{
	return branch_away(cpu, op, cpu->lr & ~3ull);
}

OP(bctr)
{
	return branch_away(cpu, op, cpu->ctr & ~3ull);
}

OP(bctrl)
{
	cpu->lr = NIA();
	return branch_away(cpu, op, cpu->ctr & ~3ull);
}

OP(bca)
{
	if (taken(cpu, op))
		return branch_away(cpu, op, op->imm);
	NEXT;
}

OP(bcl)
{
	cpu->lr = NIA();
	return op_bc(cpu, op);
}

OP(bcla)
{
	cpu->lr = NIA();
	return op_bca(cpu, op);
}

OP(bclr)
{
	if (taken(cpu, op))
		return branch_away(cpu, op, cpu->lr & ~3ull);
	NEXT;
}

OP(bclr_rc)
{
	u64 target = cpu->lr & ~3ull;

	cpu->lr = NIA();
	if (taken(cpu, op))
		return branch_away(cpu, op, target);
	NEXT;
}

/*
 * Without BO_NO_CTR the form is invalid: a counter that is the target besides. Processors carry it
 * out by the letter, first the count, then the branch to what is left of it.
 */
OP(bcctr)
{
	if (taken(cpu, op))
		return branch_away(cpu, op, cpu->ctr & ~3ull);
	NEXT;
}

OP(bcctr_rc)
{
	cpu->lr = NIA();
	return op_bcctr(cpu, op);
}

#define FSCR_TAR     (1ull << 8)
#define FACILITY_TAR 8

/* FSCR is about problem state only (Book III-S 6.2.10). */
static inline bool tar_denied(const struct cpu *cpu)
{
	return (cpu->msr & MSR_PR) && !(cpu->fscr & FSCR_TAR);
}

OP(bctar)
{
	if (tar_denied(cpu))
		return cpu_raise_facility(cpu, op, FACILITY_TAR);
	if (taken(cpu, op))
		return branch_away(cpu, op, cpu->tar & ~3ull);
	NEXT;
}

OP(bctar_rc)
{
	if (tar_denied(cpu))
		return cpu_raise_facility(cpu, op, FACILITY_TAR);
	cpu->lr = NIA();
	return op_bctar(cpu, op);
}

static inline void set_cr_bit(struct cpu *cpu, unsigned bit, bool value)
{
	u8 mask = 8 >> (bit & 3);

	cpu->cr[bit >> 2] = (cpu->cr[bit >> 2] & ~mask) | (value ? mask : 0);
}

#define OP_AND &
#define OP_OR  |
#define OP_XOR ^

#define CR_LOGIC(name, operation, not_b, not_result)                                               \
	OP(name)                                                                                   \
	{                                                                                          \
		bool a = cpu_cr_bit(cpu, op->a), b = cpu_cr_bit(cpu, op->b) != (not_b);            \
                                                                                                   \
		set_cr_bit(cpu, op->t, (a OP_##operation b) != (not_result));                      \
		NEXT;                                                                              \
	}
#define COMPARE(name, type, b) /* compare.c */
#define TRAP(name, type, b)    /* compare.c */
#include "cpu/insn/compare.sem"

OP(mcrf)
{
	cpu->cr[op->t >> 2] = cpu->cr[op->a >> 2];
	NEXT;
}
