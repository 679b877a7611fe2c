/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions on the FPSCR (Book I 4.6.10). */
#include "fp_oracle.h"

/* Bits that are there: DRN in the left word; bit 52 is reserved. */
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
