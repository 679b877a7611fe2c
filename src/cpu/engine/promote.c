/* SPDX-License-Identifier: Apache-2.0 */
/* From blocks that are decoded cold to those that are kept and translated. */
#include <assert.h>
#include "cpu/engine/cache.h"
#include "cpu/engine/code.h"
#include "cpu/engine/pseudo.h"
#include "cpu/jit/jit.h"
#include "cpu/jit/orders.h"
#include "cpu/mmu/jumps.h"

static enum jit_result jit_compile_timed(struct cpu *cpu, struct block *b)
{
	u64 from = timed_from(cpu->counts.blocks_tried++);
	enum jit_result result = jit_compile(cpu, b);

	cpu->counts.compile_ns += timed_ns(from);
	return result;
}

/* @b, the arena's last, has a translation now: nobody asks for its ops but code_ops(). */
static void bare(struct arena *a, struct block *b)
{
	size_t at = (size_t)((u8 *)b - a->at);

	assert(a->used == at + block_bytes(b->count));
	a->used = at + bare_bytes();
	b->bare = true;
}

/* False: there was no room, and all blocks are gone, @b too. */
static bool compile(struct cpu *cpu, struct block *b)
{
	switch (jit_compile_timed(cpu, b)) {
	case JIT_NOTHING:
		break;
	case JIT_COMPILED:
		cpu->counts.blocks_compiled++;
		bare(&cpu->code->arena[KEPT], b);
		break;
	case JIT_FULL:
		code_make_room(cpu);
		return false;
	}
	return true;
}

OP_PSEUDO(warm)
{
	struct op *enter = (struct op *)op;

	if (--enter->insn)
		return pseudo_enter(cpu, op);
	enter->fn = pseudo_ripe;
	return NULL;
}

/* What led to a cold block leads to the one that was decoded to be kept. */
OP_PSEUDO(moved)
{
	struct block *b = op_link(op);
	struct jump *j = jump_find(cpu, cpu->nip);

	if (j && j->ops == op) {
		j->ops = b->ops;
		j->code = jit_code(cpu->jit, b);
	}
	return b->ops[0].fn(cpu, b->ops);
}

static void has_moved(struct cpu *cpu, struct block *from, struct block *to)
{
	hash_remove(cpu->code, from);
	from->ops[0].fn = pseudo_moved;
	op_set_link(&from->ops[0], to);
}

struct block *code_make_kept(struct cpu *cpu, u64 gpa, const u8 *host_page)
{
	struct block *b;

	do
		b = code_make(cpu, gpa, host_page, KEPT, NULL);
	while (b && cpu->jit && !compile(cpu, b));
	return b;
}

/* The same, of what cold block @from is of. */
static struct block *keep(struct cpu *cpu, struct block *from, u64 gpa, const u8 *host_page)
{
	u64 round = cpu->code->round;
	struct block *b = code_make_kept(cpu, gpa, host_page);

	if (b && round == cpu->code->round && code_is_found(from))
		has_moved(cpu, from, b);
	return b;
}

/* Has @from decoded to be kept, and translated by another thread. It runs on meanwhile. */
static struct block *order(struct cpu *cpu, struct block *from, u64 gpa, const u8 *host_page)
{
	struct orders *orders = jit_orders(cpu->jit);
	struct jit_order *o = orders_room(orders);
	u64 round = cpu->code->round;

	/* What follows a block runs as often: wait and see whether that is enough. */
	if (!o || orders_have(orders, gpa, cpu->mode)) {
		block_is_cold(cpu, from);
		return from;
	}
	o->block = code_make(cpu, gpa, host_page, KEPT, o->ops);
	if (!o->block)
		return NULL;
	o->level = cpu->model->level;
	o->timed = is_timed(cpu->counts.blocks_tried++);
	orders_add(orders);
	/* On the way it may have been dropped, alone or with all others. */
	if (round != cpu->code->round || from->ops[0].fn != pseudo_ripe)
		return code_make(cpu, gpa, host_page, COLD, NULL);
	from->ops[0].fn = pseudo_enter;
	return from;
}

static void take_translation(struct cpu *cpu, const struct jit_order *o)
{
	struct block *b = o->block, *from;

	if (o->timed)
		cpu->counts.compile_ns += ns_of_all(o->ticks);
	if (b->ops[0].fn == pseudo_stale)
		return;
	if (o->result != JIT_COMPILED || code_kept(cpu, b->gpa, b->mode)) {
		b->ops[0].fn = pseudo_stale;
		return;
	}
	cpu->counts.blocks_compiled++;
	jit_leads_to(cpu->jit, b, o->code);
	code_add(cpu, b);
	from = hash_find(cpu->code, COLD, b->gpa, b->mode);
	if (from)
		has_moved(cpu, from, b);
}

void code_take_translations(struct cpu *cpu)
{
	struct orders *orders = jit_orders(cpu->jit);
	const struct jit_order *o;

	while (orders && (o = orders_done(orders))) {
		if (o->result == JIT_FULL) {
			code_make_room(cpu);
			return;
		}
		take_translation(cpu, o);
		orders_take(orders);
	}
}

void code_tick(struct cpu *cpu)
{
	struct orders *orders = jit_orders(cpu->jit);

	if (!orders)
		return;
	code_take_translations(cpu);
	orders_tick(orders);
}

struct block *code_promote(struct cpu *cpu, struct block *from, u64 gpa, const u8 *host_page)
{
	return orders_pay(jit_orders(cpu->jit)) ? order(cpu, from, gpa, host_page)
						: keep(cpu, from, gpa, host_page);
}
