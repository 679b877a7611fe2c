/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside decimal floating point (dfp.h): numbers taken apart, 256-bit integers, and the one place
 * where results are rounded, packed and reported to the FPSCR.
 */
#ifndef PAPYR_CPU_DFP_NUMBER_H
#define PAPYR_CPU_DFP_NUMBER_H

#include "cpu/dfp/dfp.h"

enum dfp_class {
	DFP_FINITE,
	DFP_INF,
	DFP_QNAN,
	DFP_SNAN,
};

/* Finite: coeff * 10**exp. Infinities and NaNs: coeff is what the trailing significand says. */
struct dfp_num {
	enum dfp_class class;
	bool sign;
	int exp;
	u128 coeff;
};

struct dfp_num dfp_unpack(const struct dfp_format *f, u128 bits);
/* Exponent and coefficient must fit; of infinities and NaNs a leftmost digit is left out. */
u128 dfp_pack(const struct dfp_format *f, const struct dfp_num *n);

static inline bool dfp_is_nan(const struct dfp_num *n)
{
	return n->class >= DFP_QNAN;
}

static inline bool dfp_is_zero(const struct dfp_num *n)
{
	return n->class == DFP_FINITE && !n->coeff;
}

/* Exponents of a format: of the rightmost digit, */
static inline int dfp_exp_min(const struct dfp_format *f)
{
	return -f->bias;
}

static inline int dfp_exp_max(const struct dfp_format *f)
{
	return f->max_biased - f->bias;
}

/* and of the first nonzero digit of normal numbers. */
static inline int dfp_top_min(const struct dfp_format *f)
{
	return dfp_exp_min(f) + f->digits - 1;
}

static inline int dfp_top_max(const struct dfp_format *f)
{
	return dfp_exp_max(f) + f->digits - 1;
}

/* 10**n, n <= 38. */
u128 dfp_ten_to(unsigned n);
/* How many digits v has; 0 has none. v < 10**38. */
unsigned dfp_digits(u128 v);

/* The exponent of the first digit of a finite number that isn't 0. */
static inline int dfp_top(const struct dfp_num *n)
{
	return n->exp + (int)dfp_digits(n->coeff) - 1;
}

/*
 * Wide integers: below 10**76.
 */
struct dfp_wide {
	u64 limb[4]; /* the least significant first */
};

static inline struct dfp_wide dfp_wide(u128 v)
{
	return (struct dfp_wide){{(u64)v, (u64)(v >> 64)}};
}

struct dfp_wide dfp_wide_mul(u128 a, u128 b);
/* w * 10**n */
struct dfp_wide dfp_wide_scale(struct dfp_wide w, unsigned n);
struct dfp_wide dfp_wide_add(struct dfp_wide a, struct dfp_wide b);
/* a - b, modulo 2**256 */
struct dfp_wide dfp_wide_sub(struct dfp_wide a, struct dfp_wide b);
bool dfp_wide_less(const struct dfp_wide *a, const struct dfp_wide *b);
bool dfp_wide_is_zero(const struct dfp_wide *w);
unsigned dfp_wide_digits(struct dfp_wide w);

/*
 * A result before rounding: (mag + what is less than one, if there is more) * 10**exp. The exponent
 * is the one that an exact result should have, or below it.
 */
struct dfp_exact {
	bool sign;
	bool more;
	int exp;
	struct dfp_wide mag;
};

/* A rounded magnitude. */
struct dfp_rounded {
	u128 coeff;
	int exp;
	bool inexact;
	bool up; /* it was incremented */
};

/* @x without its @n rightmost digits. */
struct dfp_rounded dfp_cut(struct dfp_exact x, int n, enum dfp_round how);

static inline enum dfp_round dfp_current_round(u64 fpscr)
{
	return (enum dfp_round)(fpscr >> 32 & 7);
}

/*
 * The ends of an operation. Each updates the FPSCR and stores *r, or returns false (dfp.h).
 */

/* Rounds to the format @f. */
bool dfp_finish_exact(u64 *fpscr, const struct dfp_format *f, const struct dfp_exact *x, u128 *r);
/*
 * Rounds to @to what was a number of format @from. An enabled overflow or underflow delivers it in
 * format @from, wrapped, with no more digits than @to has (*wrapped).
 */
bool dfp_finish_narrow(u64 *fpscr, const struct dfp_format *from, const struct dfp_format *to,
		       const struct dfp_exact *x, u128 *r, bool *wrapped);
/* A number that fits its format; FI, FR and XX by @inexact and @up. */
bool dfp_finish_rounded(u64 *fpscr, const struct dfp_format *f, bool sign,
			const struct dfp_rounded *d, u128 *r);
/* Anything that is exact; infinities become the default one. */
bool dfp_finish_num(u64 *fpscr, const struct dfp_format *f, const struct dfp_num *n, u128 *r);
/* An invalid operation without a NaN among its operands. */
bool dfp_finish_invalid(u64 *fpscr, const struct dfp_format *f, u64 causes, u128 *r);
/* The NaN that goes on of @a and @b (may be NULL), at least one of which is one. */
bool dfp_finish_nan(u64 *fpscr, const struct dfp_format *f, const struct dfp_num *a,
		    const struct dfp_num *b, u128 *r);

/* Enabled exceptions that suppress a result: the FPSCR's part. */
void dfp_suppress(u64 *fpscr, u64 causes);

/* FPRF of a number of format @f. */
u64 dfp_fprf(const struct dfp_format *f, const struct dfp_num *n);
void dfp_set_status(u64 *fpscr, bool inexact, bool up);

#endif
