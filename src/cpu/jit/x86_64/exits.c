/* SPDX-License-Identifier: Apache-2.0 */
/* Ways out of a translation, and calls of instructions' functions. */
#include <assert.h>
#include "cpu/engine/code.h"
#include "cpu/engine/pseudo.h"
#include "cpu/jit/x86_64/vector.h"
#include "cpu/mmu/jumps.h"
#include "cpu/mmu/mem.h"

s32 trace_here(const struct tr *t)
{
	return (s32)(t->n - 1) * 4;
}

static void exit_add(struct tr *t, u8 *from, struct exit_point exit)
{
	assert(t->n_exits < TR_EXITS);
	exit.from = (u32)(from - t->code);
	exit.part = t->n_parts - 1;
	exit.n = t->n;
	t->exits[t->n_exits++] = exit.from;
	record_write(t, &exit);
}

void exit_function_if(struct tr *t, enum x86_cc cc)
{
	exit_add(t, x86_jcc(&t->x, cc), (struct exit_point){.kind = EXIT_FUNCTION});
}

void exit_guard_if(struct tr *t, enum x86_cc cc, s32 distance, struct site *site)
{
	exit_add(t, x86_jcc(&t->x, cc),
		 (struct exit_point){.kind = EXIT_GUARD, .distance = distance, .site = site});
}

void exit_register_if(struct tr *t, enum x86_cc cc, int to)
{
	exit_add(t, x86_jcc(&t->x, cc), (struct exit_point){.kind = EXIT_REGISTER, .to = to});
}

void exit_return_if(struct tr *t, enum x86_cc cc, int to)
{
	exit_add(t, x86_jcc(&t->x, cc), (struct exit_point){.kind = EXIT_RETURN, .to = to});
}

void exit_window_if(struct tr *t, enum x86_cc cc, int base, s32 lo, s32 hi)
{
	exit_add(t, x86_jcc(&t->x, cc),
		 (struct exit_point){.kind = EXIT_WINDOW, .to = base, .lo = lo, .hi = hi});
}

skip b_skip_if(struct tr *t, cond c)
{
	return (skip){x86_jcc(&t->x, (enum x86_cc)c), t->v.changes};
}

void b_land(struct tr *t, skip s)
{
	x86_land(&t->x, s.at);
	if (t->v.changes != s.vectors)
		vregs_forget(t);
}

void b_branched(struct tr *t)
{
	t->s.cfar = trace_here(t);
}

void b_leave_if(struct tr *t, cond c, s32 distance)
{
	exit_add(t, x86_jcc(&t->x, (enum x86_cc)c),
		 (struct exit_point){.kind = EXIT_BRANCH, .distance = trace_here(t) + distance});
}

void b_leave_behind_unless(struct tr *t, cond c)
{
	exit_add(t, x86_jcc(&t->x, (enum x86_cc)(c ^ 1)),
		 (struct exit_point){.kind = EXIT_BEHIND, .distance = trace_here(t) + 4});
}

void b_leave_to_if(struct tr *t, unsigned bit, bool set, val target, enum b_way way)
{
	int to = regs_value(t, target);
	enum x86_cc cc = (enum x86_cc)b_cr_is(t, bit, set);

	if (way == B_RETURNS)
		exit_return_if(t, cc, to);
	else
		exit_register_if(t, cc, to);
}

/*
 * rsi = @op, whose function goes on, rdx = its block's first. Where an instruction is is told from
 * where its op is, so the first is said to be just that far before it.
 */
static void load_op(struct tr *t, const struct op *op, unsigned n)
{
	x86_rip(&t->x, X_LEA, RSI, (const u8 *)op);
	x86_rm(&t->x, X_LEA, RDX, X86_AT(RSI, -(s32)((n - 1) * sizeof(struct op))));
}

static void go_to_function(struct tr *t, const struct op *op, unsigned n)
{
	load_op(t, op, n);
	x86_jmp_to(&t->x, t->jit->thunks.function);
}

/* The same, but that the thunk is told if the window lies in two units. */
static void go_from_window(struct tr *t, const struct exit_point *e, const struct op *op)
{
	struct x86 *x = &t->x;
	u8 *one;

	x86_rm(x, X_LEA, RAX, X86_AT(e->to, e->lo));
	x86_rm(x, X_LEA, RCX, X86_AT(e->to, e->hi - 1));
	x86_rr(x, X_XOR | X_W, RAX, RCX);
	load_op(t, op, e->n);
	x86_constant(x, RCX, (uintptr_t)t->parts[0]);
	x86_test_imm(x, RAX, ~((1u << unit_shift(t)) - 1));
	one = x86_jcc(x, CC_E);
	x86_jmp_to(x, t->jit->thunks.crossed);
	x86_land(x, one);
	x86_jmp_to(x, t->jit->thunks.function);
}

/* The site learns what is there by now. */
static void go_from_guard(struct tr *t, const struct exit_point *e)
{
	x86_rm(&t->x, X_LEA, R_NIP, X86_AT(R_NIP, e->distance));
	x86_rip(&t->x, X_LEA, RSI, (const u8 *)e->site);
	x86_jmp_to(&t->x, t->jit->thunks.leave);
}

