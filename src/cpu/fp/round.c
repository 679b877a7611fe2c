/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating point, integer tier: operands taken apart, results rounded, packed and reported.
 */
#include "cpu/fp/soft.h"

/*
 * Formats.
 */

struct fpu_num fpu_unpack(u64 bits)
{
	struct fpu_num n = {.sign = bits >> 63, .bits = bits};
	unsigned exp = bits >> 52 & 0x7ff;
	u64 fraction = bits & DOUBLE_FRACTION;

	if (exp == 0x7ff) {
		n.class = !fraction ? FPU_INF : fraction & DOUBLE_QUIET ? FPU_QNAN : FPU_SNAN;
	} else if (exp) {
		n.class = FPU_FINITE;
		n.exp = (s32)exp - 1023;
		n.sig = 1ull << 63 | fraction << 11;
	} else if (fraction) {
		unsigned lead = (unsigned)__builtin_clzll(fraction);

		n.class = FPU_FINITE;
		n.exp = -1022 + 11 - (s32)lead;
		n.sig = fraction << lead;
	} else {
		n.class = FPU_ZERO;
	}
	return n;
}

struct fpu_num fpu_operand(enum fpu_kind kind, u64 bits)
{
	return fpu_unpack(kind == FPU_VS ? fpu_load_single((u32)bits) : bits);
}

u64 fpu_class_double(u64 bits)
{
	u64 side = bits >> 63 ? FPSCR_FL : FPSCR_FG;
	unsigned exp = bits >> 52 & 0x7ff;

	if ((bits << 1) == 0)
		return bits >> 63 ? FPSCR_C | FPSCR_FE : FPSCR_FE;
	if (exp == 0x7ff)
		return bits & DOUBLE_FRACTION ? FPSCR_C | FPSCR_FU : side | FPSCR_FU;
	return exp ? side : FPSCR_C | side;
}

u64 fpu_class_single(u32 bits)
{
	bool denormal = !(bits & SINGLE_INF) && (bits & SINGLE_FRACTION);

	return fpu_class_double(fpu_load_single(bits)) | (denormal ? FPSCR_C : 0);
}

/* The class of a result in double format; a denormal single counts as denormal. */
static u64 class_of(const struct fpu_env *env, u64 bits)
{
	bool denormal = env->single && (bits << 1) && (bits >> 52 & 0x7ff) < 897;

	return fpu_class_double(bits) | (denormal ? FPSCR_C : 0);
}

/* Double format of sig / 2**63 * 2**exp, which rounding has made fit; cut off where it does not. */
static u64 pack(bool sign, s32 exp, u64 sig)
{
	u64 s = sign ? DOUBLE_SIGN : 0;
	unsigned lead;

	if (!sig)
		return s;
	lead = (unsigned)__builtin_clzll(sig);
	sig <<= lead;
	exp -= (s32)lead;
	if (exp > 1023)
		return s | DOUBLE_INF;
	if (exp < -1022)
		return s | (-1022 - exp > 52 ? 0 : sig >> (11 - 1022 - exp));
	return s | (u64)(exp + 1023) << 52 | (sig << 1 >> 12);
}

/*
 * Reports.
 */

bool fpu_enabled(const u64 *fpscr, u64 exc)
{
	if (exc & FPSCR_VX_ALL)
		exc |= FPSCR_VX;
	/* As in fpu_summarize(). */
	return exc >> 22 & *fpscr & FPSCR_ENABLES;
}

/* A scalar's result, in double format, is decided: FPRF, FR and FI. */
static void report(struct fpu_env *env, u64 bits, bool fr, bool fi)
{
	u64 new = class_of(env, bits);

	if (!env->scalar)
		return;
	if (fr && !env->estimate)
		new |= FPSCR_FR;
	if (fi && !env->estimate)
		new |= FPSCR_FI;
	*env->fpscr = (*env->fpscr & ~(FPSCR_FPRF | FPSCR_FR | FPSCR_FI)) | new;
}

static u64 in_format(const struct fpu_env *env, u64 bits)
{
	return env->narrow ? fpu_store_single(bits) : bits;
}

bool fpu_finish_exact(struct fpu_env *env, u64 bits, u64 *r)
{
	if (env->negate)
		bits ^= DOUBLE_SIGN;
	report(env, bits, false, false);
	*r = in_format(env, bits);
	return true;
}

bool fpu_finish_nan(struct fpu_env *env, u64 exc, u64 nan, u64 *r)
{
	fpu_raise(env->fpscr, exc);
	if (exc && *env->fpscr & FPSCR_VE) {
		if (env->scalar)
			*env->fpscr &= ~(FPSCR_FR | FPSCR_FI);
		return false;
	}
	nan |= DOUBLE_QUIET;
	if (env->single)
		nan &= ~DOUBLE_BELOW_SINGLE;
	report(env, nan, false, false);
	*r = in_format(env, nan);
	return true;
}

