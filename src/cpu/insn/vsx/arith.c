/* SPDX-License-Identifier: Apache-2.0 */
/* VSX arithmetic: each operation for scalar and vector, double and single (ISA 2.07 Book I 7.6). */
#include "cpu/insn/vsx/vsx.h"

/* Of two operands XA and XB, and of XB alone. */
#define BINARY_AS(operation, fn)                                                                   \
	VSX_ARITH(xs##operation##dp, fn(fpscr, FPU_D, SD(a), SD(b), &v))                           \
	VSX_ARITH(xs##operation##sp, fn(fpscr, FPU_S, SD(a), SD(b), &v))                           \
	VSX_VECTOR(xv##operation##dp, d, fn(fpscr, FPU_VD, ED(a), ED(b), &v))                      \
	VSX_VECTOR(xv##operation##sp, w, fn(fpscr, FPU_VS, EW(a), EW(b), &v))

#define UNARY_AS(operation, fn)                                                                    \
	VSX_ARITH(xs##operation##dp, fn(fpscr, FPU_D, SD(b), &v))                                  \
	VSX_ARITH(xs##operation##sp, fn(fpscr, FPU_S, SD(b), &v))                                  \
	VSX_VECTOR(xv##operation##dp, d, fn(fpscr, FPU_VD, ED(b), &v))                             \
	VSX_VECTOR(xv##operation##sp, w, fn(fpscr, FPU_VS, EW(b), &v))

#define BINARY(operation, code) BINARY_AS(operation, fpu_##operation)
#define UNARY(operation, code)	UNARY_AS(operation, fpu_##operation)
#define FUSED(operation, code, mul, add)                                                           \
	VSX_ARITH(xs##operation##dp,                                                               \
		  fpu_madd(fpscr, FPU_D, SD(a), SD(mul), SD(add), FPSCR_##code - FPSCR_MADD, &v))  \
	VSX_ARITH(xs##operation##sp,                                                               \
		  fpu_madd(fpscr, FPU_S, SD(a), SD(mul), SD(add), FPSCR_##code - FPSCR_MADD, &v))  \
	VSX_VECTOR(                                                                                \
	    xv##operation##dp, d,                                                                  \
	    fpu_madd(fpscr, FPU_VD, ED(a), ED(mul), ED(add), FPSCR_##code - FPSCR_MADD, &v))       \
	VSX_VECTOR(                                                                                \
	    xv##operation##sp, w,                                                                  \
	    fpu_madd(fpscr, FPU_VS, EW(a), EW(mul), EW(add), FPSCR_##code - FPSCR_MADD, &v))
#include "cpu/insn/vsx/vsx.sem"

UNARY_AS(re, fpu_re)
UNARY_AS(rsqrte, fpu_rsqrte)
