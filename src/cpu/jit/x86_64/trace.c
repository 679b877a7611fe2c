/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a translation follows: its block, and after branches that are surely or usually taken, and
 * returns from calls that it followed, the blocks that they lead to. What host registers hold stays
 * there on the way, and only the budget is counted. A short loop goes round a few times. That makes
 * more code, which only what is hot is worth.
 *
 * Blocks on the same page are there as long as the branch is. What is on another one depends on the
 * translations: a guard, as those of jumps from page to page (struct site), is asked whether the
 * address and the key are those for which it is the block that was followed.
 *
 * r14 becomes each block's own address, for all that says where an instruction is counts from it.
 */
#include "cpu/engine/code.h"
#include "cpu/isa/ops.h"
#include "cpu/jit/rules.h"
#include "cpu/jit/x86_64/vector.h"
#include "cpu/mmu/jumps.h"
#include "cpu/mmu/mem.h"

#define ROUNDS_INSNS 64u /* that a loop may come to, gone round several times */

void trace_add(struct tr *t, struct block *b, const struct op *ops, u64 ea)
{
	t->parts[t->n_parts++] = b;
	t->ops = ops;
	t->b = b;
	t->ea = ea;
	t->n = 0;
	for (unsigned n = 1; n <= b->count + 1u; n++)
		t->rules[n] = rule_find(t->ops[n].fn);
}

const struct op *b_next(struct tr *t, const struct rule **rule)
{
	const struct op *op = &t->ops[++t->n];

	*rule = t->rules[t->n];
	if (!trace_moves(op, *rule, &t->moving, &t->moves_by))
		t->moving = GUESTS;
	t->ea_of.base = -1;
	regs_next(t);
	vregs_next(t, (*rule)->stays);
	return op;
}

/* Where all is translated at once, for tests, all is hot. */
bool trace_is_hot(const struct tr *t)
{
	return t->parts[0]->samples == JIT_HOT || t->jit->threshold == 1;
}

bool trace_moves(const struct op *op, const struct rule *r, unsigned *reg, s32 *by)
{
	*reg = op->a;
	*by = (s32)op->imm;
	return (r->bytes && r->updates) || (op->fn == op_addi && op->t == op->a);
}

/* How often a loop of @insns instructions may still go round. */
static unsigned rounds_left(const struct tr *t, unsigned insns)
{
	unsigned rounds = ROUNDS_INSNS / insns;

	if (rounds > TR_PARTS)
		rounds = TR_PARTS;
	return rounds > t->n_parts ? rounds - t->n_parts : 0;
}

/* Exact counts are compared with what they may come to where blocks begin: each is left then. */
static bool may_go_on(const struct tr *t)
{
	return trace_is_hot(t) && !(t->b->mode & MODE_COUNT);
}

unsigned trace_rounds_left(const struct tr *t, unsigned insns)
{
	return may_go_on(t) && t->b == t->parts[0] ? rounds_left(t, insns) : 0;
}

static bool on_page(const struct tr *t, s32 distance)
{
	u64 at = t->b->gpa;

	return !((at ^ (at + (u64)(s64)distance)) & CPU_PAGE_MASK);
}

/* What is at an address of another page, if it is known and may be followed. */
static struct block *elsewhere(const struct tr *t, u64 ea)
{
	const struct jump *j = t->ea == TR_NOWHERE ? NULL : jump_find(t->cpu, ea);
	struct block *b = j ? container_of((struct op *)j->ops, struct block, ops) : NULL;

	/* Others are forgotten alone, or were dropped. */
	return b && b == code_kept(t->cpu, b->gpa, b->mode) ? b : NULL;
}

/* What is at @distance from the block's start. */
static struct block *target_of(const struct tr *t, s32 distance)
{
	u64 gpa = t->b->gpa + (u64)(s64)distance;

	if (!on_page(t, distance))
		return elsewhere(t, t->ea + (u64)(s64)distance);
	return gpa == t->parts[0]->gpa ? t->parts[0] : code_kept(t->cpu, gpa, t->b->mode);
}

static bool is_part(const struct tr *t, const struct block *b)
{
	for (unsigned i = 0; i < t->n_parts; i++)
		if (t->parts[i] == b)
			return true;
	return false;
}

static struct block *may_follow(struct tr *t, s32 distance)
{
	struct block *b = may_go_on(t) ? target_of(t, distance) : NULL;
	unsigned insns = t->insns + t->n;

	if (!b || t->n_parts == TR_PARTS || insns + b->count > TR_INSNS)
		return NULL;
	if (b == t->parts[0])
		return rounds_left(t, insns / t->n_parts) ? b : NULL;
	return is_part(t, b) ? NULL : b;
}

struct block *b_may_follow(struct tr *t, s32 distance)
{
	return may_follow(t, trace_here(t) + distance);
}

/* r14 = the address at @distance, where @b must be. */
static void guard(struct tr *t, struct block *b, s32 distance)
{
	struct site *site = jit_new_guard(t, b, t->ea + (u64)(s64)distance);
	struct x86 *x = &t->x;

	x86_rm(x, X_LEA, RAX, X86_AT(R_NIP, distance));
	x86_rm(x, X_LOAD | X_W, RCX, CPU_AT(jump_key));
	x86_rip(x, X_CMP | X_W, RAX, (const u8 *)&site->ea);
	exit_guard_if(t, CC_NE, distance, site);
	x86_rip(x, X_CMP | X_W, RCX, (const u8 *)&site->key);
	exit_guard_if(t, CC_NE, distance, site);
	x86_mov(x, R_NIP, RAX);
}

static void follow(struct tr *t, struct block *b, s32 distance)
{
	const struct op *ops;

	t->insns += t->n;
	if (!on_page(t, distance))
		guard(t, b, distance);
	else if (distance)
		x86_rm(&t->x, X_LEA, R_NIP, X86_AT(R_NIP, distance));
	t->s.cfar -= distance;
	x86_group1_m(&t->x, 0, G_SUB, CPU_AT(budget), b == t->b ? (s32)t->n : (s32)b->count);
	ops = t->b == b ? t->ops : code_ops(t->cpu, b, t->ops_room);
	trace_add(t, b, ops, t->ea == TR_NOWHERE ? t->ea : t->ea + (u64)(s64)distance);
}

void b_follow(struct tr *t, struct block *b, s32 distance)
{
	follow(t, b, trace_here(t) + distance);
}

void b_calls(struct tr *t)
{
	t->returns_surely = t->ea != TR_NOWHERE && t->n_returns < TR_PARTS;
	if (t->returns_surely)
		t->returns[t->n_returns++] = t->ea + (u64)(s64)trace_here(t) + 4;
}

bool b_return(struct tr *t)
{
	struct block *next = NULL;
	s64 distance = 0;

	if (t->n_returns) {
		distance = (s64)(t->returns[--t->n_returns] - t->ea);
		next = may_follow(t, (s32)distance);
	}
	if (!next)
		return false;
	if (!t->returns_surely) {
		int lr = regs_value(t, b_get(t, GUEST_LR));

		x86_rm(&t->x, X_LEA, RAX, X86_AT(R_NIP, (s32)distance));
		x86_rr(&t->x, X_CMP | X_W, RAX, lr);
		exit_register_if(t, CC_NE, lr);
	}
	t->returns_surely = false;
	b_branched(t);
	follow(t, next, (s32)distance);
	return true;
}
