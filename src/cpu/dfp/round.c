/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of decimal operations: rounding, exceptions, and the FPSCR. ISA 2.07 Book I 5.5. */
#include "cpu/dfp/number.h"

enum dfp_round dfp_round_primary(u64 fpscr, unsigned rmc)
{
	static const enum dfp_round modes[] = {DFP_ROUND_EVEN, DFP_ROUND_ZERO, DFP_ROUND_TIES_AWAY};

	return rmc < ARRAY_SIZE(modes) ? modes[rmc] : dfp_current_round(fpscr);
}

enum dfp_round dfp_round_secondary(unsigned rmc)
{
	static const enum dfp_round modes[] = {DFP_ROUND_UP, DFP_ROUND_DOWN, DFP_ROUND_AWAY,
					       DFP_ROUND_TIES_ZERO};

	return modes[rmc & 3];
}

u64 dfp_fprf(const struct dfp_format *f, const struct dfp_num *n)
{
	u64 sign = n->sign ? FPSCR_FL : FPSCR_FG;

	if (n->class == DFP_SNAN)
		return FPSCR_FU;
	if (n->class == DFP_QNAN)
		return FPSCR_C | FPSCR_FU;
	if (n->class == DFP_INF)
		return sign | FPSCR_FU;
	if (!n->coeff)
		return n->sign ? FPSCR_C | FPSCR_FE : FPSCR_FE;
	return dfp_top(n) < dfp_top_min(f) ? FPSCR_C | sign : sign;
}

void dfp_set_status(u64 *fpscr, bool inexact, bool up)
{
	*fpscr &= ~(FPSCR_FR | FPSCR_FI);
	*fpscr |= (inexact ? FPSCR_FI : 0) | (up ? FPSCR_FR : 0);
	if (inexact)
		fpu_raise(fpscr, FPSCR_XX);
}

/* Packs what fits, and sets FPRF. */
static bool deliver(u64 *fpscr, const struct dfp_format *f, const struct dfp_num *n, u128 *r)
{
	*fpscr = (*fpscr & ~FPSCR_FPRF) | dfp_fprf(f, n);
	*r = dfp_pack(f, n);
	return true;
}

bool dfp_finish_rounded(u64 *fpscr, const struct dfp_format *f, bool sign,
			const struct dfp_rounded *d, u128 *r)
{
	struct dfp_num n = {.class = DFP_FINITE, .sign = sign, .exp = d->exp, .coeff = d->coeff};

	dfp_set_status(fpscr, d->inexact, d->up);
	return deliver(fpscr, f, &n, r);
}

bool dfp_finish_num(u64 *fpscr, const struct dfp_format *f, const struct dfp_num *n, u128 *r)
{
	struct dfp_num result = *n;

	if (n->class == DFP_INF)
		result.coeff = 0;
	dfp_set_status(fpscr, false, false);
	return deliver(fpscr, f, &result, r);
}

void dfp_suppress(u64 *fpscr, u64 causes)
{
	fpu_raise(fpscr, causes);
	dfp_set_status(fpscr, false, false);
}

/* @nan becomes quiet. */
static bool finish_nan(u64 *fpscr, const struct dfp_format *f, u64 causes,
		       const struct dfp_num *nan, u128 *r)
{
	struct dfp_num quiet = *nan;

	quiet.class = DFP_QNAN;
	dfp_suppress(fpscr, causes);
	if (causes && (*fpscr & FPSCR_VE))
		return false;
	return deliver(fpscr, f, &quiet, r);
}

bool dfp_finish_invalid(u64 *fpscr, const struct dfp_format *f, u64 causes, u128 *r)
{
	const struct dfp_num nan = {.class = DFP_QNAN};

	return finish_nan(fpscr, f, causes, &nan, r);
}

bool dfp_finish_nan(u64 *fpscr, const struct dfp_format *f, const struct dfp_num *a,
		    const struct dfp_num *b, u128 *r)
{
	static const struct dfp_num none = {.class = DFP_FINITE};
	const struct dfp_num *nan;

	b = b ? b : &none;
	if (a->class == DFP_SNAN || b->class == DFP_SNAN) {
		nan = a->class == DFP_SNAN ? a : b;
		return finish_nan(fpscr, f, FPSCR_VXSNAN, nan, r);
	}
	nan = dfp_is_nan(a) ? a : b;
	return finish_nan(fpscr, f, 0, nan, r);
}

