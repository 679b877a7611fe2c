/* SPDX-License-Identifier: Apache-2.0 */
/* Which host register holds what. */
#include "cpu/jit/x86_64/tr.h"

/* Those that a call leaves alone come first: vector code calls much. */
static const s8 order[] = {RBX, RBP, R12, R13, CALLS_CHANGE};
#define CALLS_KEEP 4

struct x86_mem guest_memory(unsigned g)
{
	switch (g) {
	case GUEST_LR:
		return CPU_AT(lr);
	case GUEST_CTR:
		return CPU_AT(ctr);
	case GUEST_CA:
		return CPU_AT(ca);
	default:
		return CPU_OFFSET(offsetof(struct cpu, gpr) + g * sizeof(u64));
	}
}

void guest_store(struct tr *t, unsigned g, int reg)
{
	x86_rm(&t->x, g == GUEST_CA ? X_STORE8 : X_STORE | X_W, reg, guest_memory(g));
}

void regs_begin(struct tr *t)
{
	for (unsigned g = 0; g < GUESTS; g++)
		t->s.at[g] = IN_MEMORY;
	t->s.cfar = NO_CFAR;
	t->free_over = GUESTS;
	t->n_returns = 0;
	t->returns_surely = false;
}

void regs_next(struct tr *t)
{
	t->busy = 0;
	t->free_over = GUESTS;
	t->clock++;
}

static int use(struct tr *t, int reg)
{
	t->busy |= 1u << reg;
	t->h[reg].used = t->clock;
	return reg;
}

/* Its guest registers are in memory then, and nowhere else. */
static void empty(struct tr *t, int reg)
{
	for (u64 left = t->h[reg].guests; left; left &= left - 1) {
		unsigned g = (unsigned)__builtin_ctzll(left);

		if (t->s.dirty & guest_bit(g))
			guest_store(t, g, reg);
		t->s.dirty &= ~guest_bit(g);
		t->s.at[g] = IN_MEMORY;
	}
	t->h[reg].guests = 0;
}

static bool may_take(const struct tr *t, int reg)
{
	return !(t->busy >> reg & 1) && !t->h[reg].pins;
}

/* A window takes eight instructions to be had again, a guest register one. */
#define WINDOW_WEIGHT 4

/* How long it will be until what @reg holds is wanted. */
static unsigned wait_of(struct tr *t, int reg)
{
	unsigned wait = USES_FAR;

	for (u64 left = t->h[reg].guests; left; left &= left - 1) {
		unsigned g = (unsigned)__builtin_ctzll(left), w = uses_wait(t, g);

		if (g >= GUEST_WINDOWS && w < USES_FAR)
			w /= WINDOW_WEIGHT;
		wait = w < wait ? w : wait;
	}
	return wait;
}

/* An empty one before all, then the one that is wanted last, of several the one not used for
 * longest; X86_NO_REG: none may be taken. */
static int best(struct tr *t)
{
	bool looks = trace_is_hot(t);
	int reg = X86_NO_REG;
	unsigned longest = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
		int r = order[i];
		unsigned wait;

		if (!may_take(t, r))
			continue;
		if (!t->h[r].guests)
			return r;
		wait = looks ? wait_of(t, r) : USES_FAR;
		if (reg < 0 || wait > longest ||
		    (wait == longest && t->h[r].used < t->h[reg].used)) {
			reg = r;
			longest = wait;
		}
	}
	return reg;
}

int regs_take(struct tr *t)
{
	int reg = best(t);

	for (unsigned field = 0; reg < 0; field++) {
		state_make_cr(t, field);
		reg = best(t);
	}
	empty(t, reg);
	return use(t, reg);
}

int regs_for(struct tr *t, unsigned g)
{
	int at = t->s.at[g];

	return at >= 0 && t->h[at].guests == guest_bit(g) ? use(t, at) : regs_take(t);
}

int regs_value(struct tr *t, val v)
{
	int reg;

	if (v.reg >= 0)
		return v.reg;
	reg = regs_take(t);
	x86_constant(&t->x, reg, v.k);
	return reg;
}

