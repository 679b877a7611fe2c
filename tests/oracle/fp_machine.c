/* SPDX-License-Identifier: Apache-2.0 */
/* Registers, the FPSCR, and how an instruction's lanes come together. */

#include "fp_oracle.h"

u32 insn_bits(u32 insn, unsigned first, unsigned last)
{
	return insn >> (31 - last) & ((2u << (last - first)) - 1);
}

struct fp_fields fp_fields(enum shape shape, u32 insn)
{
	struct fp_fields f = {insn_bits(insn, 6, 10), insn_bits(insn, 11, 15),
			      insn_bits(insn, 16, 20), insn_bits(insn, 21, 25)};

	if (shape == SHAPE_V) {
		f.t += 32;
		f.a += 32;
		f.b += 32;
		f.c += 32;
	} else if (shape != SHAPE_F) {
		f.t += 32 * insn_bits(insn, 31, 31);
		f.a += 32 * insn_bits(insn, 29, 29);
		f.b += 32 * insn_bits(insn, 30, 30);
	}
	return f;
}

static bool half(enum element e)
{
	return e == E_SINGLE || e == E_WORD;
}

unsigned fp_lanes(const struct fp_row *row)
{
	if (row->shape < SHAPE_XV)
		return 1;
	return half(row->from) && half(row->to) ? 4 : 2;
}

/* Of one or two lanes, one that has 32 bits is the left word of its doubleword. */
u64 fp_lane_get(const struct isa_state *state, unsigned reg, unsigned lane, enum element e,
		unsigned lanes)
{
	if (!half(e))
		return state->vsr[reg][lane];
	if (lanes < 4)
		return state->vsr[reg][lane] >> 32;
	return (u32)(state->vsr[reg][lane / 2] >> (lane % 2 ? 0 : 32));
}

static void replace(u64 *where, u64 value, u64 mask)
{
	*where = (*where & ~mask) | (value & mask);
}

void fp_lane_put(struct isa_state *state, unsigned reg, unsigned lane, enum element e,
		 unsigned lanes, u64 value)
{
	if (!half(e))
		state->vsr[reg][lane] = value;
	else if (lanes < 4)
		replace(&state->vsr[reg][lane], value << 32, 0xffffffffull << 32);
	else
		replace(&state->vsr[reg][lane / 2], value << (lane % 2 ? 0 : 32),
			0xffffffffull << (lane % 2 ? 0 : 32));
}

u64 fpscr_summaries(u64 fpscr)
{
	static const u64 pairs[][2] = {
	    {S_VX, S_VE}, {S_OX, S_OE}, {S_UX, S_UE}, {S_ZX, S_ZE}, {S_XX, S_XE}};

	fpscr &= ~(S_VX | S_FEX);
	if (fpscr & S_VX_ALL)
		fpscr |= S_VX;
	for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++)
		if ((fpscr & pairs[i][0]) && (fpscr & pairs[i][1]))
			fpscr |= S_FEX;
	return fpscr;
}

u64 fpscr_raise(u64 fpscr, u64 raised)
{
	if (raised & ~fpscr)
		fpscr |= S_FX;
	return fpscr_summaries(fpscr | raised);
}

void cr_put(struct fp_machine *m, unsigned field, unsigned value, unsigned unknown)
{
	unsigned shift = 28 - 4 * field;

	replace(&m->state->cr, (u64)value << shift, 15ull << shift);
	replace(&m->cr_unknown, (u64)unknown << shift, 15ull << shift);
}

void fp_record(u32 insn, struct fp_machine *m)
{
	if (insn & 1)
		cr_put(m, 1, (unsigned)(m->state->fpscr >> 28 & 15),
		       (unsigned)(m->fpscr_unknown >> 28 & 15));
}

static unsigned operand(char name, const struct fp_fields *f)
{
	switch (name) {
	case 'A':
		return f->a;
	case 'B':
		return f->b;
	case 'C':
		return f->c;
	}
	return f->t;
}

/* A scalar's FPSCR after its only lane; @kept: an enabled exception left the target alone. */
static void scalar_fpscr(const struct fp_row *row, const struct fp_lane *lane, bool kept,
			 struct fp_machine *m)
{
	u64 *fpscr = &m->state->fpscr, unknown = lane->fpscr_unknown;

