/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector floating point (Book I 6.6, 6.10): singles, always to the nearest, no exceptions. With
 * VSCR[NJ] denormalized operands are zeros, and so are results that are tiny before they are
 * rounded.
 */
#include "fp_oracle.h"

#define VSCR_NJ	 0x10000u
#define VSCR_SAT 1u

#define SIGN 0x80000000u

static bool denormalized(u64 word)
{
	return !(word & 0x7f800000) && (word & 0x007fffff);
}

static u64 flushed(u64 word, bool flush)
{
	return flush && denormalized(word) ? word & SIGN : word;
}

static unsigned vmx_operand(char name, const struct fp_fields *f)
{
	return name == 'A' ? f->a : name == 'B' ? f->b : f->c;
}

void run_vmx(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	struct fp_fields f = fp_fields(SHAPE_V, insn);
	bool flush = m->state->vscr & VSCR_NJ;
	struct fp_lane lane[4];

	memset(lane, 0, sizeof(lane));
	for (unsigned i = 0; i < 4; i++) {
		struct fp_lane *l = &lane[i];

		for (unsigned k = 0; row->operands[k]; k++) {
			l->in[k] =
			    fp_lane_get(m->state, vmx_operand(row->operands[k], &f), i, E_WORD, 4);
			if (row->from == E_SINGLE)
				l->in[k] = flushed(l->in[k], flush);
		}
		if (m->got)
			l->got = fp_lane_get(m->got, f.t, i, E_WORD, 4);
		l->immediate = insn_bits(insn, 11, 15);
		l->flush = flush;
		/* An enabled underflow tells that a result is tiny. */
		l->s.fpscr = flush && row->lane == lane_arith ? S_UE : 0;
		row->lane(row, l);
		if (row->lane == lane_arith && flush && (l->s.raised & S_UX))
			l->out &= SIGN;
	}
	for (unsigned i = 0; i < 4; i++) {
		fp_lane_put(m->state, f.t, i, E_WORD, 4, lane[i].out);
		m->state->vscr |= lane[i].saturated ? VSCR_SAT : 0;
	}
	for (unsigned i = 0; i < 4; i++)
		if (lane[i].saturated_unknown && !(m->state->vscr & VSCR_SAT))
			m->vscr_unknown |= VSCR_SAT;
}

/* Any NaN makes the result one; +0 is above -0. */
void lane_vmx_extreme(const struct fp_row *row, struct fp_lane *lane)
{
	struct number n[2], r;

	number_init(&r);
	for (unsigned i = 0; i < 2; i++) {
		number_init(&n[i]);
		lane_read(row, lane, i, &n[i]);
	}
	if (choose_nan(n, 2, &r, &lane->s))
		lane_write(row, lane, &r);
	else
		lane_extreme(row, lane);
	for (unsigned i = 0; i < 2; i++)
		number_clear(&n[i]);
	number_clear(&r);
}

/* vctsxs, vctuxs: times 2^UIM, cut off, and saturated; a NaN is zero. */
void lane_vmx_to_integer(const struct fp_row *row, struct fp_lane *lane)
{
	bool is_signed = !(row->op & UNSIGNED), up;
	struct number n, limit;

	number_init(&n);
	number_init(&limit);
	lane_read(row, lane, 0, &n);
	lane->out = 0;
	if (!number_is_nan(&n)) {
		n.exponent += (long)lane->immediate;
		number_set(&limit, n.negative,
			   is_signed	? 0x7fffffffull + n.negative
			   : n.negative ? 0
					: 0xffffffffull,
			   0);
		/*
		 * The lowest signed word: saturated by the section's pseudocode, not by its words.
		 */
		lane->saturated_unknown =
		    n.negative && is_signed && n.kind == NUM_FINITE && !number_compare(&n, &limit);
		if (n.kind != NUM_INFINITY)
			number_round_at(&n, 0, ROUND_ZERO, &up);
		if (n.kind == NUM_INFINITY ||
		    (n.kind == NUM_FINITE &&
		     number_compare(&n, &limit) * (n.negative ? -1 : 1) > 0)) {
			lane->saturated = true;
			number_copy(&n, &limit);
		}
		if (n.kind == NUM_FINITE) {
			mpz_mul_2exp(n.digits, n.digits, (mp_bitcnt_t)n.exponent);
			lane->out = (u32)mpz_get_ui(n.digits);
			if (n.negative)
				lane->out = (u32)-lane->out;
		}
	}
	number_clear(&n);
	number_clear(&limit);
}

/* vcfsx, vcfux: by 2^UIM, which leaves the digits alone. */
void lane_vmx_from_integer(const struct fp_row *row, struct fp_lane *lane)
{
	u32 word = (u32)lane->in[0];
	bool negative = !(row->op & UNSIGNED) && word >> 31;
	struct number n;

	number_init(&n);
	number_set(&n, negative, negative ? (u32)-word : word, -(long)lane->immediate);
	number_round(&n, &format_single, &lane->s);
	lane_write(row, lane, &n);
	number_clear(&n);
}

/* A word of vcmpbfp: is A above B, is it below -B? NaNs are both. */
static u32 bounds(const struct number *a, struct number *b)
{
	u32 result = 0;

	if (number_is_nan(a) || number_is_nan(b))
		return 3u << 30;
	if (number_compare(a, b) > 0)
		result |= 1u << 31;
	b->negative = !b->negative;
	if (number_compare(a, b) < 0)
		result |= 1u << 30;
	return result;
}

static u32 compared(int what, const struct number *a, struct number *b)
{
	int order;

	if (what == BOUNDS)
		return bounds(a, b);
	if (number_is_nan(a) || number_is_nan(b))
		return 0;
	order = number_compare(a, b);
	return (what == EQUAL ? order == 0 : what == GREATER ? order > 0 : order >= 0) ? ~0u : 0;
}

void run_vmx_compare(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	struct fp_fields f = fp_fields(SHAPE_V, insn);
	bool flush = m->state->vscr & VSCR_NJ;
	unsigned zeros = 0;
	struct number a, b;
	u32 value[4];

	number_init(&a);
	number_init(&b);
	for (unsigned i = 0; i < 4; i++) {
		number_read(&a, &format_single,
			    flushed(fp_lane_get(m->state, f.a, i, E_WORD, 4), flush));
		number_read(&b, &format_single,
			    flushed(fp_lane_get(m->state, f.b, i, E_WORD, 4), flush));
		value[i] = compared(row->op, &a, &b);
		zeros += !value[i];
	}
	number_clear(&a);
	number_clear(&b);
	for (unsigned i = 0; i < 4; i++)
		fp_lane_put(m->state, f.t, i, E_WORD, 4, value[i]);
	if (!insn_bits(insn, 21, 21))
		return;
	/* vcmpbfp.: one bit, all are within bounds. */
	cr_put(m, 6, zeros == 4 ? 2 : zeros == 0 && row->op != BOUNDS ? 8 : 0, 0);
}
