/* SPDX-License-Identifier: Apache-2.0 */
/* What the e500's instructions and misses do to its TLBs and to the MAS registers. */
#include "cpu/booke/tlb.h"

#define MAS1_KEPT (MAS1_V | MAS1_IPROT | MAS1_TID | MAS1_TS | MAS1_TSIZE)
#define MAS3_KEPT 0xfffff3ffu

static unsigned set_of(const struct booke_tlb *tlb, u32 ea)
{
	return ea >> 12 & (tlb->tlb0_entries / tlb->tlb0_ways - 1);
}

unsigned tlb_e500_named(const struct booke_tlb *tlb, const struct booke_mas *mas)
{
	unsigned esel = (mas->mas0 & MAS0_ESEL) >> MAS0_ESEL_SHIFT;

	if (mas->mas0 & MAS0_TLBSEL)
		return tlb->tlb0_entries + esel % tlb->tlb1_entries;
	return set_of(tlb, mas->mas2) * tlb->tlb0_ways + esel % tlb->tlb0_ways;
}

/* MAS0 that names way or entry @esel, and proposes the way after it where the next entry may go. */
static u32 mas0_of(const struct booke_tlb *tlb, bool tlb1, unsigned esel, unsigned victim)
{
	return (tlb1 ? MAS0_TLBSEL : 0) | esel << MAS0_ESEL_SHIFT | (victim & (tlb->tlb0_ways - 1));
}

static void load(const struct booke_tlb *tlb, unsigned i, struct booke_mas *mas)
{
	const union booke_entry *e = &tlb->e[i];

	mas->mas1 = e->e500.mas1;
	mas->mas2 = e->e500.mas2;
	mas->mas3 = (u32)e->e500.mas7_3;
	mas->mas7 = e->e500.mas7_3 >> 32;
}

void tlb_e500_read(const struct booke_tlb *tlb, struct booke_mas *mas)
{
	load(tlb, tlb_e500_named(tlb, mas), mas);
	mas->mas0 = (mas->mas0 & ~MAS0_NV) | tlb->victim;
}

/* Pages of TLB0 have one size and no protection from invalidation. */
unsigned tlb_e500_write(struct booke_tlb *tlb, const struct booke_mas *mas)
{
	unsigned i = tlb_e500_named(tlb, mas);
	bool tlb1 = mas->mas0 & MAS0_TLBSEL;
	union booke_entry *e = &tlb->e[i];

	e->e500.mas1 = mas->mas1 & MAS1_KEPT;
	if (!tlb1)
		e->e500.mas1 = (e->e500.mas1 & ~(MAS1_IPROT | MAS1_TSIZE)) | 1u << MAS1_TSIZE_SHIFT;
	e->e500.mas2 = mas->mas2 & (MAS2_EPN | MAS2_ATTRIBUTES);
	e->e500.mas7_3 = (u64)(mas->mas7 & MAS7_MASK) << 32 | (mas->mas3 & MAS3_KEPT);
	if (!tlb1)
		tlb->victim = mas->mas0 & (tlb->tlb0_ways - 1);
	tlb->changes++;
	return i;
}

/* MAS0, MAS2, MAS3 and MAS7 ready for a new page, as MAS4 has it. */
static void propose(struct booke_tlb *tlb, struct booke_mas *mas)
{
	bool tlb1 = mas->mas4 & MAS4_TLBSELD;

	mas->mas0 = mas0_of(tlb, tlb1, tlb1 ? 0 : tlb->victim, tlb->victim + 1);
	mas->mas2 = (mas->mas2 & MAS2_EPN) | (mas->mas4 & MAS2_ATTRIBUTES);
	mas->mas3 &= MAS3_USER;
	mas->mas7 = 0;
}

void tlb_e500_search(struct booke_tlb *tlb, struct booke_mas *mas, u32 ea)
{
	u64 pid = (mas->mas6 & MAS6_SPID) >> MAS1_TID_SHIFT;
	int found = booke_tlb_find(tlb, ea, mas->mas6 & MAS6_SAS, &pid, 1);
	unsigned i = (unsigned)found;

	if (found < 0) {
		propose(tlb, mas);
		mas->mas1 = (mas->mas6 & MAS6_SPID) | (mas->mas6 & MAS6_SAS ? MAS1_TS : 0) |
			    (mas->mas4 & MAS1_TSIZE);
		return;
	}
	load(tlb, i, mas);
	if (i >= tlb->tlb0_entries)
		mas->mas0 = mas0_of(tlb, true, i - tlb->tlb0_entries, tlb->victim);
	else
		mas->mas0 = mas0_of(tlb, false, i % tlb->tlb0_ways, tlb->victim);
}

