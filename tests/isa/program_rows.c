/* SPDX-License-Identifier: Apache-2.0 */
/* Which instructions random programs may have. */
#include <fnmatch.h>

#include "cpu/cpu.h"
#include "known_wrong.h"
#include "program_making.h"

struct rows {
	const struct insn_row *row[1024];
	unsigned n;
};

static struct rows rows_of[2][GROUPS]; /* for Papyr alone, and for the peer too */

static bool is(const struct insn_row *row, const char *pattern)
{
	return !fnmatch(pattern, row->mnemonic, FNM_EXTMATCH);
}

/*
 * What the peer errs in stays out. Of floating point it knows no FR, so the FPSCR isn't compared
 * with it, and what reads that stays out. Accesses that fault, where it is known to err, end a
 * program, and are rare.
 */
static bool for_peer(const struct insn_row *row)
{
	if (row->flags & (F_LOAD | F_STORE))
		return !is(row, "@(lfdp*|stfdp*|dcbf|icbi)");
	if (row->flags & (F_FP | F_VSX))
		return !known_wrong_besides(row->mnemonic, W_FPSCR | W_CR | W_END) &&
		       !is(row, "@(mffs|mcrfs|mtfs*|*.|d*)");
	return !known_wrong_besides(row->mnemonic, 0) && !is(row, "t[wd]?(i)");
}

static bool for_programs(const struct insn_row *row)
{
	if (row->flags & (F_PRIV | F_HV | F_NOTEST | F_BR | F_END) || !isa_has(ISA_207, row))
		return false;
	if (row->format == FMT_I || row->format == FMT_B)
		return false;
	/* CTR and LR have uses of their own; these may write any register. */
	return !is(row, "@(mtctr|mtlr|lmw|lswx)");
}

static enum group group_of(const struct insn_row *row)
{
	if (row->flags & (F_LOAD | F_STORE) || (row->flags & F_SYNC && row->format == FMT_X0))
		return STORAGE;
	return row->flags & F_FP ? FP : row->flags & (F_VEC | F_VSX) ? VECTOR : FIXED;
}

static struct row_traits traits[1024];

const struct row_traits *traits_of(const struct insn_row *row)
{
	return &traits[row - isa_table];
}

static void find_traits(const struct insn_row *row, struct row_traits *t)
{
	t->rare = is(row, "t[wd]?(i)") || is(row, "mtfs*") || row_is_decimal(row);
	t->several = row_moves_several(row);
	t->string = is(row, "@(lswi|stswi)");
	t->pair = is(row, "@(lq|stq|lqarx|stqcx.)");
	t->reserves = (u8)reservation_size(row);
}

void sort_rows(void)
{
	if (rows_of[0][FIXED].n)
		return;
	for (unsigned i = 0; i < isa_rows && i < ARRAY_SIZE(traits); i++) {
		const struct insn_row *row = &isa_table[i];
		struct rows *r;

		find_traits(row, &traits[i]);

		if (!for_programs(row))
			continue;
		r = &rows_of[0][group_of(row)];
		r->row[r->n++] = row;
		if (!for_peer(row))
			continue;
		r = &rows_of[1][group_of(row)];
		r->row[r->n++] = row;
	}
}

const struct insn_row *draw_row(struct rng *rng, bool peer, enum group c)
{
	const struct rows *r = &rows_of[peer][c];

	return r->row[rng_below(rng, r->n)];
}
