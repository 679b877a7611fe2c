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

#define ARENA_FIRST  ((size_t)2 << 20) /* what a guest needs soon */
#define HASH_SHIFT   14		       /* 2^14 buckets */
#define HASH_BUCKETS (1u << HASH_SHIFT)
#define PAGE_BUCKETS 16384u
#define BLOCK_MAX    64u /* instructions */
#define COLD_MAX     16u /* of blocks that may never run again */

#define LINE_SHIFT 6
#define LINE_BYTES (1u << LINE_SHIFT)
#define PART_LINES 4u
#define PART_BYTES (PART_LINES * LINE_BYTES)
#define PART_MASK  ((1u << PART_LINES) - 1)

enum code_kind { KEPT, COLD, KINDS };

struct code_page {
	u64 gpa;
	u64 checked; /* epoch in which it was last compared with memory */
	struct code_page *next;
	struct block *blocks[KINDS];
	u64 round; /* code_cache.round when blocks[COLD] were cold */
	u64 lines; /* the 64-byte lines that blocks were decoded from */
	/* Those lines as they were, PART_LINES together; NULL: none of these. */
	u8 *image[CPU_PAGE_SIZE / PART_BYTES];
};

struct arena {
	u8 *at;
	size_t bytes, used;
};

/*
 * Most look-ups in the hash find nothing, and blocks are seldom in the host's caches: a bucket is
 * one line of these, and has a tag for each of its blocks, bits of the hash that don't choose the
 * bucket, above the block's place in the arenas in units of 16 bytes. The first ones are used, 0:
 * no block. One that is full drops a block for another.
 */
#define REF_PLACE_BITS 22
#define BUCKET_REFS    16u

struct bucket {
	u32 refs[BUCKET_REFS];
} __attribute__((aligned(64)));

struct code_cache {
	/* Kept blocks and pages; then cold blocks, none where nothing is translated. */
	struct arena arena[KINDS];
	struct bucket hash[HASH_BUCKETS];
	struct decoder decoder;
	u64 round;		/* times that cold blocks were forgotten */
	struct block *promoted; /* a cold block, dropped, that is to be decoded to be kept */
	u64 epoch;
	bool warm; /* cpu_warm_up() */
	struct code_page *pages[PAGE_BUCKETS];
	u8 single[sizeof(struct block) + 3 * sizeof(struct op)] __attribute__((aligned(16)));
};

_Static_assert(CODE_BYTES_MIN / 8 * 5 >= sizeof(struct code_page) + 2 * PART_BYTES +
					     sizeof(struct block) +
					     (BLOCK_MAX + 2) * sizeof(struct op) + 32,
	       "block_make() must find room in an empty arena");

/*
 * One processor's work often goes through as much code as a compiler's; of several each has some
 * part of it.
 */
const struct code_room code_room_first = {(size_t)20 << 20, (size_t)36 << 20};
const struct code_room code_room_further = {(size_t)9 << 20, (size_t)17 << 20};

int code_init(struct cpu *cpu, struct code_room room)
{
	struct code_cache *c = pages_untouched(sizeof(*c), 0);
	size_t bytes = room.blocks;

	if (!c)
		return -ENOMEM;
	isa_prepare();
	cpu->jit = jit_new(room.jit);
	if (!cpu->jit)
		bytes *= 2; /* all blocks have their ops */
	assert(bytes >= CODE_BYTES_MIN && bytes <= (size_t)16 << REF_PLACE_BITS);
	c->arena[KEPT].at = pages_untouched(bytes, MAP_NORESERVE);
	if (!c->arena[KEPT].at) {
		jit_free(cpu->jit);
		munmap(c, sizeof(*c));
		return -ENOMEM;
	}
	madvise(c->arena[KEPT].at, bytes, MADV_HUGEPAGE);
	c->arena[COLD].bytes =
	    cpu->jit && jit_threshold(cpu->jit) > 1 ? bytes / 4 & ~(size_t)15 : 0;
	c->arena[KEPT].bytes = bytes - c->arena[COLD].bytes;
	c->arena[COLD].at = c->arena[KEPT].at + c->arena[KEPT].bytes;
	c->epoch = 1;
	cpu->code = c;
	return 0;
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
	munmap(cpu->code->arena[KEPT].at,
	       cpu->code->arena[KEPT].bytes + cpu->code->arena[COLD].bytes);
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
	c->arena[KEPT].used = c->arena[COLD].used = 0;
	c->promoted = NULL;
	jit_reset(cpu->jit);
	jumps_erase(cpu);
}

