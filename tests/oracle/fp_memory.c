/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and stores (Book I 4.6.2 to 4.6.4, 7.6.1), in both byte orders. */
#include "fp_oracle.h"

static bool indexed(u32 insn)
{
	return insn >> 26 == 31;
}

static bool updates(const struct fp_row *row)
{
	return strchr(row->mnemonic + 3, 'u');
}

static u64 address(const struct fp_row *row, u32 insn, const struct isa_state *state)
{
	unsigned ra = insn_bits(insn, 11, 15);
	u64 base = ra || updates(row) ? state->gpr[ra] : 0;

	return base + (indexed(insn) ? state->gpr[insn_bits(insn, 16, 20)] : (u64)(s16)insn);
}

static void update(const struct fp_row *row, u32 insn, u64 ea, struct isa_state *state)
{
	if (updates(row))
		state->gpr[insn_bits(insn, 11, 15)] = ea;
}

/* Where the byte at @ea is: its place in a word of the windows, which are in the guest's order. */
static unsigned place(const struct fp_machine *m, u64 ea, u64 *word)
{
	u64 offset = ea - WINDOW0;

	*word = offset / 8;
	return (unsigned)(m->big ? 56 - offset % 8 * 8 : offset % 8 * 8);
}

static u64 load(const struct fp_machine *m, u64 ea, unsigned bytes)
{
	u64 value = 0, word;

	for (unsigned i = 0; i < bytes; i++) {
		unsigned shift = place(m, ea + (m->big ? i : bytes - 1 - i), &word);

		value = value << 8 | (u8)(m->memory[word] >> shift);
	}
	return value;
}

static void store(struct fp_machine *m, u64 ea, unsigned bytes, u64 value)
{
	u64 word;

	for (unsigned i = 0; i < bytes; i++) {
		unsigned shift = place(m, ea + (m->big ? bytes - 1 - i : i), &word);

		m->memory[word] &= ~(0xffull << shift);
		m->memory[word] |= (value >> 8 * i & 0xff) << shift;
	}
}

/* A single as a double: nothing is rounded, and a signalling NaN stays one. */
static u64 widened(u32 word)
{
	struct number n;
	u64 bits;

	number_init(&n);
	number_read(&n, &format_single, word);
	bits = number_bits(&n, &format_double);
	number_clear(&n);
	return bits;
}

/* The other way; @unknown: the double has no single's value. */
static u32 narrowed(u64 v, bool *unknown)
{
	struct number n;
	u32 word = 0;

	number_init(&n);
	number_read(&n, &format_double, v);
	/* A NaN's bits are cut off, and may leave those of an infinity (4.6.3). */
	if (number_is_nan(&n) || number_fits(&n, &format_single))
		word = (u32)number_bits(&n, &format_single);
	else
		*unknown = true;
	number_clear(&n);
	return word;
}

void run_load(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	u64 ea = address(row, insn, m->state);
	unsigned t = fp_fields(row->shape, insn).t;
	u64 *to = m->state->vsr[t];

	m->vsr_unknown[t][1] = ~0ull;
	switch (row->op) {
	case AS_SINGLE:
		*to = widened((u32)load(m, ea, 4));
		break;
	case AS_DOUBLE:
		*to = load(m, ea, 8);
		break;
	case AS_WORD:
		*to = load(m, ea, 4);
		break;
	case AS_SIGNED:
		*to = (u64)(s64)(s32)load(m, ea, 4);
		break;
	case AS_PAIR: /* the even register's is the one at EA, whatever the byte order */
		*to = load(m, ea, 8);
		m->state->vsr[t + 1][0] = load(m, ea + 8, 8);
		m->vsr_unknown[t + 1][1] = ~0ull;
		break;
	}
	update(row, insn, ea, m->state);
}

void run_store(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	u64 ea = address(row, insn, m->state);
	unsigned t = fp_fields(row->shape, insn).t;
	u64 from = m->state->vsr[t][0];

	switch (row->op) {
	case AS_SINGLE:
		store(m, ea, 4, narrowed(from, &m->unknown));
		break;
	case AS_DOUBLE:
		store(m, ea, 8, from);
		break;
	case AS_WORD:
		store(m, ea, 4, from);
		break;
	case AS_PAIR:
		store(m, ea, 8, from);
		store(m, ea + 8, 8, m->state->vsr[t + 1][0]);
		break;
	}
	update(row, insn, ea, m->state);
}

/* Between a single and its double without a look at it (xscvspdpn, xscvdpspn). */
void lane_no_check(const struct fp_row *row, struct fp_lane *lane)
{
	bool unknown = false;

	if (row->from == E_SINGLE)
		lane->out = widened((u32)lane->in[0]);
	else
		lane->out = narrowed(lane->in[0], &unknown);
	if (unknown)
		lane->out_unknown = ~0u;
}
