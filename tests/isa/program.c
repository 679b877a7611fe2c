/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu.h"
#include "program_making.h"

/* ---- Plain instructions ---- */

static bool writes_reserved(const struct insn_row *row, u32 insn)
{
	if (row->flags & (F_FP | F_VEC | F_VSX))
		return row->format == FMT_XX1R && field(insn, 11, 15) >= R_LOOP;
	if (row->format == FMT_XL)
		return false;
	return field(insn, 6, 10) >= R_LOOP || field(insn, 11, 15) >= R_LOOP;
}

static bool taken(struct gen *g, const struct insn_row *row)
{
	return !traits_of(row)->rare || one_in(g, 8);
}

void plain_of(struct gen *g, enum group c)
{
	for (;;) {
		const struct insn_row *row = draw_row(g->rng, g->p->kind.peer, c);
		u32 insn = generate_insn(g->rng, row);

		if (g->p->kind.peer && row->flags & F_FP)
			insn &= ~RC_BIT;
		if (isa_lookup(insn, ISA_207) != row || writes_reserved(row, insn) ||
		    !taken(g, row))
			continue;
		emit(g, insn);
		return;
	}
}

static void plain(struct gen *g)
{
	unsigned which = rng_below(g->rng, 16);

	for (unsigned c = FIXED; c < STORAGE; c++) {
		if (which < g->weight[c]) {
			plain_of(g, (enum group)c);
			return;
		}
		which -= g->weight[c];
	}
	storage(g);
}

/* ---- Special registers, status ---- */

static void special(struct gen *g)
{
	static const u16 numbers[] = {1,  8,  9, 815, 256, 259, 272, 273, 275, 18,  19,	 26,
				      27, 28, 3, 17,  896, 898, 153, 48,  806, 804, 770, 136};
	unsigned n = numbers[rng_below(g->rng, g->p->kind.peer ? 4 : ARRAY_SIZE(numbers))];
	u32 r = any_register(g);

	if (one_in(g, 2)) {
		emit(g, MFSPR(r, n));
		return;
	}
	/* FSCR decides over too much. */
	if (n == 153 || (n == SPR_LR && g->in_function) || (n == SPR_CTR && g->ctr_busy) ||
	    (g->p->kind.peer && n == SPR_TAR))
		return;
	if (g->p->kind.peer && n == SPR_XER) {
		emit(g,
		     21u << 26 | r << 21 | (u32)R_SCRATCH << 16 | 2u << 1); /* rlwinm: SO, OV, CA */
		r = R_SCRATCH;
	}
	emit(g, MTSPR(n, r));
}

/* Back to what most programs have. */
static void calm_status(struct gen *g)
{
	if (g->p->kind.peer)
		return;
	emit(g, 0xff00010c); /* mtfsfi 6,0 */
	emit(g, 0xff80010c); /* mtfsfi 7,0 */
	if (one_in(g, 2))
		emit(g, 0xfcc0004c); /* mtfsb1 6: XX */
}

/* ---- Code that changes ---- */

/* An immediate that is another in every round. */
static void patch(struct gen *g)
{
	u32 r = any_register(g);
	unsigned load, store, address;

	if (!g->patches || !has_room(g, 40))
		return;
	load = emit(g, LWZ(R_SCRATCH, R_PROGRAM, 0));
	emit(g, XORI(R_SCRATCH, R_SCRATCH, 1 << rng_below(g->rng, 8)));
	store = emit(g, STW(R_SCRATCH, R_PROGRAM, 0));
	address = emit(g, ADDI(R_SCRATCH, R_PROGRAM, 0));
	emit(g, DCBST(R_SCRATCH));
	emit(g, SYNC);
	emit(g, ICBI(R_SCRATCH));
	emit(g, ISYNC);
	items(g, rng_below(g->rng, 6));
	g->p->code[load] |= g->p->n * 4;
	g->p->code[store] |= g->p->n * 4;
	g->p->code[address] |= g->p->n * 4;
	emit(g, ADDI(r, any_register(g), 0));
}

/* ---- The supervisor's ---- */

/* R_SCRATCH = MSR with something changed. */
static void changed_msr(struct gen *g)
{
	static const u16 low[] = {0x2000, 0x0900, 0x8000, 0x0010, 0x0020, 0x0030, 0x4000, 0};
	static const u16 high[] = {0x0200, 0x0080};

	emit(g, MFMSR(R_SCRATCH));
	if (one_in(g, 12)) {
		emit(g, XORI(R_SCRATCH, R_SCRATCH, 0x400)); /* single steps */
	} else if (one_in(g, 6) && !g->in_function) {
		emit(g, ADDI(R_LR, 0, 1));
		emit(g, SLDI_63(R_LR));
		emit(g, XOR(R_SCRATCH, R_SCRATCH, R_LR)); /* MSR[SF] */
	} else if (one_in(g, 3)) {
		emit(g, XORIS(R_SCRATCH, R_SCRATCH, high[rng_below(g->rng, ARRAY_SIZE(high))]));
	} else {
		emit(g, XORI(R_SCRATCH, R_SCRATCH, low[rng_below(g->rng, ARRAY_SIZE(low))]));
	}
}

static void change_mode(struct gen *g)
{
	changed_msr(g);
	emit(g, MTMSRD(R_SCRATCH));
}

static void return_from_interrupt(struct gen *g)
{
	unsigned load;

	changed_msr(g);
	emit(g, MTSPR(SPR_SRR1, R_SCRATCH));
	load = emit(g, ADDI(R_SCRATCH, R_PROGRAM, 0));
	emit(g, MTSPR(SPR_SRR0, R_SCRATCH));
	emit(g, RFID);
	items(g, rng_below(g->rng, 6));
	g->p->code[load] |= g->p->n * 4;
}