/* To @digits digits, with an exponent no lower than @lowest. */
static struct dfp_rounded round_to(unsigned digits, int lowest, const struct dfp_exact *x,
				   enum dfp_round how)
{
	int n = (int)dfp_wide_digits(x->mag) - (int)digits;
	struct dfp_rounded d;

	if (n < lowest - x->exp)
		n = lowest - x->exp;
	d = dfp_cut(*x, n > 0 ? n : 0, how);
	if (d.coeff == dfp_ten_to(digits)) {
		d.coeff /= 10;
		d.exp++;
	}
	return d;
}

static bool too_large(const struct dfp_format *f, const struct dfp_rounded *d)
{
	return d->coeff && d->exp + (int)dfp_digits(d->coeff) - 1 > dfp_top_max(f);
}

/* Is an overflow that is not enabled infinite? Else it is the largest number. */
static bool overflows_to_infinity(enum dfp_round how, bool sign)
{
	switch (how) {
	case DFP_ROUND_ZERO:
	case DFP_ROUND_PREPARE:
		return false;
	case DFP_ROUND_UP:
		return !sign;
	case DFP_ROUND_DOWN:
		return sign;
	default:
		return true;
	}
}

static bool finish_overflow(u64 *fpscr, const struct dfp_format *f, enum dfp_round how, bool sign,
			    u128 *r)
{
	bool infinite = overflows_to_infinity(how, sign);
	struct dfp_num n = {
	    .class = infinite ? DFP_INF : DFP_FINITE,
	    .sign = sign,
	    .exp = dfp_exp_max(f),
	    .coeff = infinite ? 0 : dfp_ten_to(f->digits) - 1,
	};

	fpu_raise(fpscr, FPSCR_OX);
	dfp_set_status(fpscr, true, infinite);
	return deliver(fpscr, f, &n, r);
}

/* An exponent too high for the format is made up for by zeros behind the coefficient. */
static void lower_exponent(const struct dfp_format *f, struct dfp_rounded *d)
{
	if (d->exp <= dfp_exp_max(f))
		return;
	if (d->coeff)
		d->coeff *= dfp_ten_to((unsigned)(d->exp - dfp_exp_max(f)));
	d->exp = dfp_exp_max(f);
}

/* An enabled overflow or underflow: the exponent of @x changed by @wrap, in the format @f. */
static bool finish_wrapped(u64 *fpscr, const struct dfp_format *f, unsigned digits, u64 cause,
			   int wrap, const struct dfp_exact *x, u128 *r)
{
	struct dfp_exact scaled = *x;
	struct dfp_rounded d;

	fpu_raise(fpscr, cause);
	scaled.exp += wrap;
	d = round_to(digits, dfp_exp_min(f), &scaled, dfp_current_round(*fpscr));
	lower_exponent(f, &d);
	return dfp_finish_rounded(fpscr, f, x->sign, &d, r);
}

/* @wide: the format of what is wrapped, which is by @wrap. */
static bool finish(u64 *fpscr, const struct dfp_format *f, const struct dfp_format *wide, int wrap,
		   const struct dfp_exact *x, u128 *r, bool *wrapped)
{
	enum dfp_round how = dfp_current_round(*fpscr);
	int top = x->exp + (int)dfp_wide_digits(x->mag) - 1;
	bool tiny = !dfp_wide_is_zero(&x->mag) && top < dfp_top_min(f);
	struct dfp_rounded d = round_to(f->digits, dfp_exp_min(f), x, how);
	bool large = too_large(f, &d);

	*wrapped = (tiny && (*fpscr & FPSCR_UE)) || (large && (*fpscr & FPSCR_OE));
	if (*wrapped)
		return finish_wrapped(fpscr, wide, f->digits, tiny ? FPSCR_UX : FPSCR_OX,
				      tiny ? wrap : -wrap, x, r);
	if (tiny && d.inexact)
		fpu_raise(fpscr, FPSCR_UX);
	if (large)
		return finish_overflow(fpscr, f, how, x->sign, r);
	lower_exponent(f, &d);
	return dfp_finish_rounded(fpscr, f, x->sign, &d, r);
}

bool dfp_finish_exact(u64 *fpscr, const struct dfp_format *f, const struct dfp_exact *x, u128 *r)
{
	bool wrapped;

	return finish(fpscr, f, f, f->wrap, x, r, &wrapped);
}

bool dfp_finish_narrow(u64 *fpscr, const struct dfp_format *from, const struct dfp_format *to,
		       const struct dfp_exact *x, u128 *r, bool *wrapped)
{
	return finish(fpscr, to, from, from->narrow_wrap, x, r, wrapped);
}
