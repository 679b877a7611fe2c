/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal numbers given another exponent or length: ISA 2.07 Book I 5.6.4. */
#include "cpu/dfp/number.h"

static struct dfp_exact as_exact(const struct dfp_num *n)
{
	return (struct dfp_exact){.sign = n->sign, .exp = n->exp, .mag = dfp_wide(n->coeff)};
}

/* A finite number. */
static bool set_exponent(u64 *fpscr, const struct dfp_format *f, enum dfp_round how, int exponent,
			 const struct dfp_num *b, u128 *r)
{
	struct dfp_exact x = as_exact(b);
	struct dfp_rounded d = {.exp = exponent};
	int zeros = b->exp - exponent;

	if (zeros <= 0)
		d = dfp_cut(x, -zeros, how);
	else if (b->coeff && (int)dfp_digits(b->coeff) + zeros > f->digits)
		return dfp_finish_invalid(fpscr, f, FPSCR_VXCVI, r);
	else if (b->coeff)
		d.coeff = b->coeff * dfp_ten_to((unsigned)zeros);
	return dfp_finish_rounded(fpscr, f, b->sign, &d, r);
}

bool dfp_quantize_to(u64 *fpscr, const struct dfp_format *f, enum dfp_round how, int exponent,
		     u128 b_bits, u128 *r)
{
	struct dfp_num b = dfp_unpack(f, b_bits);

	if (dfp_is_nan(&b))
		return dfp_finish_nan(fpscr, f, &b, NULL, r);
	if (b.class == DFP_INF)
		return dfp_finish_invalid(fpscr, f, FPSCR_VXCVI, r);
	return set_exponent(fpscr, f, how, exponent, &b, r);
}

bool dfp_quantize(u64 *fpscr, const struct dfp_format *f, enum dfp_round how, u128 a_bits,
		  u128 b_bits, u128 *r)
{
	struct dfp_num a = dfp_unpack(f, a_bits), b = dfp_unpack(f, b_bits);

	if (dfp_is_nan(&a) || dfp_is_nan(&b))
		return dfp_finish_nan(fpscr, f, &a, &b, r);
	if (a.class != b.class)
		return dfp_finish_invalid(fpscr, f, FPSCR_VXCVI, r);
	if (b.class == DFP_INF)
		return dfp_finish_num(fpscr, f, &b, r);
	return set_exponent(fpscr, f, how, a.exp, &b, r);
}

bool dfp_reround(u64 *fpscr, const struct dfp_format *f, enum dfp_round how, unsigned k,
		 u128 b_bits, u128 *r)
{
	struct dfp_num b = dfp_unpack(f, b_bits);
	struct dfp_exact x = as_exact(&b);
	struct dfp_rounded d;

	if (dfp_is_nan(&b))
		return dfp_finish_nan(fpscr, f, &b, NULL, r);
	if (b.class == DFP_INF || !k || dfp_digits(b.coeff) <= k)
		return dfp_finish_num(fpscr, f, &b, r);
	d = dfp_cut(x, (int)(dfp_digits(b.coeff) - k), how);
	if (d.coeff == dfp_ten_to(k)) {
		d.coeff /= 10;
		d.exp++;
	}
	if (d.exp > dfp_exp_max(f))
		return dfp_finish_invalid(fpscr, f, FPSCR_VXCVI, r);
	return dfp_finish_rounded(fpscr, f, b.sign, &d, r);
}

bool dfp_rint(u64 *fpscr, const struct dfp_format *f, enum dfp_round how, bool tell, u128 b_bits,
	      u128 *r)
{
	struct dfp_num b = dfp_unpack(f, b_bits);
	struct dfp_rounded d;

	if (dfp_is_nan(&b))
		return dfp_finish_nan(fpscr, f, &b, NULL, r);
	if (b.class == DFP_INF || b.exp >= 0)
		return dfp_finish_num(fpscr, f, &b, r);
	d = dfp_cut(as_exact(&b), -b.exp, how);
	if (!tell)
		d.inexact = d.up = false;
	return dfp_finish_rounded(fpscr, f, b.sign, &d, r);
}
