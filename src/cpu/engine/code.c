/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <sys/mman.h>
#include <errno.h>
#include <stdlib.h>
#include "base/prefault.h"
#include "cpu/engine/cache.h"
#include "cpu/engine/code.h"
#include "cpu/jit/jit.h"
#include "cpu/jit/orders.h"
#include "cpu/mmu/jumps.h"
#include "cpu/mmu/returns.h"
#include "cpu/engine/pseudo.h"

#define ARENA_FIRST ((size_t)2 << 20) /* what a guest needs soon */
#define COLD_MAX    16u		      /* instructions of blocks that may never run again */

_Static_assert(CODE_BYTES_MIN / 8 * 5 >= sizeof(struct code_page) + LINES_BYTES_MAX + PART_BYTES +
					     sizeof(struct block) +
					     (BLOCK_MAX + 2) * sizeof(struct op) + 32,
	       "block_make() must find room in an empty arena");
_Static_assert(BLOCK_MAX <= 64, "insns_before_others() has a bit for each");

#define BLOCKS_MAX ((size_t)PLACE_BYTES << REF_PLACE_BITS) /* that references reach */
#define MIB	   ((size_t)1 << 20)

/* PAPYR_CODE_MEMORY; 0: what is usual. */
static size_t room_wanted(void)
{
	const char *text = getenv("PAPYR_CODE_MEMORY");
	unsigned long mib = text ? strtoul(text, NULL, 10) : 0;

	if (!mib)
		return 0;
	if (mib < CODE_MIB_MIN)
		mib = CODE_MIB_MIN;
	return (mib < CODE_MIB_MAX ? mib : CODE_MIB_MAX) * MIB;
}

/*
 * One processor's work often goes through as much code as a compiler's; of several each has some
 * part of it.
 */
struct code_room code_room(bool first)
{
	size_t bytes = room_wanted(), blocks;

	if (!bytes)
		bytes = (first ? 56 : 26) * MIB;
	blocks = bytes / 7 * 2 & ~(MIB - 1);
	if (blocks > BLOCKS_MAX)
		blocks = BLOCKS_MAX;
	return (struct code_room){blocks, bytes - blocks};
}

/* A sixteenth of what all blocks have. */
static size_t arenas_share(const struct code_cache *c)
{
	return (c->arena[KEPT].bytes + c->arena[COLD].bytes) / 16 & ~(size_t)(PLACE_BYTES - 1);
}

/* Cold blocks have all that those that are kept didn't take yet, but this always. */
#define COLD_SHARES_MIN	  5u
#define KEPT_SHARES_FIRST 2u

/* Where the one ends and the other, which is empty, begins. */
static void arenas_split(struct code_cache *c, size_t kept_bytes)
{
	struct arena *kept = &c->arena[KEPT], *cold = &c->arena[COLD];

	cold->bytes -= kept_bytes - kept->bytes;
	kept->bytes = kept_bytes;
	cold->at = kept->at + kept_bytes;
}

static void arenas_empty(struct code_cache *c)
{
	c->arena[KEPT].used = c->arena[COLD].used = 0;
	if (c->arena[COLD].bytes)
		arenas_split(c, KEPT_SHARES_FIRST * arenas_share(c));
}

/* Blocks that are kept, and cold ones where there is a translator that waits. */
static int arenas_init(struct code_cache *c, const struct jit *jit, size_t bytes)
{
	struct arena *kept = &c->arena[KEPT], *cold = &c->arena[COLD];

	kept->at = pages_untouched(bytes, MAP_NORESERVE);
	if (!kept->at)
		return -ENOMEM;
	madvise(kept->at, bytes, MADV_HUGEPAGE);
	if (jit && jit_threshold(jit) > 1)
		cold->bytes = bytes;
	else
		kept->bytes = bytes;
	cold->at = kept->at + kept->bytes;
	arenas_empty(c);
	return 0;
}

static void arenas_fini(struct code_cache *c)
{
	munmap(c->arena[KEPT].at, c->arena[KEPT].bytes + c->arena[COLD].bytes);
}

int code_init(struct cpu *cpu, struct code_room room)
{
	struct code_cache *c = pages_untouched(sizeof(*c), 0);
	size_t bytes = room.blocks;

	if (!c)
		return -ENOMEM;
	isa_prepare();
	cpu->jit = jit_new(room.jit);
	if (!cpu->jit) /* all blocks have their ops */
		bytes = bytes + room.jit < BLOCKS_MAX ? bytes + room.jit : BLOCKS_MAX;
	assert(bytes >= CODE_BYTES_MIN && bytes <= BLOCKS_MAX);
	if (cpu->jit && returns_init(cpu))
		goto no_returns;
	if (arenas_init(c, cpu->jit, bytes))
		goto no_arenas;
	if (hash_init(c, bytes))
		goto no_hash;
	c->epoch = 1;
	cpu->code = c;
	return 0;

no_hash:
	arenas_fini(c);
no_arenas:
	returns_fini(cpu);
no_returns:
	jit_free(cpu->jit);
	munmap(c, sizeof(*c));
	return -ENOMEM;
}