bool fpu_finish_zero_divide(struct fpu_env *env, bool sign, u64 *r)
{
	fpu_raise(env->fpscr, FPSCR_ZX);
	if (*env->fpscr & FPSCR_ZE) {
		if (env->scalar)
			*env->fpscr &= ~(FPSCR_FR | FPSCR_FI);
		return false;
	}
	return fpu_finish_exact(env, DOUBLE_INF | (sign ? DOUBLE_SIGN : 0), r);
}

bool fpu_finish_propagate(struct fpu_env *env, u64 exc, const struct fpu_num *const *operands,
			  unsigned n, u64 *r)
{
	const struct fpu_num *first = NULL;

	for (unsigned i = 0; i < n; i++) {
		if (operands[i]->class == FPU_SNAN)
			exc |= FPSCR_VXSNAN;
		if (!first && fpu_is_nan(operands[i]))
			first = operands[i];
	}
	return fpu_finish_nan(env, exc, first ? first->bits : FPU_DEFAULT_NAN, r);
}

/*
 * Rounding.
 */

/* Is a magnitude to be incremented, whose cut-off part is @lost of a unit of @half * 2? */
static bool rounds_up(enum fpu_rn rn, bool sign, bool odd, u64 lost, u64 half)
{
	switch (rn) {
	case FPU_RN_NEAREST:
		return lost > half || (lost == half && odd);
	case FPU_RN_UP:
		return lost && !sign;
	case FPU_RN_DOWN:
		return lost && sign;
	default:
		return false;
	}
}

/* What an overflow gives when OE is off: infinity, or the largest number towards zero. */
static u64 overflowed(const struct fpu_env *env, bool sign)
{
	enum fpu_rn rn = fpu_rn(env->fpscr);
	bool infinity = rn == FPU_RN_NEAREST || rn == (sign ? FPU_RN_DOWN : FPU_RN_UP);
	u64 bits = infinity ? DOUBLE_INF : env->single ? SINGLE_MAX_AS_DOUBLE : DOUBLE_MAX;

	return bits | (sign ? DOUBLE_SIGN : 0);
}

bool fpu_finish_round(struct fpu_env *env, bool sign, s32 exp, u64 sig, u64 *r)
{
	const u64 unit = 1ull << (env->single ? 40 : 11);
	const s32 emax = env->single ? 127 : 1023, emin = 1 - emax;
	const s32 wrap = env->single ? 192 : 1536;
	const bool oe = *env->fpscr & FPSCR_OE, ue = *env->fpscr & FPSCR_UE;
	const bool tiny = exp < emin;
	u64 exc = 0, lost, bits;
	bool up;

	/*
	 * Tiny before rounding: becomes denormal, losing bits; or, when the program asked for the
	 * exception, is rounded at full precision with its exponent moved into range.
	 */
	if (tiny && ue) {
		exc |= FPSCR_UX;
		exp += wrap;
	} else if (tiny) {
		sig = fpu_shift_jam(sig, (unsigned)(emin - exp));
		exp = emin;
	}

	lost = sig & (unit - 1);
	up = rounds_up(fpu_rn(env->fpscr), sign, sig & unit, lost, unit / 2);
	sig -= lost;
	if (up) {
		sig += unit;
		if (!sig) {
			sig = 1ull << 63;
			exp++;
		}
	}
	if (lost)
		exc |= FPSCR_XX | (tiny ? FPSCR_UX : 0);

	bits = pack(sign, exp, sig);
	if (exp > emax) {
		exc |= FPSCR_OX;
		if (oe) {
			bits = pack(sign, exp - wrap, sig);
		} else {
			exc |= FPSCR_XX;
			bits = overflowed(env, sign);
			up = (bits & ~DOUBLE_SIGN) == DOUBLE_INF;
		}
	}

	if (env->negate)
		bits ^= DOUBLE_SIGN;
	report(env, bits, up, exc & FPSCR_XX);
	if (env->estimate)
		exc &= ~FPSCR_XX;
	fpu_raise(env->fpscr, exc);
	if (!env->scalar && fpu_enabled(env->fpscr, exc))
		return false;
	*r = in_format(env, bits);
	return true;
}

bool fpu_finish_round128(struct fpu_env *env, bool sign, s32 exp, u128 sig, u64 *r)
{
	u64 high = sig >> 64;
	unsigned lead;

	lead = high ? (unsigned)__builtin_clzll(high) : 64u + (unsigned)__builtin_clzll((u64)sig);
	sig <<= lead;
	return fpu_finish_round(env, sign, exp - (s32)lead, (u64)(sig >> 64) | ((u64)sig != 0), r);
}

bool fpu_finish_num(struct fpu_env *env, const struct fpu_num *n, u64 *r)
{
	u64 sign = n->sign ? DOUBLE_SIGN : 0;

	if (n->class == FPU_FINITE)
		return fpu_finish_round(env, n->sign, n->exp, n->sig, r);
	return fpu_finish_exact(env, sign | (n->class == FPU_INF ? DOUBLE_INF : 0), r);
}
