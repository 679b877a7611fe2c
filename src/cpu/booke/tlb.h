/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLB of a BookE processor: an array that the supervisor fills by instructions, and the whole
 * of what such a processor knows of translation. Plain data: nothing here knows a processor.
 *
 * The 440 has 64 entries of words 0, 1 and 2 and an 8-bit TID, written one word at a time. The
 * e500v2 has a TLB0 of 4 KiB pages in sets and a TLB1 of pages of all sizes, entries of MAS1, MAS2,
 * MAS3 and MAS7, written at once. Bits are as in the words that instructions move.
 */
#ifndef PAPYR_CPU_BOOKE_TLB_H
#define PAPYR_CPU_BOOKE_TLB_H

#include "base/bits.h"

#define TLB440_ENTRIES 64u
#define TLB440_WORDS   3u
#define TLB440_V       0x200u /* word 0 */
#define TLB440_TS      0x100u
#define TLB440_E       0x80u /* word 2: little-endian */

#define MAS0_TLBSEL	   0x10000000u
#define MAS0_ESEL	   0x0fff0000u
#define MAS0_ESEL_SHIFT	   16
#define MAS0_NV		   0xfffu
#define MAS1_V		   0x80000000u
#define MAS1_IPROT	   0x40000000u
#define MAS1_TID	   0x00ff0000u
#define MAS1_TID_SHIFT	   16
#define MAS1_TS		   0x1000u
#define MAS1_TSIZE	   0xf00u
#define MAS1_TSIZE_SHIFT   8
#define MAS2_EPN	   0xfffff000u
#define MAS2_E		   0x1u
#define MAS2_ATTRIBUTES	   0x7fu  /* X0, X1, W, I, M, G, E */
#define MAS3_USER	   0x3c0u /* U0 to U3 */
#define MAS4_TLBSELD	   0x10000000u
#define MAS4_TIDSELD	   0x00030000u
#define MAS4_TIDSELD_SHIFT 16
#define MAS6_SPID	   0x00ff0000u
#define MAS6_SAS	   0x1u
#define MAS7_MASK	   0xfu

/* What tlbivax has in its address. */
#define TLBIVAX_TLBSEL	0x8u
#define TLBIVAX_INV_ALL 0x4u
/* MMUCSR0: invalidate all of a TLB. */
#define MMUCSR0_TLB0_FI 0x4u
#define MMUCSR0_TLB1_FI 0x2u

enum booke_kind { BOOKE_440, BOOKE_E500V2 };

union booke_entry {
	struct {
		u32 tid, word[TLB440_WORDS];
	} ppc440;
	struct {
		u32 mas1, mas2;
		u64 mas7_3;
	} e500;
};

struct booke_tlb {
	enum booke_kind kind;
	unsigned entries;		  /* TLB0's before TLB1's */
	unsigned tlb0_entries, tlb0_ways; /* 0 on a 440 */
	unsigned tlb1_entries;
	unsigned victim; /* the way of TLB0 that a miss proposes */
	u64 changes;	 /* grows with whatever may have changed an entry */
	union booke_entry *e;
};

/* What a valid entry says. */
struct booke_page {
	u64 ea, bytes;	     /* effective; a power of two */
	u64 real;	     /* of 36 bits */
	u32 tid;	     /* 0: any */
	bool space;	     /* MSR[IS] or MSR[DS] of who may use it */
	bool little;	     /* E */
	u8 user, supervisor; /* BOOKE_* */
};
#define BOOKE_READ    1u
#define BOOKE_WRITE   2u
#define BOOKE_EXECUTE 4u

/* Empty, with the processor's own number of entries. -ENOMEM. */
int booke_tlb_init(struct booke_tlb *tlb, enum booke_kind kind);
void booke_tlb_fini(struct booke_tlb *tlb);
/*
 * An e500's, empty, of other numbers: TLB0's entries and ways powers of two and no more than
 * BOOKE_TLB0_MAX, TLB1's at most BOOKE_TLB1_MAX, and for each at least one. -EINVAL, -ENOMEM:
 * nothing changed.
 */
#define BOOKE_TLB0_MAX 4096u
#define BOOKE_TLB1_MAX 64u
bool booke_tlb_can_have(const struct booke_tlb *tlb, unsigned tlb0_entries, unsigned tlb0_ways,
			unsigned tlb1_entries);
int booke_tlb_configure(struct booke_tlb *tlb, unsigned tlb0_entries, unsigned tlb0_ways,
			unsigned tlb1_entries);

/* False: entry @i is not valid, and *page unchanged. */
bool booke_tlb_page(const struct booke_tlb *tlb, unsigned i, struct booke_page *page);
/*
 * The entry that translates @ea in address space @space for one of the @n process numbers at @pids;
 * -1: none. Of several, which only a mistake of the supervisor makes, the first.
 */
int booke_tlb_find(const struct booke_tlb *tlb, u32 ea, bool space, const u64 *pids, unsigned n);
/* All entries are gone, protected ones too. */
void booke_tlb_clear(struct booke_tlb *tlb);

/* --- 440: tlbre and tlbwe of one word; writing word 0 sets the TID too --- */

u32 tlb440_read(const struct booke_tlb *tlb, unsigned i, unsigned word);
void tlb440_write(struct booke_tlb *tlb, unsigned i, unsigned word, u32 value, u32 tid);

/* --- e500: MAS registers --- */

struct booke_mas {
	u32 mas0, mas1, mas2, mas3, mas4, mas6, mas7;
};

/* The entry that MAS0 and MAS2 name. */
unsigned tlb_e500_named(const struct booke_tlb *tlb, const struct booke_mas *mas);
void tlb_e500_read(const struct booke_tlb *tlb, struct booke_mas *mas);
/* Returns the entry that was written. */
unsigned tlb_e500_write(struct booke_tlb *tlb, const struct booke_mas *mas);
/* tlbsx: MAS as the entry that translates @ea says, or ready for one to be made. */
void tlb_e500_search(struct booke_tlb *tlb, struct booke_mas *mas, u32 ea);
/*
 * A miss of @ea in @space: MAS ready for tlbwe, by MAS4's defaults. @pids: PID0 to PID2, of which
 * MAS4[TIDSELD] chooses.
 */
void tlb_e500_miss(struct booke_tlb *tlb, struct booke_mas *mas, u32 ea, bool space,
		   const u64 *pids);
/*
 * tlbivax: entries at @ea, whoever they are of, or all of a TLB, but for protected ones. @gone is
 * told of each before it goes; it may be NULL.
 */
typedef void booke_gone(void *of, const struct booke_page *page);
void tlb_e500_invalidate(struct booke_tlb *tlb, u32 ea, booke_gone *gone, void *of);
/* MMUCSR0's: of the TLBs that @which says. */
void tlb_e500_flash(struct booke_tlb *tlb, u32 which, booke_gone *gone, void *of);
/* TLB0CFG, TLB1CFG, and MMUCFG. */
u32 tlb_e500_config(const struct booke_tlb *tlb, unsigned which);
u32 tlb_e500_mmucfg(void);

#endif
