/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions on the FPSCR: ISA 2.07 Book I 4.6.10. Fields are its 16 nibbles, 0 the most
 * significant; the 32-bit register of old is fields 8 to 15.
 */
#include "cpu/insn/fp.h"

/* The bits that exist. */
#define FPSCR_BITS                                                                                 \
	(FPSCR_DRN | FPSCR_FX | FPSCR_SUMMARIES | FPSCR_EXCEPTIONS | FPSCR_FR | FPSCR_FI |         \
	 FPSCR_FPRF | FPSCR_ENABLES | FPSCR_NI | FPSCR_RN)

#define FIELD_SHIFT(field) (4 * (15 - (field)))
#define FIELD_MASK(field)  (15ull << FIELD_SHIFT(field))

/*
 * Those of the bits in @mask become those of @value. FX and OX, too, are just what @value says, but
 * FEX and VX follow from the others.
 */
static void write_fpscr(struct cpu *cpu, u64 mask, u64 value)
{
	mask &= FPSCR_BITS & ~FPSCR_SUMMARIES;
	fpscr_set(&cpu->fpscr,
		  fpu_summarize((*fpscr_settled(&cpu->fpscr) & ~mask) | (value & mask)));
}

#define FPSCR_OP(name, work)                                                                       \
	OP(name)                                                                                   \
	{                                                                                          \
		work;                                                                              \
		FP_NEXT;                                                                           \
	}                                                                                          \
	OP(name##_rc)                                                                              \
	{                                                                                          \
		work;                                                                              \
		cpu_record_cr1(cpu);                                                               \
		FP_NEXT;                                                                           \
	}

OP(mffs)
{
	set_fpr(cpu, op->t, *fpscr_settled(&cpu->fpscr));
	NEXT;
}

OP(mffs_rc)
{
	set_fpr(cpu, op->t, *fpscr_settled(&cpu->fpscr));
	cpu_record_cr1(cpu);
	NEXT;
}

/* A field goes to CR; what it has of exception bits (but for the summaries) is cleared. */
OP(mcrfs)
{
	unsigned field_nr = 8 + field(op->insn, 11, 13);
	u64 field_bits = FIELD_MASK(field_nr);

	cpu->cr[op->t] = *fpscr_settled(&cpu->fpscr) >> FIELD_SHIFT(field_nr) & 15;
	write_fpscr(cpu, field_bits & (FPSCR_EXCEPTIONS | FPSCR_FX), 0);
	NEXT;
}

/* W and L came with the FPSCR's upper word; what is reserved is ignored. */
static bool has_upper_word(const struct cpu *cpu)
{
	return cpu->model->level >= ISA_205;
}

/* One field from the instruction; W says of which word. */
static void mtfsfi(struct cpu *cpu, const struct op *op)
{
	bool upper = field(op->insn, 15, 15) && has_upper_word(cpu);
	unsigned field_nr = op->t + (upper ? 0 : 8);
	u64 value = field(op->insn, 16, 19);

	write_fpscr(cpu, FIELD_MASK(field_nr), value << FIELD_SHIFT(field_nr));
}
FPSCR_OP(mtfsfi, mtfsfi(cpu, op))

/* The fields that FLM names, of the word that W names; or with L all. */
static void mtfsf(struct cpu *cpu, const struct op *op)
{
	bool all = field(op->insn, 6, 6) && has_upper_word(cpu);
	bool upper = field(op->insn, 15, 15) && has_upper_word(cpu);
	unsigned flm = field(op->insn, 7, 14);
	u64 mask = 0;

	for (unsigned i = 0; i < 8; i++) {
		if (flm & (0x80u >> i))
			mask |= FIELD_MASK(i + (upper ? 0 : 8));
	}
	write_fpscr(cpu, all ? ~0ull : mask, FRB);
}
FPSCR_OP(mtfsf, mtfsf(cpu, op))

/* Bit BT of the lower word. */
static u64 fpscr_bit(const struct op *op)
{
	return PPC_BIT(32 + op->t) & FPSCR_BITS & ~FPSCR_SUMMARIES;
}
FPSCR_OP(mtfsb0, write_fpscr(cpu, fpscr_bit(op), 0))

/* An exception that is new sets FX. */
static void mtfsb1(struct cpu *cpu, const struct op *op)
{
	u64 bit = fpscr_bit(op);

	if (bit & FPSCR_EXCEPTIONS)
		fpu_raise(fpscr_settled(&cpu->fpscr), bit);
	else
		write_fpscr(cpu, bit, bit);
}
FPSCR_OP(mtfsb1, mtfsb1(cpu, op))
