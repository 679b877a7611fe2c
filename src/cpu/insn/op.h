/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded instructions, and how their meaning is written.
 *
 * The decoder turns a run of guest instructions into a block: an array of struct op, one an
 * instruction, after a first one that enters the block and before a last one that leaves it where no
 * branch does. Each op names the function that carries it out. A function does its work and ends by
 * NEXT, which goes on with the following op by a tail call; or by STOP, which goes back to the
 * dispatcher with cpu->nip set; branches return the next block's first op.
 *
 *	OP(neg)
 *	{
 *		cpu->gpr[op->t] = -cpu->gpr[op->a];
 *		NEXT;
 *	}
 *
 * The function of row `neg` of isa/isa.def is op_neg. A row with the RC flag has two functions, op_neg
 * and op_neg_rc.
 *
 * Rules: registers are changed only after nothing can fault any more. A function that faults calls
 * one of the cpu_raise functions below (or a mem_ function of mmu/mem.h did) and returns NULL (STOP).
 */
#ifndef PAPYR_CPU_OP_H
#define PAPYR_CPU_OP_H

#include "cpu/cpu.h"

typedef const struct op *op_fn(struct cpu *cpu, const struct op *op);

struct op {
	op_fn *fn;
	u32 insn;	    /* the instruction as fetched, in host order */
	u8 t, a, b, c;	    /* register numbers from the fields at bits 6, 11, 16, 21, as the row's
			       format says */
	s64 imm;	    /* the format's immediate */
	struct block *link; /* branches: the target's block when it lies on this page, else NULL */
};
_Static_assert(sizeof(struct op) == 32, "CIA() divides by it; keep it a power of two");

struct block {
	u64 gpa; /* of the first instruction */
	u32 mode;
	u32 count; /* instructions */
	struct block *hash_next;
	struct block *page_next;
	struct code_page *page;
	struct op ops[]; /* [0] enters, [1 .. count] are the instructions, [count + 1] leaves */
};

/* MSR bits that choose between decodings; kept in cpu->mode and block->mode. */
#define MODE_SF	 0x01u
#define MODE_PR	 0x02u
#define MODE_FP	 0x04u
#define MODE_VEC 0x08u
#define MODE_VSX 0x10u
#define MODE_LE	 0x20u
#define MODE_IR	 0x40u /* not for decoding: it tells real-mode addresses apart in the jump cache */

#define OP(name)                                                                                   \
	const struct op *op_##name(struct cpu *cpu __attribute__((unused)),                        \
				   const struct op *op __attribute__((unused)))
#define NEXT return op[1].fn(cpu, op + 1)
#define STOP return NULL

/* Address of the instruction being carried out; NIA() of the one after it. */
#define CIA()                                                                                      \
	(cpu->nip + (((u64)((const char *)op - (const char *)cpu->ops)) / sizeof(struct op)) * 4)
#define NIA() ((CIA() + 4) & cpu->ea_mask)

/* Effective address of the D- and X-forms; formats with RA|0 have a = 32 for RA = 0. */
#define EA_D_OF(cpu, op) (((cpu)->gpr[(op)->a] + (u64)(op)->imm) & (cpu)->ea_mask)
#define EA_X_OF(cpu, op) (((cpu)->gpr[(op)->a] + (cpu)->gpr[(op)->b]) & (cpu)->ea_mask)
#define EA_D()		 EA_D_OF(cpu, op)
#define EA_X()		 EA_X_OF(cpu, op)

/* Instruction fields by ISA bit numbers [first, last] (0 is the most significant bit of the word).
 */
static inline u32 field(u32 insn, unsigned first, unsigned last)
{
	return insn >> (31 - last) & ((2u << (last - first)) - 1);
}

#define RC_BIT 1u

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

/* Floating-point record form: CR1 = FX, FEX, VX, OX. */
static inline void cpu_record_cr1(struct cpu *cpu)
{
	cpu->cr[1] = cpu->fpscr >> 28 & 15;
}

/*
 * Raise an interrupt caused by the instruction @op; each sets SRR0, SRR1, nip, and returns NULL for
 * the handler to return: `return cpu_raise_program(cpu, op, SRR1_PROG_TRAP);`
 */
const struct op *cpu_raise(struct cpu *cpu, const struct op *op, unsigned vector, u64 srr1_bits);
const struct op *cpu_raise_program(struct cpu *cpu, const struct op *op, u64 reason);
const struct op *cpu_raise_alignment(struct cpu *cpu, const struct op *op, u64 ea);
/* Data storage or data segment interrupt: sets DAR, and DSISR for VEC_DSI. */
const struct op *cpu_raise_data(struct cpu *cpu, const struct op *op, unsigned vector, u64 ea,
				u64 dsisr);
/* @facility: FSCR's number of the facility (ISA 2.07 Book III-S 6.2.10). */
const struct op *cpu_raise_facility(struct cpu *cpu, const struct op *op, unsigned facility);

/* FPSCR's enabled exceptions: to be called after an FP instruction that may have set FEX; true if
 * MSR[FE0, FE1] make it a program interrupt, which then has been raised: return NULL. */
#define FPSCR_FEX_BIT 0x40000000ull
#define FP_EXCEPTION_DUE()                                                                         \
	(unlikely(cpu->fpscr & FPSCR_FEX_BIT) && unlikely(cpu->msr & (MSR_FE0 | MSR_FE1)))
const struct op *cpu_raise_fp(struct cpu *cpu, const struct op *op);

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
	return op->link->ops;
}

/* --- the table --- */

enum op_format {
#define FORMAT(name) FMT_##name,
#include "cpu/isa/formats.def"
#undef FORMAT
};

/* Flags of a row. */
#define F_RC	0x0001u /* bit 31 chooses op_x_rc */
#define F_FP	0x0002u /* needs MSR[FP] */
#define F_VEC	0x0004u /* needs MSR[VEC] */
#define F_VSX	0x0008u /* needs MSR[VSX] */
#define F_PRIV	0x0010u /* supervisor only */
#define F_HV	0x0020u /* hypervisor only: privileged for a guest */
#define F_END	0x0040u /* ends a block */
#define F_BR	0x0080u /* a branch (ends a block, traced by MSR[BE]) */
#define F_LOAD	0x0100u /* reads memory at EA */
#define F_STORE 0x0200u /* writes memory at EA */
#define F_UPD	0x0400u /* writes RA with the EA */
#define F_SYNC	0x0800u /* a barrier or a hint: no register result */
#define F_NOTEST                                                                                   \
	0x1000u /* a user program may execute it, but its result is not a function of registers    \
		   and memory */

struct insn_row {
	const char *mnemonic;
	u32 mask, match;
	enum op_format format;
	enum isa_level level;
	u32 flags;
	op_fn *fn, *fn_rc;
};

extern const struct insn_row isa_table[];
extern const unsigned isa_rows;

/* Makes the index that isa_lookup() needs, which takes a moment; without it the first lookup does. */
void isa_prepare(void);
/* The row of @insn on a processor of @level; NULL: illegal. */
const struct insn_row *isa_lookup(u32 insn, enum isa_level level);
/* Fills @op's operands as the row's format says. */
void isa_operands(const struct insn_row *row, u32 insn, struct op *op);

#endif
