/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the integer tier of fpu.h: numbers taken apart, and the one place where results are
 * rounded, packed and reported to the FPSCR.
 */
#ifndef PAPYR_CPU_FPU_SOFT_H
#define PAPYR_CPU_FPU_SOFT_H

#include "cpu/fp/fpu.h"

#define DOUBLE_SIGN	0x8000000000000000ull
#define DOUBLE_INF	0x7ff0000000000000ull
#define DOUBLE_MAX	0x7fefffffffffffffull
#define DOUBLE_QUIET	0x0008000000000000ull
#define DOUBLE_FRACTION 0x000fffffffffffffull
/* What a double's fraction has and a single's has not. */
#define DOUBLE_BELOW_SINGLE 0x000000001fffffffull
/* The largest single, in double format. */
#define SINGLE_MAX_AS_DOUBLE 0x47efffffe0000000ull

#define SINGLE_SIGN	0x80000000u
#define SINGLE_INF	0x7f800000u
#define SINGLE_QUIET	0x00400000u
#define SINGLE_FRACTION 0x007fffffu

enum fpu_class {
	FPU_ZERO,
	FPU_FINITE,
	FPU_INF,
	FPU_QNAN,
	FPU_SNAN,
};

/* FINITE: sig / 2**63 * 2**exp, bit 63 of sig set. NaNs are their bits (of double format). */
struct fpu_num {
	enum fpu_class class;
	bool sign;
	s32 exp;
	u64 sig;
	u64 bits;
};

/* Where an operation's result goes: the properties of an enum fpu_kind, taken apart. */
struct fpu_env {
	u64 *fpscr;
	bool scalar;   /* sets FR, FI and FPRF */
	bool single;   /* rounds to single precision */
	bool narrow;   /* the result is in single format */
	bool negate;   /* the rounded result's sign is turned over: fnmadd */
	bool estimate; /* rounding is not told: no XX, FR, FI */
};

static inline struct fpu_env fpu_env(u64 *fpscr, enum fpu_kind kind)
{
	return (struct fpu_env){
	    .fpscr = fpscr,
	    .scalar = !fpu_kind_is_vector(kind),
	    .single = kind == FPU_S || kind == FPU_VS,
	    .narrow = kind == FPU_VS,
	};
}

static inline enum fpu_rn fpu_rn(const u64 *fpscr)
{
	return (enum fpu_rn)(*fpscr & FPSCR_RN);
}

/* A double taken apart. */
struct fpu_num fpu_unpack(u64 bits);
/* An operand of @kind taken apart. */
struct fpu_num fpu_operand(enum fpu_kind kind, u64 bits);

static inline bool fpu_is_nan(const struct fpu_num *n)
{
	return n->class >= FPU_QNAN;
}

/* @v >> @n, with the lowest bit set if anything else than zeros left. */
static inline u64 fpu_shift_jam(u64 v, unsigned n)
{
	if (n == 0)
		return v;
	if (n > 63)
		return v != 0;
	return v >> n | ((v << (64 - n)) != 0);
}

static inline u128 fpu_shift_jam128(u128 v, unsigned n)
{
	if (n == 0)
		return v;
	if (n > 127)
		return v != 0;
	return v >> n | ((v << (128 - n)) != 0);
}

/*
 * The ends of an operation. Each updates the FPSCR and stores *r, or returns false (fpu.h).
 */

/* sig / 2**63 * 2**exp, not 0, normalized; bit 0 of @sig stands for everything below it. */
bool fpu_finish_round(struct fpu_env *env, bool sign, s32 exp, u64 sig, u64 *r);
/* sig / 2**127 * 2**exp, any nonzero @sig. */
bool fpu_finish_round128(struct fpu_env *env, bool sign, s32 exp, u128 sig, u64 *r);
/* A number that is to be rounded only (or a zero, or an infinity). */
bool fpu_finish_num(struct fpu_env *env, const struct fpu_num *n, u64 *r);
/* Exact result, in double format: zeros, infinities. Negated as @env says. */
bool fpu_finish_exact(struct fpu_env *env, u64 bits, u64 *r);
/* An invalid operation (causes @exc, may be 0): @nan, in double format, is made quiet. */
bool fpu_finish_nan(struct fpu_env *env, u64 exc, u64 nan, u64 *r);
/* Division of a finite number by zero. */
bool fpu_finish_zero_divide(struct fpu_env *env, bool sign, u64 *r);
/*
 * The first NaN of @n operands in order of precedence; VXSNAN if one of them signals, besides @exc.
 */
bool fpu_finish_propagate(struct fpu_env *env, u64 exc, const struct fpu_num *const *operands,
			  unsigned n, u64 *r);

/* Is one of @exc enabled? */
bool fpu_enabled(const u64 *fpscr, u64 exc);

/* b's reciprocal or its root's, rounded as @env says. */
bool fpu_reciprocal(struct fpu_env *env, const struct fpu_num *b, u64 *r);
/* floor(sqrt(v)), *exact if nothing was cut off. @v >= 2**126. */
u64 fpu_root(u128 v, bool *exact);

#endif
