/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal numbers from and to others: lengths, integers, packed digits, exponents and significands
 * apart. ISA 2.07 Book I 5.6.5, 5.6.6.
 */
#include "cpu/dfp/number.h"

/*
 * Lengths. The short format is for storage: a signalling NaN stays what it is.
 */
bool dfp_widen(u64 *fpscr, const struct dfp_format *from, const struct dfp_format *to, u128 b,
	       u128 *r)
{
	struct dfp_num n = dfp_unpack(from, b);

	if (dfp_is_nan(&n) && from != &dfp_short)
		return dfp_finish_nan(fpscr, to, &n, NULL, r);
	return dfp_finish_num(fpscr, to, &n, r);
}

bool dfp_narrow(u64 *fpscr, const struct dfp_format *from, const struct dfp_format *to, u128 b,
		u128 *r, bool *wrapped)
{
	struct dfp_num n = dfp_unpack(from, b);
	struct dfp_exact x = {.sign = n.sign, .exp = n.exp, .mag = dfp_wide(n.coeff)};

	*wrapped = false;
	if (n.class == DFP_FINITE)
		return dfp_finish_narrow(fpscr, from, to, &x, r, wrapped);
	n.coeff %= dfp_ten_to(to->digits - 1u);
	if (dfp_is_nan(&n) && to != &dfp_short)
		return dfp_finish_nan(fpscr, to, &n, NULL, r);
	return dfp_finish_num(fpscr, to, &n, r);
}

/*
 * Integers
 */
bool dfp_from_int(u64 *fpscr, const struct dfp_format *f, u64 b, u128 *r)
{
	bool sign = b >> 63;
	struct dfp_exact x = {.sign = sign, .mag = dfp_wide(sign ? -b : b)};

	return dfp_finish_exact(fpscr, f, &x, r);
}

#define INT_MOST_NEGATIVE (1ull << 63)

/* @r: what it becomes if the exception is not enabled. */
static bool int_invalid(u64 *fpscr, u64 causes, bool negative, u128 *r)
{
	dfp_suppress(fpscr, causes | FPSCR_VXCVI);
	if (*fpscr & FPSCR_VE)
		return false;
	*r = negative ? INT_MOST_NEGATIVE : INT_MOST_NEGATIVE - 1;
	return true;
}

/* No integer of 64 bits has more digits. */
#define INT_DIGITS 19

bool dfp_to_int(u64 *fpscr, const struct dfp_format *f, u128 b, u128 *r)
{
	struct dfp_num n = dfp_unpack(f, b);
	struct dfp_exact x = {.sign = n.sign, .exp = n.exp, .mag = dfp_wide(n.coeff)};
	struct dfp_rounded d = {.coeff = n.coeff};

	if (n.class == DFP_SNAN)
		return int_invalid(fpscr, FPSCR_VXSNAN, true, r);
	if (n.class == DFP_QNAN)
		return int_invalid(fpscr, 0, true, r);
	if (n.class == DFP_INF || (n.coeff && dfp_top(&n) >= INT_DIGITS))
		return int_invalid(fpscr, 0, n.sign, r);
	if (n.exp < 0)
		d = dfp_cut(x, -n.exp, dfp_current_round(*fpscr));
	else if (n.coeff)
		d.coeff *= dfp_ten_to((unsigned)n.exp);
	if (d.coeff > INT_MOST_NEGATIVE - !n.sign)
		return int_invalid(fpscr, 0, n.sign, r);
	dfp_set_status(fpscr, d.inexact, d.up);
	*r = n.sign ? -(u64)d.coeff : (u64)d.coeff;
	return true;
}

/*
 * Packed digits: as many as fit the format's size. Sixteen make a doubleword.
 */
#define DOUBLEWORD_DIGITS 16

#define SIGN_PLUS      12u
#define SIGN_PLUS_ZONE 15u
#define SIGN_MINUS     13u
#define SIGN_MINUS_OLD 11u

static unsigned packed_digits(const struct dfp_format *f)
{
	return f == &dfp_extended ? 2 * DOUBLEWORD_DIGITS : DOUBLEWORD_DIGITS;
}

static u64 pack_digits(u64 v)
{
	u64 packed = 0;

	for (unsigned i = 0; i < DOUBLEWORD_DIGITS; i++) {
		packed |= v % 10 << (4 * i);
		v /= 10;
	}
	return packed;
}

u128 dfp_to_bcd(const struct dfp_format *f, unsigned sp, u128 b)
{
	struct dfp_num n = dfp_unpack(f, b);
	bool has_sign = sp & 2;
	u128 v = n.coeff % dfp_ten_to(packed_digits(f) - has_sign);
	u64 part = (u64)dfp_ten_to(DOUBLEWORD_DIGITS);
	u128 packed = (u128)pack_digits((u64)(v / part)) << 64 | pack_digits((u64)(v % part));

	if (!has_sign)
		return packed;
	return packed << 4 | (n.sign ? SIGN_MINUS : sp & 1 ? SIGN_PLUS_ZONE : SIGN_PLUS);
}

bool dfp_from_bcd(u64 *fpscr, const struct dfp_format *f, bool has_sign, u128 b, u128 *r)
{
	struct dfp_num n = {.class = DFP_FINITE};
	unsigned sign = (unsigned)b & 15;
	bool valid = !has_sign || sign > 9;

	for (unsigned i = packed_digits(f); i-- > has_sign;) {
		unsigned digit = (unsigned)(b >> (4 * i)) & 15;

		valid &= digit <= 9;
		n.coeff = n.coeff * 10 + digit;
	}
	if (!valid)
		return dfp_finish_invalid(fpscr, f, FPSCR_VXCVI, r);
	n.sign = has_sign && (sign == SIGN_MINUS || sign == SIGN_MINUS_OLD);
	return dfp_finish_num(fpscr, f, &n, r);
}

/*
 * Exponents apart. Significands stay, but that infinities and NaNs have no leftmost digit.
 */
u64 dfp_extract_exponent(const struct dfp_format *f, u128 b)
{
	struct dfp_num n = dfp_unpack(f, b);

	if (n.class != DFP_FINITE)
		return -(u64)n.class;
	return (u64)(n.exp + f->bias);
}

u128 dfp_insert_exponent(const struct dfp_format *f, u64 a, u128 b)
{
	struct dfp_num n = dfp_unpack(f, b);

	if (a <= (u64)f->max_biased) {
		n.class = DFP_FINITE;
		n.exp = (int)a - f->bias;
	} else {
		n.class =
		    a == -(u64)DFP_INF || a == -(u64)DFP_SNAN ? (enum dfp_class) - a : DFP_QNAN;
	}
	return dfp_pack(f, &n);
}

/* Digits that a significand has. */
static unsigned significand_digits(const struct dfp_format *f, const struct dfp_num *n)
{
	return n->class == DFP_FINITE ? f->digits : f->digits - 1u;
}

u128 dfp_shift_left(const struct dfp_format *f, u128 a, unsigned by)
{
	struct dfp_num n = dfp_unpack(f, a);
	unsigned digits = significand_digits(f, &n);

	n.coeff = by < digits ? n.coeff % dfp_ten_to(digits - by) * dfp_ten_to(by) : 0;
	return dfp_pack(f, &n);
}

u128 dfp_shift_right(const struct dfp_format *f, u128 a, unsigned by)
{
	struct dfp_num n = dfp_unpack(f, a);

	n.coeff = by < f->digits ? n.coeff / dfp_ten_to(by) : 0;
	return dfp_pack(f, &n);
}