static void warm_up(struct arena *a)
{
	prefault_write(a->at, a->bytes < ARENA_FIRST ? a->bytes : ARENA_FIRST);
}

void cpu_warm_up(struct cpu *cpu)
{
	struct code_cache *c = cpu->code;

	if (c->warm)
		return;
	c->warm = true;
	warm_up(&c->arena[KEPT]);
	warm_up(&c->arena[COLD]);
	jit_warm_up(cpu->jit);
}

void code_fini(struct cpu *cpu)
{
	jit_free(cpu->jit);
	returns_fini(cpu);
	hash_fini(cpu->code);
	arenas_fini(cpu->code);
	munmap(cpu->code, sizeof(*cpu->code));
	cpu->code = NULL;
}

void cpu_code_recheck(struct cpu *cpu)
{
	cpu->code->epoch++;
	jumps_forget(cpu);
}

void cpu_flush_all_code(struct cpu *cpu)
{
	struct code_cache *c = cpu->code;

	c->round++;
	orders_cancel(jit_orders(cpu->jit));
	hash_forget_all(c);
	memset(c->pages, 0, sizeof(c->pages));
	c->last_page = NULL;
	arenas_empty(c);
	jit_reset(cpu->jit);
	jumps_erase(cpu);
}

void code_make_room(struct cpu *cpu)
{
	cpu_flush_all_code(cpu);
	cpu->counts.code_flushes++;
}

bool code_is_found(const struct block *b)
{
	op_fn *fn = b->ops[0].fn;

	return fn != pseudo_stale && fn != pseudo_moved && fn != pseudo_ordered;
}

static void block_drop(struct cpu *cpu, struct block *b)
{
	if (code_is_found(b))
		hash_remove(cpu->code, b);
	b->ops[0].fn = pseudo_stale;
	jit_drop(cpu->jit, b);
}

/* A bucket that is full drops a block for another. */
static void find_room_in_hash(struct cpu *cpu, const struct block *b)
{
	struct block *old = hash_in_the_way(cpu->code, b);

	if (old)
		block_drop(cpu, old);
}

static void page_drop_blocks(struct cpu *cpu, struct code_page *p)
{
	cpu->counts.flushes_code++;
	for (enum code_kind kind = KEPT; kind < KINDS; kind++) {
		struct block **first = page_blocks(cpu->code, p, kind);

		for (struct block *b = *first; b; b = b->page_next)
			block_drop(cpu, b);
		*first = NULL;
	}
	p->lines = 0;
	cpu->link_from = NULL;
}

/* All cold blocks go. */
static void forget_cold(struct cpu *cpu)
{
	struct code_cache *c = cpu->code;

	hash_forget_cold(c);
	c->round++;
	jumps_forget_ops(cpu, c->arena[COLD].at, c->arena[COLD].bytes);
	cpu->link_from = NULL;
	c->arena[COLD].used = 0;
	cpu->counts.cold_flushes++;
}

/* What is kept gets some of cold blocks' memory, which are forgotten for that. False: no more. */
static bool cold_makes_room(struct cpu *cpu)
{
	struct code_cache *c = cpu->code;
	size_t share = arenas_share(c);

	if (c->arena[COLD].bytes < (COLD_SHARES_MIN + 1) * share)
		return false;
	forget_cold(cpu);
	arenas_split(c, c->arena[KEPT].bytes + share);
	return true;
}

void code_link(struct cpu *cpu, const struct op *op, struct block *b)
{
	const struct arena *cold = &cpu->code->arena[COLD], *kept = &cpu->code->arena[KEPT];

	/* Of others translations have copies. */
	if (!arena_has(cold, op) && (arena_has(cold, b) || !arena_has(kept, op)))
		return;
	op_set_link((struct op *)op, b);
	cpu->counts.links_made++;
}

void cpu_flush_code(struct cpu *cpu, u64 gpa)
{
	struct code_page *p = page_find(cpu->code, gpa & CPU_PAGE_MASK);

	if (p)
		page_drop_blocks(cpu, p);
}

static void page_recheck(struct cpu *cpu, struct code_page *p, const u8 *host_page)
{
	p->checked = cpu->code->epoch;
	if (!page_is_same(cpu->code, p, host_page))
		page_drop_blocks(cpu, p);
}

