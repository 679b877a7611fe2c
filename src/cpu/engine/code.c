/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <sys/mman.h>
#include <errno.h>
#include "base/racy.h"
#include "base/prefault.h"
#include "cpu/engine/code.h"
#include "cpu/engine/decode.h"
#include "cpu/jit/jit.h"
#include "cpu/engine/pseudo.h"
#include "cpu/mmu/tlb.h"

#define ARENA_FIRST  ((size_t)4 << 20) /* what a guest needs soon */
#define HASH_SHIFT   17		       /* 2^17 buckets */
#define HASH_BUCKETS (1u << HASH_SHIFT)
#define PAGE_BUCKETS 4096u
#define BLOCK_MAX    64u /* instructions */

#define LINE_SHIFT 6
#define LINE_BYTES (1u << LINE_SHIFT)

struct code_page {
	u64 gpa;
	u64 checked; /* epoch in which it was last compared with memory */
	struct code_page *next;
	struct block *blocks;
	u64 lines;		 /* the 64-byte lines that blocks were decoded from */
	u8 image[CPU_PAGE_SIZE]; /* those lines as they were */
};

struct code_cache {
	u8 *arena;
	size_t bytes, used;
	u64 epoch;
	bool warm; /* cpu_warm_up() */
	struct block *hash[HASH_BUCKETS];
	struct code_page *pages[PAGE_BUCKETS];
	u8 single[sizeof(struct block) + 3 * sizeof(struct op)] __attribute__((aligned(16)));
};

_Static_assert(CODE_BYTES_MIN >= sizeof(struct code_page) + sizeof(struct block) +
				     (BLOCK_MAX + 2) * sizeof(struct op) + 32,
	       "block_make() must find room in an empty arena");

int code_init_sized(struct cpu *cpu, size_t bytes, size_t jit_bytes)
{
	struct code_cache *c = pages_untouched(sizeof(*c), 0);

	if (!c)
		return -ENOMEM;
	assert(bytes >= CODE_BYTES_MIN);
	c->bytes = bytes;
	c->arena = pages_untouched(bytes, MAP_NORESERVE);
	if (!c->arena) {
		munmap(c, sizeof(*c));
		return -ENOMEM;
	}
	madvise(c->arena, bytes, MADV_HUGEPAGE);
	isa_prepare();
	cpu->jit = jit_new(jit_bytes);
	c->epoch = 1;
	cpu->code = c;
	return 0;
}

void cpu_warm_up(struct cpu *cpu)
{
	struct code_cache *c = cpu->code;

	if (c->warm)
		return;
	c->warm = true;
	prefault_write(c->arena, c->bytes < ARENA_FIRST ? c->bytes : ARENA_FIRST);
	jit_warm_up(cpu->jit);
}

int code_init(struct cpu *cpu)
{
	return code_init_sized(cpu, CODE_BYTES, JIT_BYTES);
}

void code_fini(struct cpu *cpu)
{
	jit_free(cpu->jit);
	munmap(cpu->code->arena, cpu->code->bytes);
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

	memset(c->hash, 0, sizeof(c->hash));
	memset(c->pages, 0, sizeof(c->pages));
	c->used = 0;
	jit_reset(cpu->jit);
	jumps_erase(cpu);
}

/* No room is left for another block, or for its code. */
static void make_room(struct cpu *cpu)
{
	cpu_flush_all_code(cpu);
	cpu->counts.code_flushes++;
}

static void *arena_take(struct code_cache *c, size_t bytes)
{
	void *p = c->arena + c->used;

	bytes = (bytes + 15) & ~(size_t)15;
	if (c->used + bytes > c->bytes)
		return NULL;
	c->used += bytes;
	return p;
}

static unsigned page_bucket(u64 gpa)
{
	return (gpa >> CPU_PAGE_SHIFT ^ gpa >> 24) & (PAGE_BUCKETS - 1);
}

static unsigned block_bucket(u64 gpa, u32 mode)
{
	/* Fibonacci hashing: code lies close together, and the same places of many pages begin
	 * blocks. */
	return (gpa << 8 ^ mode) * 0x9e3779b97f4a7c15ull >> (64 - HASH_SHIFT);
}

static struct code_page *page_find(struct code_cache *c, u64 gpa)
{
	struct code_page *p = c->pages[page_bucket(gpa)];

