/* SPDX-License-Identifier: Apache-2.0 */
/* What the 440's instructions do to its TLB. Bits that a word has not read as zero. */
#include "cpu/booke/tlb.h"

static const u32 kept[TLB440_WORDS] = {0xfffffff0u, 0xfffffc0fu, 0x0000ffbfu};

u32 tlb440_read(const struct booke_tlb *tlb, unsigned i, unsigned word)
{
	return tlb->e[i % TLB440_ENTRIES].ppc440.word[word];
}

void tlb440_write(struct booke_tlb *tlb, unsigned i, unsigned word, u32 value, u32 tid)
{
	union booke_entry *e = &tlb->e[i % TLB440_ENTRIES];

	e->ppc440.word[word] = value & kept[word];
	if (word == 0)
		e->ppc440.tid = tid & 0xff;
	tlb->changes++;
}
