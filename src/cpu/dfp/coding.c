/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal numbers and their bits: sign, combination field (five bits that hold the leftmost digit
 * and the exponent's first two bits, or say that it is no number; then the rest of the exponent),
 * trailing significand in declets. ISA 2.07 Book I 5.4.
 */
#include <pthread.h>
#include "cpu/dfp/declet.h"
#include "cpu/dfp/number.h"

const struct dfp_format dfp_short = {
    .digits = 7,
    .declets = 2,
    .exponent_bits = 6,
    .bias = 101,
    .max_biased = 191,
};

const struct dfp_format dfp_long = {
    .digits = 16,
    .declets = 5,
    .exponent_bits = 8,
    .bias = 398,
    .max_biased = 767,
    .wrap = 576,
    .narrow_wrap = 192,
};

const struct dfp_format dfp_extended = {
    .digits = 34,
    .declets = 11,
    .exponent_bits = 12,
    .bias = 6176,
    .max_biased = 12287,
    .wrap = 9216,
    .narrow_wrap = 3072,
};

/* The five bits that begin the combination field. */
#define COMBINATION_LARGE 0x18 /* the digit is 8 or 9 */
#define COMBINATION_INF	  0x1e
#define COMBINATION_NAN	  0x1f

/* Declets and the numbers below 1000. */
static u16 number_of[1024], declet_of[1000];

static void make_tables(void)
{
	for (u32 declet = 0; declet < 1024; declet++) {
		u32 digits = declet_to_digits(declet);

		number_of[declet] =
		    (u16)((digits >> 8) * 100 + (digits >> 4 & 15) * 10 + (digits & 15));
	}
	for (u32 n = 0; n < 1000; n++)
		declet_of[n] =
		    (u16)digits_to_declet((n / 100) << 8 | (n / 10 % 10) << 4 | (n % 10));
}

static void need_tables(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_tables);
}

static u128 unpack_declets(u128 bits, unsigned declets)
{
	u128 v = 0;

	for (unsigned i = declets; i-- > 0;)
		v = v * 1000 + number_of[(u32)(bits >> (10 * i)) & 0x3ff];
	return v;
}

/* Those of @v; what is left of them is returned. */
static u64 pack_declets(u128 v, unsigned declets, u128 *bits)
{
	const u64 part = 1000000000000000000ull; /* six declets */
	u64 low = (u64)(v % part), high = (u64)(v / part);

	*bits = 0;
	for (unsigned i = 0; i < declets; i++) {
		if (i == 6)
			low = high;
		*bits |= (u128)declet_of[low % 1000] << (10 * i);
		low /= 1000;
	}
	return low;
}

struct dfp_num dfp_unpack(const struct dfp_format *f, u128 bits)
{
	unsigned trailing = 10u * f->declets, exponent_bits = f->exponent_bits;
	u32 combination = (u32)(bits >> (trailing + exponent_bits)) & 0x1f;
	u32 exponent = (u32)(bits >> trailing) & ((1u << exponent_bits) - 1);
	struct dfp_num n = {
	    .class = DFP_FINITE,
	    .sign = bits >> (trailing + exponent_bits + 5) & 1,
	};
	u32 digit, high;

	need_tables();
	n.coeff = unpack_declets(bits, f->declets);
	if (combination >= COMBINATION_INF) {
		n.class = combination == COMBINATION_INF    ? DFP_INF
			  : exponent >> (exponent_bits - 1) ? DFP_SNAN
							    : DFP_QNAN;
		return n;
	}
	if (combination >= COMBINATION_LARGE) {
		high = combination >> 1 & 3;
		digit = 8 | (combination & 1);
	} else {
		high = combination >> 3;
		digit = combination & 7;
	}
	n.exp = (int)(high << exponent_bits | exponent) - f->bias;
	n.coeff += digit * dfp_ten_to(f->digits - 1u);
	return n;
}

u128 dfp_pack(const struct dfp_format *f, const struct dfp_num *n)
{
	unsigned exponent_bits = f->exponent_bits;
	u32 combination, exponent = 0;
	u128 trailing;
	u32 digit;

	need_tables();
	digit = (u32)pack_declets(n->coeff, f->declets, &trailing);
	if (n->class == DFP_INF) {
		combination = COMBINATION_INF;
	} else if (n->class != DFP_FINITE) {
		combination = COMBINATION_NAN;
		exponent = (u32)(n->class == DFP_SNAN) << (exponent_bits - 1);
	} else {
		u32 biased = (u32)(n->exp + f->bias), high = biased >> exponent_bits;

		exponent = biased & ((1u << exponent_bits) - 1);
		combination =
		    digit > 7 ? COMBINATION_LARGE | high << 1 | (digit & 1) : high << 3 | digit;
	}
	return ((u128)((u32)n->sign << 5 | combination) << exponent_bits | exponent)
		   << (10u * f->declets) |
	       trailing;
}
