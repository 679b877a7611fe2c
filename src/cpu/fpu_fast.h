/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fast tier of fpu.h, which includes this file: the common case on the host's own arithmetic.
 */
#ifndef PAPYR_CPU_FPU_FAST_H
#define PAPYR_CPU_FPU_FAST_H

static inline bool fpu_add(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	return fpu_soft_add(fpscr, kind, a, b, r);
}

static inline bool fpu_sub(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	return fpu_soft_sub(fpscr, kind, a, b, r);
}

static inline bool fpu_mul(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	return fpu_soft_mul(fpscr, kind, a, b, r);
}

static inline bool fpu_div(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	return fpu_soft_div(fpscr, kind, a, b, r);
}

static inline bool fpu_sqrt(u64 *fpscr, enum fpu_kind kind, u64 b, u64 *r)
{
	return fpu_soft_sqrt(fpscr, kind, b, r);
}

static inline bool fpu_madd(u64 *fpscr, enum fpu_kind kind, u64 a, u64 c, u64 b, unsigned neg,
			    u64 *r)
{
	return fpu_soft_madd(fpscr, kind, a, c, b, neg, r);
}

static inline u32 vmx_addfp(u32 a, u32 b, bool nj)
{
	return vmx_soft_addfp(a, b, nj);
}

static inline u32 vmx_subfp(u32 a, u32 b, bool nj)
{
	return vmx_soft_subfp(a, b, nj);
}

#endif
