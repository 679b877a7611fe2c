/* SPDX-License-Identifier: Apache-2.0 */
/* Vector integers: products, sums of products, sums across a register. */
#include "cpu/insn/vmx/vmx.h"

/*
 * Products of the even (odd) elements, each as wide as the two it is made of. Power's numbers: the
 * product of elements 2i (2i + 1) is element i.
 */
#define MULTIPLY(even, odd, count, WIDE, NARROW, type)                                             \
	VECTOR_EACH_AB(even, count, WIDE(r, i) = (type)NARROW(a, 2 * i) * NARROW(b, 2 * i))        \
	VECTOR_EACH_AB(odd, count, WIDE(r, i) = (type)NARROW(a, 2 * i + 1) * NARROW(b, 2 * i + 1))

MULTIPLY(vmuleub, vmuloub, 8, VSR_H, VSR_B, u16)
MULTIPLY(vmuleuh, vmulouh, 4, VSR_W, VSR_H, u32)
MULTIPLY(vmuleuw, vmulouw, 2, VSR_D, VSR_W, u64)
MULTIPLY(vmulesb, vmulosb, 8, VSR_SH, VSR_SB, s16)
MULTIPLY(vmulesh, vmulosh, 4, VSR_SW, VSR_SH, s32)
MULTIPLY(vmulesw, vmulosw, 2, VSR_SD, VSR_SW, s64)

/* Multiply, add c. Of the product the low half; or, as a fraction, the high one, also rounded. */
VECTOR_ABC(vmladduhm, vh, a.vh *b.vh + c.vh)
VECTOR_EACH_ABC(vmhaddshs, 8,
		r.sh[i] = (s16)saturate_signed(cpu, (a.sh[i] * b.sh[i] >> 15) + c.sh[i], 16))
VECTOR_EACH_ABC(vmhraddshs, 8,
		r.sh[i] = (s16)saturate_signed(cpu,
					       ((a.sh[i] * b.sh[i] + (1 << 14)) >> 15) + c.sh[i],
					       16))

/* The products of a word's bytes or halfwords, summed; on any host a word's parts keep together. */
#define BYTE_PRODUCTS(ma, mb)                                                                      \
	(a.ma[4 * i] * b.mb[4 * i] + a.ma[4 * i + 1] * b.mb[4 * i + 1] +                           \
	 a.ma[4 * i + 2] * b.mb[4 * i + 2] + a.ma[4 * i + 3] * b.mb[4 * i + 3])
#define HALF_PRODUCTS(m, type)                                                                     \
	((type)a.m[2 * i] * b.m[2 * i] + (type)a.m[2 * i + 1] * b.m[2 * i + 1])

VECTOR_EACH_ABC(vmsumubm, 4, r.w[i] = c.w[i] + (u32)BYTE_PRODUCTS(b, b))
VECTOR_EACH_ABC(vmsummbm, 4, r.w[i] = c.w[i] + (u32)BYTE_PRODUCTS(sb, b))
VECTOR_EACH_ABC(vmsumuhm, 4, r.w[i] = c.w[i] + (u32)HALF_PRODUCTS(h, u64))
VECTOR_EACH_ABC(vmsumshm, 4, r.w[i] = c.w[i] + (u32)HALF_PRODUCTS(sh, s64))
VECTOR_EACH_ABC(vmsumuhs, 4,
		r.w[i] = (u32)saturate_unsigned(cpu, (s64)HALF_PRODUCTS(h, u64) + c.w[i], 32))
VECTOR_EACH_ABC(vmsumshs, 4,
		r.sw[i] = (s32)saturate_signed(cpu, HALF_PRODUCTS(sh, s64) + c.sw[i], 32))

/* A word's bytes or halfwords, and b's word. */
#define BYTE_SUM(m) ((s64)a.m[4 * i] + a.m[4 * i + 1] + a.m[4 * i + 2] + a.m[4 * i + 3])

VECTOR_EACH_AB(vsum4ubs, 4, r.w[i] = (u32)saturate_unsigned(cpu, BYTE_SUM(b) + b.w[i], 32))
VECTOR_EACH_AB(vsum4sbs, 4, r.sw[i] = (s32)saturate_signed(cpu, BYTE_SUM(sb) + b.sw[i], 32))
VECTOR_EACH_AB(vsum4shs, 4,
	       r.sw[i] = (s32)saturate_signed(cpu, (s64)a.sh[2 * i] + a.sh[2 * i + 1] + b.sw[i],
					      32))

/*
 * The results stand in each doubleword's, or the register's, last word; the other words become 0.
 */
VECTOR_EACH_AB(vsum2sws, 2,
	       VSR_D(r, i) = (u32)saturate_signed(
		   cpu, (s64)VSR_SW(a, 2 * i) + VSR_SW(a, 2 * i + 1) + VSR_SW(b, 2 * i + 1), 32))
VECTOR_AB(vsumsws, q,
	  (u32)saturate_signed(cpu, (s64)a.sw[0] + a.sw[1] + a.sw[2] + a.sw[3] + VSR_SW(b, 3), 32))
