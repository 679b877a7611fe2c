/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a translation follows: its block, and after branches that are surely or usually taken, and
 * returns from calls that it followed, the blocks that they lead to. What host registers hold stays
 * there on the way, and only the budget is counted. A short loop goes round a few times. That makes
 * more code, which only what is hot is worth.
 *
 * Jumps by CTR that went to one place are taken to go there again, as those of calls to another
 * library do.
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

/* So often a jump by CTR may have gone elsewhere than before, the first time being one, to be taken
 * to go there always. What the host's processor has to guess wrong costs more than is gained. */
#define ELSEWHERE_MAX 4u
#define ROUNDS_INSNS  64u /* that a loop may come to, gone round several times */

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

bool trace_leads_back(const struct tr *t, unsigned n)
{
	return t->rules[n]->branches && t->ops[n].imm == -4 * (s32)(n - 1);
}

unsigned trace_rounds_left(const struct tr *t, unsigned insns)
{
	return may_go_on(t) && t->b == t->parts[0] ? rounds_left(t, insns) : 0;
}

bool trace_on_page(const struct tr *t, s64 distance)
{
	u64 at = t->b->gpa;

	return !((at ^ (at + (u64)distance)) & CPU_PAGE_MASK);
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
static struct block *target_of(const struct tr *t, s64 distance)
{
	u64 gpa = t->b->gpa + (u64)distance;

	if (!trace_on_page(t, distance))
		return elsewhere(t, t->ea + (u64)distance);
	return gpa == t->parts[0]->gpa ? t->parts[0] : code_kept(t->cpu, gpa, t->b->mode);
}

static bool is_part(const struct tr *t, const struct block *b)
{
	for (unsigned i = 0; i < t->n_parts; i++)
		if (t->parts[i] == b)
			return true;
	return false;
}

/* @b, if it may come next. */
static struct block *may_follow(const struct tr *t, struct block *b)
{
	unsigned insns = t->insns + t->n;

	if (!b || t->n_parts == TR_PARTS || insns + b->count > TR_INSNS)
		return NULL;
	if (b == t->parts[0])
		return rounds_left(t, insns / t->n_parts) ? b : NULL;
	return is_part(t, b) ? NULL : b;
}

struct block *b_may_follow(struct tr *t, s32 distance)
{
	return may_go_on(t) ? may_follow(t, target_of(t, trace_here(t) + distance)) : NULL;
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

/* @b, at @ea, comes next; of it so many instructions count. */
static void go_on(struct tr *t, struct block *b, u64 ea)
{
	const struct op *ops = t->b == b ? t->ops : code_ops(t->cpu, b, t->ops_room);

	t->insns += t->n;
	x86_group1_m(&t->x, 0, G_SUB, CPU_AT(budget), b == t->b ? (s32)t->n : (s32)b->count);
	trace_add(t, b, ops, ea);
}

static void follow(struct tr *t, struct block *b, s32 distance)
{
	if (!trace_on_page(t, distance))
		guard(t, b, distance);
	else if (distance)
		x86_rm(&t->x, X_LEA, R_NIP, X86_AT(R_NIP, distance));
	if (t->s.cfar != NO_CFAR)
		t->s.cfar -= distance;
	go_on(t, b, t->ea == TR_NOWHERE ? t->ea : t->ea + (u64)(s64)distance);
}

/*
 * To where host register @to says, if that is @ea, where @b must be. How far it is nobody knows:
 * the current block may be at another address than now when it runs.
 */
static void follow_register(struct tr *t, struct block *b, int to, u64 ea)
{
	struct site *site = jit_new_guard(t, b, ea);
	struct x86 *x = &t->x;

	x86_rip(x, X_CMP | X_W, to, (const u8 *)&site->ea);
	exit_register_if(t, CC_NE, to);
	x86_rm(x, X_LEA, RAX, X86_AT(R_NIP, trace_here(t)));
	x86_rm(x, X_STORE | X_W, RAX, CPU_AT(cfar));
	t->s.cfar = NO_CFAR;
	x86_mov(x, R_NIP, to);
	x86_rm(x, X_LOAD | X_W, RAX, CPU_AT(jump_key));
	x86_rip(x, X_CMP | X_W, RAX, (const u8 *)&site->key);
	exit_guard_if(t, CC_NE, 0, site);
	go_on(t, b, ea);
	t->returns_surely = false;
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
	struct block *next;
	s64 distance;
	u64 ea;
	int lr;

	if (!t->n_returns)
		return false;
	ea = t->returns[--t->n_returns];
	distance = (s64)(ea - t->ea);
	next = may_go_on(t) ? may_follow(t, target_of(t, distance)) : NULL;
	if (!next)
		return false;
	b_branched(t);
	if (!trace_on_page(t, distance)) {
		follow_register(t, next, regs_value(t, b_get(t, GUEST_LR)), ea);
		return true;
	}
	if (!t->returns_surely) {
		lr = regs_value(t, b_get(t, GUEST_LR));
		x86_rm(&t->x, X_LEA, RAX, X86_AT(R_NIP, (s32)distance));
		x86_rr(&t->x, X_CMP | X_W, RAX, lr);
		exit_return_if(t, CC_NE, lr);
	}
	t->returns_surely = false;
	follow(t, next, (s32)distance);
	return true;
}

/* What isn't hot yet notes where it leads, and how often that was elsewhere than before. */
static void note_jump(struct tr *t, int to)
{
	s32 times = (s32)offsetof(struct jump_note, times) - (s32)offsetof(struct jump_note, to);
	struct x86 *x = &t->x;
	u8 *same;

	x86_constant(x, RAX, (uintptr_t)&block_note(t->b)->to);
	x86_rm(x, X_CMP | X_W, to, X86_AT(RAX, 0));
	same = x86_jcc(x, CC_E);
	x86_rm(x, X_STORE | X_W, to, X86_AT(RAX, 0));
	x86_group1_m(x, 0, G_ADD, X86_AT(RAX, times), 1);
	x86_land(x, same);
}

/* Where the current block's jump always went; 0: nowhere, or to several places. */
static u64 where_it_led(const struct tr *t)
{
	const struct jump_note *led = block_note(t->b);

	return may_go_on(t) && t->b->bare && led->times <= ELSEWHERE_MAX ? led->to & ~3ull : 0;
}

bool b_jump(struct tr *t, val target)
{
	u64 ea = where_it_led(t);
	struct block *next = ea ? may_follow(t, elsewhere(t, ea)) : NULL;
	int to = regs_value(t, target);

	if (next)
		follow_register(t, next, to, ea);
	else if (t->b == t->parts[0] && t->b->samples < JIT_HOT)
		note_jump(t, to);
	return next;
}
