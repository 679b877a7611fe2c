/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating point, integer tier: rounding to integral values, and conversions between formats.
 */
#include "cpu/fp/soft.h"

/* A magnitude rounded to an integer. */
struct integral {
	u128 value;
	bool inexact, up;
};

static bool rounds_up(enum fpu_round how, bool sign, bool odd, u64 lost, u64 half)
{
	switch (how) {
	case FPU_ROUND_EVEN:
		return lost > half || (lost == half && odd);
	case FPU_ROUND_AWAY:
		return lost >= half;
	case FPU_ROUND_UP:
		return lost && !sign;
	case FPU_ROUND_DOWN:
		return lost && sign;
	default:
		return false;
	}
}

/* FPU_ROUND_CURRENT resolved. */
static enum fpu_round resolve(enum fpu_round how, const u64 *fpscr)
{
	static const enum fpu_round by_rn[] = {FPU_ROUND_EVEN, FPU_ROUND_ZERO, FPU_ROUND_UP,
					       FPU_ROUND_DOWN};

	return how == FPU_ROUND_CURRENT ? by_rn[fpu_rn(fpscr)] : how;
}

/* @n finite, exp < 64. @how not FPU_ROUND_CURRENT. */
static struct integral to_integral(const struct fpu_num *n, enum fpu_round how)
{
	struct integral i = {0};
	u64 lost, half = 1ull << 63;

	/* lost: what is behind the point, as a fraction of 2**64. */
	if (n->exp < -1) {
		lost = 1;
	} else if (n->exp == -1) {
		lost = n->sig;
	} else if (n->exp < 63) {
		i.value = n->sig >> (63 - n->exp);
		lost = n->sig << (n->exp + 1);
	} else {
		i.value = n->sig;
		lost = 0;
	}
	i.inexact = lost;
	i.up = lost && rounds_up(how, n->sign, i.value & 1, lost, half);
	i.value += i.up;
	return i;
}

static void report_rounding(u64 *fpscr, bool up, bool inexact)
{
	*fpscr &= ~(FPSCR_FR | FPSCR_FI);
	*fpscr |= (up ? FPSCR_FR : 0) | (inexact ? FPSCR_FI : 0);
}

bool fpu_soft_rint(u64 *fpscr, enum fpu_kind kind, enum fpu_round how, u64 b, u64 *r)
{
	struct fpu_env env = fpu_env(fpscr, kind);
	struct fpu_num n = fpu_operand(kind, b);
	struct integral i;
	u64 sign = n.sign ? DOUBLE_SIGN : 0;
	u64 scratch = 0, whole;

	if (fpu_is_nan(&n))
		return fpu_finish_nan(&env, n.class == FPU_SNAN ? FPSCR_VXSNAN : 0, n.bits, r);
	if (n.class != FPU_FINITE || n.exp >= 52)
		return fpu_finish_num(&env, &n, r);

	i = to_integral(&n, resolve(how, fpscr));
	fpu_soft_from_int(&scratch, FPU_D, FPU_U64, (u64)i.value, &whole);
	fpu_finish_exact(&env, sign | whole, &whole);
	if (how == FPU_ROUND_CURRENT && i.inexact) {
		if (env.scalar)
			report_rounding(fpscr, i.up, true);
		fpu_raise(fpscr, FPSCR_XX);
		if (!env.scalar && *fpscr & FPSCR_XE)
			return false;
	}
	*r = whole;
	return true;
}

bool fpu_soft_rsp(u64 *fpscr, u64 b, u64 *r)
{
	struct fpu_env env = fpu_env(fpscr, FPU_S);
	struct fpu_num n = fpu_unpack(b);

	if (fpu_is_nan(&n))
		return fpu_finish_nan(&env, n.class == FPU_SNAN ? FPSCR_VXSNAN : 0,
				      n.bits & ~DOUBLE_BELOW_SINGLE, r);
	return fpu_finish_num(&env, &n, r);
}

