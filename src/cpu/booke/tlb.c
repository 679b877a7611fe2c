/* SPDX-License-Identifier: Apache-2.0 */
/* A TLB's life, and looking an address up in it. */
#include <errno.h>
#include <stdlib.h>
#include "cpu/booke/tlb.h"

static int with_entries(struct booke_tlb *tlb, unsigned entries)
{
	union booke_entry *e = calloc(entries, sizeof(*e));

	if (!e)
		return -ENOMEM;
	free(tlb->e);
	tlb->e = e;
	tlb->entries = entries;
	tlb->victim = 0;
	tlb->changes++;
	return 0;
}

int booke_tlb_init(struct booke_tlb *tlb, enum booke_kind kind)
{
	*tlb = (struct booke_tlb){.kind = kind};
	return kind == BOOKE_440 ? with_entries(tlb, TLB440_ENTRIES)
				 : booke_tlb_configure(tlb, 512, 4, 16);
}

void booke_tlb_fini(struct booke_tlb *tlb)
{
	free(tlb->e);
	tlb->e = NULL;
}

static bool power_of_two(unsigned n)
{
	return n && !(n & (n - 1));
}

bool booke_tlb_can_have(const struct booke_tlb *tlb, unsigned tlb0_entries, unsigned tlb0_ways,
			unsigned tlb1_entries)
{
	return tlb->kind == BOOKE_E500V2 && power_of_two(tlb0_entries) && power_of_two(tlb0_ways) &&
	       tlb0_ways <= tlb0_entries && tlb0_entries <= BOOKE_TLB0_MAX && tlb1_entries &&
	       tlb1_entries <= BOOKE_TLB1_MAX;
}

int booke_tlb_configure(struct booke_tlb *tlb, unsigned tlb0_entries, unsigned tlb0_ways,
			unsigned tlb1_entries)
{
	int ret;

	if (!booke_tlb_can_have(tlb, tlb0_entries, tlb0_ways, tlb1_entries))
		return -EINVAL;
	ret = with_entries(tlb, tlb0_entries + tlb1_entries);
	if (ret)
		return ret;
	tlb->tlb0_entries = tlb0_entries;
	tlb->tlb0_ways = tlb0_ways;
	tlb->tlb1_entries = tlb1_entries;
	return 0;
}

void booke_tlb_clear(struct booke_tlb *tlb)
{
	memset(tlb->e, 0, tlb->entries * sizeof(*tlb->e));
	tlb->victim = 0;
	tlb->changes++;
}

/* Sizes are powers of four; no page is larger than all there is. */
static u64 size_of(unsigned code)
{
	return 1024ull << 2 * (code > 11 ? 11 : code);
}

/* The 440 has read, write and execute from the right, for the supervisor and left of them for
 * users. */
static bool page_440(const union booke_entry *e, struct booke_page *page)
{
	u32 w0 = e->ppc440.word[0], w1 = e->ppc440.word[1], w2 = e->ppc440.word[2];
	u64 bytes = size_of(w0 >> 4 & 15);

	if (!(w0 & TLB440_V))
		return false;
	*page = (struct booke_page){
	    .ea = w0 & 0xfffffc00u & ~(bytes - 1),
	    .bytes = bytes,
	    .real = ((u64)(w1 & 15) << 32 | (w1 & 0xfffffc00u)) & ~(bytes - 1),
	    .tid = e->ppc440.tid,
	    .space = w0 & TLB440_TS,
	    .little = w2 & TLB440_E,
	    .user = w2 >> 3 & 7,
	    .supervisor = w2 & 7,
	};
	return true;
}

/* The e500 has them in pairs, user and supervisor: read, write, execute from the right. */
static u8 every_second(u32 v)
{
	return (v & 1) | (v >> 1 & 2) | (v >> 2 & 4);
}

static bool page_e500(const struct booke_tlb *tlb, unsigned i, struct booke_page *page)
{
	u32 mas1 = tlb->e[i].e500.mas1, mas2 = tlb->e[i].e500.mas2;
	u64 mas7_3 = tlb->e[i].e500.mas7_3;
	u64 bytes = i < tlb->tlb0_entries ? 4096 : size_of((mas1 & MAS1_TSIZE) >> MAS1_TSIZE_SHIFT);

	if (!(mas1 & MAS1_V))
		return false;
	*page = (struct booke_page){
	    .ea = mas2 & MAS2_EPN & ~(bytes - 1),
	    .bytes = bytes,
	    .real = mas7_3 & ((u64)MAS7_MASK << 32 | 0xfffff000u) & ~(bytes - 1),
	    .tid = (mas1 & MAS1_TID) >> MAS1_TID_SHIFT,
	    .space = mas1 & MAS1_TS,
	    .little = mas2 & MAS2_E,
	    .user = every_second((u32)mas7_3 >> 1),
	    .supervisor = every_second((u32)mas7_3),
	};
	return true;
}

bool booke_tlb_page(const struct booke_tlb *tlb, unsigned i, struct booke_page *page)
{
	return tlb->kind == BOOKE_440 ? page_440(&tlb->e[i], page) : page_e500(tlb, i, page);
}

static bool translates(const struct booke_tlb *tlb, unsigned i, u32 ea, bool space, const u64 *pids,
		       unsigned n)
{
	struct booke_page page;

	if (!booke_tlb_page(tlb, i, &page) || page.space != space || ea - page.ea >= page.bytes)
		return false;
	for (unsigned j = 0; j < n; j++)
		if (page.tid == pids[j])
			return true;
	return !page.tid;
}

int booke_tlb_find(const struct booke_tlb *tlb, u32 ea, bool space, const u64 *pids, unsigned n)
{
	unsigned i = 0;

	if (tlb->tlb0_entries) {
		unsigned sets = tlb->tlb0_entries / tlb->tlb0_ways;
		unsigned first = (ea >> 12 & (sets - 1)) * tlb->tlb0_ways;

		for (i = first; i < first + tlb->tlb0_ways; i++)
			if (translates(tlb, i, ea, space, pids, n))
				return (int)i;
		i = tlb->tlb0_entries;
	}
	for (; i < tlb->entries; i++)
		if (translates(tlb, i, ea, space, pids, n))
			return (int)i;
	return -1;
}