void b_leave_to_function(struct tr *t)
{
	state_store(t, &t->s);
	go_to_function(t, jit_new_function(t, t->n, &t->ops[t->n], false), t->n);
}

/* A dropped block's instructions may be others by now: they are fetched anew. */
static void leave_to_function(struct tr *t, const struct exit_point *e, bool once)
{
	struct op op, *kept;

	if (t->b->ops[0].fn == pseudo_stale) {
		way_by_dispatcher(t, (s32)(e->n - 1) * 4);
		return;
	}
	code_op(t->cpu, t->b, e->n, &op);
	kept = jit_new_function(t, e->n, &op, once);
	if (e->kind == EXIT_FUNCTION)
		go_to_function(t, kept, e->n);
	else
		go_from_window(t, e, kept);
}

/* The branch that left has found something in CR: what its instruction asks for, or not that. */
static void learn_from_branch(struct tr *t, const struct exit_point *e)
{
	struct op op;

	if (t->b->ops[0].fn == pseudo_stale)
		return;
	code_op(t->cpu, t->b, e->n, &op);
	b_cr_told(t, &op, e->kind != EXIT_BEHIND);
}

void exit_emit(struct tr *t, const struct exit_point *e, bool once)
{
	bool to_register = e->kind == EXIT_REGISTER || e->kind == EXIT_RETURN;

	if (e->kind == EXIT_BRANCH || to_register)
		t->s.cfar = (s32)(e->n - 1) * 4;
	if (e->kind == EXIT_BRANCH || e->kind == EXIT_BEHIND || to_register)
		learn_from_branch(t, e);
	state_store(t, &t->s);
	if (e->kind == EXIT_FUNCTION || e->kind == EXIT_WINDOW)
		leave_to_function(t, e, once);
	else if (to_register)
		way_to(t, e->to, e->kind == EXIT_RETURN && !once ? B_RETURNS : B_JUMPS);
	else if (e->kind == EXIT_GUARD)
		go_from_guard(t, e);
	else if (once)
		way_by_dispatcher(t, e->distance);
	else
		way_at(t, e->distance);
}

cond b_count_down(struct tr *t, bool zero)
{
	val ctr = b_get(t, GUEST_CTR);
	int r;

	t->free_over = GUEST_CTR;
	r = regs_over(t, ctr);
	b_set(t, GUEST_CTR, (val){(s8)r, 0});
	x86_group1(&t->x, X_W, G_SUB, r, 1);
	if (tr_is_narrow(t))
		x86_rr(&t->x, X_TEST, r, r);
	return zero ? CC_E : CC_NE;
}

void b_let_through(struct tr *t, val msr)
{
	struct x86 *x = &t->x;

	int r;

	if (msr.reg < 0 && !(msr.k & MSR_EE))
		return;
	r = regs_value(t, msr);
	x86_constant(x, RAX, 0);
	x86_test_imm(x, r, (u32)MSR_EE);
	x86_rm(x, X_CMOV(CC_NE), RAX, CPU_AT(pending));
	x86_rr(x, X_TEST, RAX, RAX);
	exit_function_if(t, CC_NE);
}

void b_trap(struct tr *t, unsigned to, val a, val b, bool wide)
{
	static const enum x86_cc condition[] = {CC_A, CC_B, CC_E, CC_G, CC_L};
	struct compared c = {.wide = wide, .a = a, .b = b};

	if (a.reg < 0)
		c.a.reg = (s8)regs_value(t, a);
	compare_emit(t, &c);
	if ((to & 24) == 24)
		exit_function_if(t, CC_NE);
	for (unsigned i = 0; i < 5; i++)
		if (to >> i & 1 && !((to & 24) == 24 && i != 2))
			exit_function_if(t, condition[i]);
}

/* Its function finds all in memory, and an op of its own to go on with, which ends there. */
void b_call(struct tr *t, bool changes_gprs)
{
	struct op *op = jit_new_call(t, &t->ops[t->n]);
	struct x86 *x = &t->x;

	vregs_forget(t);
	state_flush(t);
	regs_forget(t, changes_gprs);
	t->returns_surely = false;
	x86_rip(x, X_LEA, RSI, (const u8 *)op);
	x86_rm(x, X_LEA, RAX, X86_AT(RSI, -(s32)((t->n - 1) * sizeof(struct op))));
	x86_rm(x, X_STORE | X_W, R_NIP, CPU_AT(nip));
	x86_rm(x, X_STORE | X_W, RAX, CPU_AT(ops));
	x86_rm(x, X_LEA, RDI, X86_AT(R_CPU, -CPU_BIAS));
	stack_to_c(x);
	x86_call_m(x, X86_AT(RSI, offsetof(struct op, fn)));
	x86_rr(x, X_TEST | X_W, RAX, RAX);
	x86_aim(x86_jcc(x, CC_E), t->jit->thunks.stopped);
	stack_from_c(x);
}
