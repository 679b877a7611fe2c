/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal comparisons and tests: ISA 2.07 Book I 5.6.2, 5.6.3. */
#include "cpu/dfp/number.h"

static u32 set_fpcc(u64 *fpscr, u32 cc)
{
	*fpscr = (*fpscr & ~FPSCR_FPCC) | (u64)cc << 12;
	return cc;
}

/* FPU_CC_LT or _GT for a magnitude below another, which belongs to a positive number. */
static u32 less_if(bool less)
{
	return less ? FPU_CC_LT : FPU_CC_GT;
}

/* Magnitudes that aren't zero. */
static u32 compare_magnitudes(const struct dfp_num *a, const struct dfp_num *b)
{
	u128 x = a->coeff, y = b->coeff;

	if (dfp_top(a) != dfp_top(b))
		return less_if(dfp_top(a) < dfp_top(b));
	/* The first digits stand at the same place: equal exponents make lengths equal. */
	if (a->exp > b->exp)
		x *= dfp_ten_to((unsigned)(a->exp - b->exp));
	else
		y *= dfp_ten_to((unsigned)(b->exp - a->exp));
	return x == y ? FPU_CC_EQ : less_if(x < y);
}

static int sign_of(const struct dfp_num *n)
{
	return dfp_is_zero(n) ? 0 : n->sign ? -1 : 1;
}

static u32 compare(const struct dfp_num *a, const struct dfp_num *b)
{
	int sign = sign_of(a);
	u32 cc;

	if (sign != sign_of(b))
		return less_if(sign < sign_of(b));
	if (!sign)
		return FPU_CC_EQ;
	if (a->class == DFP_INF || b->class == DFP_INF)
		cc = a->class == b->class ? FPU_CC_EQ : less_if(b->class == DFP_INF);
	else
		cc = compare_magnitudes(a, b);
	return sign > 0 || cc == FPU_CC_EQ ? cc : cc ^ (FPU_CC_LT | FPU_CC_GT);
}

static u32 compare_bits(u64 *fpscr, const struct dfp_format *f, u128 a_bits, u128 b_bits,
			bool ordered)
{
	struct dfp_num a = dfp_unpack(f, a_bits), b = dfp_unpack(f, b_bits);
	bool signalling = a.class == DFP_SNAN || b.class == DFP_SNAN;

	if (!dfp_is_nan(&a) && !dfp_is_nan(&b))
		return set_fpcc(fpscr, compare(&a, &b));
	set_fpcc(fpscr, FPU_CC_UN);
	if (signalling)
		fpu_raise(fpscr, FPSCR_VXSNAN);
	if (ordered && !(signalling && (*fpscr & FPSCR_VE)))
		fpu_raise(fpscr, FPSCR_VXVC);
	return FPU_CC_UN;
}

u32 dfp_cmpu(u64 *fpscr, const struct dfp_format *f, u128 a, u128 b)
{
	return compare_bits(fpscr, f, a, b, false);
}

u32 dfp_cmpo(u64 *fpscr, const struct dfp_format *f, u128 a, u128 b)
{
	return compare_bits(fpscr, f, a, b, true);
}

static bool is_subnormal(const struct dfp_format *f, const struct dfp_num *n)
{
	return n->class == DFP_FINITE && n->coeff && dfp_top(n) < dfp_top_min(f);
}

/* What a test of data says: the sign, and whether bit @which (from the left) of @mask is set. */
static u32 test_result(u64 *fpscr, bool sign, unsigned which, unsigned mask)
{
	return set_fpcc(fpscr, (sign ? 8u : 0u) | (mask >> (5 - which) & 1 ? 2u : 0u));
}

u32 dfp_test_class(u64 *fpscr, const struct dfp_format *f, u128 a, unsigned mask)
{
	struct dfp_num n = dfp_unpack(f, a);
	unsigned which;

	if (n.class != DFP_FINITE)
		which = 3 + (n.class - DFP_INF);
	else
		which = !n.coeff ? 0 : is_subnormal(f, &n) ? 1 : 2;
	return test_result(fpscr, n.sign, which, mask);
}

u32 dfp_test_group(u64 *fpscr, const struct dfp_format *f, u128 a, unsigned mask)
{
	struct dfp_num n = dfp_unpack(f, a);
	bool extreme = n.exp == dfp_exp_min(f) || n.exp == dfp_exp_max(f);
	unsigned which;

	if (n.class != DFP_FINITE)
		which = 5;
	else if (!n.coeff)
		which = extreme ? 1 : 0;
	else if (extreme || is_subnormal(f, &n))
		which = 2;
	else
		which = dfp_digits(n.coeff) < f->digits ? 3 : 4;
	return test_result(fpscr, n.sign, which, mask);
}

u32 dfp_test_exponents(u64 *fpscr, const struct dfp_format *f, u128 a_bits, u128 b_bits)
{
	struct dfp_num a = dfp_unpack(f, a_bits), b = dfp_unpack(f, b_bits);
	bool alike = a.class == b.class || (dfp_is_nan(&a) && dfp_is_nan(&b));

	if (!alike)
		return set_fpcc(fpscr, FPU_CC_UN);
	if (a.class != DFP_FINITE || a.exp == b.exp)
		return set_fpcc(fpscr, FPU_CC_EQ);
	return set_fpcc(fpscr, less_if(a.exp < b.exp));
}

u32 dfp_test_significance(u64 *fpscr, const struct dfp_format *f, unsigned k, u128 b)
{
	struct dfp_num n = dfp_unpack(f, b);
	unsigned digits = dfp_digits(n.coeff);

	if (n.class != DFP_FINITE)
		return set_fpcc(fpscr, FPU_CC_UN);
	if (k && k == digits)
		return set_fpcc(fpscr, FPU_CC_EQ);
	return set_fpcc(fpscr, less_if(k && k < digits));
}
