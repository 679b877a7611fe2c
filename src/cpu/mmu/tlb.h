/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translation caches of one processor, in two levels.
 *
 * The first is what mem.h looks into (struct cpu's tlb[]): by effective address, one for each of
 * real mode, supervisor and problem state, emptied when the SLB changes. The second, by virtual
 * address (VSID and page), survives that, and has a generation of its own. Both lose single pages
 * when the hash table changes (cpu_flush_page).
 */
#ifndef PAPYR_CPU_TLB_H
#define PAPYR_CPU_TLB_H

#include "cpu/mmu/jumps.h"
#include "cpu/mmu/mem.h"
#include "cpu/mmu/touched.h"

#define VTLB_ENTRIES 16384u
#define ITLB_ENTRIES 256u

/* What the hash table says of a piece of a page: 4 KiB, in segments of larger pages 64 KiB. */
struct vtlb_entry {
	u64 vsid;  /* the SLB's VSID word: B, VSID, L, LP; bit 0 set; 0: empty */
	u64 piece; /* offset in the segment >> vtlb_shift() */
	u64 gpa;   /* of the piece */
	u64 v, r;  /* the entry's words; r's R and C as last seen */
	u64 index;
	u32 gen; /* virt_gen when it was filled: another one's entries are empty */
	u8 page_shift;
	u16 fetched; /* a bit for each 4 KiB of it that a fetch used since it was filled */
};

struct itlb_entry {
	u64 tag; /* effective page | generation */
	u64 gpa;
	const u8 *host;
};

/*
 * By hash, the guest real units of the first level's entries that allow stores, and of some that
 * did: many a page gets code in it, and few are in there at the time.
 */
#define WRITERS_BITS (1u << 16)

struct writers {
	u64 word[WRITERS_BITS / 64];
};

static inline u64 writers_hash(u64 unit)
{
	return (unit ^ unit >> 16) % WRITERS_BITS;
}

static inline bool writers_have(const struct writers *w, u64 unit)
{
	u64 h = writers_hash(unit);

	return w->word[h / 64] >> h % 64 & 1;
}

static inline void writers_add(struct writers *w, u64 unit)
{
	u64 h = writers_hash(unit);

	w->word[h / 64] |= 1ull << h % 64;
}

struct tlbs {
	struct itlb_entry fetch[TLB_CONTEXTS][ITLB_ENTRIES];
	struct vtlb_entry virt[VTLB_ENTRIES];
	/* The last absent entry seen: never kept, since it changes without a word. */
	struct vtlb_entry absent;
	struct jumps jumps;
	struct touched touched;
	struct writers writers;
	u64 gen[TLB_CONTEXTS]; /* of fetch */
	/* Slots of the supervisor's data that may have addresses below the middle; has its
	 * fetches' cache such? */
	u64 low[TLB_ENTRIES / 64];
	bool low_fetches;
	bool small_fetch; /* the last fetch was from a page that is not kept */
	bool small_pages; /* the guest has such, or many of them */
	bool logs_pages;  /* cpu_log_pages() */
	unsigned narrow;  /* accesses that units of 4 KiB would have served, of late: tlb_tick() */
	bool space1_user; /* BookE: whose TLB_REAL's entries are, which are address space 1's */
	u32 virt_gen;	  /* never 0 */
};

int tlb_init(struct cpu *cpu);
void tlb_fini(struct cpu *cpu);
/* cpu->msr changed: point cpu->dtlb at the right cache. */
void tlb_select(struct cpu *cpu);
/* Between two blocks: units are of 64 KiB or 4 KiB, as the guest and the owner want it. */
void tlb_choose_units(struct cpu *cpu);
/* Now and then, between two blocks: what does the guest want? */
void tlb_tick(struct cpu *cpu);
/* A watchpoint or a key changed: everything by effective address is stale. */
void tlb_new_generation(struct cpu *cpu);
/* The segment at @ea has another meaning, or none. */
void tlb_forget_segment(struct cpu *cpu, u64 ea);

/* BookE: all that only a program's process number made visible. */
void tlb_forget_programs(struct cpu *cpu);
/* BookE: the page of @bytes at @ea, one of all programs (@shared) or of one. */
void tlb_forget_page(struct cpu *cpu, u64 ea, u64 bytes, bool shared);

/*
 * Where to fetch instructions of the page of @nip. False: an interrupt was raised (at @nip).
 * *fresh: the translation is a new one of the hash table, so what was decoded of the page before
 * may differ from memory.
 */
bool tlb_fetch(struct cpu *cpu, u64 nip, const u8 **host, u64 *gpa, bool *fresh);

#endif
