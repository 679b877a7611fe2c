/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "fp_number.h"

const struct format format_single = {24, -126, 127, 192};
const struct format format_double = {53, -1022, 1023, 1536};

void number_init(struct number *n)
{
	memset(n, 0, sizeof(*n));
	mpz_init(n->digits);
}

void number_clear(struct number *n)
{
	mpz_clear(n->digits);
}

void number_copy(struct number *to, const struct number *from)
{
	to->kind = from->kind;
	to->negative = from->negative;
	to->payload = from->payload;
	mpz_set(to->digits, from->digits);
	to->exponent = from->exponent;
	to->more = from->more;
}

void number_set(struct number *n, bool negative, u64 digits, long exponent)
{
	n->kind = digits ? NUM_FINITE : NUM_ZERO;
	n->negative = negative;
	mpz_set_ui(n->digits, digits);
	n->exponent = exponent;
	n->more = false;
}

void number_set_kind(struct number *n, enum number_kind kind, bool negative)
{
	n->kind = kind;
	n->negative = negative;
	n->payload = 1ull << 51; /* a NaN is then the default one */
	n->more = false;
}

static int fraction_bits(const struct format *f)
{
	return f->precision - 1;
}

static unsigned biased_max(const struct format *f)
{
	return 2 * (unsigned)f->emax + 1;
}

static int sign_bit(const struct format *f)
{
	return f->precision == 24 ? 31 : 63;
}

void number_read(struct number *n, const struct format *f, u64 bits)
{
	int width = fraction_bits(f);
	u64 fraction = bits & ((1ull << width) - 1);
	unsigned biased = (unsigned)(bits >> width) & biased_max(f);
	bool negative = bits >> sign_bit(f) & 1;

	if (biased < biased_max(f)) {
		if (biased)
			number_set(n, negative, fraction | 1ull << width,
				   (long)biased - f->emax - width);
		else
			number_set(n, negative, fraction, f->emin - width);
		return;
	}
	if (!fraction) {
		number_set_kind(n, NUM_INFINITY, negative);
		return;
	}
	number_set_kind(n, fraction >> (width - 1) ? NUM_QNAN : NUM_SNAN, negative);
	n->payload = fraction << (52 - width);
}

long number_top(const struct number *n)
{
	return (long)mpz_sizeinbase(n->digits, 2) - 1 + n->exponent;
}

static long quantum_of(long top, const struct format *f)
{
	return (top < f->emin ? f->emin : top) - fraction_bits(f);
}

bool number_fits(const struct number *n, const struct format *f)
{
	long top;

	if (number_is_nan(n))
		return !(n->payload & ((1ull << (52 - fraction_bits(f))) - 1));
	if (n->kind != NUM_FINITE)
		return true;
	top = number_top(n);
	return !n->more && top <= f->emax &&
	       (long)mpz_scan1(n->digits, 0) + n->exponent >= quantum_of(top, f);
}

u64 number_bits(const struct number *n, const struct format *f)
{
	int width = fraction_bits(f);
	u64 sign = (u64)n->negative << sign_bit(f), all = (u64)biased_max(f) << width, digits;
	long top, quantum;
	mpz_t scaled;

	if (n->kind == NUM_ZERO)
		return sign;
	if (n->kind == NUM_INFINITY)
		return sign | all;
	if (number_is_nan(n))
		return sign | all | n->payload >> (52 - width);
	assert(number_fits(n, f));
	top = number_top(n);
	quantum = quantum_of(top, f);
	mpz_init(scaled);
	if (quantum <= n->exponent)
		mpz_mul_2exp(scaled, n->digits, (mp_bitcnt_t)(n->exponent - quantum));
	else
		mpz_tdiv_q_2exp(scaled, n->digits, (mp_bitcnt_t)(quantum - n->exponent));
	digits = mpz_get_ui(scaled);
	mpz_clear(scaled);
	if (top < f->emin)
		return sign | digits;
	return sign | (u64)(top + f->emax) << width | (digits & ((1ull << width) - 1));
}

