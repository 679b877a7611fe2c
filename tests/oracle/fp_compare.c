/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparisons, tests for software division and root, maximum and minimum, and what only moves bits
 * (Book I 4.6.5, 4.6.8, 4.6.9, 7.6.1).
 */
#include "fp_oracle.h"

/* FPCC's bits, as in a field of CR. */
#define LESS	 8u
#define MORE	 4u
#define SAME	 2u
#define NO_ORDER 1u

static unsigned relation(const struct number *a, const struct number *b)
{
	int order;

	if (number_is_nan(a) || number_is_nan(b))
		return NO_ORDER;
	order = number_compare(a, b);
	return order < 0 ? LESS : order > 0 ? MORE : SAME;
}

/*
 * What a comparison finds invalid. An enabled signalling NaN isn't an invalid comparison besides
 * (4.6.8).
 */
static u64 invalid_comparison(const struct number *a, const struct number *b, bool ordered,
			      u64 fpscr)
{
	if (a->kind == NUM_SNAN || b->kind == NUM_SNAN)
		return S_VXSNAN | (ordered && !(fpscr & S_VE) ? S_VXVC : 0);
	if (number_is_nan(a) || number_is_nan(b))
		return ordered ? S_VXVC : 0;
	return 0;
}

void run_compare(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	struct fp_fields f = fp_fields(row->shape, insn);
	u64 *fpscr = &m->state->fpscr;
	struct number a, b;
	unsigned cc;

	number_init(&a);
	number_init(&b);
	number_read(&a, &format_double, m->state->vsr[f.a][0]);
	number_read(&b, &format_double, m->state->vsr[f.b][0]);
	cc = relation(&a, &b);
	*fpscr = (*fpscr & ~S_FPCC) | cc << 12;
	m->fpscr_unknown &= ~S_FPCC;
	cr_put(m, insn_bits(insn, 6, 8), cc, 0);
	*fpscr = fpscr_raise(*fpscr, invalid_comparison(&a, &b, row->op == ORDERED, *fpscr));
	number_clear(&a);
	number_clear(&b);
}

static bool holds(int what, unsigned relation)
{
	switch (what) {
	case EQUAL:
		return relation == SAME;
	case GREATER:
		return relation == MORE;
	}
	return relation == MORE || relation == SAME;
}

/*
 * xvcmp*: all ones or zeros in each lane; the record form tells in CR6 whether all are, or none is;
 * undefined when an enabled exception keeps the target.
 */
void run_vector_compare(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	struct fp_fields f = fp_fields(row->shape, insn);
	unsigned lanes = fp_lanes(row), hits = 0;
	u64 raised = 0, value[4];
	struct number a, b;
	bool kept;

	number_init(&a);
	number_init(&b);
	for (unsigned i = 0; i < lanes; i++) {
		number_read(&a, element_format(row->from),
			    fp_lane_get(m->state, f.a, i, row->from, lanes));
		number_read(&b, element_format(row->from),
			    fp_lane_get(m->state, f.b, i, row->from, lanes));
		value[i] = holds(row->op, relation(&a, &b)) ? ~0ull : 0;
		hits += value[i] & 1;
		raised |= invalid_comparison(&a, &b, row->op != EQUAL, m->state->fpscr);
	}
	number_clear(&a);
	number_clear(&b);
	kept = raised && (m->state->fpscr & S_VE);
	m->state->fpscr = fpscr_raise(m->state->fpscr, raised);
	for (unsigned i = 0; i < lanes && !kept; i++)
		fp_lane_put(m->state, f.t, i, row->from, lanes, value[i]);
	if (!insn_bits(insn, 21, 21))
		return;
	cr_put(m, 6, hits == lanes ? 8 : hits == 0 ? 2 : 0, kept ? 15 : 0);
}

/*
 * ftdiv: is a quotient by the usual iteration safe? The bounds are those of the format's exponents.
 */
static void test_divide(const struct number *a, const struct number *b, const struct format *f,
			bool *fe, bool *fg)
{
	int range = f->emax, digits = f->precision - 1;

	if (number_is_nan(a) || a->kind == NUM_INFINITY || number_is_nan(b) ||
	    b->kind != NUM_FINITE) {
		*fe = true;
	} else {
		long eb = number_top(b);

		*fe |= eb <= f->emin || eb >= range - 2;
		if (a->kind == NUM_FINITE) {
			long ea = number_top(a);

			*fe |= ea - eb >= range || ea - eb <= f->emin + 1 || ea <= f->emin + digits;
		}
	}
	*fg |= a->kind == NUM_INFINITY || b->kind == NUM_INFINITY || b->kind == NUM_ZERO ||
	       (b->kind == NUM_FINITE && number_top(b) < f->emin);
}

