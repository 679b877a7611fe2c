/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic, rounding to integral values and conversions (Book I 4.6.6, 4.6.7, 7.6.1). */
#include "fp_oracle.h"

/* Of quotients and roots: more than any format has; what follows is only "more". */
#define QUOTIENT_BITS 160

const struct format *element_format(enum element e)
{
	return e == E_SINGLE ? &format_single : &format_double;
}

void lane_read(const struct fp_row *row, const struct fp_lane *lane, unsigned i, struct number *n)
{
	number_read(n, element_format(row->from), lane->in[i]);
}

/*
 * A NaN of a scalar single is one that a single holds: what is right of its fraction is cut off
 * (frsp, Book I 4.6.7.1; for arithmetic as POWER8 does it). A number that the target's format can't
 * hold is one that the architecture leaves open.
 */
void lane_write(const struct fp_row *row, struct fp_lane *lane, struct number *n)
{
	const struct format *format = element_format(row->to);

	if (number_is_nan(n) && row->format == &format_single)
		n->payload &= ~0x1fffffffull;
	if (!number_fits(n, format)) {
		lane->s.unknown = true;
		return;
	}
	lane->out = number_bits(n, format);
	lane->s.fprf = number_class(n, row->format);
}

bool choose_nan(const struct number *n, unsigned count, struct number *r, struct fp_status *s)
{
	bool found = false;

	for (unsigned i = 0; i < count; i++) {
		if (n[i].kind == NUM_SNAN)
			s->raised |= S_VXSNAN;
		if (!number_is_nan(&n[i]) || found)
			continue;
		number_copy(r, &n[i]);
		r->kind = NUM_QNAN;
		r->payload |= 1ull << 51;
		found = true;
	}
	return found;
}

static void invalid(struct number *r, struct fp_status *s, u64 why)
{
	s->raised |= why;
	number_set_kind(r, NUM_QNAN, false);
}

static void add(const struct number *a, const struct number *b, struct number *r,
		struct fp_status *s)
{
	bool infinite_a = a->kind == NUM_INFINITY, infinite_b = b->kind == NUM_INFINITY;

	if (infinite_a && infinite_b && a->negative != b->negative)
		invalid(r, s, S_VXISI);
	else if (infinite_a || infinite_b)
		number_set_kind(r, NUM_INFINITY, infinite_a ? a->negative : b->negative);
	else
		number_add(r, a, b, (enum round_mode)(s->fpscr & S_RN));
}

static void multiply(const struct number *a, const struct number *b, struct number *r,
		     struct fp_status *s)
{
	if (a->kind != NUM_INFINITY && b->kind != NUM_INFINITY)
		number_mul(r, a, b);
	else if (a->kind == NUM_ZERO || b->kind == NUM_ZERO)
		invalid(r, s, S_VXIMZ);
	else
		number_set_kind(r, NUM_INFINITY, a->negative != b->negative);
}

static void divide(const struct number *a, const struct number *b, struct number *r,
		   struct fp_status *s)
{
	bool negative = a->negative != b->negative;

	if (a->kind == NUM_INFINITY && b->kind == NUM_INFINITY) {
		invalid(r, s, S_VXIDI);
	} else if (a->kind == NUM_ZERO && b->kind == NUM_ZERO) {
		invalid(r, s, S_VXZDZ);
	} else if (a->kind == NUM_INFINITY) {
		number_set_kind(r, NUM_INFINITY, negative);
	} else if (b->kind == NUM_INFINITY) {
		number_set(r, negative, 0, 0);
	} else if (b->kind == NUM_ZERO) {
		s->raised |= S_ZX;
		number_set_kind(r, NUM_INFINITY, negative);
	} else {
		number_div(r, a, b, QUOTIENT_BITS);
	}
}

static void root(const struct number *a, struct number *r, struct fp_status *s)
{
	if (a->negative && a->kind != NUM_ZERO)
		invalid(r, s, S_VXSQRT);
	else if (a->kind == NUM_INFINITY)
		number_copy(r, a);
	else
		number_sqrt(r, a, QUOTIENT_BITS);
}

/* n[0] * n[2] + or - n[1] */
static void multiply_add(const struct number *n, bool subtract, struct number *r,
			 struct fp_status *s)
{
	struct number product, addend;

	number_init(&product);
	number_init(&addend);
	number_copy(&addend, &n[1]);
	addend.negative ^= subtract;
	multiply(&n[0], &n[2], &product, s);
	if (number_is_nan(&product))
		number_copy(r, &product);
	else
		add(&product, &addend, r, s);
	number_clear(&product);
	number_clear(&addend);
}

static bool infinity_times_zero(const struct number *a, const struct number *b)
{
	return (a->kind == NUM_INFINITY && b->kind == NUM_ZERO) ||
	       (a->kind == NUM_ZERO && b->kind == NUM_INFINITY);
}

static unsigned operand_count(int op)
{
	return op >= MADD && op <= NMSUB ? 3 : op == SQRT || op == CONVERT ? 1 : 2;
}