bool regs_may_change(const struct tr *t, val a)
{
	const struct host_reg *h = &t->h[a.reg];

	return !h->pins &&
	       (!h->guests || (t->free_over < GUESTS && h->guests == guest_bit(t->free_over)));
}

int regs_over(struct tr *t, val a)
{
	int reg;

	if (a.reg < 0)
		return regs_value(t, a);
	if (regs_may_change(t, a)) {
		if (t->h[a.reg].guests)
			t->s.at[t->free_over] = IN_MEMORY;
		t->h[a.reg].guests = 0;
		return a.reg;
	}
	reg = regs_take(t);
	x86_mov(&t->x, reg, a.reg);
	return reg;
}

void regs_pin(struct tr *t, val v)
{
	if (v.reg >= 0)
		t->h[v.reg].pins++;
}

void regs_unpin(struct tr *t, val v)
{
	if (v.reg >= 0)
		t->h[v.reg].pins--;
}

static void drop_window(struct tr *t, unsigned i)
{
	s16 *at = &t->s.at[GUEST_WINDOWS + i];

	if (*at >= 0)
		t->h[*at].guests &= ~guest_bit(GUEST_WINDOWS + i);
	*at = IN_MEMORY;
}

void regs_give(struct tr *t, int reg, unsigned window)
{
	drop_window(t, window);
	t->s.at[GUEST_WINDOWS + window] = (s16)reg;
	t->h[reg].guests |= guest_bit(GUEST_WINDOWS + window);
}

int regs_window(struct tr *t, unsigned i)
{
	int at = t->s.at[GUEST_WINDOWS + i];

	return at >= 0 ? use(t, at) : X86_NO_REG;
}

void regs_move_windows(struct tr *t, unsigned base)
{
	for (unsigned i = 0; i < WINDOWS; i++) {
		struct page_window *w = &t->windows[i];

		if (w->base != base)
			continue;
		if (t->moving != base) {
			drop_window(t, i);
			continue;
		}
		w->lo -= t->moves_by;
		w->hi -= t->moves_by;
		w->moved += t->moves_by;
	}
}

void regs_forget(struct tr *t, bool all)
{
	for (unsigned i = all ? 0 : CALLS_KEEP; i < ARRAY_SIZE(order); i++)
		empty(t, order[i]);
	for (unsigned g = 0; all && g < GUESTS; g++)
		t->s.at[g] = IN_MEMORY; /* constants too */
}

val b_get(struct tr *t, enum guest g)
{
	int at = t->s.at[g], reg;

	if (at >= 0)
		return (val){(s8)use(t, at), 0};
	if (at != IN_MEMORY)
		return b_const(t->constants[-2 - at]);
	reg = regs_take(t);
	x86_rm(&t->x, g == GUEST_CA ? X_MOVZX8 : X_LOAD | X_W, reg, guest_memory(g));
	t->s.at[g] = (s16)reg;
	t->h[reg].guests = guest_bit(g);
	return (val){(s8)reg, 0};
}

void b_set(struct tr *t, enum guest g, val v)
{
	regs_move_windows(t, g);
	if (g == GUEST_CA)
		t->x.flags = NULL;
	t->returns_surely &= g != GUEST_LR;
	if (t->s.at[g] >= 0)
		t->h[t->s.at[g]].guests &= ~guest_bit(g);
	t->s.dirty |= guest_bit(g);
	if (v.reg < 0 && t->n_constants < TR_CONSTANTS) {
		t->constants[t->n_constants] = v.k;
		t->s.at[g] = (s16)IN_CONSTANTS((int)t->n_constants++);
		return;
	}
	t->s.at[g] = (s16)regs_value(t, v);
	t->h[t->s.at[g]].guests |= guest_bit(g);
}

val b_gpr(struct tr *t, unsigned r)
{
	return r < 32 ? b_get(t, (enum guest)r) : b_const(0);
}

void b_set_gpr(struct tr *t, unsigned r, val v)
{
	b_set(t, (enum guest)r, v);
}
