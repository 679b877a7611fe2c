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
		u64 *fpscr = fpscr_replacing(&cpu->fpscr);                                         \
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

#define ARITH_2(name, kind, fn, code, a, b)                                                        \
	FP_OP_FAST(name, fpu_fast_##fn(fpscr, FPU_##kind, F(a), F(b), &v),                         \
		   fpu_soft_##fn(fpscr, FPU_##kind, a, b, &v))
#define ARITH_1(name, kind, fn, code)                                                              \
	FP_OP_FAST(name, fpu_fast_##fn(fpscr, FPU_##kind, F(FRB), &v),                             \
		   fpu_soft_##fn(fpscr, FPU_##kind, FRB, &v))
#define FUSED(name, kind, code)                                                                    \
	FP_OP_FAST(name,                                                                           \
		   fpu_fast_madd(fpscr, FPU_##kind, F(FRA), F(FRC), F(FRB),                        \
				 FPSCR_##code - FPSCR_MADD, &v),                                   \
		   fpu_soft_madd(fpscr, FPU_##kind, FRA, FRC, FRB, FPSCR_##code - FPSCR_MADD, &v))
#define ROUND_SINGLE(name)                                                                         \
	FP_OP_FAST(name, fpu_fast_rsp(fpscr, FRB, &v), fpu_soft_rsp(fpscr, FRB, &v))
#define ROUND_INTEGRAL(name, how) FP_OP(name, fpu_rint(fpscr, FPU_D, FPU_ROUND_##how, FRB, &v))
#define TO_INTEGER(name, type, how)                                                                \
	FP_OP(name, fpu_to_int(fpscr, FPU_D, FPU_##type, FPU_ROUND_##how, FRB, &v))
#define FROM_INTEGER(name, kind, type)                                                             \
	FP_OP(name, fpu_from_int(fpscr, FPU_##kind, FPU_##type, FRB, &v))

#define SIGN_MOVE(name, sign)                                                                      \
	OP(name)                                                                                   \
	{                                                                                          \
		set_fpr(cpu, op->t, SIGN_##sign(FRA, FRB));                                        \
		NEXT;                                                                              \
	}                                                                                          \
	OP(name##_rc)                                                                              \
	{                                                                                          \
		set_fpr(cpu, op->t, SIGN_##sign(FRA, FRB));                                        \
		cpu_record_cr1(cpu);                                                               \
		NEXT;                                                                              \
	}

/* op->t is the CR field. */
#define COMPARISON(name, fn)                                                                       \
	OP(name)                                                                                   \
	{                                                                                          \
		cpu->cr[op->t] = (u8)fpu_##fn(fpscr_settled(&cpu->fpscr), FRA, FRB);               \
		FP_NEXT;                                                                           \
	}

#include "cpu/insn/fp.sem"

/* What few use. */
FP_OP(fctiwu, fpu_to_int(fpscr, FPU_D, FPU_U32, FPU_ROUND_CURRENT, FRB, &v))
FP_OP(fctidu, fpu_to_int(fpscr, FPU_D, FPU_U64, FPU_ROUND_CURRENT, FRB, &v))
FP_OP(fre, fpu_re(fpscr, FPU_D, FRB, &v))
FP_OP(fres, fpu_re(fpscr, FPU_S, FRB, &v))
FP_OP(frsqrte, fpu_rsqrte(fpscr, FPU_D, FRB, &v))
FP_OP(frsqrtes, fpu_rsqrte(fpscr, FPU_S, FRB, &v))

OP(fsel)
{
	set_fpr(cpu, op->t, fpu_sel(FRA, FRC, FRB));
	NEXT;
}

OP(fsel_rc)
{
	set_fpr(cpu, op->t, fpu_sel(FRA, FRC, FRB));
	cpu_record_cr1(cpu);
	NEXT;
}

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

/* Tests: op->t is the CR field. */
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
