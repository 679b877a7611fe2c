/* SPDX-License-Identifier: Apache-2.0 */
/* Making translations for x86-64. */
#include "cpu/jit/jit.h"

#if defined(__x86_64__) && !defined(__ILP32__)

#include <stdlib.h>
#include "cpu/engine/code.h"
#include "cpu/engine/pseudo.h"
#include "cpu/insn/op.h"
#include "cpu/jit/orders.h"
#include "cpu/jit/rules.h"
#include "cpu/jit/x86_64/vector.h"

/* Runs after which a block's translation is worth it. */
#define THRESHOLD 32u
/* Times that a window lies in two units after which its block is translated without windows. */
#define CROSSINGS 256u

/* Links tell a distance: a copy, elsewhere, has none. */
static struct op *copy_of(struct op *pair, const struct op *op, struct op behind)
{
	pair[0] = *op;
	pair[0].link = 0;
	pair[1] = behind;
	return pair;
}

static const struct op *returned(struct cpu *cpu, const struct op *op)
{
	return op;
}

struct op *jit_new_call(struct tr *t, const struct op *op)
{
	return copy_of(jit_take(t, 2 * sizeof(*op)), op, (struct op){.fn = returned});
}

/*
 * What isn't done of the block is given back to the budget: what begins here counts itself. It has
 * a translation already, from its block's start: that it runs once more makes it not worth another.
 */
static const struct op *resumed(struct cpu *cpu, const struct op *op)
{
	struct op *next;

	cpu->budget += op->link;
	next = (struct op *)cpu_goto(cpu, (cpu->nip + op->imm) & cpu->ea_mask);
	if (next && next->fn == pseudo_warm)
		next->insn++;
	return next;
}

struct op *jit_new_function(struct tr *t, unsigned n, const struct op *op, bool once)
{
	const struct block *b = t->b;
	struct op behind = {.fn = resumed, .imm = (s32)n * 4, .link = (s32)(b->count - n)};

	return copy_of(once ? t->jit->once : jit_take(t, 2 * sizeof(*op)), op, behind);
}

static void begin(struct jit *jit)
{
	struct x86 x = {jit->write};

	thunks_emit(jit, &x);
	jit->thunks.side = side_thunk_emit(jit, &x);
	vector_constants_emit(jit, &x);
	area_begins(jit, x.at);
}

static bool engine_is(const char *name)
{
	const char *engine = getenv("PAPYR_ENGINE");

	return engine && !strcmp(engine, name);
}

struct jit *jit_new(size_t bytes)
{
	bool at_once = engine_is("eager"), by_order = !at_once && !engine_is("inline");
	unsigned translators = by_order ? BY_ORDER + 1 : OWN + 1;
	struct jit *jit;

	if (engine_is("portable"))
		return NULL;
	jit = calloc(1, sizeof(*jit) + translators * sizeof(jit->tr[0]));
	if (!jit)
		return NULL;
	rules_prepare();
	jit->threshold = at_once ? 1 : THRESHOLD;
	jit->translators = translators;
	for (unsigned i = 0; i < translators; i++)
		jit->tr[i].jit = jit;
	if (by_order)
		jit->orders = orders_new(jit);
	if (!area_init(jit, bytes)) {
		orders_free(jit->orders);
		free(jit);
		return NULL;
	}
	jit->dump = dump_open();
	jit->host = host_features();
	begin(jit);
	return jit;
}

void jit_free(struct jit *jit)
{
	if (!jit)
		return;
	orders_free(jit->orders);
	area_fini(jit);
	dump_close(jit->dump);
	free(jit);
}

void jit_reset(struct jit *jit)
{
	if (jit)
		area_reset(jit);
}

unsigned jit_threshold(const struct jit *jit)
{
	return jit->threshold;
}

bool jit_has_rule(op_fn *fn)
{
	rules_prepare();
	return rule_find(fn)->build;
}

u32 b_mode(const struct tr *t)
{
	return t->b->mode;
}

enum isa_level b_level(const struct tr *t)
{
	return t->level;
}

void b_target(struct tr *t, unsigned target, unsigned x, unsigned y)
{
	if ((x == target) + (y == target) == 1)
		t->free_over = target;
}

