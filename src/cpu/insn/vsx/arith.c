/* SPDX-License-Identifier: Apache-2.0 */
/* VSX arithmetic: each operation for scalar and vector, double and single (ISA 2.07 Book I 7.6). */
#include "cpu/insn/vsx/vsx.h"

/* Of two operands XA and XB, and of XB alone. */
#define BINARY(operation, fn)                                                                      \
	VSX_SCALAR(xs##operation##dp, fn(fpscr, FPU_D, SD(a), SD(b), &v))                          \
	VSX_SCALAR(xs##operation##sp, fn(fpscr, FPU_S, SD(a), SD(b), &v))                          \
	VSX_VECTOR(xv##operation##dp, d, fn(fpscr, FPU_VD, ED(a), ED(b), &v))                      \
	VSX_VECTOR(xv##operation##sp, w, fn(fpscr, FPU_VS, EW(a), EW(b), &v))

#define UNARY(operation, fn)                                                                       \
	VSX_SCALAR(xs##operation##dp, fn(fpscr, FPU_D, SD(b), &v))                                 \
	VSX_SCALAR(xs##operation##sp, fn(fpscr, FPU_S, SD(b), &v))                                 \
	VSX_VECTOR(xv##operation##dp, d, fn(fpscr, FPU_VD, ED(b), &v))                             \
	VSX_VECTOR(xv##operation##sp, w, fn(fpscr, FPU_VS, EW(b), &v))

BINARY(add, fpu_add)
BINARY(sub, fpu_sub)
BINARY(mul, fpu_mul)
BINARY(div, fpu_div)
UNARY(sqrt, fpu_sqrt)
UNARY(re, fpu_re)
UNARY(rsqrte, fpu_rsqrte)

/* Of three operands, one of them the target: @mul and @add say which of b and t is multiplied and
 * which is added. */
#define FUSED_FORM(operation, form, neg, mul, add)                                                 \
	VSX_SCALAR(xs##operation##form##dp,                                                        \
		   fpu_madd(fpscr, FPU_D, SD(a), SD(mul), SD(add), neg, &v))                       \
	VSX_SCALAR(xs##operation##form##sp,                                                        \
		   fpu_madd(fpscr, FPU_S, SD(a), SD(mul), SD(add), neg, &v))                       \
	VSX_VECTOR(xv##operation##form##dp, d,                                                     \
		   fpu_madd(fpscr, FPU_VD, ED(a), ED(mul), ED(add), neg, &v))                      \
	VSX_VECTOR(xv##operation##form##sp, w,                                                     \
		   fpu_madd(fpscr, FPU_VS, EW(a), EW(mul), EW(add), neg, &v))

#define FUSED(operation, neg)                                                                      \
	FUSED_FORM(operation, a, neg, b, t)                                                        \
	FUSED_FORM(operation, m, neg, t, b)

FUSED(madd, 0)
FUSED(msub, FPU_NEG_ADDEND)
FUSED(nmadd, FPU_NEG_RESULT)
FUSED(nmsub, FPU_NEG_ADDEND | FPU_NEG_RESULT)