static void test_root(const struct number *b, const struct format *f, bool *fe, bool *fg)
{
	*fe |= b->kind != NUM_FINITE || b->negative || number_top(b) <= f->emin + f->precision - 1;
	*fg |= b->kind == NUM_ZERO || b->kind == NUM_INFINITY ||
	       (b->kind == NUM_FINITE && number_top(b) < f->emin);
}

void run_test(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	struct fp_fields f = fp_fields(row->shape, insn);
	unsigned lanes = fp_lanes(row);
	bool fe = false, fg = false;
	struct number a, b;

	number_init(&a);
	number_init(&b);
	for (unsigned i = 0; i < lanes; i++) {
		number_read(&a, row->format, fp_lane_get(m->state, f.a, i, row->from, lanes));
		number_read(&b, row->format, fp_lane_get(m->state, f.b, i, row->from, lanes));
		if (row->op == TEST_DIVIDE)
			test_divide(&a, &b, row->format, &fe, &fg);
		else
			test_root(&b, row->format, &fe, &fg);
	}
	number_clear(&a);
	number_clear(&b);
	cr_put(m, insn_bits(insn, 6, 8), 8u | (fg ? 4u : 0) | (fe ? 2u : 0), 0);
}

/* A number is preferred to a quiet NaN, but not to a signalling one. */
static const struct number *extreme(int op, const struct number *a, const struct number *b)
{
	int order;

	if (a->kind == NUM_SNAN || (b->kind != NUM_SNAN && b->kind == NUM_QNAN))
		return a;
	if (a->kind == NUM_QNAN)
		return b->kind == NUM_SNAN ? a : b;
	if (b->kind == NUM_SNAN)
		return b;
	order = number_compare(a, b);
	if (order == 0 && a->negative != b->negative) /* +0 is above -0 */
		order = a->negative ? -1 : 1;
	return (op == MAXIMUM ? order >= 0 : order <= 0) ? a : b;
}

void lane_extreme(const struct fp_row *row, struct fp_lane *lane)
{
	struct number n[2];
	const struct number *chosen;

	for (unsigned i = 0; i < 2; i++) {
		number_init(&n[i]);
		lane_read(row, lane, i, &n[i]);
		if (n[i].kind == NUM_SNAN)
			lane->s.raised |= S_VXSNAN;
	}
	chosen = extreme(row->op, &n[0], &n[1]);
	lane->out = chosen == &n[0] ? lane->in[0] : lane->in[1];
	if (number_is_nan(chosen))
		lane->out |= row->from == E_DOUBLE ? 1ull << 51 : 1ull << 22;
	for (unsigned i = 0; i < 2; i++)
		number_clear(&n[i]);
}

/* A is at least zero, of either sign, and no NaN. */
static bool at_least_zero(u64 a)
{
	struct number n;
	bool result;

	number_init(&n);
	number_read(&n, &format_double, a);
	result = !number_is_nan(&n) && (n.kind == NUM_ZERO || !n.negative);
	number_clear(&n);
	return result;
}

void lane_bits(const struct fp_row *row, struct fp_lane *lane)
{
	u64 sign = row->from == E_DOUBLE ? 1ull << 63 : 1ull << 31;
	const u64 *in = lane->in;

	switch (row->op) {
	case ABS:
		lane->out = in[0] & ~sign;
		break;
	case NABS:
		lane->out = in[0] | sign;
		break;
	case NEG:
		lane->out = in[0] ^ sign;
		break;
	case COPY_SIGN: /* the sign of A, the rest of B */
		lane->out = (in[0] & sign) | (in[1] & ~sign);
		break;
	case MOVE:
		lane->out = in[0];
		break;
	case SELECT: /* in A, C, B's order */
		lane->out = at_least_zero(in[0]) ? in[1] : in[2];
		break;
	case MERGE_EVEN:
		lane->out = (in[0] >> 32 << 32) | in[1] >> 32;
		break;
	case MERGE_ODD:
		lane->out = in[0] << 32 | (u32)in[1];
		break;
	}
}