/*
 * What pseudo_enter does; if the budget is spent, jit_make_exit() has the dispatcher look at the
 * clock. The first instruction is as long as the jump that block_drop()
 * puts there.
 */
static void emit_entry(struct tr *t)
{
	s32 count = (s32)t->b->count;

	x86_group1_m(&t->x, 0, G_CMP, CPU_AT(request), 0);
	x86_aim(x86_jcc(&t->x, CC_NE), t->jit->thunks.stop);
	x86_group1_m(&t->x, 0, G_SUB, CPU_AT(budget), count);
	t->late = x86_jcc(&t->x, CC_S);
}

/* Of @b, which is at @ea; TR_NOWHERE: not known. @ops: of a block that has none. */
static void prepare(struct tr *t, struct block *b, const struct op *ops, u64 ea)
{
	t->code = t->jit->write + t->often.at;
	x86_go_to(&t->x, t->code);
	t->swap = !(b->mode & MODE_LE); /* the host is little-endian */
	memset(&t->s, 0, sizeof(t->s));
	memset(t->h, 0, sizeof(t->h));
	t->n_constants = t->n_exits = t->n_sides = 0;
	t->records_used = 0;
	records_begin(&t->recorded);
	t->next_window = 0;
	t->plain = b->crossed >= CROSSINGS;
	t->n_parts = t->insns = 0;
	t->b = NULL;
	trace_add(t, b, ops, b->mode & MODE_SF ? ea : TR_NOWHERE); /* addresses wrap round */
	regs_begin(t);
	vregs_begin(t);
}

static size_t records_bytes(const struct tr *t)
{
	return (t->records_used + 7) & ~(size_t)7;
}

static u8 *records_of(struct translated *tn)
{
	return (u8 *)&tn->parts[tn->n_parts];
}

static const struct translated *keep(struct tr *t)
{
	size_t parts = t->n_parts * sizeof(t->parts[0]);
	struct translated *tn = jit_take(t, sizeof(*tn) + parts + records_bytes(t));

	*tn = (struct translated){(u32)(t->code - t->jit->write), (u16)t->n_exits, (u16)t->n_parts};
	memcpy(tn->parts, t->parts, parts);
	memcpy(records_of(tn), t->records, t->records_used);
	return tn;
}

static void emit_ways_to_exits(struct tr *t)
{
	const struct translated *tn = keep(t);

	for (unsigned i = 0; i < t->n_exits; i++) {
		x86_land(&t->x, t->code + t->exits[i]);
		x86_push(&t->x, RSP);
	}
	x86_land(&t->x, t->late);
	x86_rip(&t->x, X_LEA, RAX, (const u8 *)tn);
	x86_jmp_to(&t->x, t->jit->thunks.make_exit);
}

static void emit_seldom(struct tr *t)
{
	x86_go_to(&t->x, t->jit->write + t->seldom.at);
	emit_ways_to_exits(t);
	sides_emit(t);
	t->seldom.at = (size_t)(t->x.at - t->jit->write);
}

/* At t->code. */
static enum jit_result translate(struct tr *t, struct block *b, const struct op *ops, u64 ea)
{
	struct jit *jit = t->jit;

	if (b->count > BLOCK_MAX)
		return JIT_NOTHING;
	if (!area_has_translation(t))
		return JIT_FULL;
	prepare(t, b, ops, ea);
	emit_entry(t);
	if (!translate_block(t))
		return JIT_NOTHING;
	if (!area_has_data(t, records_bytes(t) + DATA_BYTES_MAX))
		return JIT_FULL;
	if (jit->dump >= 0)
		dump_translation(jit->dump, b, ops, t->code, t->x.at, jit_run_view(jit, t->code));
	t->often.at = (size_t)(t->x.at - jit->write + 7) & ~(size_t)7;
	emit_seldom(t);
	return JIT_COMPILED;
}

void jit_leads_to(struct jit *jit, struct block *b, const u8 *code)
{
	b->code = code;
	*block_note(b) = (struct jump_note){0};
	b->ops[0].fn = (op_fn *)(uintptr_t)jit_run_view(jit, jit->thunks.enter);
}