/* No room is left for another block, or for its code. */
static void make_room(struct cpu *cpu)
{
	cpu_flush_all_code(cpu);
	cpu->counts.code_flushes++;
}

static size_t arena_round(size_t bytes)
{
	return (bytes + 15) & ~(size_t)15;
}

static void *arena_take(struct arena *a, size_t bytes)
{
	void *p = a->at + a->used;

	bytes = arena_round(bytes);
	if (a->used + bytes > a->bytes)
		return NULL;
	a->used += bytes;
	return p;
}

static bool arena_has(const struct arena *a, const void *p)
{
	return (const u8 *)p >= a->at && (const u8 *)p < a->at + a->bytes;
}

static unsigned page_bucket(u64 gpa)
{
	return (gpa >> CPU_PAGE_SHIFT ^ gpa >> 24) & (PAGE_BUCKETS - 1);
}

static u64 block_hash(u64 gpa, u32 mode)
{
	/* Fibonacci hashing: code lies close together, and the same places of many pages begin
	 * blocks. */
	return (gpa << 8 ^ mode) * 0x9e3779b97f4a7c15ull;
}

static struct bucket *hash_bucket(struct code_cache *c, u64 hash)
{
	return &c->hash[hash >> (64 - HASH_SHIFT)];
}

/* A block at place 0. */
static u32 ref_tag(u64 hash)
{
	return (u32)(hash >> (32 - HASH_SHIFT)) & ~0u << REF_PLACE_BITS;
}

static struct block *ref_block(const struct code_cache *c, u32 ref)
{
	return (void *)(c->arena[KEPT].at + (size_t)(ref & ~(~0u << REF_PLACE_BITS)) * 16);
}

static struct code_page *page_find(struct code_cache *c, u64 gpa)
{
	struct code_page *p = c->pages[page_bucket(gpa)];

	while (p && p->gpa != gpa)
		p = p->next;
	return p;
}

static enum code_kind kind_of(const struct code_cache *c, const struct block *b)
{
	return arena_has(&c->arena[COLD], b) ? COLD : KEPT;
}

static unsigned bucket_used(const struct bucket *bucket)
{
	unsigned n = 0;

	while (n < BUCKET_REFS && bucket->refs[n])
		n++;
	return n;
}

static void hash_remove(struct code_cache *c, const struct block *b)
{
	struct bucket *bucket = hash_bucket(c, block_hash(b->gpa, b->mode));
	unsigned last = bucket_used(bucket) - 1, i = 0;

	while (ref_block(c, bucket->refs[i]) != b)
		i++;
	bucket->refs[i] = bucket->refs[last];
	bucket->refs[last] = 0;
}

static struct block *hash_find(struct code_cache *c, enum code_kind kind, u64 gpa, u32 mode)
{
	u64 hash = block_hash(gpa, mode);
	const struct bucket *bucket = hash_bucket(c, hash);
	u32 tag = ref_tag(hash);

	for (unsigned i = 0; i < BUCKET_REFS && bucket->refs[i]; i++) {
		struct block *b = ref_block(c, bucket->refs[i]);

		if (!((bucket->refs[i] ^ tag) >> REF_PLACE_BITS) && kind_of(c, b) == kind &&
		    b->gpa == gpa && b->mode == mode)
			return b;
	}
	return NULL;
}