void arith(int op, const struct number *n, struct number *r, struct fp_status *s)
{
	struct number minus;

	if (operand_count(op) == 3 && infinity_times_zero(&n[0], &n[2]))
		s->raised |= S_VXIMZ; /* whatever is added, a NaN too */
	if (choose_nan(n, operand_count(op), r, s))
		return;
	switch (op) {
	case ADD:
		add(&n[0], &n[1], r, s);
		break;
	case SUB:
		number_init(&minus);
		number_copy(&minus, &n[1]);
		minus.negative = !minus.negative;
		add(&n[0], &minus, r, s);
		number_clear(&minus);
		break;
	case MUL:
		multiply(&n[0], &n[1], r, s);
		break;
	case DIV:
		divide(&n[0], &n[1], r, s);
		break;
	case SQRT:
		root(&n[0], r, s);
		break;
	case CONVERT:
		number_copy(r, &n[0]);
		break;
	default:
		multiply_add(n, op == MSUB || op == NMSUB, r, s);
	}
}

void lane_arith(const struct fp_row *row, struct fp_lane *lane)
{
	struct number n[3], r;

	number_init(&r);
	for (unsigned i = 0; i < 3; i++) {
		number_init(&n[i]);
		if (i < operand_count(row->op))
			lane_read(row, lane, i, &n[i]);
	}
	arith(row->op, n, &r, &lane->s);
	number_round(&r, row->format, &lane->s);
	/* Rounded first, then negated; a NaN stays as it is. */
	if ((row->op == NMADD || row->op == NMSUB) && !number_is_nan(&r))
		r.negative = !r.negative;
	lane_write(row, lane, &r);
	for (unsigned i = 0; i < 3; i++)
		number_clear(&n[i]);
	number_clear(&r);
}

static enum round_mode mode_of(const struct fp_row *row, const struct fp_lane *lane)
{
	int mode = row->op & ~UNSIGNED;

	return mode == BY_RN ? (enum round_mode)(lane->s.fpscr & S_RN) : (enum round_mode)mode;
}

/* To an integral value: only the form that rounds as RN says (xsrdpic) tells of inexactness. */
void lane_integral(const struct fp_row *row, struct fp_lane *lane)
{
	struct number n, r;
	bool up = false, inexact;

	number_init(&n);
	number_init(&r);
	lane_read(row, lane, 0, &n);
	if (!choose_nan(&n, 1, &r, &lane->s)) {
		number_copy(&r, &n);
		inexact = number_round_at(&r, 0, mode_of(row, lane), &up);
		if (row->op == BY_RN && inexact) {
			lane->s.raised |= S_XX;
			lane->s.fi = true;
			lane->s.fr = up;
		}
	}
	lane_write(row, lane, &r);
	number_clear(&n);
	number_clear(&r);
}

/* Where a conversion to an integer of @bits bits ends: what out-of-range values become. */
static u64 bound(bool is_signed, unsigned bits, bool negative)
{
	u64 all = ~0ull >> (64 - bits);

	if (is_signed)
		return negative ? 1ull << (bits - 1) : all >> 1;
	return negative ? 0 : all;
}

static bool out_of_range(const struct number *n, bool is_signed, unsigned bits)
{
	struct number limit;
	bool outside;

	if (n->kind == NUM_ZERO)
		return false;
	number_init(&limit);
	number_set(&limit, n->negative, bound(is_signed, bits, n->negative), 0);
	outside = number_compare(n, &limit) * (n->negative ? -1 : 1) > 0;
	number_clear(&limit);
	return outside;
}

static u64 integer_of(const struct number *n)
{
	u64 value = 0;
	mpz_t scaled;

	if (n->kind == NUM_ZERO)
		return 0;
	mpz_init(scaled);
	mpz_mul_2exp(scaled, n->digits, (mp_bitcnt_t)n->exponent);
	value = mpz_get_ui(scaled);
	mpz_clear(scaled);
	return n->negative ? -value : value;
}

/* A rounded value has the exponent 0 or one above it: it is an integer. */
void lane_to_integer(const struct fp_row *row, struct fp_lane *lane)
{
	unsigned bits = row->to == E_LONG ? 64 : 32;
	bool is_signed = !(row->op & UNSIGNED), up = false, inexact;
	struct number n;

	number_init(&n);
	lane_read(row, lane, 0, &n);
	inexact = number_round_at(&n, 0, mode_of(row, lane), &up);
	if (number_is_nan(&n) || n.kind == NUM_INFINITY || out_of_range(&n, is_signed, bits)) {
		lane->s.raised |= S_VXCVI | (n.kind == NUM_SNAN ? S_VXSNAN : 0);
		lane->out = bound(is_signed, bits, number_is_nan(&n) || n.negative);
	} else {
		lane->out = integer_of(&n) & (~0ull >> (64 - bits));
		lane->s.fi = inexact;
		lane->s.fr = up;
		lane->s.raised |= inexact ? S_XX : 0;
	}
	number_clear(&n);
}

void lane_from_integer(const struct fp_row *row, struct fp_lane *lane)
{
	u64 value = lane->in[0];
	bool negative;
	struct number n;

	if (row->from == E_WORD && !(row->op & UNSIGNED))
		value = (u64)(s64)(s32)value;
	negative = !(row->op & UNSIGNED) && value >> 63;
	number_init(&n);
	number_set(&n, negative, negative ? -value : value, 0);
	number_round(&n, row->format, &lane->s);
	lane_write(row, lane, &n);
	number_clear(&n);
}
