/* SPDX-License-Identifier: Apache-2.0 */
/* Branches of random programs: forward, to functions, in loops that end. */
#include "cpu/cpu.h"
#include "program_making.h"

/* Where BO doesn't count CTR down, or it may. */
u32 random_bo(struct gen *g)
{
	u32 bo = one_in(g, 2) ? (one_in(g, 2) ? 12 : 4) : rng_below(g->rng, 32);

	return g->ctr_busy ? bo | 4 : bo;
}

void aim(struct gen *g, unsigned at, unsigned to)
{
	u32 mask = g->p->code[at] >> 26 == 18 ? 0x03fffffc : 0xfffc;

	g->p->code[at] |= (to - at) * 4 & mask;
}

/* Over some items. */
void forward_branch(struct gen *g)
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
void forward_by_register(struct gen *g)
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

void call(struct gen *g)
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
void find_address(struct gen *g)
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

void loop(struct gen *g)
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