/* The first of a page's blocks. */
static struct block **page_blocks(const struct code_cache *c, struct code_page *p,
				  enum code_kind kind)
{
	if (kind == COLD && p->round != c->round) {
		p->round = c->round;
		p->blocks[COLD] = NULL;
	}
	return &p->blocks[kind];
}

static void block_drop(struct cpu *cpu, struct block *b)
{
	/* Of those the hash knows the one that was decoded instead, if any. */
	if (b->ops[0].fn != pseudo_stale && b->ops[0].fn != pseudo_moved)
		hash_remove(cpu->code, b);
	b->ops[0].fn = pseudo_stale;
	jit_drop(cpu->jit, b);
}

/* A page lies before all blocks: none is at place 0. */
static void hash_add(struct cpu *cpu, struct block *b)
{
	struct code_cache *c = cpu->code;
	u64 hash = block_hash(b->gpa, b->mode);
	struct bucket *bucket = hash_bucket(c, hash);

	if (bucket->refs[BUCKET_REFS - 1])
		block_drop(cpu, ref_block(c, bucket->refs[0]));
	bucket->refs[bucket_used(bucket)] =
	    ref_tag(hash) | (u32)(((const u8 *)b - c->arena[KEPT].at) / 16);
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

static void bucket_forget_cold(const struct code_cache *c, struct bucket *bucket)
{
	unsigned used = 0;

	for (unsigned i = 0; i < BUCKET_REFS && bucket->refs[i]; i++) {
		u32 ref = bucket->refs[i];

		bucket->refs[i] = 0;
		if (kind_of(c, ref_block(c, ref)) == KEPT)
			bucket->refs[used++] = ref;
	}
}

/* All cold blocks go. */
static void forget_cold(struct cpu *cpu)
{
	struct code_cache *c = cpu->code;

	for (unsigned i = 0; i < HASH_BUCKETS; i++)
		bucket_forget_cold(c, &c->hash[i]);
	c->round++;
	jumps_forget_ops(cpu, c->arena[COLD].at, c->arena[COLD].bytes);
	cpu->link_from = NULL;
	c->promoted = NULL;
	c->arena[COLD].used = 0;
	cpu->counts.cold_flushes++;
}

/* All lie in one arena, or too far from it to be linked. */
static void set_link(struct op *op, const struct block *b)
{
	ptrdiff_t far = (const char *)b - (const char *)op;

	if (far == (s32)far)
		op->link = (s32)far;
}

void code_link(struct cpu *cpu, const struct op *op, struct block *b)
{
	const struct arena *cold = &cpu->code->arena[COLD], *kept = &cpu->code->arena[KEPT];

	/* Of others translations have copies. */
	if (!arena_has(cold, op) && (arena_has(cold, b) || !arena_has(kept, op)))
		return;
	set_link((struct op *)op, b);
	cpu->counts.links_made++;
}

void cpu_flush_code(struct cpu *cpu, u64 gpa)
{
	struct code_page *p = page_find(cpu->code, gpa & CPU_PAGE_MASK);

	if (p)
		page_drop_blocks(cpu, p);
}

/* Memory for page_note_lines(); false: there is none. */
static bool page_reserve(struct code_cache *c, struct code_page *p, unsigned offset, unsigned bytes)
{
	for (unsigned i = offset / PART_BYTES; i <= (offset + bytes - 1) / PART_BYTES; i++) {
		if (!p->image[i])
			p->image[i] = arena_take(&c->arena[KEPT], PART_BYTES);
		if (!p->image[i])
			return false;
	}
	return true;
}

/* Remembers what the lines of [offset, offset + bytes) held when they were decoded. */
static void page_note_lines(struct code_page *p, unsigned offset, unsigned bytes,
			    const u8 *host_page)
{
	for (unsigned line = offset >> LINE_SHIFT; line <= (offset + bytes - 1) >> LINE_SHIFT;
	     line++) {
		if (p->lines >> line & 1)
			continue;
		racy_copy_bytes(p->image[line / PART_LINES] + line % PART_LINES * LINE_BYTES,
				host_page + line * LINE_BYTES, LINE_BYTES);
		p->lines |= 1ull << line;
	}
}

/* The lines of @left, bits from 0 on, from @image and @host on. */
static bool lines_are_same(unsigned left, const u8 *image, const u8 *host)
{
	/* Neighbours at once: this is what each exit to the client costs. */
	for (; left; left &= left + (left & -left)) {
		unsigned first = (unsigned)__builtin_ctz(left);
		unsigned lines = (unsigned)__builtin_ctz(~(left >> first)), at = first * LINE_BYTES;

		if (!racy_same_bytes(image + at, host + at, lines * LINE_BYTES))
			return false;
	}
	return true;
}

/* Does it hold what was decoded? */
static bool page_is_same(const struct code_page *p, const u8 *host_page)
{
	for (unsigned i = 0; i < ARRAY_SIZE(p->image); i++)
		if (!lines_are_same(p->lines >> i * PART_LINES & PART_MASK, p->image[i],
				    host_page + i * PART_BYTES))
			return false;
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
	enum jit_result result = jit_compile(cpu, b);

	cpu->counts.compile_ns += timed_ns(from);
	return result;
}

void code_op(struct cpu *cpu, const struct block *b, unsigned n, struct op *op)
{
	u64 gpa = b->gpa + (n - 1) * 4;
	unsigned offset = gpa & ~CPU_PAGE_MASK;
	const u8 *at = b->page->image[offset / PART_BYTES] + offset % PART_BYTES;

	op_decode(cpu, &cpu->code->decoder, gpa, insn_fetch(at, b->mode), b->mode, op);
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

static size_t block_bytes(unsigned count)
{
	return arena_round(sizeof(struct block) + (count + 2) * sizeof(struct op));
}

/* @b, the arena's last, has a translation now: nobody asks for its ops but code_ops(). */
static void bare(struct arena *a, struct block *b)
{
	size_t at = (size_t)((u8 *)b - a->at);

	assert(a->used == at + block_bytes(b->count));
	a->used = at + arena_round(sizeof(*b) + sizeof(b->ops[0]));
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
		make_room(cpu);
		return false;
	}
	return true;
}

/*
 * In place of pseudo_enter in a cold block, until it has run often enough to be kept and compiled;
 * op.insn counts down. Then it is dropped, and the dispatcher has it decoded anew.
 */
OP_PSEUDO(warm)
{
	struct op *enter = (struct op *)op;

	if (--enter->insn)
		return pseudo_enter(cpu, op);
	cpu->code->promoted = container_of(enter, struct block, ops[0]);
	hash_remove(cpu->code, cpu->code->promoted);
	enter->fn = pseudo_stale;
	return NULL;
}

/* What led to a cold block leads to the one that was decoded to be kept. */
OP_PSEUDO(moved)
{
	const struct op *enter = op_link(op)->ops;

	return enter->fn(cpu, enter);
}

static struct code_page *page_new(struct cpu *cpu, u64 gpa)
{
	struct code_cache *c = cpu->code;
	struct code_page *p = arena_take(&c->arena[KEPT], sizeof(*p));

	if (!p)
		return NULL;
	p->gpa = gpa;
	p->checked = c->epoch;
	p->next = c->pages[page_bucket(gpa)];
	p->blocks[KEPT] = p->blocks[COLD] = NULL;
	p->round = c->round;
	p->lines = 0;
	memset(p->image, 0, sizeof(p->image));
	c->pages[page_bucket(gpa)] = p;
	return p;
}

/* Of at most @max instructions; NULL: there is no room. */
static struct block *block_new(struct cpu *cpu, struct code_page *page, u64 gpa,
			       const u8 *host_page, enum code_kind kind, u32 max)
{
	u64 offset = gpa & ~CPU_PAGE_MASK;
	struct code_cache *c = cpu->code;
	struct arena *a = &c->arena[kind];
	struct block **first = page_blocks(c, page, kind), *b = arena_take(a, 0);

	if (a->used + sizeof(*b) + (BLOCK_MAX + 2) * sizeof(struct op) > a->bytes)
		return NULL;
	*b = (struct block){.gpa = gpa, .mode = (u16)cpu->mode, .page = page};
	/* The image first: what changes after it is found to differ. */
	page_note_lines(page, offset, max * 4, host_page);
	block_decode(cpu, &c->decoder, b, host_page + offset, max, kind == COLD);
	arena_take(a, block_bytes(b->count));
	hash_add(cpu, b);
	b->page_next = *first;
	*first = b;
	cpu->counts.blocks_decoded++;
	return b;
}

/* The page of @gpa, with memory for what it holds from there on; NULL: there is no room. */
static struct code_page *page_get(struct cpu *cpu, u64 gpa, unsigned bytes)
{
	struct code_page *p = page_find(cpu->code, gpa & CPU_PAGE_MASK);

	if (!p)
		p = page_new(cpu, gpa & CPU_PAGE_MASK);
	return p && page_reserve(cpu->code, p, gpa & ~CPU_PAGE_MASK, bytes) ? p : NULL;
}

struct block *code_kept(struct cpu *cpu, u64 gpa, u32 mode)
{
	return hash_find(cpu->code, KEPT, gpa, mode);
}

static struct block *block_make(struct cpu *cpu, u64 gpa, const u8 *host_page, enum code_kind kind)
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
		struct code_page *page = page_get(cpu, gpa, bytes);
		struct block *b =
		    page ? block_new(cpu, page, gpa, host_page, kind, bytes / 4) : NULL;

		if (b)
			return b;
		if (page && kind == COLD)
			forget_cold(cpu);
		else
			make_room(cpu);
	}
}

