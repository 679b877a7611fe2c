/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binary floating point by exact integers, apart from the product: what a bit pattern is worth,
 * sums and products without any error, and rounding as Power ISA 2.07B says it (Book I 4.3.6, 4.4,
 * 7.3.2, 7.4). Slow on purpose.
 */
#ifndef TESTS_ORACLE_FP_NUMBER_H
#define TESTS_ORACLE_FP_NUMBER_H

#include <gmp.h>

#include "base/bits.h"

/* The FPSCR's bits. */
#define S_FX	 0x80000000ull
#define S_FEX	 0x40000000ull
#define S_VX	 0x20000000ull
#define S_OX	 0x10000000ull
#define S_UX	 0x08000000ull
#define S_ZX	 0x04000000ull
#define S_XX	 0x02000000ull
#define S_VXSNAN 0x01000000ull
#define S_VXISI	 0x00800000ull
#define S_VXIDI	 0x00400000ull
#define S_VXZDZ	 0x00200000ull
#define S_VXIMZ	 0x00100000ull
#define S_VXVC	 0x00080000ull
#define S_FR	 0x00040000ull
#define S_FI	 0x00020000ull
#define S_FPRF	 0x0001f000ull
#define S_FPCC	 0x0000f000ull
#define S_VXSOFT 0x00000400ull
#define S_VXSQRT 0x00000200ull
#define S_VXCVI	 0x00000100ull
#define S_VE	 0x00000080ull
#define S_OE	 0x00000040ull
#define S_UE	 0x00000020ull
#define S_ZE	 0x00000010ull
#define S_XE	 0x00000008ull
#define S_NI	 0x00000004ull
#define S_RN	 0x00000003ull
#define S_DRN	 0x700000000ull
#define S_VX_ALL                                                                                   \
	(S_VXSNAN | S_VXISI | S_VXIDI | S_VXZDZ | S_VXIMZ | S_VXVC | S_VXSOFT | S_VXSQRT | S_VXCVI)
#define S_STICKY (S_OX | S_UX | S_ZX | S_XX | S_VX_ALL)

/* RN's values, and what some instructions round by. */
enum round_mode { ROUND_NEAREST, ROUND_ZERO, ROUND_UP, ROUND_DOWN, ROUND_AWAY };

struct format {
	int precision;	/* bits of the significand */
	int emin, emax; /* exponents of normal numbers */
	int adjust;	/* of the exponent, when an overflow or underflow is enabled */
};
extern const struct format format_single, format_double;

enum number_kind { NUM_ZERO, NUM_FINITE, NUM_INFINITY, NUM_QNAN, NUM_SNAN };

struct number {
	enum number_kind kind;
	bool negative;
	u64 payload;  /* of a NaN: its fraction as a double has it, 52 bits */
	mpz_t digits; /* finite: greater than zero; the value is digits * 2^exponent */
	long exponent;
	bool more; /* ... and a little more, less than 2^exponent */
};

void number_init(struct number *n);
void number_clear(struct number *n);
void number_copy(struct number *to, const struct number *from);
static inline bool number_is_nan(const struct number *n)
{
	return n->kind >= NUM_QNAN;
}
/* ±@digits * 2^@exponent, with zero if there are no digits. */
void number_set(struct number *n, bool negative, u64 digits, long exponent);
void number_set_kind(struct number *n, enum number_kind kind, bool negative);

/* What @bits are worth in @format, and the other way round: the value must fit. */
void number_read(struct number *n, const struct format *format, u64 bits);
u64 number_bits(const struct number *n, const struct format *format);
bool number_fits(const struct number *n, const struct format *format);

/*
 * Exact: finite numbers and zeros only. A sum that is zero has the sign that @mode wants. @bits:
 * how many bits of a quotient or root are wanted at least.
 */
void number_add(struct number *r, const struct number *a, const struct number *b,
		enum round_mode mode);
void number_mul(struct number *r, const struct number *a, const struct number *b);
void number_div(struct number *r, const struct number *a, const struct number *b, unsigned bits);
void number_sqrt(struct number *r, const struct number *a, unsigned bits);

/* -1, 0, 1; no NaNs. */
int number_compare(const struct number *a, const struct number *b);
/* The exponent of the leading bit of a finite number. */
long number_top(const struct number *n);

/*
 * To a multiple of 2^@quantum. Returns whether that changed the value; *@up: the magnitude became
 * greater.
 */
bool number_round_at(struct number *n, long quantum, enum round_mode mode, bool *up);

/* What one operation does to the FPSCR. */
struct fp_status {
	u64 fpscr;  /* before: modes and enables */
	u64 raised; /* exceptions */
	bool fr, fi;
	bool fr_unknown;
	bool unknown; /* the architecture leaves the result open */
	u64 fprf;     /* class of the result */
};

/*
 * Rounds a result to @format, as RN has it, with what overflow, underflow and inexactness bring
 * about.
 */
void number_round(struct number *n, const struct format *format, struct fp_status *s);

/* FPRF of a result in @format. */
u64 number_class(const struct number *n, const struct format *format);

#endif
