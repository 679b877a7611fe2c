/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal arithmetic: ISA 2.07 Book I 5.6.1. */
#include "cpu/dfp/number.h"

/*
 * |a| with the exponent of @b, which isn't higher, and |b| in @low. If that takes more than twice a
 * precision's digits, |a| gets so many, and of @b what is less than its last one is only told of:
 * it stands far behind any digit that a result has.
 */
static struct dfp_wide align(const struct dfp_format *f, const struct dfp_num *a,
			     const struct dfp_num *b, struct dfp_wide *low, struct dfp_exact *sum)
{
	int distance = a->exp - b->exp, room = 2 * f->digits + 2 - (int)dfp_digits(a->coeff);
	struct dfp_exact far = {.exp = b->exp, .mag = dfp_wide(b->coeff)};
	struct dfp_rounded d;

	if (!a->coeff || distance <= room) {
		*low = far.mag;
		sum->exp = b->exp;
		return dfp_wide_scale(dfp_wide(a->coeff), a->coeff ? (unsigned)distance : 0);
	}
	d = dfp_cut(far, distance - room, DFP_ROUND_ZERO);
	*low = dfp_wide(d.coeff);
	sum->exp = d.exp;
	sum->more = d.inexact;
	return dfp_wide_scale(dfp_wide(a->coeff), (unsigned)room);
}

/* |a| - |b| with the larger one's sign. */
static void subtract(struct dfp_exact *sum, struct dfp_wide high, struct dfp_wide low,
		     enum dfp_round how)
{
	if (dfp_wide_less(&high, &low)) {
		sum->mag = dfp_wide_sub(low, high);
		sum->sign = !sum->sign;
		return;
	}
	/* What goes off besides @low is less than one. */
	if (sum->more)
		low = dfp_wide_add(low, dfp_wide(1));
	sum->mag = dfp_wide_sub(high, low);
	if (!sum->more && dfp_wide_is_zero(&sum->mag))
		sum->sign = how == DFP_ROUND_DOWN;
}

static bool add_finite(u64 *fpscr, const struct dfp_format *f, const struct dfp_num *a,
		       const struct dfp_num *b, u128 *r)
{
	const struct dfp_num *h = a->exp >= b->exp ? a : b, *l = h == a ? b : a;
	struct dfp_exact sum = {.sign = h->sign};
	struct dfp_wide low, high = align(f, h, l, &low, &sum);

	if (a->sign == b->sign)
		sum.mag = dfp_wide_add(high, low);
	else
		subtract(&sum, high, low, dfp_current_round(*fpscr));
	return dfp_finish_exact(fpscr, f, &sum, r);
}

static bool add(u64 *fpscr, const struct dfp_format *f, u128 a_bits, u128 b_bits, bool negate_b,
		u128 *r)
{
	struct dfp_num a = dfp_unpack(f, a_bits), b = dfp_unpack(f, b_bits);

	if (dfp_is_nan(&a) || dfp_is_nan(&b))
		return dfp_finish_nan(fpscr, f, &a, &b, r);
	b.sign ^= negate_b;
	if (a.class == DFP_INF && b.class == DFP_INF && a.sign != b.sign)
		return dfp_finish_invalid(fpscr, f, FPSCR_VXISI, r);
	if (a.class == DFP_INF)
		return dfp_finish_num(fpscr, f, &a, r);
	if (b.class == DFP_INF)
		return dfp_finish_num(fpscr, f, &b, r);
	return add_finite(fpscr, f, &a, &b, r);
}

bool dfp_add(u64 *fpscr, const struct dfp_format *f, u128 a, u128 b, u128 *r)
{
	return add(fpscr, f, a, b, false, r);
}

bool dfp_sub(u64 *fpscr, const struct dfp_format *f, u128 a, u128 b, u128 *r)
{
	return add(fpscr, f, a, b, true, r);
}

bool dfp_mul(u64 *fpscr, const struct dfp_format *f, u128 a_bits, u128 b_bits, u128 *r)
{
	struct dfp_num a = dfp_unpack(f, a_bits), b = dfp_unpack(f, b_bits);
	struct dfp_num inf = {.class = DFP_INF, .sign = a.sign ^ b.sign};
	struct dfp_exact product = {.sign = a.sign ^ b.sign};

	if (dfp_is_nan(&a) || dfp_is_nan(&b))
		return dfp_finish_nan(fpscr, f, &a, &b, r);
	if (a.class == DFP_INF || b.class == DFP_INF) {
		if (dfp_is_zero(&a) || dfp_is_zero(&b))
			return dfp_finish_invalid(fpscr, f, FPSCR_VXIMZ, r);
		return dfp_finish_num(fpscr, f, &inf, r);
	}
	product.exp = a.exp + b.exp;
	product.mag = dfp_wide_mul(a.coeff, b.coeff);
	return dfp_finish_exact(fpscr, f, &product, r);
}

/*
 * A quotient with more digits than any format has, or all of them. As long division: four digits at
 * a time, which is what a remainder, below 10**34, has room for in 128 bits.
 */
#define QUOTIENT_DIGITS 35
#define STEP_DIGITS	4
#define STEP		10000

static struct dfp_exact divide(const struct dfp_num *a, const struct dfp_num *b)
{
	int ideal = a->exp - b->exp;
	struct dfp_exact quotient = {.sign = a->sign ^ b->sign, .exp = ideal};
	u128 q = a->coeff / b->coeff, rest = a->coeff % b->coeff;

	while (rest && dfp_digits(q) < QUOTIENT_DIGITS) {
		rest *= STEP;
		q = q * STEP + rest / b->coeff;
		rest %= b->coeff;
		quotient.exp -= STEP_DIGITS;
	}
	/* An exact one has the exponent nearest to the ideal one. */
	while (!rest && quotient.exp < ideal && q % 10 == 0) {
		q /= 10;
		quotient.exp++;
	}
	quotient.mag = dfp_wide(q);
	quotient.more = rest != 0;
	return quotient;
}

static bool divide_by_zero(u64 *fpscr, const struct dfp_format *f, bool sign, u128 *r)
{
	struct dfp_num inf = {.class = DFP_INF, .sign = sign};

	dfp_suppress(fpscr, FPSCR_ZX);
	if (*fpscr & FPSCR_ZE)
		return false;
	return dfp_finish_num(fpscr, f, &inf, r);
}

bool dfp_div(u64 *fpscr, const struct dfp_format *f, u128 a_bits, u128 b_bits, u128 *r)
{
	struct dfp_num a = dfp_unpack(f, a_bits), b = dfp_unpack(f, b_bits);
	struct dfp_num n = {.class = DFP_INF, .sign = a.sign ^ b.sign};
	struct dfp_exact quotient;

	if (dfp_is_nan(&a) || dfp_is_nan(&b))
		return dfp_finish_nan(fpscr, f, &a, &b, r);
	if (a.class == DFP_INF && b.class == DFP_INF)
		return dfp_finish_invalid(fpscr, f, FPSCR_VXIDI, r);
	if (a.class == DFP_INF)
		return dfp_finish_num(fpscr, f, &n, r);
	if (b.class == DFP_INF) { /* the smallest zero */
		n.class = DFP_FINITE;
		n.exp = dfp_exp_min(f);
		return dfp_finish_num(fpscr, f, &n, r);
	}
	if (!b.coeff)
		return a.coeff ? divide_by_zero(fpscr, f, n.sign, r)
			       : dfp_finish_invalid(fpscr, f, FPSCR_VXZDZ, r);
	quotient = divide(&a, &b);
	return dfp_finish_exact(fpscr, f, &quotient, r);
}
