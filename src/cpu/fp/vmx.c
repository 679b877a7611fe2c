/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating point of VMX: single format, to nearest even, no exceptions (ISA 6.9).
 *
 * Done by the integer tier with an FPSCR of its own that is thrown away.
 */
#include "cpu/fp/soft.h"

/* A denormal becomes a zero when VSCR[NJ] is set: operands before, results after the operation. */
static u32 flush(u32 v, bool nj)
{
	return nj && !(v & SINGLE_INF) ? v & SINGLE_SIGN : v;
}

/* A result: one that was tiny before rounding, too, even if that has made it the smallest normal
 * number. */
static u32 flush_result(u64 r, u64 scratch, bool nj)
{
	return nj && scratch & FPSCR_UX ? (u32)r & SINGLE_SIGN : flush((u32)r, nj);
}

static bool is_nan(u32 v)
{
	return (v & ~SINGLE_SIGN) > SINGLE_INF;
}

/* With no exception enabled every operation gives a result; with XX on, inexact ones have nothing
 * to tell. */
static u64 no_exceptions(void)
{
	return FPU_RN_NEAREST | FPSCR_XX;
}

u32 vmx_soft_addfp(u32 a, u32 b, bool nj)
{
	u64 scratch = no_exceptions(), r = 0;

	fpu_soft_add(&scratch, FPU_VS, flush(a, nj), flush(b, nj), &r);
	return flush_result(r, scratch, nj);
}

u32 vmx_soft_subfp(u32 a, u32 b, bool nj)
{
	u64 scratch = no_exceptions(), r = 0;

	fpu_soft_sub(&scratch, FPU_VS, flush(a, nj), flush(b, nj), &r);
	return flush_result(r, scratch, nj);
}

static u32 multiply_add(u32 a, u32 c, u32 b, unsigned neg, bool nj)
{
	u64 scratch = no_exceptions(), r = 0;

	fpu_madd(&scratch, FPU_VS, flush(a, nj), flush(c, nj), flush(b, nj), neg, &r);
	return flush_result(r, scratch, nj);
}

u32 vmx_maddfp(u32 a, u32 c, u32 b, bool nj)
{
	return multiply_add(a, c, b, 0, nj);
}

u32 vmx_nmsubfp(u32 a, u32 c, u32 b, bool nj)
{
	return multiply_add(a, c, b, FPU_NEG_ADDEND | FPU_NEG_RESULT, nj);
}

/*
 * Comparisons. A number's place in their order; -0 and +0 share one.
 */
static s32 order(u32 v)
{
	s32 magnitude = (s32)(v & ~SINGLE_SIGN);

	return v & SINGLE_SIGN ? -magnitude : magnitude;
}

/* Unlike VSX, any NaN wins, the first of two. */
static u32 choose(bool larger, u32 a, u32 b, bool nj)
{
	a = flush(a, nj);
	b = flush(b, nj);
	if (is_nan(a))
		return a | SINGLE_QUIET;
	if (is_nan(b))
		return b | SINGLE_QUIET;
	if (order(a) == order(b))
		return (a >> 31 != larger) ? a : b;
	return (order(a) > order(b)) == larger ? a : b;
}

u32 vmx_maxfp(u32 a, u32 b, bool nj)
{
	return choose(true, a, b, nj);
}

u32 vmx_minfp(u32 a, u32 b, bool nj)
{
	return choose(false, a, b, nj);
}

bool vmx_cmpfp(enum fpu_rel rel, u32 a, u32 b, bool nj)
{
	a = flush(a, nj);
	b = flush(b, nj);
	if (is_nan(a) || is_nan(b))
		return false;
	switch (rel) {
	case FPU_REL_EQ:
		return order(a) == order(b);
	case FPU_REL_GT:
		return order(a) > order(b);
	default:
		return order(a) >= order(b);
	}
}

#define ABOVE_BOUND 0x80000000u
#define BELOW_BOUND 0x40000000u

u32 vmx_cmpbfp(u32 a, u32 b, bool nj)
{
	u32 out = 0;

	if (!vmx_cmpfp(FPU_REL_GE, b, a, nj))
		out |= ABOVE_BOUND;
	if (!vmx_cmpfp(FPU_REL_GE, a, b ^ SINGLE_SIGN, nj))
		out |= BELOW_BOUND;
	return out;
}

/*
 * Estimates.
 */

u32 vmx_refp(u32 b, bool nj)
{
	u64 scratch = no_exceptions(), r = 0;

	fpu_re(&scratch, FPU_VS, flush(b, nj), &r);
	return flush_result(r, scratch, nj);
}

u32 vmx_rsqrtefp(u32 b, bool nj)
{
	u64 scratch = no_exceptions(), r = 0;

	fpu_rsqrte(&scratch, FPU_VS, flush(b, nj), &r);
	return flush_result(r, scratch, nj);
}

