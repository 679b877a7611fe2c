/* SPDX-License-Identifier: Apache-2.0 */
/* VSX comparisons, larger and smaller, and the tests that software divide and square root begin
 * with. */
#include "cpu/insn/vsx/vsx.h"

OP(xscmpudp)
{
	cpu->cr[op->t] = fpu_cmpu(fpscr_settled(&cpu->fpscr), SD(a), SD(b));
	VSX_NEXT_FP;
}

OP(xscmpodp)
{
	cpu->cr[op->t] = fpu_cmpo(fpscr_settled(&cpu->fpscr), SD(a), SD(b));
	VSX_NEXT_FP;
}

/*
 * Elementwise comparison to masks. With @record CR6 tells whether the relation held for all (8) or
 * for no (2) element; it is undefined when an enabled exception keeps the target, and written here
 * all the same.
 */
#define COMPARE(name, array, kind, element, rel, record)                                           \
	OP(name)                                                                                   \
	{                                                                                          \
		u64 *fpscr = fpscr_settled(&cpu->fpscr);                                           \
		union vsr r;                                                                       \
		bool write = true;                                                                 \
                                                                                                   \
		for (unsigned i = 0; i < ARRAY_SIZE(r.array); i++) {                               \
			u64 mask;                                                                  \
                                                                                                   \
			write &= fpu_vcmp(fpscr, kind, rel, element(a), element(b), &mask);        \
			r.array[i] = mask;                                                         \
		}                                                                                  \
		if (record)                                                                        \
			cpu->cr[6] = !~r.q ? 8 : !r.q ? 2 : 0;                                     \
		if (likely(write))                                                                 \
			cpu->vsr[op->t] = r;                                                       \
		VSX_NEXT_FP;                                                                       \
	}

#define COMPARES(operation, rel)                                                                   \
	COMPARE(xvcmp##operation##dp, d, FPU_VD, ED, rel, false)                                   \
	COMPARE(xvcmp##operation##dp_rc, d, FPU_VD, ED, rel, true)                                 \
	COMPARE(xvcmp##operation##sp, w, FPU_VS, EW, rel, false)                                   \
	COMPARE(xvcmp##operation##sp_rc, w, FPU_VS, EW, rel, true)

COMPARES(eq, FPU_REL_EQ)
COMPARES(gt, FPU_REL_GT)
COMPARES(ge, FPU_REL_GE)

VSX_SCALAR(xsmaxdp, fpu_max(fpscr, FPU_D, SD(a), SD(b), &v))
VSX_SCALAR(xsmindp, fpu_min(fpscr, FPU_D, SD(a), SD(b), &v))
VSX_VECTOR(xvmaxdp, d, fpu_max(fpscr, FPU_VD, ED(a), ED(b), &v))
VSX_VECTOR(xvmindp, d, fpu_min(fpscr, FPU_VD, ED(a), ED(b), &v))
VSX_VECTOR(xvmaxsp, w, fpu_max(fpscr, FPU_VS, EW(a), EW(b), &v))
VSX_VECTOR(xvminsp, w, fpu_min(fpscr, FPU_VS, EW(a), EW(b), &v))

/* Tests: a CR field, ORed over a vector's elements. No exceptions. */
OP(xstdivdp)
{
	cpu->cr[op->t] = fpu_tdiv(FPU_D, SD(a), SD(b));
	NEXT;
}

OP(xstsqrtdp)
{
	cpu->cr[op->t] = fpu_tsqrt(FPU_D, SD(b));
	NEXT;
}

#define TEST(name, array, call)                                                                    \
	OP(name)                                                                                   \
	{                                                                                          \
		u32 cc = 0;                                                                        \
                                                                                                   \
		for (unsigned i = 0; i < ARRAY_SIZE(cpu->vsr[0].array); i++)                       \
			cc |= call;                                                                \
		cpu->cr[op->t] = cc;                                                               \
		NEXT;                                                                              \
	}

TEST(xvtdivdp, d, fpu_tdiv(FPU_VD, ED(a), ED(b)))
TEST(xvtdivsp, w, fpu_tdiv(FPU_VS, EW(a), EW(b)))
TEST(xvtsqrtdp, d, fpu_tsqrt(FPU_VD, ED(b)))
TEST(xvtsqrtsp, w, fpu_tsqrt(FPU_VS, EW(b)))