static enum jit_result compile(struct cpu *cpu, struct block *b, u64 ea)
{
	struct tr *t = &cpu->jit->tr[OWN];
	struct op room[BLOCK_MAX + 2];
	enum jit_result result;

	t->cpu = cpu;
	t->level = cpu->model->level;
	result = translate(t, b, code_ops(cpu, b, room), ea);
	if (result == JIT_COMPILED)
		jit_leads_to(cpu->jit, b, jit_run_view(cpu->jit, t->code));
	return result;
}

enum jit_result jit_compile(struct cpu *cpu, struct block *b)
{
	return compile(cpu, b, cpu->nip);
}

void jit_compile_order(struct jit *jit, struct jit_order *o)
{
	struct tr *t = &jit->tr[BY_ORDER];

	t->cpu = NULL;
	t->level = o->level;
	o->result = translate(t, o->block, o->ops, TR_NOWHERE);
	o->code = jit_run_view(jit, t->code);
}

struct orders *jit_orders(const struct jit *jit)
{
	return jit ? jit->orders : NULL;
}

static void find_exit(struct tr *t, struct translated *tn, unsigned number, struct exit_point *exit)
{
	const u8 *at = records_of(tn);
	struct record_state r;

	records_begin(&r);
	for (unsigned i = 0; i <= number; i++)
		at = record_read(&r, at, exit);
	record_state(t, &r);
}

/* It gets back what the block would have taken. */
static const u8 *is_late(struct cpu *cpu, const struct translated *tn)
{
	cpu->budget += tn->parts[0]->count;
	return jit_run_view(cpu->jit, cpu->jit->thunks.late);
}

/* Of rsp, as it was before each, up to @stack. */
static unsigned count_pushes(const u64 *stack)
{
	unsigned n = 0;

	while (stack[n] == (uintptr_t)&stack[n + 1])
		n++;
	return n;
}

const u8 *jit_make_exit(struct cpu *cpu, const struct translated *seen, u64 *stack)
{
	struct jit *jit = cpu->jit;
	struct translated *tn = (struct translated *)jit_write_view(jit, seen);
	unsigned pushes = count_pushes(stack);
	struct tr *t = &jit->tr[OWN];
	struct exit_point exit;
	struct room *room;
	bool once;
	u8 *code;

	cpu->return_stack = (uintptr_t)(stack + pushes);
	if (!pushes)
		return is_late(cpu, tn);
	once = !area_has_exit(t);
	t->cpu = cpu;
	t->level = cpu->model->level;
	t->parts[0] = tn->parts[0];
	find_exit(t, tn, tn->n_exits - pushes, &exit);
	t->b = tn->parts[exit.part];
	room = exit.kind >= EXIT_FUNCTION ? &t->seldom : &t->often;
	code = jit->write + (once ? jit->aside : room->at);
	x86_go_to(&t->x, code);
	exit_emit(t, &exit, once);
	if (!once) {
		room->at = (size_t)(t->x.at - jit->write);
		x86_aim(jit->write + tn->code + exit.from, code);
	}
	return jit_run_view(jit, code);
}

/* What leads to its translation leads there still: a jump stands in its place. */
static void translate_again(struct cpu *cpu, struct block *b, u64 ea)
{
	struct x86 x = {jit_write_view(cpu->jit, b->code)};

	if (compile(cpu, b, ea) == JIT_COMPILED)
		x86_jmp_to(&x, jit_write_view(cpu->jit, b->code));
}

void jit_sample(struct cpu *cpu, struct block *b)
{
	/* Who walks through memory comes to the end of pages now and then: that isn't often. */
	if (b->crossed < CROSSINGS)
		b->crossed = 0;
	if (b->code && b->samples < JIT_HOT && ++b->samples == JIT_HOT)
		translate_again(cpu, b, cpu->nip);
}

const struct op *jit_crossed(struct cpu *cpu, const struct op *op, const struct op *first,
			     struct block *head)
{
	cpu->counts.exits_function++;
	cpu->ops = first;
	if (head->code && ++head->crossed == CROSSINGS)
		translate_again(cpu, head, TR_NOWHERE);
	return op->fn(cpu, op);
}

#endif
