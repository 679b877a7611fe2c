/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What decoded code is kept in: arenas of blocks and pages, a hash by which blocks are found
 * (hash.c), and of each page what it held when its blocks were decoded (page.c). Only code.c,
 * promote.c and these two look into it.
 */
#ifndef PAPYR_CPU_CACHE_H
#define PAPYR_CPU_CACHE_H

#include "cpu/engine/decode.h"
#include "cpu/mmu/tlb.h"

#define PAGE_BUCKETS 16384u

#define LINE_SHIFT 6
#define LINE_BYTES (1u << LINE_SHIFT)
#define PART_LINES 2u
#define PART_BYTES (PART_LINES * LINE_BYTES)
#define LINES_BYTES_MAX (BLOCK_MAX * 4 + LINE_BYTES) /* those that a block is in */

enum code_kind { KEPT, COLD, KINDS };

#define PLACE_BYTES 16u /* what places in the arenas are counted in */

struct code_page {
	u64 gpa;
	u64 checked; /* epoch in which it was last compared with memory */
	struct code_page *next;
	struct block *blocks[KINDS];
	u64 round; /* code_cache.round when blocks[COLD] were cold */
	u64 lines; /* the 64-byte lines that kept blocks were decoded from */
	/*
	 * Those lines as they were, PART_LINES together: code_place(); 0: none of these. Of cold
	 * blocks the ops tell what they were of.
	 */
	u32 image[CPU_PAGE_SIZE / PART_BYTES];
};

struct arena {
	u8 *at;
	size_t bytes, used;
};

/*
 * Most look-ups in the hash find nothing, and blocks are seldom in the host's caches: a bucket is
 * one line of these, and has a tag for each of its blocks, above the block's place in the arenas.
 * The first ones are used, in the order they came, 0: no block. What begins in one line of the
 * guest's memory begins in one bucket, and goes on in those behind it while they are full.
 */
#define REF_PLACE_BITS 22
#define BUCKET_REFS    15u
#define BUCKETS_MAX    4u /* that one line's blocks are in */

struct bucket {
	u32 refs[BUCKET_REFS];
	u32 goes_on; /* was full once: what is looked for may be in the next one */
} __attribute__((aligned(64)));

struct code_cache {
	/* Kept blocks and pages; then cold blocks, none where nothing is translated. */
	struct arena arena[KINDS];
	struct bucket *hash;
	unsigned hash_bits; /* 2^hash_bits buckets */
	unsigned hash_turn; /* which of a line's buckets the next block that is in the way is of */
	struct decoder decoder;
	u64 round; /* times that cold blocks were forgotten, alone or with all others */
	u64 epoch;
	bool warm;					   /* cpu_warm_up() */
	struct code_page *pages[PAGE_BUCKETS], *last_page; /* that was found */
	u8 single[sizeof(struct block) + 3 * sizeof(struct op)] __attribute__((aligned(16)));
};

static inline size_t arena_round(size_t bytes)
{
	return (bytes + PLACE_BYTES - 1) & ~(size_t)(PLACE_BYTES - 1);
}

/* Which place of the arenas @p is, and the other way. A page is at 0: no block, no part of one. */
static inline u32 code_place(const struct code_cache *c, const void *p)
{
	return (u32)(((const u8 *)p - c->arena[KEPT].at) / PLACE_BYTES);
}

static inline void *code_at_place(const struct code_cache *c, u32 place)
{
	return c->arena[KEPT].at + (size_t)place * PLACE_BYTES;
}

static inline void *arena_take(struct arena *a, size_t bytes)
{
	void *p = a->at + a->used;

	bytes = arena_round(bytes);
	if (a->used + bytes > a->bytes)
		return NULL;
	a->used += bytes;
	return p;
}

static inline size_t block_bytes(unsigned count)
{
	return arena_round(sizeof(struct block) + (count + 2) * sizeof(struct op));
}

static inline size_t bare_bytes(void)
{
	return arena_round(sizeof(struct block) + sizeof(struct op));
}

static inline bool arena_has(const struct arena *a, const void *p)
{
	return (const u8 *)p >= a->at && (const u8 *)p < a->at + a->bytes;
}