	while (p && p->gpa != gpa)
		p = p->next;
	return p;
}

static void block_drop(struct cpu *cpu, struct block *b)
{
	struct block **at = &cpu->code->hash[block_bucket(b->gpa, b->mode)];

	while (*at != b)
		at = &(*at)->hash_next;
	*at = b->hash_next;
	b->ops[0].fn = pseudo_stale;
	jit_drop(cpu->jit, b);
}

static void page_drop_blocks(struct cpu *cpu, struct code_page *p)
{
	cpu->counts.flushes_code++;
	for (struct block *b = p->blocks; b; b = b->page_next)
		block_drop(cpu, b);
	p->blocks = NULL;
	p->lines = 0;
	cpu->link_from = NULL;
}

void cpu_flush_code(struct cpu *cpu, u64 gpa)
{
	struct code_page *p = page_find(cpu->code, gpa & CPU_PAGE_MASK);

	if (p)
		page_drop_blocks(cpu, p);
}

/* Remembers what the lines of [offset, offset + bytes) held when they were decoded. */
static void page_note_lines(struct code_page *p, unsigned offset, unsigned bytes,
			    const u8 *host_page)
{
	for (unsigned line = offset >> LINE_SHIFT; line <= (offset + bytes - 1) >> LINE_SHIFT;
	     line++) {
		if (p->lines >> line & 1)
			continue;
		racy_copy_bytes(p->image + line * LINE_BYTES, host_page + line * LINE_BYTES,
				LINE_BYTES);
		p->lines |= 1ull << line;
	}
}

/* Does it hold what was decoded? */
static bool page_is_same(const struct code_page *p, const u8 *host_page)
{
	/* Neighbours at once: this is what each exit to the client costs. */
	for (u64 left = p->lines; left; left &= left + (left & -left)) {
		unsigned at = __builtin_ctzll(left) * LINE_BYTES;
		u64 after = ~(left >> at / LINE_BYTES);
		unsigned lines = after ? __builtin_ctzll(after) : 64;

		if (!racy_same_bytes(p->image + at, host_page + at, lines * LINE_BYTES))
			return false;
	}
	return true;
}

static void page_recheck(struct cpu *cpu, struct code_page *p, const u8 *host_page)
{
	p->checked = cpu->code->epoch;
	if (!page_is_same(p, host_page))
		page_drop_blocks(cpu, p);
}

void cpu_code_compare(struct cpu *cpu, void (*differs)(struct cpu *cpu, u64 gpa))
{
	for (unsigned i = 0; i < PAGE_BUCKETS; i++)
		for (struct code_page *p = cpu->code->pages[i]; p; p = p->next) {
			const u8 *host = p->lines ? cpu->host->ram(cpu, p->gpa, false).host : NULL;

			if (host && !page_is_same(p, host))
				differs(cpu, p->gpa);
		}
}

/* When the @nth of many alike begins; 0: that one isn't timed. */
static u64 timed_from(u64 nth)
{
	return nth % COUNTS_TIMED ? 0 : host_timebase();
}

/* What it says of all. */
static u64 timed_ns(u64 from)
{
	return from ? (host_timebase() - from) * 1000000000 / TIMEBASE_HZ * COUNTS_TIMED : 0;
}

static enum jit_result jit_compile_timed(struct cpu *cpu, struct block *b)
{
	u64 from = timed_from(cpu->counts.blocks_tried++);
	enum jit_result result = jit_compile(cpu->jit, b, cpu->model->level);

	cpu->counts.compile_ns += timed_ns(from);
	return result;
}

/* False: there was no room, and all blocks are gone, @b too. */
static bool compile(struct cpu *cpu, struct block *b)
{
	switch (jit_compile_timed(cpu, b)) {
	case JIT_NOTHING:
		break;
	case JIT_COMPILED:
		cpu->counts.blocks_compiled++;
		break;
	case JIT_FULL:
		make_room(cpu);
		return false;
	}
	return true;
}

/* In place of pseudo_enter until the block has run often enough to be compiled; op.insn counts
 * down. */
OP_PSEUDO(warm)
{
	struct op *enter = (struct op *)op;

	if (--enter->insn == 0 && !compile(cpu, container_of(enter, struct block, ops[0])))
		return NULL; /* to the dispatcher: nip is at the block, which is decoded anew */
	return enter->fn == pseudo_warm ? pseudo_enter(cpu, op) : enter->fn(cpu, op);
}

