/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses of random programs to memory. */
#include "cpu/cpu.h"
#include "program_making.h"

/* Of all loops together that is far from leaving the data. */
#define UPDATES_MAX 4u

void set_moving(struct gen *g)
{
	emit(g, ADDI(R_MOVING, R_BASE, (s32)rng_below(g->rng, 128) - 64));
	g->updates = 0;
}

static u32 target_of_access(struct gen *g, const struct insn_row *row)
{
	if (row->flags & (F_FP | F_VEC | F_VSX))
		return rng_below(g->rng, 32);
	if (traits_of(row)->several)
		return row->format == FMT_D0 ? 28 + rng_below(g->rng, 4) : rng_below(g->rng, 12);
	return traits_of(row)->pair ? any_register(g) & ~1u : any_register(g);
}

static u32 displaced(struct gen *g, const struct insn_row *row, u32 base, s32 disp)
{
	u32 insn = row->match | target_of_access(g, row) << 21 | base << 16;

	return insn | ((u32)disp & 0xffff & ~row->mask & ~row->reserved);
}

static u32 indexed(struct gen *g, const struct insn_row *row, u32 base)
{
	u32 index = R_INDEX;
	u32 open = row->format == FMT_XX1 ? 1 : row->flags & F_RC ? RC_BIT : 0;

	if (traits_of(row)->string) {
		index = 1 + rng_below(g->rng, 20);
	} else if (one_in(g, 8) && !(row->flags & F_UPD)) {
		index = base;
		base = 0;
	}
	return row->match | target_of_access(g, row) << 21 | base << 16 | index << 11 |
	       ((u32)rng_next(g->rng) & open & ~row->mask);
}

static bool is_displaced(const struct insn_row *row)
{
	return row->format == FMT_D0 || row->format == FMT_DS0 || row->format == FMT_D ||
	       row->format == FMT_DS;
}

static bool storage_fits(struct gen *g, const struct insn_row *row)
{
	if (traits_of(row)->several && g->p->kind.little_endian)
		return !g->p->kind.peer && one_in(g, 8);
	if (traits_of(row)->reserves)
		return !g->p->kind.peer && one_in(g, 4);
	return !(row->flags & F_UPD) || g->updates < UPDATES_MAX;
}

static void storage_at(struct gen *g, u32 base, s32 disp)
{
	for (;;) {
		const struct insn_row *row = draw_row(g->rng, g->p->kind.peer, STORAGE);
		u32 insn;

		if (!storage_fits(g, row))
			continue;
		if (row->flags & F_UPD) {
			g->updates++;
			insn = is_displaced(row)
				   ? displaced(g, row, R_MOVING, (s32)rng_below(g->rng, 64) - 12)
				   : indexed(g, row, R_MOVING);
		} else {
			insn = is_displaced(row) ? displaced(g, row, base, disp)
						 : indexed(g, row, base);
		}
		insn &= ~row->reserved;
		if (isa_lookup(insn, ISA_207) != row)
			continue;
		emit(g, insn);
		return;
	}
}

/* Some next to each other, by one register. */
void storage(struct gen *g)
{
	u32 base = one_in(g, 3) ? R_MOVING : one_in(g, 4) ? R_SECOND : R_BASE;
	unsigned n = one_in(g, 2) ? 1 : 2 + rng_below(g->rng, 5);
	s32 disp = (s32)rng_below(g->rng, 128) - 32, step = 1 << rng_below(g->rng, 5);

	if (!one_in(g, 4))
		disp &= ~7;
	for (unsigned i = 0; i < n; i++, disp += step) {
		storage_at(g, base, disp);
		if (one_in(g, 3))
			plain_of(g, FIXED);
	}
}

void walk(struct gen *g)
{
	if (g->updates < UPDATES_MAX)
		emit(g, ADDI(R_MOVING, R_MOVING, 4 << rng_below(g->rng, 4)));
	g->updates++;
}

/* Something may stand between. Not lqarx where the peer is asked: QEMU's stqcx. never stores. */
void reservation(struct gen *g)
{
	static const struct {
		u32 load, store;
	} pairs[] = {{20, 150}, {84, 214}, {52, 694}, {116, 726}, {276, 182}};
	unsigned which = rng_below(g->rng, g->p->kind.peer ? 4 : 5);
	u32 t = any_register(g) & ~1u, a = g->p->kind.peer || one_in(g, 2) ? 0 : R_INDEX;

	emit(g, x_form(pairs[which].load, t, a, R_BASE));
	if (!g->p->kind.peer && one_in(g, 3))
		items(g, 1 + rng_below(g->rng, 4));
	emit(g, ADDI(t, t, 1));
	emit(g, x_form(pairs[which].store, t, a, R_BASE) | 1);
}
