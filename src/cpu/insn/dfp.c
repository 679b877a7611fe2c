/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal floating-point instructions: ISA 2.07 Book I 5.6. Each has a form on registers and one
 * (q) on pairs of them, the even one above; their meaning is written once, over the format f.
 */
#include "cpu/dfp/dfp.h"
#include "cpu/insn/fp.h"

static inline u128 get(const struct cpu *cpu, const struct dfp_format *f, unsigned n)
{
	u64 v = VSR_D(cpu->vsr[n], 0);

	return f == &dfp_extended ? (u128)v << 64 | VSR_D(cpu->vsr[n + 1], 0) : v;
}

static inline void set(struct cpu *cpu, const struct dfp_format *f, unsigned n, u128 v)
{
	if (f != &dfp_extended) {
		set_fpr(cpu, n, (u64)v);
		return;
	}
	set_fpr(cpu, n, (u64)(v >> 64));
	set_fpr(cpu, n + 1, (u64)v);
}

/* The operands, as the format says; and what isn't decimal, a single register always. */
#define A      get(cpu, f, op->a)
#define B      get(cpu, f, op->b)
#define RAW_A  FRA
#define RAW_B  FRB
#define DIGITS ((unsigned)FRA & 63) /* a reference significance */

/* Fields of the instruction. */
#define BIT_11	 field(op->insn, 11, 11)
#define BITS_11	 field(op->insn, 11, 12)
#define BITS_16	 field(op->insn, 16, 21) /* a mask, or digits to shift by */
#define RMC	 field(op->insn, 21, 22)
#define ROUNDING dfp_round_primary(*fpscr, RMC)
#define EXPONENT ((int)op->a - (op->a & 16 ? 32 : 0))
#define SECONDARY                                                                                  \
	(field(op->insn, 15, 15) ? dfp_round_secondary(RMC) : dfp_round_primary(*fpscr, RMC))

/*
 * @call is an operation of dfp/dfp.h that leaves its result in v, and says whether the target is to
 * be written. Operands have the format @operands, the result @result. With the record form.
 */
#define DFP_OP(name, operands, result, call)                                                       \
	static void name##_work(struct cpu *cpu, const struct op *op)                              \
	{                                                                                          \
		const struct dfp_format *f = &(operands);                                          \
		u64 *fpscr = fpscr_settled(&cpu->fpscr);                                           \
		u128 v = 0;                                                                        \
                                                                                                   \
		(void)f;                                                                           \
		(void)fpscr;                                                                       \
		if (call)                                                                          \
			set(cpu, &(result), op->t, v);                                             \
	}                                                                                          \
	OP(name)                                                                                   \
	{                                                                                          \
		name##_work(cpu, op);                                                              \
		FP_NEXT;                                                                           \
	}                                                                                          \
	OP(name##_rc)                                                                              \
	{                                                                                          \
		name##_work(cpu, op);                                                              \
		cpu_record_cr1(cpu);                                                               \
		FP_NEXT;                                                                           \
	}

/* What is wrapped fills the register, or the pair. */
static bool round_to_short(u64 *fpscr, u128 b, u128 *v)
{
	bool wrapped;

	return dfp_narrow(fpscr, &dfp_long, &dfp_short, b, v, &wrapped);
}

/* The even register has the result, the pair's other becomes zero. */
static bool round_to_long(u64 *fpscr, u128 b, u128 *v)
{
	bool wrapped;

	if (!dfp_narrow(fpscr, &dfp_extended, &dfp_long, b, v, &wrapped))
		return false;
	if (!wrapped)
		*v <<= 64;
	return true;
}

/* Both forms: with operands and result alike; and with a result in a single register. */
#define DFP_BOTH(name, call)                                                                       \
	DFP_OP(name, dfp_long, dfp_long, call)                                                     \
	DFP_OP(name##q, dfp_extended, dfp_extended, call)
#define DFP_BOTH_TO_ONE(name, call)                                                                \
	DFP_OP(name, dfp_long, dfp_long, call)                                                     \
	DFP_OP(name##q, dfp_extended, dfp_long, call)

DFP_BOTH(dadd, dfp_add(fpscr, f, A, B, &v))
DFP_BOTH(dsub, dfp_sub(fpscr, f, A, B, &v))
DFP_BOTH(dmul, dfp_mul(fpscr, f, A, B, &v))
DFP_BOTH(ddiv, dfp_div(fpscr, f, A, B, &v))

DFP_BOTH(dquai, dfp_quantize_to(fpscr, f, ROUNDING, EXPONENT, B, &v))
DFP_BOTH(dqua, dfp_quantize(fpscr, f, ROUNDING, A, B, &v))
DFP_BOTH(drrnd, dfp_reround(fpscr, f, ROUNDING, DIGITS, B, &v))
DFP_BOTH(drintx, dfp_rint(fpscr, f, SECONDARY, true, B, &v))
DFP_BOTH(drintn, dfp_rint(fpscr, f, SECONDARY, false, B, &v))

DFP_OP(dctdp, dfp_long, dfp_long, dfp_widen(fpscr, &dfp_short, f, B, &v))
DFP_OP(dctqpq, dfp_long, dfp_extended, dfp_widen(fpscr, f, &dfp_extended, B, &v))
DFP_OP(drsp, dfp_long, dfp_long, round_to_short(fpscr, B, &v))
DFP_OP(drdpq, dfp_extended, dfp_extended, round_to_long(fpscr, B, &v))
DFP_BOTH(dcffix, dfp_from_int(fpscr, f, RAW_B, &v))
DFP_BOTH_TO_ONE(dctfix, dfp_to_int(fpscr, f, B, &v))

DFP_BOTH(ddedpd, (v = dfp_to_bcd(f, BITS_11, B), true))
DFP_BOTH(denbcd, dfp_from_bcd(fpscr, f, BIT_11, B, &v))
DFP_BOTH_TO_ONE(dxex, (v = dfp_extract_exponent(f, B), true))
DFP_BOTH(diex, (v = dfp_insert_exponent(f, RAW_A, B), true))
DFP_BOTH(dscli, (v = dfp_shift_left(f, A, BITS_16), true))
DFP_BOTH(dscri, (v = dfp_shift_right(f, A, BITS_16), true))

/* Comparisons and tests: op->t is the CR field. */
#define DFP_CR_OP(name, operands, call)                                                            \
	OP(name)                                                                                   \
	{                                                                                          \
		const struct dfp_format *f = &(operands);                                          \
		u64 *fpscr = fpscr_settled(&cpu->fpscr);                                           \
                                                                                                   \
		cpu->cr[op->t] = (u8)(call);                                                       \
		FP_NEXT;                                                                           \
	}
#define DFP_CR_BOTH(name, call)                                                                    \
	DFP_CR_OP(name, dfp_long, call)                                                            \
	DFP_CR_OP(name##q, dfp_extended, call)

DFP_CR_BOTH(dcmpo, dfp_cmpo(fpscr, f, A, B))
DFP_CR_BOTH(dcmpu, dfp_cmpu(fpscr, f, A, B))
DFP_CR_BOTH(dtstdc, dfp_test_class(fpscr, f, A, BITS_16))
DFP_CR_BOTH(dtstdg, dfp_test_group(fpscr, f, A, BITS_16))
DFP_CR_BOTH(dtstex, dfp_test_exponents(fpscr, f, A, B))
DFP_CR_BOTH(dtstsf, dfp_test_significance(fpscr, f, DIGITS, B))