	*fpscr = fpscr_raise(*fpscr, lane->s.raised);
	if (row->effect != SETS_NONE) {
		*fpscr &= ~(S_FR | S_FI);
		if (!kept)
			*fpscr |= (lane->s.fr ? S_FR : 0) | (lane->s.fi ? S_FI : 0);
		m->fpscr_unknown &= ~(S_FR | S_FI);
		unknown |= lane->s.fr_unknown && !kept ? S_FR : 0;
	}
	if (row->effect == SETS_ALL && !kept) {
		replace(fpscr, lane->s.fprf, S_FPRF);
		m->fpscr_unknown &= ~S_FPRF;
	} else if (row->effect == SETS_FI && !kept) {
		unknown |= S_FPRF;
	}
	m->fpscr_unknown |= unknown;
}

/* Invalid operations and divisions by zero leave the target alone if enabled, the others don't. */
static bool keeps_target(const struct fp_row *row, u64 raised, u64 fpscr)
{
	if ((raised & S_VX_ALL && fpscr & S_VE) || (raised & S_ZX && fpscr & S_ZE))
		return true;
	return row->shape == SHAPE_XV &&
	       ((raised & S_OX && fpscr & S_OE) || (raised & S_UX && fpscr & S_UE) ||
		(raised & S_XX && fpscr & S_XE));
}

/* Word results of conversions to integers are in the right word of a scalar's doubleword. */
static bool right_word(const struct fp_row *row)
{
	return row->to == E_WORD && row->shape < SHAPE_XV;
}

static void write_lanes(const struct fp_row *row, unsigned t, const struct fp_lane *lane,
			struct fp_machine *m)
{
	unsigned lanes = fp_lanes(row);

	/*
	 * What no lane writes is undefined: the right doubleword of a scalar, words beside words.
	 */
	if (lanes < 4)
		m->vsr_unknown[t][1] = ~0ull;
	if (half(row->to) && lanes < 4)
		m->vsr_unknown[t][0] = ~0ull;
	for (unsigned i = 0; i < lanes; i++) {
		u64 known = half(row->to) && lanes < 4 ? 0xffffffffull << 32 : ~0ull;

		if (right_word(row)) {
			m->state->vsr[t][0] = lane->out;
			m->vsr_unknown[t][0] = 0xffffffffull << 32;
			continue;
		}
		fp_lane_put(m->state, t, i, row->to, lanes, lane[i].out);
		if (lanes < 4) {
			replace(&m->vsr_unknown[t][i], 0, known);
			m->vsr_unknown[t][i] |=
			    half(row->to) ? lane[i].out_unknown << 32 : lane[i].out_unknown;
		} else {
			replace(&m->vsr_unknown[t][i / 2], lane[i].out_unknown << (i % 2 ? 0 : 32),
				0xffffffffull << (i % 2 ? 0 : 32));
		}
	}
}

void run_lanes(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	struct fp_fields f = fp_fields(row->shape, insn);
	unsigned lanes = fp_lanes(row);
	struct fp_lane lane[4];
	u64 raised = 0, before = m->state->fpscr;
	bool kept;

	memset(lane, 0, sizeof(lane));
	for (unsigned i = 0; i < lanes; i++) {
		for (unsigned k = 0; row->operands[k]; k++)
			lane[i].in[k] = fp_lane_get(m->state, operand(row->operands[k], &f), i,
						    row->from, lanes);
		if (m->got)
			lane[i].got = fp_lane_get(m->got, f.t, i, row->to, lanes);
		lane[i].s.fpscr = before;
		row->lane(row, &lane[i]);
		raised |= lane[i].s.raised;
		m->unknown |= lane[i].s.unknown;
	}
	kept = keeps_target(row, raised, before);
	if (row->shape == SHAPE_XV) {
		m->state->fpscr = fpscr_raise(before, raised);
		for (unsigned i = 0; i < lanes; i++)
			m->fpscr_unknown |= lane[i].fpscr_unknown;
	} else {
		scalar_fpscr(row, lane, kept, m);
	}
	if (!kept)
		write_lanes(row, f.t, lane, m);
	if (row->shape == SHAPE_F)
		fp_record(insn, m);
}