/* The segment of ALIAS_EA goes, comes, is another. */
static void segments(struct gen *g)
{
	if (g->in_function)
		return;
	emit(g, ADDIS(R_SCRATCH, 0, (s32)(s16)0xc000));
	emit(g, SLDI_32(R_SCRATCH));
	switch (rng_below(g->rng, 5)) {
	case 0:
		emit(g, SLBIE(R_SCRATCH));
		break;
	case 1:
		emit(g, SLBIA);
		break;
	case 2:
		emit(g, ADDI(R_LR, 0, (s32)rng_below(g->rng, 4)));
		emit(g, one_in(g, 2) ? SLBMFEE(any_register(g), R_LR)
				     : SLBMFEV(any_register(g), R_LR));
		break;
	default:
		emit(g, ADDIS(R_SCRATCH, R_SCRATCH, SLB_ESID_V >> 16));
		emit(g, ADDI(R_SCRATCH, R_SCRATCH, 1));
		emit(g, ADDI(R_LR, 0, (s32)(VSID_ALIAS << 12 & 0x7fff) | (s32)SLB_VSID_KP));
		emit(g, ADDIS(R_LR, R_LR, (s32)(VSID_ALIAS << 12 >> 16)));
		emit(g, SLBMTE(R_LR, R_SCRATCH));
	}
}

static void supervise(struct gen *g)
{
	switch (rng_below(g->rng, 7)) {
	case 0:
		change_mode(g);
		break;
	case 1:
		return_from_interrupt(g);
		break;
	case 2:
		segments(g);
		break;
	case 3:
		emit(g, SC);
		break;
	case 4:
		emit(g, one_in(g, 2) ? MFMSR(any_register(g)) : TLBIEL(any_register(g)));
		break;
	default:
		emit(g, MTMSRD_L(any_register(g)));
	}
}

/* ---- The whole ---- */

static void item(struct gen *g)
{
	switch (rng_below(g->rng, 40)) {
	case 0:
	case 1:
	case 2:
		forward_branch(g);
		return;
	case 3:
		forward_by_register(g);
		return;
	case 4:
		call(g);
		return;
	case 5:
		loop(g);
		return;
	case 6:
		reservation(g);
		return;
	case 7:
		special(g);
		return;
	case 8:
		walk(g);
		return;
	case 9:
		patch(g);
		return;
	case 10:
		if (one_in(g, 2))
			find_address(g);
		else
			calm_status(g);
		return;
	case 11:
	case 12:
		if (g->p->kind.supervisor)
			supervise(g);
		return;
	default:
		plain(g);
	}
}

void items(struct gen *g, unsigned words)
{
	unsigned end = g->p->n + words;

	while (g->p->n < end && has_room(g, 30))
		item(g);
}

/* The second calls none; both leave CTR alone, and have no loop of counted registers. */
static unsigned function(struct gen *g, unsigned which)
{
	unsigned begin = g->p->n, end = begin + 4 + rng_below(g->rng, 30);

	g->in_function = g->ctr_busy = true;
	g->calls = which == 0;
	g->updates = 0;
	if (g->calls)
		emit(g, MFSPR(R_LR, SPR_LR));
	set_moving(g);
	while (g->p->n < end) {
		item(g);
		if (!g->calls && one_in(g, 12))
			emit(g, 19u << 26 | (random_bo(g) | 4) << 21 | rng_below(g->rng, 32) << 16 |
				    16u << 1);
	}
	if (g->calls)
		emit(g, MTSPR(SPR_LR, R_LR));
	emit(g, BLR);
	return begin;
}

static void aim_calls(struct gen *g, const unsigned *function)
{
	for (unsigned i = 0; i < g->n_calls; i++) {
		unsigned to = function[g->call[i].function];

		if (g->call[i].form == CALL_BL)
			aim(g, g->call[i].at, to);
		else
			g->p->code[g->call[i].at] |= to * 4;
	}
}

static void choose_weights(struct gen *g)
{
	static const u8 weights[][GROUPS] = {
	    {5, 3, 4, 4}, {10, 1, 1, 4}, {3, 9, 1, 3}, {2, 1, 10, 3}, {4, 1, 1, 10},
	};
	unsigned which = rng_below(g->rng, ARRAY_SIZE(weights));

	for (unsigned c = 0; c < GROUPS; c++)
		g->weight[c] = weights[which][c];
}

void program_generate(struct rng *rng, const struct program_kind *kind, struct program *p)
{
	struct gen g = {.rng = rng, .p = p};
	unsigned length = 40 + rng_below(rng, 500), functions[FUNCTIONS], at, back;

	sort_rows();
	p->kind = *kind;
	p->n = 0;
	choose_weights(&g);
	g.patches = one_in(&g, 4);
	set_moving(&g);
	items(&g, length);
	emit(&g, ADDI(R_ROUNDS, R_ROUNDS, -1));
	emit(&g, CMPDI(1, R_ROUNDS, 0));
	back = emit(&g, d_form(16, 4, 6, 0));
	aim(&g, back, 0);
	at = emit(&g, 18u << 26);
	functions[0] = function(&g, 0);
	functions[1] = function(&g, 1);
	aim_calls(&g, functions);
	aim(&g, at, p->n);
	/* Half of them lie across a page's end. */
	p->origin = kind->peer || one_in(&g, 2) ? 0 : 0x1000 - 4 * rng_below(rng, p->n);
}
