/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>

#include "cpu/cpu.h"
#include "known_wrong.h"
#include "program.h"

/* --- encodings --- */

static u32 d_form(u32 opcode, u32 t, u32 a, s32 imm)
{
	return opcode << 26 | t << 21 | a << 16 | ((u32)imm & 0xffff);
}

static u32 x_form(u32 xo, u32 t, u32 a, u32 b)
{
	return 31u << 26 | t << 21 | a << 16 | b << 11 | xo << 1;
}

#define ADDI(t, a, imm)	 d_form(14, t, a, imm)
#define ADDIS(t, a, imm) d_form(15, t, a, imm)
#define ORI(t, a, imm)	 d_form(24, a, t, imm)
#define XORI(t, a, imm)	 d_form(26, a, t, imm)
#define XORIS(t, a, imm) d_form(27, a, t, imm)
#define LWZ(t, a, imm)	 d_form(32, t, a, imm)
#define STW(t, a, imm)	 d_form(36, t, a, imm)
#define CMPDI(f, a, imm) d_form(11, (f) << 2 | 1, a, imm)
#define XOR(t, a, b)	 x_form(316, a, t, b)
#define DCBST(b)	 x_form(54, 0, 0, b)
#define ICBI(b)		 x_form(982, 0, 0, b)
#define MFMSR(t)	 x_form(83, t, 0, 0)
#define MTMSRD(t)	 x_form(178, t, 0, 0)
#define MTMSRD_L(t)	 x_form(178, t, 1, 0)
#define SLBMTE(t, b)	 x_form(402, t, 0, b)
#define SLBIE(b)	 x_form(434, 0, 0, b)
#define SLBIA		 x_form(498, 0, 0, 0)
#define SLBMFEE(t, b)	 x_form(915, t, 0, b)
#define SLBMFEV(t, b)	 x_form(851, t, 0, b)
#define TLBIEL(b)	 x_form(274, 0, 0, b)
#define MFSPR(t, n)	 x_form(339, t, (n)&31, (n) >> 5)
#define MTSPR(n, t)	 x_form(467, t, (n)&31, (n) >> 5)
#define SYNC		 0x7c0004acu
#define ISYNC		 0x4c00012cu
#define RFID		 0x4c000024u
#define SC		 0x44000002u
#define BLR		 0x4e800020u
#define BCTR		 0x4e800420u
#define LINK		 1u
#define SLDI_63(t)	 (30u << 26 | (t) << 21 | (t) << 16 | 31u << 11 | 1u << 2 | 1u << 1)
#define SLDI_32(t)	 (30u << 26 | (t) << 21 | (t) << 16 | 31u << 6 | 1u << 2 | 1u << 1)

/* The low word of s to the high one of t: rldimi t,s,32,0. */
#define INSERT_UPPER(t, s) (30u << 26 | (s) << 21 | (t) << 16 | 3u << 2 | 1u << 1)

#define SPR_XER	 1u
#define SPR_LR	 8u
#define SPR_CTR	 9u
#define SPR_TAR	 815u
#define SPR_SRR0 26u
#define SPR_SRR1 27u

/* --- what is drawn from --- */

enum group { FIXED, FP, VECTOR, STORAGE, GROUPS };

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

/* Of a row, since programs ask often. */
struct traits {
	bool rare; /* it is dear, or changes much */
	bool several, string, pair;
	u8 reserves;
};

static struct traits traits[1024];

static const struct traits *traits_of(const struct insn_row *row)
{
	return &traits[row - isa_table];
}

static void find_traits(const struct insn_row *row, struct traits *t)
{
	t->rare = is(row, "t[wd]?(i)") || is(row, "mtfs*") || row_is_decimal(row);
	t->several = row_moves_several(row);
	t->string = is(row, "@(lswi|stswi)");
	t->pair = is(row, "@(lq|stq|lqarx|stqcx.)");
	t->reserves = (u8)reservation_size(row);
}

static void sort_rows(void)
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

/* --- the program in the making --- */

#define CALLS_MAX 64
#define FUNCTIONS 2u

enum call_form { CALL_BL, CALL_BY_REGISTER };

struct gen {
	struct rng *rng;
	struct program *p;
	unsigned weight[GROUPS]; /* of 16 */
	bool in_function, calls, ctr_busy, patches;
	unsigned loops;	  /* that this is in */
	unsigned updates; /* of R_MOVING since it was set */
	struct {
		unsigned at, function;
		enum call_form form;
	} call[CALLS_MAX];
	unsigned n_calls;
};

static bool one_in(struct gen *g, unsigned n)
{
	return rng_below(g->rng, n) == 0;
}

static u32 any_register(struct gen *g)
{
	return rng_below(g->rng, R_LOOP);
}

/* Nothing changes to 64-bit mode, where upper halves of addresses and counters would matter. */
static bool upper_halves_vary(const struct program_kind *kind)
{
	return kind->narrow && !kind->supervisor;
}

/* Room for this many words, and for the program's end. */
static bool has_room(const struct gen *g, unsigned words)
{
	return g->p->n + words + 160 < PROGRAM_MAX;
}