/* The digits of @n at the exponent @at, which is not above its own. */
static void digits_at(mpz_t out, const struct number *n, long at)
{
	mpz_mul_2exp(out, n->digits, (mp_bitcnt_t)(n->exponent - at));
	if (n->negative)
		mpz_neg(out, out);
}

void number_add(struct number *r, const struct number *a, const struct number *b,
		enum round_mode mode)
{
	long at = a->exponent < b->exponent ? a->exponent : b->exponent;
	mpz_t x, y;

	if (a->kind == NUM_ZERO && b->kind == NUM_ZERO) {
		number_set(r, a->negative == b->negative ? a->negative : mode == ROUND_DOWN, 0, 0);
		return;
	}
	if (a->kind == NUM_ZERO || b->kind == NUM_ZERO) {
		number_copy(r, a->kind == NUM_ZERO ? b : a);
		return;
	}
	mpz_inits(x, y, NULL);
	digits_at(x, a, at);
	digits_at(y, b, at);
	mpz_add(x, x, y);
	if (mpz_sgn(x)) {
		r->kind = NUM_FINITE;
		r->negative = mpz_sgn(x) < 0;
		mpz_abs(r->digits, x);
		r->exponent = at;
		r->more = false;
	} else {
		number_set(r, mode == ROUND_DOWN, 0, 0);
	}
	mpz_clears(x, y, NULL);
}

void number_mul(struct number *r, const struct number *a, const struct number *b)
{
	r->negative = a->negative != b->negative;
	r->more = false;
	r->kind = a->kind == NUM_ZERO || b->kind == NUM_ZERO ? NUM_ZERO : NUM_FINITE;
	r->exponent = a->exponent + b->exponent;
	mpz_mul(r->digits, a->digits, b->digits);
}

void number_div(struct number *r, const struct number *a, const struct number *b, unsigned bits)
{
	unsigned shift = bits + (unsigned)mpz_sizeinbase(b->digits, 2);
	mpz_t dividend, rest;

	r->negative = a->negative != b->negative;
	r->more = false;
	r->kind = a->kind;
	if (a->kind == NUM_ZERO)
		return;
	mpz_inits(dividend, rest, NULL);
	mpz_mul_2exp(dividend, a->digits, shift);
	r->exponent = a->exponent - b->exponent - (long)shift;
	mpz_tdiv_qr(r->digits, rest, dividend, b->digits);
	r->more = mpz_sgn(rest) != 0;
	mpz_clears(dividend, rest, NULL);
}

void number_sqrt(struct number *r, const struct number *a, unsigned bits)
{
	unsigned shift = 2 * bits + (unsigned)(a->exponent & 1);
	mpz_t square, rest;

	r->kind = a->kind;
	r->negative = a->negative;
	r->more = false;
	if (a->kind == NUM_ZERO)
		return;
	mpz_inits(square, rest, NULL);
	mpz_mul_2exp(square, a->digits, shift);
	r->exponent = (a->exponent - (long)shift) / 2;
	mpz_sqrtrem(r->digits, rest, square);
	r->more = mpz_sgn(rest) != 0;
	mpz_clears(square, rest, NULL);
}

int number_compare(const struct number *a, const struct number *b)
{
	struct number difference, minus;
	int order;

	if (a->kind == NUM_INFINITY || b->kind == NUM_INFINITY) {
		int x = a->kind == NUM_INFINITY ? (a->negative ? -1 : 1) : 0;
		int y = b->kind == NUM_INFINITY ? (b->negative ? -1 : 1) : 0;

		return (x > y) - (x < y);
	}
	number_init(&difference);
	number_init(&minus);
	number_copy(&minus, b);
	minus.negative = !minus.negative;
	number_add(&difference, a, &minus, ROUND_NEAREST);
	order = difference.kind == NUM_ZERO ? 0 : difference.negative ? -1 : 1;
	number_clear(&difference);
	number_clear(&minus);
	return order;
}

