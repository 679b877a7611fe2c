/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal floating point of the Power ISA 2.07 (Book I chapter 5): pure functions on bits.
 *
 * As with fpu.h, everything here takes operand bits and the FPSCR, returns result bits, and updates
 * the FPSCR exactly as the architecture says for one operation. Registers, CR fields and interrupts
 * are the caller's. Each operation exists once; its struct dfp_format says which of the formats its
 * operands have. Bits stand in the low part of a u128, a register pair's even register above.
 *
 *	if (dfp_add(fpscr_settled(&cpu->fpscr), &dfp_long, a, b, &r))
 *		cpu->fpr[t] = r;
 *	...then, if FPSCR[FEX] and MSR[FE0] | MSR[FE1]: program interrupt
 *
 * - The return value says whether the target is to be written: it is false when an enabled invalid
 *   operation or division by zero suppresses the result. *r is not touched then.
 * - Results are rounded as FPSCR[DRN] says unless the operation has an enum dfp_round of its own.
 *   Tininess is detected before rounding. With OE or UE set an out-of-range result's exponent is
 *   wrapped (5.5.10.3, 5.5.10.4).
 * - NaNs: the first signalling one of the operands in their order, else the first quiet one, made
 *   quiet; otherwise the default quiet NaN. Every result has its digits in the preferred declets.
 *
 * There is no library for this in the distribution, so that it is integer arithmetic here:
 * coefficients have at most 34 digits, exact results 69, which fit 256 bits.
 */
#ifndef PAPYR_CPU_DFP_H
#define PAPYR_CPU_DFP_H

#include "cpu/fp/fpu.h"

struct dfp_format {
	u8 digits;	  /* precision */
	u8 declets;	  /* of the trailing significand field */
	u8 exponent_bits; /* of the exponent, without the two in the combination field */
	int bias;	  /* of an exponent that counts from the rightmost digit */
	int max_biased;
	int wrap;	 /* what overflow and underflow change the exponent by when enabled */
	int narrow_wrap; /* the same when a number of this format is rounded to a shorter one */
};

extern const struct dfp_format dfp_short, dfp_long, dfp_extended;

/* The values of FPSCR[DRN]. */
enum dfp_round {
	DFP_ROUND_EVEN,	     /* to nearest, ties to even */
	DFP_ROUND_ZERO,	     /* toward zero */
	DFP_ROUND_UP,	     /* toward plus infinity */
	DFP_ROUND_DOWN,	     /* toward minus infinity */
	DFP_ROUND_TIES_AWAY, /* to nearest, ties away from zero */
	DFP_ROUND_TIES_ZERO, /* to nearest, ties toward zero */
	DFP_ROUND_AWAY,	     /* away from zero */
	DFP_ROUND_PREPARE,   /* to prepare for shorter precision: a last digit 0 or 5 grows */
};

/* RMC, two bits of an instruction, in its primary and its secondary encoding. */
enum dfp_round dfp_round_primary(u64 fpscr, unsigned rmc);
enum dfp_round dfp_round_secondary(unsigned rmc);

/*
 * Arithmetic
 */
bool dfp_add(u64 *fpscr, const struct dfp_format *f, u128 a, u128 b, u128 *r);
bool dfp_sub(u64 *fpscr, const struct dfp_format *f, u128 a, u128 b, u128 *r);
bool dfp_mul(u64 *fpscr, const struct dfp_format *f, u128 a, u128 b, u128 *r);
bool dfp_div(u64 *fpscr, const struct dfp_format *f, u128 a, u128 b, u128 *r);

/*
 * Comparisons and tests: the CR field, which goes to FPCC too.
 */
u32 dfp_cmpu(u64 *fpscr, const struct dfp_format *f, u128 a, u128 b);
u32 dfp_cmpo(u64 *fpscr, const struct dfp_format *f, u128 a, u128 b);
/* @mask: six bits, from the left: zero, subnormal, normal, infinity, quiet NaN, signalling NaN. */
u32 dfp_test_class(u64 *fpscr, const struct dfp_format *f, u128 a, unsigned mask);
/*
 * @mask: six bits, from the left: zero; zero of an extreme exponent; subnormal, or normal of an
 * extreme exponent; normal, with a leftmost digit 0; normal, not 0; no number.
 */
u32 dfp_test_group(u64 *fpscr, const struct dfp_format *f, u128 a, unsigned mask);
u32 dfp_test_exponents(u64 *fpscr, const struct dfp_format *f, u128 a, u128 b);
/* @k digits against those that @b has. */
u32 dfp_test_significance(u64 *fpscr, const struct dfp_format *f, unsigned k, u128 b);

/*
 * Quantum adjustment
 */

/* @b with the exponent @exponent, or that of @a. */
bool dfp_quantize_to(u64 *fpscr, const struct dfp_format *f, enum dfp_round how, int exponent,
		     u128 b, u128 *r);
bool dfp_quantize(u64 *fpscr, const struct dfp_format *f, enum dfp_round how, u128 a, u128 b,
		  u128 *r);
/* @b with @k digits, if it has more and @k isn't 0. */
bool dfp_reround(u64 *fpscr, const struct dfp_format *f, enum dfp_round how, unsigned k, u128 b,
		 u128 *r);
/* To an integral value. @tell: that it was inexact. */
bool dfp_rint(u64 *fpscr, const struct dfp_format *f, enum dfp_round how, bool tell, u128 b,
	      u128 *r);

/*
 * Conversion
 */
bool dfp_widen(u64 *fpscr, const struct dfp_format *from, const struct dfp_format *to, u128 b,
	       u128 *r);
/* What overflows or underflows when that is enabled stays in format @from (*wrapped), with no more
 * digits than @to has. */
bool dfp_narrow(u64 *fpscr, const struct dfp_format *from, const struct dfp_format *to, u128 b,
		u128 *r, bool *wrapped);
bool dfp_from_int(u64 *fpscr, const struct dfp_format *f, u64 b, u128 *r);
/* Out of range saturates, a NaN gives the most negative number. FPRF (undefined) stays. */
bool dfp_to_int(u64 *fpscr, const struct dfp_format *f, u128 b, u128 *r);

/*
 * Formats: these look at no value, and all but dfp_from_bcd() leave the FPSCR alone.
 */

/* The rightmost digits, packed. @sp: two bits; the left one asks for a sign, the right one for 15
 * as the plus sign instead of 12. */
u128 dfp_to_bcd(const struct dfp_format *f, unsigned sp, u128 b);
bool dfp_from_bcd(u64 *fpscr, const struct dfp_format *f, bool has_sign, u128 b, u128 *r);
/* Biased; -1 stands for infinity, -2 for a quiet, -3 for a signalling NaN. */
u64 dfp_extract_exponent(const struct dfp_format *f, u128 b);
u128 dfp_insert_exponent(const struct dfp_format *f, u64 a, u128 b);
/* The significand moved by @n digits. */
u128 dfp_shift_left(const struct dfp_format *f, u128 a, unsigned n);
u128 dfp_shift_right(const struct dfp_format *f, u128 a, unsigned n);

#endif
