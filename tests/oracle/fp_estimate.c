/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Estimates have bounds, not values (Book I 4.6.6.1, 6.10.4, 7.6.1): the product's result is taken
 * for right if it is within them. Special operands have values.
 */
#include <math.h>

#include "fp_oracle.h"

/*
 * |@g / @exact - 1| at most 2^-@bits? Or off by less than @slack, the place of a denormalized
 * result's last bit.
 */
static bool near(const struct number *g, const struct number *exact, unsigned bits, long slack)
{
	struct number difference, bound, last;
	bool result = false;

	if (number_is_nan(g) || g->kind == NUM_INFINITY)
		return false;
	number_init(&difference);
	number_init(&bound);
	number_init(&last);
	number_copy(&bound, exact);
	bound.negative = !bound.negative;
	number_add(&difference, g, &bound, ROUND_NEAREST);
	difference.negative = false;
	bound.negative = false;
	bound.exponent -= (long)bits;
	if (slack) {
		number_set(&last, false, 1, slack);
		number_add(&bound, &bound, &last, ROUND_NEAREST);
	}
	result = number_compare(&difference, &bound) <= 0;
	number_clear(&difference);
	number_clear(&bound);
	number_clear(&last);
	return result;
}

static void exact_value(int what, const struct number *x, struct number *r)
{
	struct number one, root;

	number_init(&one);
	number_init(&root);
	number_set(&one, false, 1, 0);
	if (what == RECIPROCAL_ROOT) {
		number_sqrt(&root, x, 200);
		root.more = false;
	} else {
		number_copy(&root, x);
	}
	number_div(r, &one, &root, 200);
	r->more = false;
	number_clear(&one);
	number_clear(&root);
}

static void may_raise(struct fp_lane *lane, const struct fp_row *row, u64 exceptions, u64 enables)
{
	lane->fpscr_unknown |= exceptions | S_FX;
	if (!(lane->s.fpscr & enables))
		return;
	lane->fpscr_unknown |= S_FEX;
	if (row->shape == SHAPE_XV) /* is the target written at all? */
		lane->s.unknown = true;
}

/* Near the ends of the range, and beyond: an exception and its adjusted exponent may be due. */
static bool acceptable(const struct fp_row *row, struct fp_lane *lane, const struct number *exact,
		       struct number *g)
{
	const struct format *f = row->format;
	unsigned bits = (unsigned)row->op >> 8;
	long top = number_top(exact), last = f->emin - f->precision + 1;

	if (top > f->emin && top < f->emax)
		return near(g, exact, bits, 0);
	if (top <= f->emin) {
		may_raise(lane, row, S_UX, S_UE);
		if (lane->flush && g->kind == NUM_ZERO)
			return true;
		if (lane->s.fpscr & S_UE && top < f->emin) {
			lane->s.raised |= S_UX;
			g->exponent -= f->adjust;
			return near(g, exact, bits, 0);
		}
		return near(g, exact, bits, last);
	}
	may_raise(lane, row, S_OX, S_OE);
	if (top == f->emax && near(g, exact, bits, 0))
		return true;
	if (lane->s.fpscr & S_OE) {
		g->exponent += f->adjust;
		return near(g, exact, bits, 0);
	}
	return g->kind == NUM_INFINITY || (g->kind == NUM_FINITE && number_top(g) == f->emax);
}

/* Of a number that isn't zero, and of no wrong sign. */
static void estimate(const struct fp_row *row, struct fp_lane *lane, const struct number *x)
{
	struct number exact, g;
	u64 class;

	number_init(&exact);
	number_init(&g);
	exact_value(row->op & 255, x, &exact);
	number_read(&g, element_format(row->to), lane->got);
	class = number_class(&g, row->format);
	may_raise(lane, row, S_XX | S_FR | S_FI, S_XE);
	if (acceptable(row, lane, &exact, &g)) {
		lane->out = lane->got;
		lane->s.fprf = class;
	} else { /* differs then, for sure: shows in the report as what it should be about */
		number_copy(&g, &exact);
		lane->s.fpscr |= S_UE | S_OE;
		number_round(&g, row->format, &lane->s);
		lane_write(row, lane, &g);
		lane->s.unknown = false;
		if (lane->out == lane->got)
			lane->out = ~lane->got;
	}
	number_clear(&exact);
	number_clear(&g);
}

void lane_estimate(const struct fp_row *row, struct fp_lane *lane)
{
	bool root = (row->op & 255) == RECIPROCAL_ROOT;
	struct number x, r;

	number_init(&x);
	number_init(&r);
	lane_read(row, lane, 0, &x);
	if (choose_nan(&x, 1, &r, &lane->s)) {
		lane_write(row, lane, &r);
	} else if (x.kind == NUM_ZERO) {
		lane->s.raised |= S_ZX;
		number_set_kind(&r, NUM_INFINITY, x.negative);
		lane_write(row, lane, &r);
	} else if (root && x.negative) {
		lane->s.raised |= S_VXSQRT;
		number_set_kind(&r, NUM_QNAN, false);
		lane_write(row, lane, &r);
	} else if (x.kind == NUM_INFINITY) {
		number_set(&r, x.negative, 0, 0);
		lane_write(row, lane, &r);
	} else {
		estimate(row, lane, &x);
	}
	/* A special operand's FR and FI are as undefined as the others'. */
	lane->fpscr_unknown |= S_FR | S_FI;
	number_clear(&x);
	number_clear(&r);
}

static float single_of(u32 word)
{
	float f;

	memcpy(&f, &word, 4);
	return f;
}

/* vexptefp, vlogefp: the host's own functions are exact enough for bounds like these. */
static bool close_to_function(int what, float x, float g, bool flush)
{
	double y = what == LOGARITHM ? log2(x) : exp2(x), error = fabs(g - y);

	if (what == LOGARITHM)
		return error <= 1.0 / 32;
	if (y >= 0x1p128 * (1 - 1.0 / 32))
		return isinf(g) || error <= y / 16;
	if (flush && y < 0x1p-126 * (1 + 1.0 / 16) && g == 0)
		return true;
	return error <= y / 16 + 0x1p-149;
}

void lane_function(const struct fp_row *row, struct fp_lane *lane)
{
	int what = row->op & 255;
	struct number x, r;

	number_init(&x);
	number_init(&r);
	lane_read(row, lane, 0, &x);
	if (choose_nan(&x, 1, &r, &lane->s)) {
		lane_write(row, lane, &r);
	} else if (what == LOGARITHM && x.kind == NUM_ZERO) {
		lane->out = 0xff800000;
	} else if (what == LOGARITHM && x.negative) {
		lane->out = 0x7fc00000;
	} else if (x.kind == NUM_INFINITY) {
		lane->out = x.negative ? 0 : 0x7f800000;
	} else {
		float value = single_of((u32)lane->in[0]);
		double y = what == LOGARITHM ? log2(value) : exp2(value);
		float about = (float)y;
		bool good = close_to_function(what, value, single_of((u32)lane->got), lane->flush);

		if (good)
			lane->out = lane->got;
		else
			memcpy(&lane->out, &about, 4);
	}
	number_clear(&x);
	number_clear(&r);
}
