/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a translation follows: its block, and after branches that are surely or usually taken the
 * blocks that they lead to on the same page, which are there as long as it is. What host registers
 * hold stays there on the way, and only the budget is counted. A short loop goes round a few times.
 * That makes more code, which only what is hot is worth.
 *
 * r14 becomes each block's own address, for all that says where an instruction is counts from it.
 */
#include "cpu/engine/code.h"
#include "cpu/isa/ops.h"
#include "cpu/jit/rules.h"
#include "cpu/jit/x86_64/vector.h"
#include "cpu/mmu/mem.h"

#define ROUNDS_INSNS 64u /* that a loop may come to, gone round several times */

void trace_add(struct tr *t, struct block *b)
{
	t->parts[t->n_parts++] = t->b = b;
	t->n = 0;
	for (unsigned n = 1; n <= b->count + 1u; n++)
		t->rules[n] = rule_find(b->ops[n].fn);
}

const struct op *b_next(struct tr *t, const struct rule **rule)
{
	const struct op *op = &t->b->ops[++t->n];

	*rule = t->rules[t->n];
	if (!trace_moves(op, *rule, &t->moving, &t->moves_by))
		t->moving = GUESTS;
	t->ea_of.base = -1;
	regs_next(t);
	vregs_next(t, (*rule)->stays);
	return op;
}

/* Where all is translated at once, for tests, all is hot. */
static bool is_hot(const struct tr *t)
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
	return is_hot(t) && !(t->b->mode & MODE_COUNT);
}

unsigned trace_rounds_left(const struct tr *t, unsigned insns)
{
	return may_go_on(t) && t->b == t->parts[0] ? rounds_left(t, insns) : 0;
}

static struct block *target_of(const struct tr *t, s32 distance)
{
	u64 gpa = t->b->gpa + (u64)(s64)(trace_here(t) + distance);

	if ((gpa ^ t->b->gpa) & CPU_PAGE_MASK)
		return NULL;
	return gpa == t->parts[0]->gpa ? t->parts[0] : code_kept(t->cpu, gpa, t->b->mode);
}

static bool is_part(const struct tr *t, const struct block *b)
{
	for (unsigned i = 0; i < t->n_parts; i++)
		if (t->parts[i] == b)
			return true;
	return false;
}

struct block *b_may_follow(struct tr *t, s32 distance)
{
	struct block *b = may_go_on(t) ? target_of(t, distance) : NULL;
	unsigned insns = t->insns + t->n;

	if (!b || t->n_parts == TR_PARTS || insns + b->count > TR_INSNS)
		return NULL;
	if (b == t->parts[0])
		return rounds_left(t, insns / t->n_parts) ? b : NULL;
	return is_part(t, b) ? NULL : b;
}

void b_follow(struct tr *t, struct block *b, s32 distance)
{
	s32 to = trace_here(t) + distance;

	t->insns += t->n;
	if (to) {
		x86_rm(&t->x, X_LEA, R_NIP, X86_AT(R_NIP, to));
		t->s.cfar -= to;
	}
	x86_group1_m(&t->x, 0, G_SUB, CPU_AT(budget), b == t->b ? (s32)t->n : (s32)b->count);
	trace_add(t, b);
}