void cpu_code_compare(struct cpu *cpu, void (*differs)(struct cpu *cpu, u64 gpa))
{
	struct code_cache *c = cpu->code;

	for (unsigned i = 0; i < PAGE_BUCKETS; i++)
		for (struct code_page *p = c->pages[i]; p; p = p->next) {
			const u8 *host = page_has_blocks(c, p)
					     ? cpu->host->ram(cpu, p->gpa, CPU_RAM_LOAD).host
					     : NULL;

			if (host && !page_is_same(c, p, host))
				differs(cpu, p->gpa);
		}
}

void code_op(struct cpu *cpu, const struct block *b, unsigned n, struct op *op)
{
	u64 gpa = b->gpa + (n - 1) * 4;
	unsigned offset = gpa & ~CPU_PAGE_MASK;

	op_decode(cpu, &cpu->code->decoder, gpa,
		  insn_fetch(page_noted(cpu->code, b->page, offset), b->mode), b->mode, op);
}

const struct op *code_ops(struct cpu *cpu, const struct block *b, struct op *room)
{
	if (!b->bare)
		return b->ops;
	for (unsigned n = 1; n <= b->count; n++)
		code_op(cpu, b, n, &room[n]);
	room[b->count + 1] = op_leave(b->count);
	return room;
}

void code_add(struct cpu *cpu, struct block *b)
{
	find_room_in_hash(cpu, b);
	hash_add(cpu->code, b);
}

/*
 * Where ways come together, at what a branch leads to or another block begins with, a block of its
 * own begins: else it would be translated for each way, and what a compiler goes through would be
 * twice as much. Traces go on there.
 */
static u32 insns_before_others(struct cpu *cpu, const struct block *b, const struct op *ops)
{
	u64 led_to = 0;
	u32 n = 1;

	while (n < b->count && !(led_to >> n & 1) && !code_kept(cpu, b->gpa + 4 * n, b->mode)) {
		s32 to = (s32)n - 1 + ops[n].imm / 4;

		if (isa_displacement_bits(ops[n].insn) && to > 0 && to < (s32)BLOCK_MAX) {
			if (to < (s32)n)
				return (u32)to;
			led_to |= 1ull << to;
		}
		n++;
	}
	return n;
}

static void end_before_others(struct cpu *cpu, struct block *b, struct op *ops)
{
	u32 n = insns_before_others(cpu, b, ops);

	b->count = (u8)n;
	ops[0].imm = (s32)n;
	ops[1 + n] = op_leave(n);
}

/* What is remembered is what is decoded: what changes meanwhile is found to differ. */
static void decode_kept(struct cpu *cpu, struct block *b, struct op *ops, const u8 *host_page,
			u32 max)
{
	struct code_cache *c = cpu->code;
	u64 offset = b->gpa & ~CPU_PAGE_MASK;
	u8 lines[LINES_BYTES_MAX];

	page_read(lines, offset, max * 4, host_page);
	block_decode(cpu, &c->decoder, b, ops, lines + offset % LINE_BYTES, max, false);
	if (cpu->jit)
		end_before_others(cpu, b, ops);
	page_note(c, b->page, offset, b->count * 4, lines);
}

/*
 * Of at most @max instructions; NULL: there is no room. @ops: where they are to be, not found yet;
 * NULL: in the block, as usual.
 */
static struct block *block_new(struct cpu *cpu, struct code_page *page, u64 gpa,
			       const u8 *host_page, enum code_kind kind, u32 max, struct op *ops)
{
	struct block *b, head = {.gpa = gpa, .mode = (u16)cpu->mode, .page = page};
	struct code_cache *c = cpu->code;
	struct block **first = page_blocks(c, page, kind);
	struct op room[BLOCK_MAX + 2], *to = ops ? ops : room;

	if (kind == KEPT)
		decode_kept(cpu, &head, to, host_page, max);
	else
		block_decode(cpu, &c->decoder, &head, to, host_page + (gpa & ~CPU_PAGE_MASK), max,
			     true);
	b = arena_take(&c->arena[kind], ops ? bare_bytes() : block_bytes(head.count));
	if (!b)
		return NULL;
	*b = head;
	if (ops) {
		b->bare = true;
		b->ops[0] = (struct op){.fn = pseudo_ordered};
	} else {
		memcpy(b->ops, room, (head.count + 2) * sizeof(room[0]));
		if (kind == COLD)
			block_is_cold(cpu, b);
		code_add(cpu, b);
	}
	b->page_next = *first;
	*first = b;
	cpu->counts.blocks_decoded++;
	return b;
}

struct block *code_kept(struct cpu *cpu, u64 gpa, u32 mode)
{
	return hash_find(cpu->code, KEPT, gpa, mode);
}