void tlb_e500_miss(struct booke_tlb *tlb, struct booke_mas *mas, u32 ea, bool space,
		   const u64 *pids)
{
	unsigned which = (mas->mas4 & MAS4_TIDSELD) >> MAS4_TIDSELD_SHIFT;
	u32 tid = which < 3 ? (u32)pids[which] : 0;

	mas->mas2 = ea & MAS2_EPN;
	propose(tlb, mas);
	mas->mas1 = MAS1_V | (tid << MAS1_TID_SHIFT & MAS1_TID) | (space ? MAS1_TS : 0) |
		    (mas->mas4 & MAS1_TSIZE);
	mas->mas6 = ((u32)pids[0] << MAS1_TID_SHIFT & MAS6_SPID) | (space ? MAS6_SAS : 0);
}

static void invalidate(struct booke_tlb *tlb, unsigned i, booke_gone *gone, void *of)
{
	struct booke_page page;

	if (!booke_tlb_page(tlb, i, &page) || (tlb->e[i].e500.mas1 & MAS1_IPROT))
		return;
	if (gone)
		gone(of, &page);
	tlb->e[i].e500.mas1 &= ~MAS1_V;
}

static void invalidate_at(struct booke_tlb *tlb, u32 ea, unsigned first, unsigned n,
			  booke_gone *gone, void *of)
{
	struct booke_page page;

	for (unsigned i = first; i < first + n; i++)
		if (booke_tlb_page(tlb, i, &page) && ea - page.ea < page.bytes)
			invalidate(tlb, i, gone, of);
}

static void invalidate_all(struct booke_tlb *tlb, bool tlb1, booke_gone *gone, void *of)
{
	unsigned first = tlb1 ? tlb->tlb0_entries : 0;
	unsigned end = tlb1 ? tlb->entries : tlb->tlb0_entries;

	for (unsigned i = first; i < end; i++)
		invalidate(tlb, i, gone, of);
}

void tlb_e500_invalidate(struct booke_tlb *tlb, u32 ea, booke_gone *gone, void *of)
{
	bool tlb1 = ea & TLBIVAX_TLBSEL;

	if (ea & TLBIVAX_INV_ALL)
		invalidate_all(tlb, tlb1, gone, of);
	else if (tlb1)
		invalidate_at(tlb, ea, tlb->tlb0_entries, tlb->tlb1_entries, gone, of);
	else
		invalidate_at(tlb, ea, set_of(tlb, ea) * tlb->tlb0_ways, tlb->tlb0_ways, gone, of);
	tlb->changes++;
}

void tlb_e500_flash(struct booke_tlb *tlb, u32 which, booke_gone *gone, void *of)
{
	if (which & MMUCSR0_TLB0_FI)
		invalidate_all(tlb, false, gone, of);
	if (which & MMUCSR0_TLB1_FI)
		invalidate_all(tlb, true, gone, of);
	tlb->changes++;
}

/*
 * ASSOC (8 bits), MINSIZE, MAXSIZE, IPROT, AVAIL and NENTRY (12). A number that there is no room
 * for is 0, and none of the others is touched by it: only a client that asked for so many sees it.
 */
#define CFG_ASSOC_SHIFT 24
#define CFG_NENTRY	0xfffu
#define CFG_IPROT	0x8000u
#define CFG_AVAIL	0x4000u
#define SIZE_4K		1u
#define SIZE_4G		11u

u32 tlb_e500_config(const struct booke_tlb *tlb, unsigned which)
{
	if (which)
		return (u32)tlb->tlb1_entries << CFG_ASSOC_SHIFT | SIZE_4K << 20 | SIZE_4G << 16 |
		       CFG_IPROT | CFG_AVAIL | tlb->tlb1_entries;
	return (u32)tlb->tlb0_ways << CFG_ASSOC_SHIFT | SIZE_4K << 20 | SIZE_4K << 16 |
	       (tlb->tlb0_entries & CFG_NENTRY);
}

/* NPIDS, PIDSIZE (less one) and NTLBS (less one). */
u32 tlb_e500_mmucfg(void)
{
	return 3u << 11 | 7u << 6 | 1u << 2;
}