/* @against_half: how what is cut off compares with half of the last place. */
static bool away_from_zero(enum round_mode mode, bool negative, bool odd, bool inexact,
			   int against_half)
{
	switch (mode) {
	case ROUND_NEAREST:
		return against_half > 0 || (against_half == 0 && odd);
	case ROUND_AWAY:
		return against_half >= 0;
	case ROUND_ZERO:
		return false;
	case ROUND_UP:
		return inexact && !negative;
	case ROUND_DOWN:
		return inexact && negative;
	}
	return false;
}

bool number_round_at(struct number *n, long quantum, enum round_mode mode, bool *up)
{
	long cut = quantum - n->exponent;
	bool inexact;
	int against_half;
	mpz_t rest, half;

	*up = false;
	if (n->kind != NUM_FINITE)
		return false;
	assert(cut > 0 || !n->more);
	if (cut <= 0)
		return false;
	mpz_inits(rest, half, NULL);
	mpz_tdiv_r_2exp(rest, n->digits, (mp_bitcnt_t)cut);
	mpz_tdiv_q_2exp(n->digits, n->digits, (mp_bitcnt_t)cut);
	mpz_setbit(half, (mp_bitcnt_t)cut - 1);
	inexact = mpz_sgn(rest) || n->more;
	against_half = mpz_cmp(rest, half);
	if (against_half == 0 && n->more)
		against_half = 1;
	*up = away_from_zero(mode, n->negative, mpz_odd_p(n->digits), inexact, against_half);
	if (*up)
		mpz_add_ui(n->digits, n->digits, 1);
	n->exponent = quantum;
	n->more = false;
	if (!mpz_sgn(n->digits))
		n->kind = NUM_ZERO;
	mpz_clears(rest, half, NULL);
	return inexact;
}

/* A result too large for @f, with the exception disabled: an infinity or the largest number. */
static void overflow(struct number *n, const struct format *f, enum round_mode mode)
{
	bool largest = mode == ROUND_ZERO || (mode == ROUND_UP && n->negative) ||
		       (mode == ROUND_DOWN && !n->negative);

	if (largest)
		number_set(n, n->negative, (1ull << f->precision) - 1, f->emax - fraction_bits(f));
	else
		number_set_kind(n, NUM_INFINITY, n->negative);
}

void number_round(struct number *n, const struct format *f, struct fp_status *s)
{
	enum round_mode mode = (enum round_mode)(s->fpscr & S_RN);
	bool tiny, adjusted;
	long top;

	s->fr = s->fi = false;
	if (n->kind != NUM_FINITE)
		return;
	top = number_top(n);
	tiny = top < f->emin; /* before rounding */
	adjusted = tiny && (s->fpscr & S_UE);
	s->fi = number_round_at(n, adjusted ? top - fraction_bits(f) : quantum_of(top, f), mode,
				&s->fr);
	if (tiny && ((s->fpscr & S_UE) || s->fi))
		s->raised |= S_UX;
	if (adjusted)
		n->exponent += f->adjust;
	if (!tiny && number_top(n) > f->emax) {
		s->raised |= S_OX;
		if (s->fpscr & S_OE) {
			n->exponent -= f->adjust;
		} else {
			overflow(n, f, mode);
			s->fi = s->fr_unknown = true;
		}
	}
	if (s->fi)
		s->raised |= S_XX;
}

u64 number_class(const struct number *n, const struct format *f)
{
	switch (n->kind) {
	case NUM_ZERO:
		return n->negative ? 0x12000 : 0x02000;
	case NUM_INFINITY:
		return n->negative ? 0x09000 : 0x05000;
	case NUM_FINITE:
		if (number_top(n) < f->emin)
			return n->negative ? 0x18000 : 0x14000;
		return n->negative ? 0x08000 : 0x04000;
	default:
		return 0x11000;
	}
}