/* @ops: as block_new() has them. */
static struct block *block_make(struct cpu *cpu, u64 gpa, const u8 *host_page, enum code_kind kind,
				struct op *ops)
{
	unsigned bytes = CPU_PAGE_SIZE - (gpa & ~CPU_PAGE_MASK);
	u32 longest = kind == COLD ? COLD_MAX : BLOCK_MAX;
	u64 key = cpu->jump_key;

	if (bytes > longest * 4)
		bytes = longest * 4;
	/* Mark first, decode then: a store after the mark is told, one before it is seen. */
	if (!cpu->host->code_read(cpu, gpa, bytes) || key != cpu->jump_key)
		return NULL; /* changed, or translations went meanwhile: begin again */
	for (;;) {
		struct code_page *page = page_get(cpu->code, gpa, bytes, kind);
		struct block *b =
		    page ? block_new(cpu, page, gpa, host_page, kind, bytes / 4, ops) : NULL;

		if (b)
			return b;
		if (page && kind == COLD)
			forget_cold(cpu);
		else if (!cold_makes_room(cpu))
			code_make_room(cpu);
	}
}

struct block *code_make(struct cpu *cpu, u64 gpa, const u8 *host_page, enum code_kind kind,
			struct op *ops)
{
	u64 from = timed_from(cpu->counts.blocks_decoded);
	struct block *b = block_make(cpu, gpa, host_page, kind, ops);

	cpu->counts.decode_ns += timed_ns(from);
	return b;
}

/* What is at @gpa will be looked for, and decoded: has the host's caches get what that needs. */
static void expect_block(struct cpu *cpu, u64 gpa, const u8 *host_page)
{
	hash_expect(cpu->code, gpa);
	__builtin_prefetch(host_page + (gpa & ~CPU_PAGE_MASK));
}

/* Has the host's caches get what looking for code @far bytes from @b, at nip, will need. */
static void expect(struct cpu *cpu, const struct block *b, s64 far, const u8 *host_page)
{
	u64 gpa = b->gpa + (u64)far;

	__builtin_prefetch(jump_slot(cpu, cpu->nip + (u64)far));
	if (!((gpa ^ b->gpa) & CPU_PAGE_MASK))
		expect_block(cpu, gpa, host_page);
}

/* What follows @b, cold and new, is likely to be new too. */
static void expect_next(struct cpu *cpu, const struct block *b, const u8 *host_page)
{
	const struct op *last = &b->ops[b->count];

	expect(cpu, b, b->count * 4, host_page);
	if (isa_displacement_bits(last->insn))
		expect(cpu, b, (b->count - 1) * 4 + last->imm, host_page);
}

static struct block *make_cold(struct cpu *cpu, u64 gpa, const u8 *host_page)
{
	struct block *b = code_make(cpu, gpa, host_page, COLD, NULL);

	if (b)
		expect_next(cpu, b, host_page);
	return b;
}

static bool is_told(struct cpu *cpu)
{
	return cpu->host->is_told && cpu->host->is_told(cpu);
}

struct block *code_find(struct cpu *cpu)
{
	struct block *found[KINDS], *cold;
	struct code_page *page;
	u64 gpa, offset = cpu->nip & ~CPU_PAGE_MASK;
	const u8 *host;
	bool fresh;

	if (!tlb_fetch(cpu, cpu->nip, &host, &gpa, &fresh) || cpu->tlbs->small_fetch)
		return NULL;
	expect_block(cpu, gpa | offset, host);
	page = page_find(cpu->code, gpa);
	if (page && ((fresh && !is_told(cpu)) || page->checked != cpu->code->epoch))
		page_recheck(cpu, page, host);
	gpa |= offset;
	hash_look(cpu->code, gpa, cpu->mode, found);
	if (found[KEPT])
		return found[KEPT];
	cold = found[COLD];
	if (cold)
		return cold->ops[0].fn == pseudo_ripe ? code_promote(cpu, cold, gpa, host) : cold;
	if (!cpu->code->arena[COLD].bytes)
		return code_make_kept(cpu, gpa, host);
	return make_cold(cpu, gpa, host);
}

struct block *code_single_insn(struct cpu *cpu, u32 insn)
{
	struct block *b = (struct block *)cpu->code->single;
	struct decoded d;

	*b = (struct block){.mode = (u16)cpu->mode, .count = 1};
	insn_decode(cpu, insn, b->mode, &d);
	b->ops[1] = d.op;
	b->ops[2] = op_leave(1);
	return b;
}

struct block *code_single(struct cpu *cpu)
{
	const u8 *host;
	bool fresh;
	u64 gpa;

	if (!tlb_fetch(cpu, cpu->nip, &host, &gpa, &fresh))
		return NULL;
	return code_single_insn(cpu, insn_fetch(host + (cpu->nip & ~CPU_PAGE_MASK), cpu->mode));
}