static unsigned emit(struct gen *g, u32 insn)
{
	g->p->code[g->p->n] = insn;
	return g->p->n++;
}

static void items(struct gen *g, unsigned words);

/* --- plain instructions --- */

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

static const struct insn_row *draw(struct gen *g, enum group c)
{
	const struct rows *r = &rows_of[g->p->kind.peer][c];

	return r->row[rng_below(g->rng, r->n)];
}

static void plain_of(struct gen *g, enum group c)
{
	for (;;) {
		const struct insn_row *row = draw(g, c);
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

static void storage(struct gen *g);

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

/* --- memory --- */

/* Of all loops together that is far from leaving the data. */
#define UPDATES_MAX 4u

static void set_moving(struct gen *g)
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
		const struct insn_row *row = draw(g, STORAGE);
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
static void storage(struct gen *g)
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

static void walk(struct gen *g)
{
	if (g->updates < UPDATES_MAX)
		emit(g, ADDI(R_MOVING, R_MOVING, 4 << rng_below(g->rng, 4)));
	g->updates++;
}

/* Something may stand between. Not lqarx where the peer is asked: QEMU's stqcx. never stores. */
static void reservation(struct gen *g)
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

/* --- branches --- */

/* Where BO doesn't count CTR down, or it may. */
static u32 random_bo(struct gen *g)
{
	u32 bo = one_in(g, 2) ? (one_in(g, 2) ? 12 : 4) : rng_below(g->rng, 32);

	return g->ctr_busy ? bo | 4 : bo;
}

static void aim(struct gen *g, unsigned at, unsigned to)
{
	u32 mask = g->p->code[at] >> 26 == 18 ? 0x03fffffc : 0xfffc;

	g->p->code[at] |= (to - at) * 4 & mask;
}

/* Over some items. */
static void forward_branch(struct gen *g)
{
	u32 link = !g->in_function && one_in(g, 6) ? LINK : 0;
	unsigned at;

	if (one_in(g, 8))
		at = emit(g, 18u << 26 | link);
	else
		at = emit(g, d_form(16, random_bo(g), rng_below(g->rng, 32), 0) | link);
	items(g, 1 + rng_below(g->rng, 12));
	aim(g, at, g->p->n);
}

/* The same by CTR, LR or TAR, which are set to where it goes. */
static void forward_by_register(struct gen *g)
{
	unsigned which = rng_below(g->rng, 3), load, at;
	u32 bo = random_bo(g), bi = rng_below(g->rng, 32);

	if ((which == 0 && g->ctr_busy) || (which == 1 && g->in_function) ||
	    (which == 2 && g->p->kind.peer))
		return;
	load = emit(g, ADDI(R_SCRATCH, R_PROGRAM, 0));
	emit(g, MTSPR(which == 0 ? SPR_CTR : which == 1 ? SPR_LR : SPR_TAR, R_SCRATCH));
	/* bcctr that counts is an invalid form. */
	bo |= which == 0 ? 4 : 0;
	bo = one_in(g, 2) ? 20 : bo;
	at = emit(g, 19u << 26 | bo << 21 | bi << 16 |
			 (which == 0   ? 528u
			  : which == 1 ? 16u
				       : 560u)
			     << 1);
	if (!g->in_function && one_in(g, 4))
		g->p->code[at] |= LINK;
	items(g, 1 + rng_below(g->rng, 8));
	g->p->code[load] |= g->p->n * 4;
}

static void call(struct gen *g)
{
	bool by_register = !g->ctr_busy && one_in(g, 3);

	if ((g->in_function && !g->calls) || g->n_calls == CALLS_MAX)
		return;
	g->call[g->n_calls].function = g->in_function ? 1 : rng_below(g->rng, FUNCTIONS);
	g->call[g->n_calls].form = by_register ? CALL_BY_REGISTER : CALL_BL;
	g->call[g->n_calls++].at = g->p->n;
	if (!by_register) {
		emit(g, 18u << 26 | LINK);
		return;
	}
	emit(g, ADDI(R_SCRATCH, R_PROGRAM, 0));
	emit(g, MTSPR(SPR_CTR, R_SCRATCH));
	emit(g, BCTR | LINK);
}

/* What finds its own address. */
static void find_address(struct gen *g)
{
	if (g->in_function)
		return;
	emit(g, 0x429f0005); /* bcl 20,31,$+4 */
	emit(g, MFSPR(any_register(g), SPR_LR));
}

static void body(struct gen *g, unsigned words)
{
	set_moving(g);
	if (one_in(g, 2))
		walk(g);
	items(g, words);
}

static void loop_by_ctr(struct gen *g)
{
	bool to_condition = one_in(g, 4);
	unsigned head, at;

	if (g->ctr_busy)
		return;
	emit(g, ADDI(R_SCRATCH, 0, 1 + (s32)rng_below(g->rng, 7)));
	if (upper_halves_vary(&g->p->kind))
		emit(g, INSERT_UPPER(R_SCRATCH, any_register(g)));
	emit(g, MTSPR(SPR_CTR, R_SCRATCH));
	g->ctr_busy = true;
	head = g->p->n;
	body(g, 2 + rng_below(g->rng, 20));
	at = emit(
	    g, d_form(16, to_condition ? 8 * rng_below(g->rng, 2) : 16, rng_below(g->rng, 32), 0));
	aim(g, at, head);
	g->ctr_busy = false;
}

static void loop_by_register(struct gen *g)
{
	u32 counter = R_LOOP + g->loops, f = rng_below(g->rng, 8);
	unsigned head, at;

	if (g->in_function)
		return;
	emit(g, ADDI(counter, 0, 1 + (s32)rng_below(g->rng, 6)));
	head = g->p->n;
	body(g, 2 + rng_below(g->rng, 20));
	if (one_in(g, 3)) {
		emit(g, d_form(13, counter, counter, -1)); /* addic. */
		f = 0;
	} else {
		emit(g, ADDI(counter, counter, -1));
		emit(g, CMPDI(f, counter, 0));
	}
	at = emit(g, d_form(16, 4, 4 * f + 2, 0));
	aim(g, at, head);
}

static void loop(struct gen *g)
{
	if (g->loops == 2 || !has_room(g, 60))
		return;
	g->loops++;
	if (one_in(g, 2))
		loop_by_ctr(g);
	else
		loop_by_register(g);
	g->loops--;
}

/* --- special registers, status --- */

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

/* --- code that changes --- */

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

/* --- the supervisor's --- */

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

/* --- the whole --- */

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

static void items(struct gen *g, unsigned words)
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

/* --- registers --- */

static u64 second_place(struct rng *rng, const struct program_kind *kind, u64 base)
{
	unsigned near = rng_below(rng, 0x100);

	if (kind->peer)
		return base + 16 * rng_below(rng, 8);
	switch (rng_below(rng, 6)) {
	case 0:
		return DATA_END - 0x20 - near; /* some reach over the end */
	case 1:
		return ALIAS_EA + WINDOW0 + near;
	case 2:
		return READ_ONLY_EA + near;
	case 3:
		return base + (1ull << 40); /* the same in 32-bit mode */
	default:
		return WINDOW0 + 0x100 + near;
	}
}

static u64 random_msr(struct rng *rng, const struct program_kind *kind)
{
	static const u64 facility[] = {MSR_FP, MSR_VEC, MSR_VSX};
	u64 msr = MSR_ME | MSR_RI | MSR_FP | MSR_VEC | MSR_VSX | MSR_IR | MSR_DR;

	msr |= kind->narrow ? 0 : MSR_SF;
	msr |= kind->little_endian ? MSR_LE : 0;
	if (kind->peer)
		return msr | MSR_PR | MSR_FE0 | MSR_FE1;
	if (!kind->supervisor || rng_below(rng, 4) == 0)
		msr |= MSR_PR;
	else if (rng_below(rng, 4) == 0)
		msr &= ~(MSR_IR | MSR_DR);
	if (rng_below(rng, 8) == 0)
		msr |= MSR_FE0 | MSR_FE1;
	if (rng_below(rng, 8) == 0)
		msr &= ~facility[rng_below(rng, ARRAY_SIZE(facility))];
	return msr;
}

void program_generate_state(struct rng *rng, const struct program *p, struct program_state *state)
{
	const struct program_kind *kind = &p->kind;
	u64 *gpr = state->user.gpr;
	u64 base = WINDOW0 + 0xc0 + 16 * rng_below(rng, 24);

	generate_program_state(rng, &state->user);
	if (!kind->peer && rng_below(rng, 4) == 0)
		base += rng_below(rng, 16);
	gpr[R_PROGRAM] = TEST_CODE + p->origin;
	gpr[R_ROUNDS] = rng_below(rng, 3) ? 1 + rng_below(rng, 8) : 1 + rng_below(rng, 60);
	gpr[R_MOVING] = base;
	gpr[R_INDEX] = rng_below(rng, 2) ? 8 * rng_below(rng, 8) : rng_below(rng, 64);
	gpr[R_BASE] = base;
	gpr[R_SECOND] = second_place(rng, kind, base);
	for (unsigned r = R_LOOP; r < R_PROGRAM; r++)
		gpr[r] = 0;
	if (upper_halves_vary(kind) && rng_below(rng, 2)) {
		gpr[R_PROGRAM] |= rng_next(rng) << 32;
		gpr[R_BASE] |= rng_next(rng) << 32;
		gpr[R_INDEX] |= rng_next(rng) << 32;
	}
	/* As most programs have it: to nearest, nothing enabled, and something was inexact. */
	if (kind->peer)
		state->user.fpscr = 0;
	else if (rng_below(rng, 4))
		state->user.fpscr = rng_below(rng, 4) ? FPSCR_FX | FPSCR_XX : 0;
	state->msr = random_msr(rng, kind);
	state->counts = !kind->peer && rng_below(rng, 6) == 0;
	generate_memory(rng, state->mem, WINDOW_WORDS);
}
