/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VSX rounding to integral values, and conversions between double, single and integers.
 *
 * Which part of a 32-bit result's doubleword is undefined differs: see vsx.h. Words that the
 * architecture leaves open hold what QEMU's POWER8 puts there.
 */
#include "cpu/insn/vsx/vsx.h"

#define ROUND(suffix, how)                                                                         \
	VSX_SCALAR(xsrdp##suffix, fpu_rint(fpscr, FPU_D, how, SD(b), &v))                          \
	VSX_VECTOR(xvrdp##suffix, d, fpu_rint(fpscr, FPU_VD, how, ED(b), &v))                      \
	VSX_VECTOR(xvrsp##suffix, w, fpu_rint(fpscr, FPU_VS, how, EW(b), &v))

ROUND(i, FPU_ROUND_AWAY)
ROUND(ic, FPU_ROUND_CURRENT)
ROUND(im, FPU_ROUND_DOWN)
ROUND(ip, FPU_ROUND_UP)
ROUND(iz, FPU_ROUND_ZERO)

/* Between the floating-point formats. */
VSX_SCALAR(xsrsp, fpu_rsp(fpscr, SD(b), &v))
VSX_SCALAR_AS(xscvdpsp, fpu_double_to_single(fpscr, FPU_D, SD(b), &v), TWICE32(v))
VSX_SCALAR(xscvspdp, fpu_single_to_double(fpscr, FPU_D, HI32(SD(b)), &v))
VSX_VECTOR_AS(xvcvdpsp, d, fpu_double_to_single(fpscr, FPU_VD, ED(b), &v), TWICE32(v))
VSX_VECTOR(xvcvspdp, d, fpu_single_to_double(fpscr, FPU_VD, HI32(ED(b)), &v))

/* Without exceptions: signalling NaNs stay what they are. */
OP(xscvdpspn)
{
	vsx_set_scalar(cpu, op->t, TWICE32(fpu_store_single(SD(b))));
	NEXT;
}

OP(xscvspdpn)
{
	vsx_set_scalar(cpu, op->t, fpu_load_single(HI32(SD(b))));
	NEXT;
}

/* To integers, always towards zero. @t is sx or ux, @type S or U. */
#define TO_INTEGER(t, type)                                                                        \
	VSX_SCALAR(xscvdp##t##ds,                                                                  \
		   fpu_to_int(fpscr, FPU_D, FPU_##type##64, FPU_ROUND_ZERO, SD(b), &v))            \
	VSX_SCALAR_AS(xscvdp##t##ws,                                                               \
		      fpu_to_int(fpscr, FPU_D, FPU_##type##32, FPU_ROUND_ZERO, SD(b), &v),         \
		      TWICE32(v))                                                                  \
	VSX_VECTOR(xvcvdp##t##ds, d,                                                               \
		   fpu_to_int(fpscr, FPU_VD, FPU_##type##64, FPU_ROUND_ZERO, ED(b), &v))           \
	VSX_VECTOR_AS(xvcvdp##t##ws, d,                                                            \
		      fpu_to_int(fpscr, FPU_VD, FPU_##type##32, FPU_ROUND_ZERO, ED(b), &v),        \
		      TWICE32(v))                                                                  \
	VSX_VECTOR(xvcvsp##t##ds, d,                                                               \
		   fpu_to_int(fpscr, FPU_VS, FPU_##type##64, FPU_ROUND_ZERO, HI32(ED(b)), &v))     \
	VSX_VECTOR(xvcvsp##t##ws, w,                                                               \
		   fpu_to_int(fpscr, FPU_VS, FPU_##type##32, FPU_ROUND_ZERO, EW(b), &v))

TO_INTEGER(sx, S)
TO_INTEGER(ux, U)

/* From integers. */
#define FROM_INTEGER(t, type)                                                                      \
	VSX_SCALAR(xscv##t##ddp, fpu_from_int(fpscr, FPU_D, FPU_##type##64, SD(b), &v))            \
	VSX_SCALAR(xscv##t##dsp, fpu_from_int(fpscr, FPU_S, FPU_##type##64, SD(b), &v))            \
	VSX_VECTOR(xvcv##t##ddp, d, fpu_from_int(fpscr, FPU_VD, FPU_##type##64, ED(b), &v))        \
	VSX_VECTOR(xvcv##t##wdp, d, fpu_from_int(fpscr, FPU_VD, FPU_##type##32, HI32(ED(b)), &v))  \
	VSX_VECTOR_AS(xvcv##t##dsp, d, fpu_from_int(fpscr, FPU_VS, FPU_##type##64, ED(b), &v),     \
		      TWICE32(v))                                                                  \
	VSX_VECTOR(xvcv##t##wsp, w, fpu_from_int(fpscr, FPU_VS, FPU_##type##32, EW(b), &v))

FROM_INTEGER(sx, S)
FROM_INTEGER(ux, U)
