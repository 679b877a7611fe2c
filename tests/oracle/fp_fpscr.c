/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions on the FPSCR (Book I 4.6.10), and single-precision loads and stores (4.6.2, 4.6.3).
 */
#include "fp_oracle.h"

/*
 * Bits that are there: FPSCR's second byte from the left is the decimal rounding mode's, bit 52 is
 * reserved.
 */
#define S_EXISTS (S_DRN | (0xffffffffull & ~0x800ull))

/* FEX and VX can't be set or cleared by themselves. */
static void put_fpscr(struct fp_machine *m, u64 value, u64 mask)
{
	u64 *fpscr = &m->state->fpscr;

	mask &= S_EXISTS & ~(S_FEX | S_VX);
	*fpscr = fpscr_summaries((*fpscr & ~mask) | (value & mask));
	m->fpscr_unknown &= ~mask;
}

/* Field @i from the left, of sixteen. */
static u64 field_mask(unsigned i)
{
	return 15ull << (60 - 4 * i);
}

void run_mffs(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	unsigned t = insn_bits(insn, 6, 10);

	m->state->vsr[t][0] = m->state->fpscr;
	m->vsr_unknown[t][0] = m->fpscr_unknown;
	m->vsr_unknown[t][1] = ~0ull;
	fp_record(insn, m);
}

void run_mcrfs(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	unsigned from = insn_bits(insn, 11, 13);
	u64 copied = field_mask(8 + from);

	cr_put(m, insn_bits(insn, 6, 8), (unsigned)((m->state->fpscr & copied) >> (28 - 4 * from)),
	       (unsigned)((m->fpscr_unknown & copied) >> (28 - 4 * from)));
	put_fpscr(m, 0, copied & (S_FX | S_STICKY));
}

void run_mtfsfi(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	unsigned i = insn_bits(insn, 6, 8) + (insn_bits(insn, 15, 15) ? 0 : 8);

	put_fpscr(m, (u64)insn_bits(insn, 16, 19) << (60 - 4 * i), field_mask(i));
	fp_record(insn, m);
}

void run_mtfsf(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	u64 mask = 0;

	for (unsigned i = 0; i < 8; i++)
		if (insn_bits(insn, 7 + i, 7 + i))
			mask |= field_mask(i + (insn_bits(insn, 15, 15) ? 0 : 8));
	if (insn_bits(insn, 6, 6))
		mask = ~0ull;
	put_fpscr(m, m->state->vsr[insn_bits(insn, 16, 20)][0], mask);
	fp_record(insn, m);
}

/* op: the bit's value. Setting an exception's bit sets FX, too. */
void run_mtfsb(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	u64 bit = 0x80000000ull >> insn_bits(insn, 6, 10);

	if (row->op && (bit & S_STICKY) && !(m->state->fpscr & bit))
		put_fpscr(m, S_FX, S_FX);
	put_fpscr(m, row->op ? ~0ull : 0, bit);
	fp_record(insn, m);
}

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

/* The word at @ea, in the windows, little-endian. */
static u32 word_at(const u64 *memory, u64 ea)
{
	u64 offset = ea - WINDOW0;

	return (u32)(memory[offset / 8] >> offset % 8 * 8);
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

void run_load_single(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	u64 ea = address(row, insn, m->state);
	unsigned t = fp_fields(row->shape, insn).t;

	m->state->vsr[t][0] = widened(word_at(m->memory, ea));
	m->vsr_unknown[t][1] = ~0ull;
	update(row, insn, ea, m->state);
}

void run_store_single(const struct fp_row *row, u32 insn, struct fp_machine *m)
{
	u64 ea = address(row, insn, m->state);

	m->store_address = ea;
	m->store_bytes = 4;
	m->store_value = narrowed(m->state->vsr[fp_fields(row->shape, insn).t][0], &m->unknown);
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
