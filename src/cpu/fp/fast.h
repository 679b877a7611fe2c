/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fast tier of fpu.h, which includes this file: the common case on the host's own arithmetic.
 *
 * The host rounds to nearest, and so gives the result's bits. What FR and FI want to know besides,
 * is on which side of the result the exact value lies. That comes from error-free transformations:
 * the difference between exact and rounded value (here: rest) of a sum, product, quotient or root
 * is, or has the sign of, a double that can be computed:
 *
 *	a + b = s:    TwoSum (Knuth), exact whenever s does not overflow
 *	a * b = p:    fma(a, b, -p), exact when no bit of it is below the smallest denormal
 *	a / b = q:    fma(-q, b, a) is the exact remainder, likewise
 *	sqrt(a) = s:  fma(-s, s, a) likewise
 *	a * c + b:    ErrFma (Boldo and Muller): three numbers; their sum's sign is right in one
 *	              addition
 *
 * Where an operation is too near the ends of the format for that, or rounds otherwise, or anything
 * special is about (NaN, infinity, denormal, division by zero), fpu_soft_*() does all of it. Tests
 * hold the two tiers together.
 *
 * Results of single precision: rounding the double result again could round twice in the same
 * direction. So the rest is folded in first: the double is cut off towards zero instead of rounded,
 * and its last bit set if anything was cut off ("round to odd"). Of 53 bits, 24 then round right,
 * since 53 >= 24 + 2.
 *
 * Vector elements tell only the sticky XX. Once that is set, and it mostly is, no rest is needed.
 */
#ifndef PAPYR_CPU_FPU_FAST_H
#define PAPYR_CPU_FPU_FAST_H

#include <float.h>

#define FPU_INLINE static inline __attribute__((always_inline))

#if defined(__FP_FAST_FMA)
FPU_INLINE bool fpu_host_has_fma(void)
{
	return true;
}

FPU_INLINE double fpu_host_fma(double a, double b, double c)
{
	return __builtin_fma(a, b, c);
}

FPU_INLINE float fpu_host_fmaf(float a, float b, float c)
{
	return __builtin_fmaf(a, b, c);
}
#elif defined(__x86_64__)
#include "cpu/fp/x86_64.h"
#else
FPU_INLINE bool fpu_host_has_fma(void)
{
	return false;
}

FPU_INLINE double fpu_host_fma(double a, double b, double c)
{
	return c;
}

FPU_INLINE float fpu_host_fmaf(float a, float b, float c)
{
	return c;
}
#endif

/* Hosts that compute in wider registers than they store cannot be used. */
#define FPU_HOST_EXACT (FLT_EVAL_METHOD == 0)

FPU_INLINE double fpu_as_double(u64 bits)
{
	double d;

	memcpy(&d, &bits, sizeof(d));
	return d;
}

FPU_INLINE u64 fpu_double_bits(double d)
{
	u64 bits;

	memcpy(&bits, &d, sizeof(bits));
	return bits;
}

