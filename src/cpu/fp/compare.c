/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating point: comparisons, larger and smaller, tests for software division and square root.
 */
#include "cpu/fp/soft.h"

static bool is_nan(u64 bits)
{
	return (bits << 1) > DOUBLE_INF << 1;
}

static bool is_snan(u64 bits)
{
	return is_nan(bits) && !(bits & DOUBLE_QUIET);
}

static u64 widen(enum fpu_kind kind, u64 bits)
{
	return kind == FPU_VS ? fpu_load_single((u32)bits) : bits;
}

/* Numbers' order is their bits' order as signed magnitudes. */
static s64 order(u64 bits)
{
	s64 magnitude = (s64)(bits & ~DOUBLE_SIGN);

	return bits >> 63 ? -magnitude : magnitude;
}

static u32 compare(u64 a, u64 b)
{
	if (is_nan(a) || is_nan(b))
		return FPU_CC_UN;
	return order(a) < order(b) ? FPU_CC_LT : order(a) > order(b) ? FPU_CC_GT : FPU_CC_EQ;
}

/* Causes of a comparison that minds quiet NaNs too: VXVC comes with VXSNAN only if that does not
 * trap. */
static u64 ordered_causes(u64 fpscr, u64 a, u64 b)
{
	if (is_snan(a) || is_snan(b))
		return FPSCR_VXSNAN | (fpscr & FPSCR_VE ? 0 : FPSCR_VXVC);
	return is_nan(a) || is_nan(b) ? FPSCR_VXVC : 0;
}

static u32 finish_compare(u64 *fpscr, u32 cc, u64 exc)
{
	*fpscr = (*fpscr & ~FPSCR_FPCC) | (u64)cc << 12;
	fpu_raise(fpscr, exc);
	return cc;
}

u32 fpu_soft_cmpu(u64 *fpscr, u64 a, u64 b)
{
	u64 exc = is_snan(a) || is_snan(b) ? FPSCR_VXSNAN : 0;

	return finish_compare(fpscr, compare(a, b), exc);
}

u32 fpu_soft_cmpo(u64 *fpscr, u64 a, u64 b)
{
	return finish_compare(fpscr, compare(a, b), ordered_causes(*fpscr, a, b));
}

static bool holds(enum fpu_rel rel, u32 cc)
{
	static const u32 wanted[] = {
	    [FPU_REL_EQ] = FPU_CC_EQ,
	    [FPU_REL_GT] = FPU_CC_GT,
	    [FPU_REL_GE] = FPU_CC_GT | FPU_CC_EQ,
	};

	return wanted[rel] & cc;
}

bool fpu_soft_vcmp(u64 *fpscr, enum fpu_kind kind, enum fpu_rel rel, u64 a, u64 b, u64 *mask)
{
	u64 ones = kind == FPU_VS ? UINT32_MAX : UINT64_MAX;
	u64 exc;

	a = widen(kind, a);
	b = widen(kind, b);
	if (rel == FPU_REL_EQ)
		exc = is_snan(a) || is_snan(b) ? FPSCR_VXSNAN : 0;
	else
		exc = ordered_causes(*fpscr, a, b);
	*mask = holds(rel, compare(a, b)) ? ones : 0;
	fpu_raise(fpscr, exc);
	return !(exc && *fpscr & FPSCR_VE);
}

/*
 * Larger and smaller: a number beats a quiet NaN; with a signalling one about, the first NaN is the
 * result, made quiet; of two quiet NaNs the first.
 */
static bool choose(u64 *fpscr, enum fpu_kind kind, bool larger, u64 a, u64 b, u64 *r)
{
	u64 wide_a = widen(kind, a), wide_b = widen(kind, b);
	u64 quiet = kind == FPU_VS ? SINGLE_QUIET : DOUBLE_QUIET;
	bool first;

	if (is_snan(wide_a) || is_snan(wide_b)) {
		fpu_raise(fpscr, FPSCR_VXSNAN);
		if (*fpscr & FPSCR_VE)
			return false;
		*r = (is_nan(wide_a) ? a : b) | quiet;
		return true;
	}
	if (is_nan(wide_a) || is_nan(wide_b)) {
		first = is_nan(wide_b);
	} else if (order(wide_a) != order(wide_b)) {
		first = (order(wide_a) > order(wide_b)) == larger;
	} else {
		/* Equal; of zeros +0 is the larger. */
		first = (wide_a >> 63) != larger;
	}
	*r = first ? a : b;
	return true;
}

bool fpu_soft_max(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	return choose(fpscr, kind, true, a, b, r);
}

bool fpu_soft_min(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	return choose(fpscr, kind, false, a, b, r);
}

/*
 * Tests: would a division or square root by Newton's method leave the format on its way?
 */

/* A format's exponent field of an operand, unbiased, and what the operand is. */
struct looked_at {
	s32 exp;
	bool nan, inf, zero, denormal, negative;
};

static struct looked_at look_at(enum fpu_kind kind, u64 bits)
{
	bool single = kind == FPU_VS;
	u64 all = single ? 0xff : 0x7ff;
	u64 fraction = single ? bits & SINGLE_FRACTION : bits & DOUBLE_FRACTION;
	u64 exp = bits >> (single ? 23 : 52) & all;

	return (struct looked_at){
	    .exp = (s32)exp - (single ? 127 : 1023),
	    .nan = exp == all && fraction,
	    .inf = exp == all && !fraction,
	    .zero = !exp && !fraction,
	    .denormal = !exp && fraction,
	    .negative = bits >> (single ? 31 : 63) & 1,
	};
}

#define TEST_ALWAYS 8u /* FL: this processor's estimates are good to 14 bits */
#define TEST_FG	    4u
#define TEST_FE	    2u

u32 fpu_tdiv(enum fpu_kind kind, u64 bits_a, u64 bits_b)
{
	const s32 emax = kind == FPU_VS ? 127 : 1023, fraction = kind == FPU_VS ? 23 : 52;
	struct looked_at a = look_at(kind, bits_a), b = look_at(kind, bits_b);
	bool fe, fg;

	fg = a.inf || b.inf || b.zero || b.denormal;
	fe = a.nan || a.inf || b.nan || b.inf || b.zero || b.exp <= 1 - emax || b.exp >= emax - 2;
	if (!a.zero)
		fe |= a.exp - b.exp >= emax || a.exp - b.exp <= 2 - emax ||
		      a.exp <= 1 - emax + fraction;
	return TEST_ALWAYS | (fg ? TEST_FG : 0) | (fe ? TEST_FE : 0);
}

u32 fpu_tsqrt(enum fpu_kind kind, u64 bits_b)
{
	const s32 emax = kind == FPU_VS ? 127 : 1023, fraction = kind == FPU_VS ? 23 : 52;
	struct looked_at b = look_at(kind, bits_b);
	bool fg = b.inf || b.zero || b.denormal;
	bool fe = b.nan || b.inf || b.zero || b.negative || b.exp <= 1 - emax + fraction;

	return TEST_ALWAYS | (fg ? TEST_FG : 0) | (fe ? TEST_FE : 0);
}