static struct code_page *page_new(struct cpu *cpu, u64 gpa)
{
	struct code_cache *c = cpu->code;
	struct code_page *p = arena_take(c, sizeof(*p));

	if (!p)
		return NULL;
	p->gpa = gpa;
	p->checked = c->epoch;
	p->next = c->pages[page_bucket(gpa)];
	p->blocks = NULL;
	p->lines = 0;
	c->pages[page_bucket(gpa)] = p;
	return p;
}

static struct block *block_new(struct cpu *cpu, struct code_page *page, u64 gpa,
			       const u8 *host_page)
{
	struct code_cache *c = cpu->code;
	u64 offset = gpa & ~CPU_PAGE_MASK;
	u32 max = (CPU_PAGE_SIZE - offset) / 4;
	struct block *b = arena_take(c, 0), **bucket;

	if (c->used + sizeof(*b) + (BLOCK_MAX + 2) * sizeof(struct op) > c->bytes)
		return NULL;
	*b = (struct block){.gpa = gpa, .mode = cpu->mode, .page = page};
	if (max > BLOCK_MAX)
		max = BLOCK_MAX;
	/* The image first: what changes after it is found to differ. */
	page_note_lines(page, offset, max * 4, host_page);
	block_decode(cpu, b, host_page + offset, max);
	arena_take(c, sizeof(*b) + (b->count + 2) * sizeof(struct op));
	bucket = &c->hash[block_bucket(gpa, cpu->mode)];
	b->hash_next = *bucket;
	*bucket = b;
	b->page_next = page->blocks;
	page->blocks = b;
	cpu->counts.blocks_decoded++;
	return b;
}

static struct block *block_find(struct cpu *cpu, u64 gpa)
{
	struct block *b = cpu->code->hash[block_bucket(gpa, cpu->mode)];

	while (b && (b->gpa != gpa || b->mode != cpu->mode))
		b = b->hash_next;
	return b;
}

static struct block *block_make(struct cpu *cpu, u64 gpa, const u8 *host_page)
{
	u64 page_gpa = gpa & CPU_PAGE_MASK, bytes = CPU_PAGE_SIZE - (gpa & ~CPU_PAGE_MASK);
	u64 key = cpu->jump_key;
	struct code_page *page;
	struct block *b;

	/* Mark first, decode then: a store after the mark is told, one before it is seen. */
	if (!cpu->host->code_read(cpu, gpa, bytes < BLOCK_MAX * 4 ? bytes : BLOCK_MAX * 4) ||
	    key != cpu->jump_key)
		return NULL; /* changed, or translations went meanwhile: begin again */
	for (;;) {
		page = page_find(cpu->code, page_gpa);
		if (!page)
			page = page_new(cpu, page_gpa);
		b = page ? block_new(cpu, page, gpa, host_page) : NULL;
		if (b)
			return b;
		make_room(cpu);
	}
}

static struct block *block_make_timed(struct cpu *cpu, u64 gpa, const u8 *host_page)
{
	u64 from = timed_from(cpu->counts.blocks_decoded);
	struct block *b = block_make(cpu, gpa, host_page);

	cpu->counts.decode_ns += timed_ns(from);
	return b;
}

struct block *code_find(struct cpu *cpu)
{
	struct code_page *page;
	const u8 *host;
	bool fresh;
	u64 gpa;
	struct block *b;

	if (!tlb_fetch(cpu, cpu->nip, &host, &gpa, &fresh))
		return NULL;
	page = page_find(cpu->code, gpa);
	if (page && (fresh || page->checked != cpu->code->epoch))
		page_recheck(cpu, page, host);
	gpa |= cpu->nip & ~CPU_PAGE_MASK;
	b = block_find(cpu, gpa);
	return b ? b : block_make_timed(cpu, gpa, host);
}

struct block *code_single_insn(struct cpu *cpu, u32 insn)
{
	struct block *b = (struct block *)cpu->code->single;

	*b = (struct block){.mode = cpu->mode, .count = 1};
	insn_decode(cpu, insn, b->mode, &b->ops[1]);
	b->ops[2] = (struct op){.fn = pseudo_leave, .imm = 4};
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