FPU_INLINE float fpu_as_float(u32 bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

FPU_INLINE u32 fpu_float_bits(float f)
{
	u32 bits;

	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

/* An operand's value. NaNs may change, but then the result is one, and not taken. */
FPU_INLINE double fpu_fast_operand(enum fpu_kind kind, u64 bits)
{
	return kind == FPU_VS ? (double)fpu_as_float((u32)bits) : fpu_as_double(bits);
}

/* Biased exponent within [low, high]? */
FPU_INLINE bool fpu_exp_within(u64 bits, unsigned low, unsigned high)
{
	return (unsigned)(bits >> 52 & 0x7ff) - low <= high - low;
}

#define FPU_EXP_MAX 0x7feu /* of finite doubles */
#define FPU_EXP_EXACT                                                                              \
	64u /* from here on, 106 bits from the first are all above the denormals' end */
#define FPU_SINGLE_LOW	897u /* of normal singles, as doubles */
#define FPU_SINGLE_HIGH 1150u
#define FPU_SINGLE_CUT	0x1fffffffull /* a double's bits below a single's last */

/* Are these bits those of a number of at most 24 digits? Products of two such are exact doubles. */
FPU_INLINE bool fpu_fits_24(u64 bits)
{
	return !(bits & FPU_SINGLE_CUT);
}

/* May the fast tier work at all? Scalars tell an enabled XX like any other; vectors would hold back
 * the result. */
FPU_INLINE bool fpu_fast_mode(const u64 *fpscr, enum fpu_kind kind)
{
	u64 bad = FPSCR_RN | (fpu_kind_is_vector(kind) ? FPSCR_XE : 0);

	return FPU_HOST_EXACT && likely(!(*fpscr & bad));
}

/* Is the rest unneeded: what an instruction tells besides its result? */
FPU_INLINE bool fpu_fast_rest_unneeded(const u64 *fpscr, enum fpu_kind kind)
{
	return fpu_kind_is_vector(kind) && likely(*fpscr & FPSCR_XX);
}

/* FI, FR and XX as numbers of bits: whether a result is exact is as good as random, so no branch
 * may hang on it. */
#define FPU_FI_SHIFT 17
#define FPU_FR_SHIFT 18
#define FPU_XX_SHIFT 25
_Static_assert(FPSCR_FI == 1ull << FPU_FI_SHIFT && FPSCR_FR == 1ull << FPU_FR_SHIFT &&
		   FPSCR_XX == 1ull << FPU_XX_SHIFT,
	       "FPSCR's layout");
_Static_assert(FPSCR_FL == FPSCR_FG << 1, "FPSCR's layout");

FPU_INLINE void fpu_fast_report(u64 *fpscr, enum fpu_kind kind, u64 bits, bool inexact, bool up)
{
	u64 old = *fpscr, class;

	if (!fpu_kind_is_vector(kind)) {
		class = FPSCR_FG << (bits >> 63); /* FL if negative, without a branch */
		if (unlikely(!(bits << 1)))
			class = FPSCR_FE | (bits >> 63 ? FPSCR_C : 0);
		*fpscr = (old & ~(FPSCR_FPRF | FPSCR_FR | FPSCR_FI)) | class |
			 (u64)inexact << FPU_FI_SHIFT | (u64)up << FPU_FR_SHIFT;
	}
	if (unlikely((u64)inexact & ~(old >> FPU_XX_SHIFT)))
		fpu_raise(fpscr, FPSCR_XX);
}

/*
 * @value was rounded from @value + @rest. Stores and reports the result and returns true, if it is
 * a normal number of its format (of an exact @value also zero); otherwise touches nothing.
 */
FPU_INLINE bool fpu_fast_finish(u64 *fpscr, enum fpu_kind kind, double value, double rest,
				bool negate, u64 *r)
{
	u64 bits = fpu_double_bits(value), rest_bits = fpu_double_bits(rest);
	bool inexact = rest_bits << 1, up = inexact & (rest_bits ^ bits) >> 63;
	u64 flip = negate ? 1ull << 63 : 0;

	if (kind == FPU_S || kind == FPU_VS) {
		u64 odd = (bits - up) | inexact;

		if (unlikely(!fpu_exp_within(odd, FPU_SINGLE_LOW, FPU_SINGLE_HIGH))) {
			if (odd << 1)
				return false;
			bits = odd;
			inexact = up = false;
		} else {
			inexact = odd & FPU_SINGLE_CUT;
			bits = odd + (FPU_SINGLE_CUT >> 1) + (odd >> 29 & 1);
			bits &= ~FPU_SINGLE_CUT;
			up = bits > odd;
			if (unlikely(!fpu_exp_within(bits, FPU_SINGLE_LOW, FPU_SINGLE_HIGH)))
				return false;
		}
	} else if (unlikely(!fpu_exp_within(bits, 1, FPU_EXP_MAX)) && bits << 1) {
		return false;
	}
	bits ^= flip;
	fpu_fast_report(fpscr, kind, bits, inexact, up);
	*r = kind == FPU_VS ? fpu_float_bits((float)fpu_as_double(bits)) : bits;
	return true;
}

/*
 * The finish where the rest is unneeded: @value is a vector element's result, if it is normal, and
 * not the smallest such, which might have been tiny before it was rounded up.
 */
FPU_INLINE bool fpu_fast_take(double value, u64 *r)
{
	u64 bits = fpu_double_bits(value);

	if (unlikely(!fpu_exp_within(bits, 2, FPU_EXP_MAX)))
		return false;
	*r = bits;
	return true;
}

FPU_INLINE bool fpu_fast_take_single(float value, u64 *r)
{
	u32 bits = fpu_float_bits(value);

	if (unlikely((bits >> 23 & 0xff) - 2 > 0xfe - 2))
		return false;
	*r = bits;
	return true;
}

/* a + b - sum, exactly. */
FPU_INLINE double fpu_sum_rest(double a, double b, double sum)
{
	double b_part = sum - a;
	double a_part = sum - b_part;

	return (a - a_part) + (b - b_part);
}

/*
 * A sum that is denormal is exact; it is left to the soft tier only because its class is another.
 */
FPU_INLINE bool fpu_fast_add(u64 *fpscr, enum fpu_kind kind, double a, double b, u64 *r)
{
	double sum;

	if (!fpu_fast_mode(fpscr, kind))
		return false;
	if (fpu_fast_rest_unneeded(fpscr, kind)) {
		if (kind == FPU_VS ? fpu_fast_take_single((float)a + (float)b, r)
				   : fpu_fast_take(a + b, r))
			return true;
	}
	sum = a + b;
	/* Sums near the end could overflow within TwoSum. */
	if (unlikely((fpu_double_bits(sum) >> 52 & 0x7ff) >= FPU_EXP_MAX))
		return false;
	return fpu_fast_finish(fpscr, kind, sum, fpu_sum_rest(a, b, sum), false, r);
}

FPU_INLINE bool fpu_fast_sub(u64 *fpscr, enum fpu_kind kind, double a, double b, u64 *r)
{
	return fpu_fast_add(fpscr, kind, a, -b, r);
}

FPU_INLINE bool fpu_add(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	if (likely(
		fpu_fast_add(fpscr, kind, fpu_fast_operand(kind, a), fpu_fast_operand(kind, b), r)))
		return true;
	return fpu_soft_add(fpscr, kind, a, b, r);
}

FPU_INLINE bool fpu_sub(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	if (likely(
		fpu_fast_sub(fpscr, kind, fpu_fast_operand(kind, a), fpu_fast_operand(kind, b), r)))
		return true;
	return fpu_soft_sub(fpscr, kind, a, b, r);
}

FPU_INLINE bool fpu_fast_mul(u64 *fpscr, enum fpu_kind kind, double a, double b, u64 *r)
{
	double product = a * b, rest = 0;
	u64 bits = fpu_double_bits(product);

	if (!fpu_fast_mode(fpscr, kind))
		return false;
	if (unlikely(!(bits << 1)))
		/* A zero that a factor of zero made is exact (the other is finite: no NaN came
		 * out). */
		return (a == 0 || b == 0) && fpu_fast_finish(fpscr, kind, product, 0, false, r);
	if (fpu_fast_rest_unneeded(fpscr, kind))
		return kind == FPU_VS ? fpu_fast_take_single((float)a * (float)b, r)
				      : fpu_fast_take(product, r);
	if (unlikely(!fpu_exp_within(bits, FPU_EXP_EXACT, FPU_EXP_MAX)))
		return false;
	if (kind != FPU_VS &&
	    !(kind == FPU_S && fpu_fits_24(fpu_double_bits(a) | fpu_double_bits(b)))) {
		if (unlikely(!fpu_host_has_fma()))
			return false;
		rest = fpu_host_fma(a, b, -product);
	}
	return fpu_fast_finish(fpscr, kind, product, rest, false, r);
}

FPU_INLINE bool fpu_mul(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	if (likely(
		fpu_fast_mul(fpscr, kind, fpu_fast_operand(kind, a), fpu_fast_operand(kind, b), r)))
		return true;
	return fpu_soft_mul(fpscr, kind, a, b, r);
}

FPU_INLINE bool fpu_fast_div(u64 *fpscr, enum fpu_kind kind, double a, double b, u64 *r)
{
	double quotient, rest;

	if (!fpu_fast_mode(fpscr, kind))
		return false;
	if (fpu_fast_rest_unneeded(fpscr, kind))
		return kind == FPU_VS ? fpu_fast_take_single((float)a / (float)b, r)
				      : fpu_fast_take(a / b, r);
	quotient = a / b;
	if (unlikely(!fpu_exp_within(fpu_double_bits(quotient), 2, FPU_EXP_MAX - 1)) ||
	    unlikely(!fpu_exp_within(fpu_double_bits(a), FPU_EXP_EXACT, FPU_EXP_MAX)) ||
	    unlikely(!fpu_host_has_fma()))
		return false;
	/* The remainder, of the exact quotient's side if the divisor is positive. */
	rest = fpu_host_fma(-quotient, b, a);
	if (fpu_double_bits(b) >> 63)
		rest = -rest;
	return fpu_fast_finish(fpscr, kind, quotient, rest, false, r);
}

FPU_INLINE bool fpu_div(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	if (likely(
		fpu_fast_div(fpscr, kind, fpu_fast_operand(kind, a), fpu_fast_operand(kind, b), r)))
		return true;
	return fpu_soft_div(fpscr, kind, a, b, r);
}

FPU_INLINE bool fpu_fast_sqrt(u64 *fpscr, enum fpu_kind kind, double b, u64 *r)
{
	double root;

	/* With the sign bit in sight: positive numbers only. */
	if (!fpu_fast_mode(fpscr, kind) || unlikely(!fpu_host_has_fma()) ||
	    unlikely((fpu_double_bits(b) >> 52) - FPU_EXP_EXACT > FPU_EXP_MAX - FPU_EXP_EXACT))
		return false;
	root = __builtin_sqrt(b);
	return fpu_fast_finish(fpscr, kind, root, fpu_host_fma(-root, root, b), false, r);
}

FPU_INLINE bool fpu_sqrt(u64 *fpscr, enum fpu_kind kind, u64 b, u64 *r)
{
	if (likely(fpu_fast_sqrt(fpscr, kind, fpu_fast_operand(kind, b), r)))
		return true;
	return fpu_soft_sqrt(fpscr, kind, b, r);
}

/* The sign of a * c + b - sum, where product = a * c rounded. */
FPU_INLINE double fpu_fma_rest(double a, double c, double b, double product, double sum)
{
	double product_rest = fpu_host_fma(a, c, -product);
	double low = b + product_rest, low_rest = fpu_sum_rest(b, product_rest, low);
	double high = product + low, high_rest = fpu_sum_rest(product, low, high);

	return ((high - sum) + high_rest) + low_rest;
}

/* Products of 24-digit factors need no fused operation: they are exact, and their sum rounds but
 * once. */
FPU_INLINE bool fpu_fast_madd_exact(u64 *fpscr, enum fpu_kind kind, double product, double b,
				    unsigned neg, u64 *r)
{
	double sum = product + b;

	if (unlikely(!fpu_exp_within(fpu_double_bits(sum), FPU_EXP_EXACT, FPU_EXP_MAX - 1)))
		return false;
	return fpu_fast_finish(fpscr, kind, sum, fpu_sum_rest(product, b, sum),
			       neg & FPU_NEG_RESULT, r);
}

FPU_INLINE bool fpu_fast_madd(u64 *fpscr, enum fpu_kind kind, double a, double c, double b,
			      unsigned neg, u64 *r)
{
	double product = a * c, sum;
	bool negate = neg & FPU_NEG_RESULT;

	if (!fpu_fast_mode(fpscr, kind))
		return false;
	if (neg & FPU_NEG_ADDEND)
		b = -b;
	if (kind == FPU_VS && fpu_fast_rest_unneeded(fpscr, kind) && likely(fpu_host_has_fma())) {
		float single = fpu_host_fmaf((float)a, (float)c, (float)b);

		if (likely(fpu_fast_take_single(negate ? -single : single, r)))
			return true;
	}
	if (unlikely(!fpu_exp_within(fpu_double_bits(product), 128, FPU_EXP_MAX - 16))) {
		/* Nothing but the addend is left, if that is not zero too. */
		if ((a == 0 || c == 0) && product == 0 && b != 0)
			return fpu_fast_finish(fpscr, kind, b, 0, negate, r);
		return false;
	}
	if (kind == FPU_VS ||
	    (kind == FPU_S && fpu_fits_24(fpu_double_bits(a) | fpu_double_bits(c))))
		return fpu_fast_madd_exact(fpscr, kind, product, b, neg, r);
	if (unlikely(!fpu_host_has_fma()))
		return false;

	sum = fpu_host_fma(a, c, b);
	if (unlikely(!fpu_exp_within(fpu_double_bits(sum), FPU_EXP_EXACT, FPU_EXP_MAX - 16)) ||
	    unlikely((fpu_double_bits(b) >> 52 & 0x7ff) > FPU_EXP_MAX - 16))
		return false;
	if (fpu_fast_rest_unneeded(fpscr, kind))
		return fpu_fast_take(negate ? -sum : sum, r);
	return fpu_fast_finish(fpscr, kind, sum, fpu_fma_rest(a, c, b, product, sum), negate, r);
}

FPU_INLINE bool fpu_madd(u64 *fpscr, enum fpu_kind kind, u64 a, u64 c, u64 b, unsigned neg, u64 *r)
{
	if (likely(fpu_fast_madd(fpscr, kind, fpu_fast_operand(kind, a), fpu_fast_operand(kind, c),
				 fpu_fast_operand(kind, b), neg, r)))
		return true;
	return fpu_soft_madd(fpscr, kind, a, c, b, neg, r);
}

FPU_INLINE bool fpu_fast_rsp(u64 *fpscr, u64 b, u64 *r)
{
	return fpu_fast_mode(fpscr, FPU_S) &&
	       fpu_fast_finish(fpscr, FPU_S, fpu_as_double(b), 0, false, r);
}

FPU_INLINE bool fpu_rsp(u64 *fpscr, u64 b, u64 *r)
{
	if (likely(fpu_fast_rsp(fpscr, b, r)))
		return true;
	return fpu_soft_rsp(fpscr, b, r);
}

/*
 * Integers. Within +-2**62 the host's conversions between doubles and 64-bit integers are all that
 * is needed; how far a double is from the integer it was made of is again an integer.
 */
#define FPU_INT_LIMIT 0x1p62

FPU_INLINE bool fpu_fast_from_int(u64 *fpscr, enum fpu_kind kind, enum fpu_int type, u64 v, u64 *r)
{
	s64 s = type == FPU_S32 ? (s32)v : type == FPU_U32 ? (s64)(u32)v : (s64)v;
	double value = (double)s;

	/* Bits 62 and 63 are the sign, or 0. */
	if (!fpu_fast_mode(fpscr, kind) ||
	    unlikely(type == FPU_U64 ? v >> 62 : (u64)s >> 62 && ~(u64)s >> 62))
		return false;
	return fpu_fast_finish(fpscr, kind, value, (double)(s - (s64)value), false, r);
}

FPU_INLINE bool fpu_from_int(u64 *fpscr, enum fpu_kind kind, enum fpu_int type, u64 v, u64 *r)
{
	if (likely(fpu_fast_from_int(fpscr, kind, type, v, r)))
		return true;
	return fpu_soft_from_int(fpscr, kind, type, v, r);
}

/* May the fast tier round @how to an integer? Told apart from fpu_fast_mode(), since most ways
 * don't ask RN. */
FPU_INLINE bool fpu_fast_round_mode(const u64 *fpscr, enum fpu_kind kind, enum fpu_round how)
{
	u64 bad =
	    (how == FPU_ROUND_CURRENT ? FPSCR_RN : 0) | (fpu_kind_is_vector(kind) ? FPSCR_XE : 0);

	return FPU_HOST_EXACT && likely(!(*fpscr & bad));
}

/* @d, smaller than FPU_INT_LIMIT, to an integer; FPU_ROUND_CURRENT being to nearest. */
FPU_INLINE s64 fpu_fast_round(enum fpu_round how, double d)
{
	s64 i = (s64)d;
	double rest = d - (double)i;

	switch (how) {
	case FPU_ROUND_CURRENT:
	case FPU_ROUND_EVEN:
		return __builtin_llrint(d);
	case FPU_ROUND_UP:
		return i + (rest > 0);
	case FPU_ROUND_DOWN:
		return i - (rest < 0);
	case FPU_ROUND_AWAY:
		return i + (rest >= 0.5) - (rest <= -0.5);
	default:
		return i;
	}
}

FPU_INLINE bool fpu_fast_to_int(u64 *fpscr, enum fpu_kind kind, enum fpu_int type,
				enum fpu_round how, u64 b, u64 *r)
{
	double d = fpu_fast_operand(kind, b), back;
	bool inexact, up;
	u64 old = *fpscr;
	s64 i;

	if (!fpu_fast_round_mode(fpscr, kind, how) ||
	    unlikely(!(__builtin_fabs(d) < FPU_INT_LIMIT)))
		return false;
	i = fpu_fast_round(how, d);
	if (unlikely((type == FPU_S32 && i != (s32)i) || (type == FPU_U32 && i != (s64)(u32)i) ||
		     (type == FPU_U64 && i < 0)))
		return false;

	/* Exact: beyond 2**53 @d was integral. */
	back = (double)i;
	inexact = back != d;
	up = __builtin_fabs(back) > __builtin_fabs(d);
	if (!fpu_kind_is_vector(kind))
		*fpscr = (old & ~(FPSCR_FR | FPSCR_FI)) | (u64)inexact << FPU_FI_SHIFT |
			 (u64)up << FPU_FR_SHIFT;
	if (unlikely((u64)inexact & ~(old >> FPU_XX_SHIFT)))
		fpu_raise(fpscr, FPSCR_XX);
	*r = (u64)i;
	return true;
}

FPU_INLINE bool fpu_to_int(u64 *fpscr, enum fpu_kind kind, enum fpu_int type, enum fpu_round how,
			   u64 b, u64 *r)
{
	if (likely(fpu_fast_to_int(fpscr, kind, type, how, b, r)))
		return true;
	return fpu_soft_to_int(fpscr, kind, type, how, b, r);
}

/* An integral value has its operand's sign, even if it is 0. */
FPU_INLINE bool fpu_fast_rint(u64 *fpscr, enum fpu_kind kind, enum fpu_round how, u64 b, u64 *r)
{
	double d = fpu_fast_operand(kind, b), value;
	bool inexact, up;
	u64 bits;

	if (!fpu_fast_round_mode(fpscr, kind, how) ||
	    unlikely(!(__builtin_fabs(d) < FPU_INT_LIMIT)))
		return false;
	value = (double)fpu_fast_round(how, d);
	bits = fpu_double_bits(value) | (fpu_double_bits(d) & 1ull << 63);
	inexact = how == FPU_ROUND_CURRENT && value != d;
	up = inexact && __builtin_fabs(value) > __builtin_fabs(d);
	fpu_fast_report(fpscr, kind, bits, inexact, up);
	*r = kind == FPU_VS ? fpu_float_bits((float)fpu_as_double(bits)) : bits;
	return true;
}

FPU_INLINE bool fpu_rint(u64 *fpscr, enum fpu_kind kind, enum fpu_round how, u64 b, u64 *r)
{
	if (likely(fpu_fast_rint(fpscr, kind, how, b, r)))
		return true;
	return fpu_soft_rint(fpscr, kind, how, b, r);
}

/*
 * Comparisons: what is unordered is the soft tier's.
 */
FPU_INLINE u32 fpu_fast_compare(double a, double b)
{
	return a < b ? FPU_CC_LT : a > b ? FPU_CC_GT : FPU_CC_EQ;
}

FPU_INLINE bool fpu_fast_cmp(u64 *fpscr, u64 a, u64 b, u32 *cc)
{
	double da = fpu_as_double(a), db = fpu_as_double(b);

	if (unlikely(__builtin_isunordered(da, db)))
		return false;
	*cc = fpu_fast_compare(da, db);
	*fpscr = (*fpscr & ~FPSCR_FPCC) | (u64)*cc << 12;
	return true;
}

FPU_INLINE u32 fpu_cmpu(u64 *fpscr, u64 a, u64 b)
{
	u32 cc;

	return likely(fpu_fast_cmp(fpscr, a, b, &cc)) ? cc : fpu_soft_cmpu(fpscr, a, b);
}

FPU_INLINE u32 fpu_cmpo(u64 *fpscr, u64 a, u64 b)
{
	u32 cc;

	return likely(fpu_fast_cmp(fpscr, a, b, &cc)) ? cc : fpu_soft_cmpo(fpscr, a, b);
}

FPU_INLINE bool fpu_vcmp(u64 *fpscr, enum fpu_kind kind, enum fpu_rel rel, u64 a, u64 b, u64 *mask)
{
	double da = fpu_fast_operand(kind, a), db = fpu_fast_operand(kind, b);
	bool holds;

	if (unlikely(__builtin_isunordered(da, db)))
		return fpu_soft_vcmp(fpscr, kind, rel, a, b, mask);
	holds = rel == FPU_REL_EQ ? da == db : rel == FPU_REL_GT ? da > db : da >= db;
	*mask = kind == FPU_VS ? (u32)-holds : -(u64)holds;
	return true;
}

/* Equal operands may be zeros of different sign. */
FPU_INLINE bool fpu_max(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	double da = fpu_fast_operand(kind, a), db = fpu_fast_operand(kind, b);

	if (unlikely(!(da < db) && !(da > db)))
		return fpu_soft_max(fpscr, kind, a, b, r);
	*r = da > db ? a : b;
	return true;
}

FPU_INLINE bool fpu_min(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	double da = fpu_fast_operand(kind, a), db = fpu_fast_operand(kind, b);

	if (unlikely(!(da < db) && !(da > db)))
		return fpu_soft_min(fpscr, kind, a, b, r);
	*r = da < db ? a : b;
	return true;
}

/*
 * VMX: the host's singles, except for NaNs (whose bits differ between hosts) and denormals to be
 * flushed.
 */
FPU_INLINE bool vmx_plain(u32 v, bool nj)
{
	u32 magnitude = v & 0x7fffffffu;

	return magnitude <= 0x7f800000u && (!nj || magnitude >= 0x00800000u || !magnitude);
}

FPU_INLINE u32 vmx_addfp(u32 a, u32 b, bool nj)
{
	u32 r = fpu_float_bits(fpu_as_float(a) + fpu_as_float(b));

	if (FPU_HOST_EXACT && likely(vmx_plain(r, nj)) &&
	    (!nj || (vmx_plain(a, nj) && vmx_plain(b, nj))))
		return r;
	return vmx_soft_addfp(a, b, nj);
}

FPU_INLINE u32 vmx_subfp(u32 a, u32 b, bool nj)
{
	u32 r = fpu_float_bits(fpu_as_float(a) - fpu_as_float(b));

	if (FPU_HOST_EXACT && likely(vmx_plain(r, nj)) &&
	    (!nj || (vmx_plain(a, nj) && vmx_plain(b, nj))))
		return r;
	return vmx_soft_subfp(a, b, nj);
}

#endif
