/* SPDX-License-Identifier: Apache-2.0 */
/* Floating-point instructions that stay in the registers: ISA 2.07 Book I 4.6.5 to 4.6.9. */
#include "cpu/insn/fp.h"

/*
 * @call is an operation of fp/fpu.h on FRA, FRB, FRC that leaves its result in v, and says whether
 * FRT is to be written. With its record form.
 */
#define FP_OP(name, call)                                                                          \
	OP(name)                                                                                   \
	{                                                                                          \
		u64 *fpscr = fpscr_settled(&cpu->fpscr);                                           \
		u64 v = 0;                                                                         \
                                                                                                   \
		if (likely(call))                                                                  \
			set_fpr(cpu, op->t, v);                                                    \
		FP_NEXT;                                                                           \
	}                                                                                          \
	FP_OP_RC(name, call)

#define FP_OP_RC(name, call)                                                                       \
	OP(name##_rc)                                                                              \
	{                                                                                          \
		u64 *fpscr = fpscr_settled(&cpu->fpscr);                                           \
		u64 v = 0;                                                                         \
                                                                                                   \
		if (likely(call))                                                                  \
			set_fpr(cpu, op->t, v);                                                    \
		cpu_record_cr1(cpu);                                                               \
		FP_NEXT;                                                                           \
	}

/*
 * The frequent ones: what the fast tier can do stands alone, so that it needs no stack; the rest,
 * kept out of its way, is the soft tier's.
 */
#define FP_OP_FAST(name, fast, soft)                                                               \
	static __attribute__((noinline))                                                           \
	const struct op *name##_soft(struct cpu *cpu, const struct op *op)                         \
	{                                                                                          \
		u64 *fpscr = fpscr_settled(&cpu->fpscr);                                           \
		u64 v = 0;                                                                         \
                                                                                                   \
		if (likely(soft))                                                                  \
			set_fpr(cpu, op->t, v);                                                    \
		FP_NEXT;                                                                           \
	}                                                                                          \
	OP(name)                                                                                   \
	{                                                                                          \
		u64 *fpscr = fpscr_bits(&cpu->fpscr);                                              \
		u64 v;                                                                             \
                                                                                                   \
		if (unlikely(!(fast)))                                                             \
			return name##_soft(cpu, op);                                               \
		fpscr_replaced(&cpu->fpscr);                                                       \
		set_fpr(cpu, op->t, v);                                                            \
		FP_NEXT;                                                                           \
	}                                                                                          \
	FP_OP_RC(name, soft)

/* An operand of the fast tier. */
#define F(r) fpu_as_double(r)

FP_OP_FAST(fadd, fpu_fast_add(fpscr, FPU_D, F(FRA), F(FRB), &v),
	   fpu_soft_add(fpscr, FPU_D, FRA, FRB, &v))
FP_OP_FAST(fadds, fpu_fast_add(fpscr, FPU_S, F(FRA), F(FRB), &v),
	   fpu_soft_add(fpscr, FPU_S, FRA, FRB, &v))
FP_OP_FAST(fsub, fpu_fast_add(fpscr, FPU_D, F(FRA), -F(FRB), &v),
	   fpu_soft_sub(fpscr, FPU_D, FRA, FRB, &v))
FP_OP_FAST(fsubs, fpu_fast_add(fpscr, FPU_S, F(FRA), -F(FRB), &v),
	   fpu_soft_sub(fpscr, FPU_S, FRA, FRB, &v))
FP_OP_FAST(fmul, fpu_fast_mul(fpscr, FPU_D, F(FRA), F(FRC), &v),
	   fpu_soft_mul(fpscr, FPU_D, FRA, FRC, &v))
FP_OP_FAST(fmuls, fpu_fast_mul(fpscr, FPU_S, F(FRA), F(FRC), &v),
	   fpu_soft_mul(fpscr, FPU_S, FRA, FRC, &v))
FP_OP_FAST(fdiv, fpu_fast_div(fpscr, FPU_D, F(FRA), F(FRB), &v),
	   fpu_soft_div(fpscr, FPU_D, FRA, FRB, &v))
FP_OP_FAST(fdivs, fpu_fast_div(fpscr, FPU_S, F(FRA), F(FRB), &v),
	   fpu_soft_div(fpscr, FPU_S, FRA, FRB, &v))
FP_OP_FAST(fsqrt, fpu_fast_sqrt(fpscr, FPU_D, F(FRB), &v), fpu_soft_sqrt(fpscr, FPU_D, FRB, &v))
FP_OP_FAST(fsqrts, fpu_fast_sqrt(fpscr, FPU_S, F(FRB), &v), fpu_soft_sqrt(fpscr, FPU_S, FRB, &v))

#define FP_FUSED(name, kind, neg)                                                                  \
	FP_OP_FAST(name, fpu_fast_madd(fpscr, kind, F(FRA), F(FRC), F(FRB), neg, &v),              \
		   fpu_soft_madd(fpscr, kind, FRA, FRC, FRB, neg, &v))

FP_FUSED(fmadd, FPU_D, 0)
FP_FUSED(fmadds, FPU_S, 0)
FP_FUSED(fmsub, FPU_D, FPU_NEG_ADDEND)
FP_FUSED(fmsubs, FPU_S, FPU_NEG_ADDEND)
FP_FUSED(fnmadd, FPU_D, FPU_NEG_RESULT)
FP_FUSED(fnmadds, FPU_S, FPU_NEG_RESULT)
FP_FUSED(fnmsub, FPU_D, FPU_NEG_ADDEND | FPU_NEG_RESULT)
FP_FUSED(fnmsubs, FPU_S, FPU_NEG_ADDEND | FPU_NEG_RESULT)

FP_OP(fre, fpu_re(fpscr, FPU_D, FRB, &v))
FP_OP(fres, fpu_re(fpscr, FPU_S, FRB, &v))
FP_OP(frsqrte, fpu_rsqrte(fpscr, FPU_D, FRB, &v))
FP_OP(frsqrtes, fpu_rsqrte(fpscr, FPU_S, FRB, &v))

/*
 * Rounding and conversion. 32-bit integers go to the lower word of FRT.
 */
FP_OP_FAST(frsp, fpu_fast_rsp(fpscr, FRB, &v), fpu_soft_rsp(fpscr, FRB, &v))
FP_OP(frin, fpu_rint(fpscr, FPU_D, FPU_ROUND_AWAY, FRB, &v))
FP_OP(friz, fpu_rint(fpscr, FPU_D, FPU_ROUND_ZERO, FRB, &v))
FP_OP(frip, fpu_rint(fpscr, FPU_D, FPU_ROUND_UP, FRB, &v))
FP_OP(frim, fpu_rint(fpscr, FPU_D, FPU_ROUND_DOWN, FRB, &v))

FP_OP(fctiw, fpu_to_int(fpscr, FPU_D, FPU_S32, FPU_ROUND_CURRENT, FRB, &v))
FP_OP(fctiwz, fpu_to_int(fpscr, FPU_D, FPU_S32, FPU_ROUND_ZERO, FRB, &v))
FP_OP(fctiwu, fpu_to_int(fpscr, FPU_D, FPU_U32, FPU_ROUND_CURRENT, FRB, &v))
FP_OP(fctiwuz, fpu_to_int(fpscr, FPU_D, FPU_U32, FPU_ROUND_ZERO, FRB, &v))
FP_OP(fctid, fpu_to_int(fpscr, FPU_D, FPU_S64, FPU_ROUND_CURRENT, FRB, &v))
FP_OP(fctidz, fpu_to_int(fpscr, FPU_D, FPU_S64, FPU_ROUND_ZERO, FRB, &v))
FP_OP(fctidu, fpu_to_int(fpscr, FPU_D, FPU_U64, FPU_ROUND_CURRENT, FRB, &v))
FP_OP(fctiduz, fpu_to_int(fpscr, FPU_D, FPU_U64, FPU_ROUND_ZERO, FRB, &v))
FP_OP(fcfid, fpu_from_int(fpscr, FPU_D, FPU_S64, FRB, &v))
FP_OP(fcfids, fpu_from_int(fpscr, FPU_S, FPU_S64, FRB, &v))
FP_OP(fcfidu, fpu_from_int(fpscr, FPU_D, FPU_U64, FRB, &v))
FP_OP(fcfidus, fpu_from_int(fpscr, FPU_S, FPU_U64, FRB, &v))

/*
 * Moves look at no value, and leave the FPSCR alone.
 */
#define FP_MOVE(name, value)                                                                       \
	OP(name)                                                                                   \
	{                                                                                          \
		set_fpr(cpu, op->t, value);                                                        \
		NEXT;                                                                              \
	}                                                                                          \
	OP(name##_rc)                                                                              \
	{                                                                                          \
		set_fpr(cpu, op->t, value);                                                        \
		cpu_record_cr1(cpu);                                                               \
		NEXT;                                                                              \
	}

#define SIGN (1ull << 63)

FP_MOVE(fmr, FRB)
FP_MOVE(fneg, FRB ^ SIGN)
FP_MOVE(fabs, FRB & ~SIGN)
FP_MOVE(fnabs, FRB | SIGN)
FP_MOVE(fcpsgn, (FRA & SIGN) | (FRB & ~SIGN))
FP_MOVE(fsel, fpu_sel(FRA, FRC, FRB))

OP(fmrgew)
{
	set_fpr(cpu, op->t, (FRA & 0xffffffff00000000ull) | FRB >> 32);
	NEXT;
}

OP(fmrgow)
{
	set_fpr(cpu, op->t, FRA << 32 | (u32)FRB);
	NEXT;
}

/*
 * Comparisons and tests: op->t is the CR field.
 */
OP(fcmpu)
{
	cpu->cr[op->t] = (u8)fpu_cmpu(fpscr_settled(&cpu->fpscr), FRA, FRB);
	FP_NEXT;
}

OP(fcmpo)
{
	cpu->cr[op->t] = (u8)fpu_cmpo(fpscr_settled(&cpu->fpscr), FRA, FRB);
	FP_NEXT;
}

OP(ftdiv)
{
	cpu->cr[op->t] = (u8)fpu_tdiv(FPU_D, FRA, FRB);
	NEXT;
}

OP(ftsqrt)
{
	cpu->cr[op->t] = (u8)fpu_tsqrt(FPU_D, FRB);
	NEXT;
}