static struct block *block_make_timed(struct cpu *cpu, u64 gpa, const u8 *host_page,
				      enum code_kind kind)
{
	u64 from = timed_from(cpu->counts.blocks_decoded);
	struct block *b = block_make(cpu, gpa, host_page, kind);

	cpu->counts.decode_ns += timed_ns(from);
	return b;
}

/* A block that is kept, compiled. */
static struct block *block_make_kept(struct cpu *cpu, u64 gpa, const u8 *host_page)
{
	struct block *from = cpu->code->promoted, *b;

	do
		b = block_make_timed(cpu, gpa, host_page, KEPT);
	while (b && cpu->jit && !compile(cpu, b));
	if (b && from && from == cpu->code->promoted) {
		from->ops[0].fn = pseudo_moved;
		set_link(&from->ops[0], b);
	}
	cpu->code->promoted = NULL;
	return b;
}

static struct block *block_make_first(struct cpu *cpu, u64 gpa, const u8 *host_page)
{
	const struct block *promoted = cpu->code->promoted;

	if (!cpu->code->arena[COLD].bytes ||
	    (promoted && promoted->gpa == gpa && promoted->mode == cpu->mode))
		return block_make_kept(cpu, gpa, host_page);
	return block_make_timed(cpu, gpa, host_page, COLD);
}

struct block *code_find(struct cpu *cpu)
{
	struct code_page *page;
	const u8 *host;
	bool fresh;
	u64 gpa;
	struct block *b;

	if (!tlb_fetch(cpu, cpu->nip, &host, &gpa, &fresh) || cpu->tlbs->small_fetch)
		return NULL;
	page = page_find(cpu->code, gpa);
	if (page && (fresh || page->checked != cpu->code->epoch))
		page_recheck(cpu, page, host);
	gpa |= cpu->nip & ~CPU_PAGE_MASK;
	b = code_kept(cpu, gpa, cpu->mode);
	if (!b)
		b = hash_find(cpu->code, COLD, gpa, cpu->mode);
	return b ? b : block_make_first(cpu, gpa, host);
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
