/* SPDX-License-Identifier: Apache-2.0 */
/* From effective to guest real addresses, for the files of this folder. */
#ifndef PAPYR_CPU_TRANSLATE_H
#define PAPYR_CPU_TRANSLATE_H

#include "cpu/mmu/tlb.h"
#include "cpu/engine/block.h"
#include "hpt/hpt.h"

struct translation {
	u64 gpa;       /* of the byte */
	bool writable; /* by protection, and C is set in the table */
	bool absent;
	u64 hpte_index;
	bool wide;    /* all of the 64 KiB of effective addresses that it is of are mapped so */
	bool fresh;   /* the hash table was searched since a fetch last used this translation */
	bool program; /* of a program, another one has another page there: mmu/tlb.h */
	bool small;   /* the caches can't say it: less than 4 KiB, other byte order: never kept */
	/* If it failed: VEC_DSI, VEC_DSEGI, VEC_DTLB (the caller makes ISI, ISEGI, ITLB of it). */
	unsigned vector;
	u64 why; /* DSISR or SRR1 bits */
};

/* BookE's, by its TLB (mmu/booke.c). */
bool booke_translate(struct cpu *cpu, u64 ea, enum cpu_access_kind kind, struct translation *t);

/* False: the access is not allowed, or there is no such translation. */
bool translate(struct cpu *cpu, u64 ea, enum cpu_access_kind kind, struct translation *t);

/*
 * Which cache of the first level is used when @relocate (MODE_IR, MODE_DR) says whether to
 * translate.
 */
static inline enum tlb_context tlb_context(const struct cpu *cpu, u32 relocate)
{
	if (!(cpu->mode & relocate))
		return TLB_REAL;
	return cpu->mode & MODE_PR ? TLB_USER : TLB_KERNEL;
}

/*
 * An empty slot's tag: no page's that is compared there. Page 0 is, in its own slot and, by an
 * access that wraps round, in the last.
 */
static inline u64 tlb_empty(unsigned slot)
{
	return slot == 0 || slot == TLB_ENTRIES - 1 ? ~0ull : 0;
}

/* --- the second level --- */

static inline unsigned vtlb_shift(u64 vsid_word)
{
	return vsid_word & SLB_VSID_L ? CPU_UNIT_SHIFT : CPU_PAGE_SHIFT;
}

static inline struct vtlb_entry *vtlb_slot(struct tlbs *t, u64 va_piece)
{
	return &t->virt[(va_piece ^ va_piece >> 16) & (VTLB_ENTRIES - 1)];
}

static inline unsigned segment_shift(u64 vsid_word)
{
	return vsid_word & SLB_VSID_B_1T ? 40 : 28;
}

/*
 * The virtual address modulo 2^64: enough to choose slots, and to throw away too much now and then.
 */
static inline u64 va_low(u64 vsid_word, u64 ea)
{
	unsigned shift = segment_shift(vsid_word);
	u64 vsid = vsid_word & ~SLB_VSID_B;

	vsid >>= shift == 40 ? HPT_SLB_VSID_SHIFT_1T : HPT_SLB_VSID_SHIFT;
	return vsid << shift | (ea & ((1ull << shift) - 1));
}

#endif