static inline enum code_kind kind_of(const struct code_cache *c, const struct block *b)
{
	return arena_has(&c->arena[COLD], b) ? COLD : KEPT;
}

/* --- hash.c --- */
/* For blocks in arenas of @bytes together. 0 or -ENOMEM. */
int hash_init(struct code_cache *c, size_t bytes);
void hash_fini(struct code_cache *c);
/* The blocks at @gpa for @mode, of each kind; NULL: there is none. */
void hash_look(struct code_cache *c, u64 gpa, u32 mode, struct block *found[KINDS]);
/* That of @kind. */
struct block *hash_find(struct code_cache *c, enum code_kind kind, u64 gpa, u32 mode);
/* Somebody will look for blocks at @gpa: has the host's caches get what that needs. */
void hash_expect(struct code_cache *c, u64 gpa);
/* A block that must go before @b finds room, each time another; NULL: none. */
struct block *hash_in_the_way(struct code_cache *c, const struct block *b);
void hash_add(struct code_cache *c, const struct block *b);
/* @b, which is there, is found no more. */
void hash_remove(struct code_cache *c, const struct block *b);
/* The same of all cold blocks, and of all. */
void hash_forget_cold(struct code_cache *c);
void hash_forget_all(struct code_cache *c);

/* --- page.c --- */
/* The page at @gpa; NULL: nothing of it was decoded. */
struct code_page *page_find(struct code_cache *c, u64 gpa);
/*
 * The page of @gpa; NULL: there is no room for it or, before a block is kept, for page_note() of
 * [gpa, gpa + bytes).
 */
struct code_page *page_get(struct code_cache *c, u64 gpa, unsigned bytes, enum code_kind kind);
/* The first of a page's blocks. */
struct block **page_blocks(const struct code_cache *c, struct code_page *p, enum code_kind kind);
/* The lines that [offset, offset + bytes) is in, as they are now. */
void page_read(u8 *lines, unsigned offset, unsigned bytes, const u8 *host_page);
/* Remembers that they held @lines when [offset, offset + bytes) was decoded. */
void page_note(struct code_cache *c, struct code_page *p, unsigned offset, unsigned bytes,
	       const u8 *lines);
/* What was noted of the instruction at @offset. */
const u8 *page_noted(const struct code_cache *c, const struct code_page *p, unsigned offset);
/* Has it blocks? */
bool page_has_blocks(const struct code_cache *c, struct code_page *p);
/* Does it hold what they were decoded from? */
bool page_is_same(const struct code_cache *c, struct code_page *p, const u8 *host_page);

/* --- code.c --- */
/* No room is left for another block, or for its code: all go. */
void code_make_room(struct cpu *cpu);
/*
 * A block of what is at @gpa, in @host_page. @ops: where its ops are to be, and it isn't found yet;
 * NULL: in the block. NULL: the page changes, or an address means something else by now.
 */
struct block *code_make(struct cpu *cpu, u64 gpa, const u8 *host_page, enum code_kind kind,
			struct op *ops);
/* It is found from now on. */
void code_add(struct cpu *cpu, struct block *b);
/* Is it? Of a block that moved the hash knows the one that was decoded instead. */
bool code_is_found(const struct block *b);

/* --- promote.c --- */
/* A block that is kept, compiled. NULL as above. */
struct block *code_make_kept(struct cpu *cpu, u64 gpa, const u8 *host_page);
/* Cold block @from, which is ripe, becomes one that is kept. What runs now; NULL as above. */
struct block *code_promote(struct cpu *cpu, struct block *from, u64 gpa, const u8 *host_page);

/* --- how long some of it takes --- */

/* One in so many is timed, the @nth too? */
static inline bool is_timed(u64 nth)
{
	return nth % COUNTS_TIMED == 0;
}

/* What one that took so many ticks says of all. */
static inline u64 ns_of_all(u64 ticks)
{
	return ticks * 1000000000 / TIMEBASE_HZ * COUNTS_TIMED;
}

/* When it begins; 0: it isn't timed. */
static inline u64 timed_from(u64 nth)
{
	return is_timed(nth) ? host_timebase() : 0;
}

static inline u64 timed_ns(u64 from)
{
	return from ? ns_of_all(host_timebase() - from) : 0;
}

#endif
