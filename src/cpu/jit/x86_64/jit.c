/* SPDX-License-Identifier: Apache-2.0 */
/* Translations for x86-64: their memory, and making them. */
#include "cpu/jit/jit.h"

#if defined(__x86_64__) && !defined(__ILP32__)

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/prefault.h"
#include "cpu/engine/code.h"
#include "cpu/engine/pseudo.h"
#include "cpu/insn/op.h"
#include "cpu/jit/rules.h"
#include "cpu/jit/x86_64/vector.h"

#define CODE_FIRST ((size_t)512 << 10) /* what a guest needs soon */
/* Runs after which a block's translation is worth it. */
#define THRESHOLD 32u
/* Times that a window lies on two pages after which its block is translated without windows. */
#define CROSSINGS 256u

/* --- memory --- */

void *jit_take(struct jit *jit, size_t bytes)
{
	jit->top -= bytes;
	assert(jit->top >= jit->seldom_used);
	return jit->write + jit->top;
}

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

struct op *jit_new_call(struct jit *jit, const struct op *op)
{
	return copy_of(jit_take(jit, 2 * sizeof(*op)), op, (struct op){.fn = returned});
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

struct op *jit_new_function(struct jit *jit, const struct block *b, unsigned n, const struct op *op,
			    bool once)
{
	struct op behind = {.fn = resumed, .imm = (s32)n * 4, .link = (s32)(b->count - n)};

	return copy_of(once ? jit->once : jit_take(jit, 2 * sizeof(*op)), op, behind);
}

/* More than any translation needs in the second half. */
#define ROOM                                                                                       \
	(TR_BYTES_MAX + sizeof(struct translated) + (TR_PARTS + 1) * sizeof(struct site) +         \
	 TR_RECORDS_BYTES_MAX + TR_PARTS * sizeof(struct block *) +                                \
	 TR_INSNS * 2 * sizeof(struct op))
/* What translations leave for exits that are made later. */
#define EXITS_ROOM ((size_t)256 << 10)

#define PAGE		 ((size_t)4096)
#define THUNKS_BYTES_MAX ((size_t)4096) /* constants too */

/* For @first bytes in the first half and @second in the other. */
static bool has_room(const struct jit *jit, size_t first, size_t second)
{
	return jit->seldom_first - jit->used >= first + EXIT_BYTES_MAX &&
	       jit->top - jit->seldom_used >= second;
}

/* Of whole pages. */
static size_t part(size_t bytes)
{
	return (bytes + PAGE - 1) & ~(PAGE - 1);
}

static bool map_both(struct jit *jit, int fd)
{
	if (fd < 0 || ftruncate(fd, (off_t)jit->bytes))
		return false;
	jit->write = mmap(NULL, jit->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (jit->write == MAP_FAILED)
		return false;
	jit->run = mmap(NULL, jit->bytes, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (jit->run != MAP_FAILED)
		return true;
	munmap(jit->write, jit->bytes);
	return false;
}

void jit_warm_up(struct jit *jit)
{
	size_t first;

	if (!jit)
		return;
	first = jit->bytes < CODE_FIRST ? jit->bytes : CODE_FIRST;
	prefault_write(jit->write, first);
	prefault_read(jit->run, first);
}

static void begin(struct jit *jit)
{
	struct x86 x = {jit->write};

	thunks_emit(jit, &x);
	jit->thunks.side = side_thunk_emit(jit, &x);
	vector_constants_emit(jit, &x);
	jit->first = (size_t)(x.at - jit->write + 63) & ~(size_t)63;
	assert(jit->first <= THUNKS_BYTES_MAX);
	jit_reset(jit);
}

struct jit *jit_new(size_t bytes)
{
	const char *engine = getenv("PAPYR_ENGINE");
	struct jit *jit;
	bool mapped;
	int fd;

	if (engine && !strcmp(engine, "portable"))
		return NULL;
	jit = calloc(1, sizeof(*jit));
	if (!jit)
		return NULL;
	rules_prepare();
	jit->seldom_first =
	    part(bytes / 3 * 2 + TR_BYTES_MAX + EXIT_BYTES_MAX + EXITS_ROOM + THUNKS_BYTES_MAX);
	jit->bytes = jit->seldom_first + part(bytes / 3 + EXITS_ROOM + ROOM);
	jit->threshold = engine && !strcmp(engine, "eager") ? 1 : THRESHOLD;
	jit->dump = dump_open();
	jit->host = host_features();
	fd = memfd_create("papyr code", MFD_CLOEXEC);
	mapped = map_both(jit, fd);
	if (fd >= 0)
		close(fd);
	if (!mapped) {
		dump_close(jit->dump);
		free(jit);
		return NULL;
	}
	begin(jit);
	return jit;
}

void jit_free(struct jit *jit)
{
	if (!jit)
		return;
	munmap(jit->write, jit->bytes);
	munmap(jit->run, jit->bytes);
	dump_close(jit->dump);
	free(jit);
}

void jit_reset(struct jit *jit)
{
	if (!jit)
		return;
	jit->used = jit->first;
	jit->seldom_used = jit->seldom_first;
	jit->top = jit->bytes;
	jit->once = jit_take(jit, 2 * sizeof(*jit->once));
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

/* --- translating --- */

u32 b_mode(const struct tr *t)
{
	return t->b->mode;
}

enum isa_level b_level(const struct tr *t)
{
	return t->cpu->model->level;
}

void b_target(struct tr *t, unsigned target, unsigned x, unsigned y)
{
	if ((x == target) + (y == target) == 1)
		t->free_over = target;
}

/*
 * What pseudo_enter does; if the budget is spent, it gets back what the block would take, and the
 * dispatcher looks at the clock. The first instruction is as long as the jump that block_drop()
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

static void emit_late(struct tr *t)
{
	x86_land(&t->x, t->late);
	x86_group1_m(&t->x, 0, G_ADD, CPU_AT(budget), (s32)t->parts[0]->count);
	x86_jmp_to(&t->x, t->jit->thunks.late);
}

static void prepare(struct tr *t, struct cpu *cpu, struct block *b, u64 ea)
{
	struct jit *jit = cpu->jit;

	t->code = jit->write + jit->used;
	x86_go_to(&t->x, t->code);
	t->cpu = cpu;
	t->jit = jit;
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
	trace_add(t, b, b->mode & MODE_SF ? ea : TR_NOWHERE); /* addresses wrap round */
	regs_begin(t);
	vregs_begin(t);
}

static struct block **keep_parts(struct tr *t)
{
	size_t bytes = t->n_parts * sizeof(t->parts[0]);

	return memcpy(jit_take(t->jit, bytes), t->parts, bytes);
}

static const u8 *keep_records(struct tr *t)
{
	size_t bytes = (t->records_used + 7) & ~(size_t)7;

	return memcpy(jit_take(t->jit, bytes), t->records, t->records_used);
}

static void emit_stubs(struct tr *t)
{
	struct translated *tn = jit_take(t->jit, sizeof(*tn));
	u8 *common = t->x.at;

	x86_rip(&t->x, X_LEA, RAX, (const u8 *)tn);
	x86_jmp_to(&t->x, t->jit->thunks.make_exit);
	*tn = (struct translated){keep_parts(t), t->code, t->x.at, keep_records(t)};
	for (unsigned i = 0; i < t->n_exits; i++) {
		x86_land(&t->x, t->code + t->exits[i]);
		x86_call_to(&t->x, common);
	}
}

/* @ea: where @b is, TR_NOWHERE: not known. */
static enum jit_result compile(struct cpu *cpu, struct block *b, u64 ea)
{
	struct jit *jit = cpu->jit;
	struct tr *t = &jit->tr;

	if (b->count > TR_BLOCK)
		return JIT_NOTHING;
	if (!has_room(jit, TR_BYTES_MAX + EXITS_ROOM, ROOM + EXITS_ROOM))
		return JIT_FULL;
	prepare(t, cpu, b, ea);
	emit_entry(t);
	if (!translate_block(t))
		return JIT_NOTHING;
	if (jit->dump >= 0)
		dump_translation(jit->dump, b, code_ops(cpu, b, t->ops_room), t->code, t->x.at,
				 jit_run_view(jit, t->code));
	jit->used = (size_t)(t->x.at - jit->write + 15) & ~(size_t)15;
	x86_go_to(&t->x, jit->write + jit->seldom_used);
	emit_stubs(t);
	sides_emit(t);
	emit_late(t);
	jit->seldom_used = (size_t)(t->x.at - jit->write);
	b->code = jit_run_view(jit, t->code);
	b->ops[0].fn = (op_fn *)(uintptr_t)jit_run_view(jit, jit->thunks.enter);
	return JIT_COMPILED;
}

enum jit_result jit_compile(struct cpu *cpu, struct block *b)
{
	return compile(cpu, b, cpu->nip);
}

static void find_exit(struct tr *t, const struct translated *tn, unsigned number,
		      struct exit_point *exit)
{
	const u8 *at = tn->records;
	struct record_state r;

	records_begin(&r);
	for (unsigned i = 0; i <= number; i++)
		at = record_read(&r, at, exit);
	record_state(t, &r);
}

const u8 *jit_make_exit(struct cpu *cpu, const struct translated *seen, const u8 *returns)
{
	struct jit *jit = cpu->jit;
	struct translated *tn = (struct translated *)jit_write_view(jit, seen);
	bool once = !has_room(jit, EXIT_BYTES_MAX, EXIT_BYTES_MAX);
	struct tr *t = &jit->tr;
	struct exit_point exit;
	unsigned number;
	size_t *used;
	u8 *code;

	t->cpu = cpu;
	t->parts[0] = tn->parts[0];
	number = (unsigned)(jit_write_view(jit, returns) - tn->stubs) / STUB_BYTES - 1;
	find_exit(t, tn, number, &exit);
	t->b = tn->parts[exit.part];
	used = exit.kind >= EXIT_FUNCTION ? &jit->seldom_used : &jit->used;
	code = jit->write + (once ? jit->seldom_first - EXIT_BYTES_MAX : *used);
	x86_go_to(&t->x, code);
	exit_emit(t, &exit, once);
	if (!once) {
		*used = (size_t)(t->x.at - jit->write);
		x86_aim(tn->code + exit.from, code);
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