/* 2**(2**-i) for i = 1, 2, ..., as 2.62 bit fixed point numbers. */
static const u64 roots_of_two[24] = {
    0x5a827999fcef3242ull, 0x4c1bf828c6dc54b8ull, 0x45cae0f1f545eb73ull, 0x42d561b3e6243d8aull,
    0x4166c34c5615d0ecull, 0x40b268f9de0183baull, 0x4058f6a7ecccd5b6ull, 0x402c6be96af2fb58ull,
    0x4016321b687027a8ull, 0x400b18178ba33b14ull, 0x40058bce410147e8ull, 0x4002c5d7bff71dafull,
    0x400162e807ee7e5bull, 0x4000b1730df6a524ull, 0x400058b9497b8152ull, 0x40002c5c955dd701ull,
    0x4000162e46d6f26cull, 0x40000b1722757b1bull, 0x4000058b90fd3e0cull, 0x400002c5c86f3f26ull,
    0x40000162e433c79bull, 0x400000b17218edd0ull, 0x40000058b90c3968ull, 0x4000002c5c860d54ull,
};

/* 2**b, b = whole + fraction: the product of the roots that the fraction's bits name. */
u32 vmx_exptefp(u32 b, bool nj)
{
	u64 scratch = no_exceptions(), r = 0, product = 1ull << 62;
	struct fpu_env env = fpu_env(&scratch, FPU_VS);
	struct fpu_num n = fpu_operand(FPU_VS, flush(b, nj));
	s64 fixed; /* b as a 40.24 bit fixed point number */
	unsigned right;

	if (fpu_is_nan(&n))
		return b | SINGLE_QUIET;
	if (n.class == FPU_INF || (n.class == FPU_FINITE && n.exp > 8))
		return n.sign ? 0 : SINGLE_INF;

	fixed = 0;
	right = (unsigned)(63 - 24 - n.exp);
	if (n.class == FPU_FINITE && right < 64)
		fixed = (s64)(n.sig >> right);
	if (n.sign)
		fixed = -fixed;

	for (unsigned i = 0; i < 24; i++) {
		if (fixed >> (23 - i) & 1)
			product = (u64)((u128)product * roots_of_two[i] >> 62);
	}
	fpu_finish_round128(&env, false, (s32)(fixed >> 24) + 1, (u128)product << 64, &r);
	return flush_result(r, scratch, nj);
}

/* log2(b): its whole part is the exponent; the fraction's bits come out one by one by squaring. */
u32 vmx_logefp(u32 b, bool nj)
{
	u64 scratch = no_exceptions(), r = 0;
	struct fpu_env env = fpu_env(&scratch, FPU_VS);
	struct fpu_num n = fpu_operand(FPU_VS, flush(b, nj));
	s64 fixed; /* 16.48 */
	u64 m;

	if (fpu_is_nan(&n))
		return b | SINGLE_QUIET;
	if (n.class == FPU_ZERO)
		return SINGLE_SIGN | SINGLE_INF;
	if (n.sign)
		return FPU_DEFAULT_NAN_S;
	if (n.class == FPU_INF)
		return SINGLE_INF;

	fixed = n.exp;
	m = n.sig;
	for (unsigned i = 0; i < 48; i++) {
		u128 square = (u128)m * m;
		bool one = square >> 127;

		fixed = fixed * 2 + one;
		m = (u64)(square >> (one ? 64 : 63));
	}
	if (!fixed)
		return 0;
	fpu_finish_round128(&env, fixed < 0, 127 - 48, (u128)(u64)(fixed < 0 ? -fixed : fixed), &r);
	return (u32)r;
}

/*
 * Rounding and conversion.
 */

u32 vmx_rfi(enum fpu_round how, u32 b, bool nj)
{
	u64 scratch = no_exceptions(), r = 0;

	fpu_rint(&scratch, FPU_VS, how, flush(b, nj), &r);
	return (u32)r;
}

static u32 to_int(u32 b, unsigned scale, enum fpu_int type, bool *sat)
{
	u64 scratch = no_exceptions(), r = 0, wide = fpu_load_single(b);

	if (is_nan(b))
		return 0;
	/* Scaling is exact in double format. */
	if (wide << 1 && (b & ~SINGLE_SIGN) != SINGLE_INF)
		wide += (u64)scale << 52;
	fpu_to_int(&scratch, FPU_VD, type, FPU_ROUND_ZERO, wide, &r);
	if (scratch & FPSCR_VXCVI)
		*sat = true;
	return (u32)r;
}

u32 vmx_ctsxs(u32 b, unsigned scale, bool *sat)
{
	return to_int(b, scale, FPU_S32, sat);
}

u32 vmx_ctuxs(u32 b, unsigned scale, bool *sat)
{
	return to_int(b, scale, FPU_U32, sat);
}

static u32 from_int(u32 v, unsigned scale, enum fpu_int type)
{
	u64 scratch = no_exceptions(), r = 0;

	fpu_from_int(&scratch, FPU_VS, type, v, &r);
	/* At least 2**-31: never denormal. */
	return r ? (u32)r - (scale << 23) : 0;
}

u32 vmx_cfsx(u32 v, unsigned scale)
{
	return from_int(v, scale, FPU_S32);
}

u32 vmx_cfux(u32 v, unsigned scale)
{
	return from_int(v, scale, FPU_U32);
}