bool fpu_double_to_single(u64 *fpscr, enum fpu_kind kind, u64 b, u64 *r)
{
	struct fpu_env env = fpu_env(fpscr, kind);
	struct fpu_num n = fpu_unpack(b);

	env.single = env.narrow = true;
	if (fpu_is_nan(&n))
		return fpu_finish_nan(&env, n.class == FPU_SNAN ? FPSCR_VXSNAN : 0, n.bits, r);
	return fpu_finish_num(&env, &n, r);
}

bool fpu_single_to_double(u64 *fpscr, enum fpu_kind kind, u32 b, u64 *r)
{
	struct fpu_env env = fpu_env(fpscr, kind);
	struct fpu_num n = fpu_unpack(fpu_load_single(b));

	if (fpu_is_nan(&n))
		return fpu_finish_nan(&env, n.class == FPU_SNAN ? FPSCR_VXSNAN : 0, n.bits, r);
	return fpu_finish_num(&env, &n, r);
}

/*
 * Integers.
 */

static const struct int_range {
	u64 max;      /* largest magnitude above zero */
	u64 min;      /* largest magnitude below zero */
	u64 min_bits; /* the lowest number */
} ranges[] = {
    [FPU_S32] = {INT32_MAX, 1ull << 31, (u64)INT32_MIN},
    [FPU_U32] = {UINT32_MAX, 0, 0},
    [FPU_S64] = {INT64_MAX, 1ull << 63, (u64)INT64_MIN},
    [FPU_U64] = {UINT64_MAX, 0, 0},
};

static bool invalid_int(struct fpu_env *env, u64 exc, u64 saturated, u64 *r)
{
	if (env->scalar)
		report_rounding(env->fpscr, false, false);
	fpu_raise(env->fpscr, exc);
	if (*env->fpscr & FPSCR_VE)
		return false;
	*r = saturated;
	return true;
}

bool fpu_soft_to_int(u64 *fpscr, enum fpu_kind kind, enum fpu_int type, enum fpu_round how, u64 b,
		     u64 *r)
{
	const struct int_range *range = &ranges[type];
	struct fpu_env env = fpu_env(fpscr, kind);
	struct fpu_num n = fpu_operand(kind, b);
	struct integral i = {0};
	u64 limit = n.sign ? range->min : range->max;
	u64 saturated = n.sign ? range->min_bits : range->max;

	if (fpu_is_nan(&n))
		return invalid_int(&env, FPSCR_VXCVI | (n.class == FPU_SNAN ? FPSCR_VXSNAN : 0),
				   range->min_bits, r);
	if (n.class == FPU_INF || (n.class == FPU_FINITE && n.exp >= 64))
		return invalid_int(&env, FPSCR_VXCVI, saturated, r);
	if (n.class == FPU_FINITE)
		i = to_integral(&n, resolve(how, fpscr));
	if (i.value > limit)
		return invalid_int(&env, FPSCR_VXCVI, saturated, r);

	if (env.scalar)
		report_rounding(fpscr, i.up, i.inexact);
	if (i.inexact) {
		fpu_raise(fpscr, FPSCR_XX);
		if (!env.scalar && *fpscr & FPSCR_XE)
			return false;
	}
	*r = n.sign ? -(u64)i.value : (u64)i.value;
	return true;
}

bool fpu_soft_from_int(u64 *fpscr, enum fpu_kind kind, enum fpu_int type, u64 v, u64 *r)
{
	struct fpu_env env = fpu_env(fpscr, kind);
	bool sign;
	unsigned lead;

	if (type == FPU_S32)
		v = (u64)(s64)(s32)v;
	else if (type == FPU_U32)
		v = (u32)v;
	sign = (type == FPU_S32 || type == FPU_S64) && v >> 63;
	if (sign)
		v = -v;
	if (!v)
		return fpu_finish_exact(&env, 0, r);
	lead = (unsigned)__builtin_clzll(v);
	return fpu_finish_round(&env, sign, 63 - (s32)lead, v << lead, r);
}
