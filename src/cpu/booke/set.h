/* SPDX-License-Identifier: Apache-2.0 */
/* What others than the guest do to a TLB: set its entries, and map a page without knowing them. */
#ifndef PAPYR_CPU_BOOKE_SET_H
#define PAPYR_CPU_BOOKE_SET_H

#include "cpu/booke/tlb.h"

/* Entry @i becomes @e, less what it has no place for. */
void booke_tlb_set(struct booke_tlb *tlb, unsigned i, const union booke_entry *e);

/* How pages are to be accessed: E, G, M, I and W as MAS2 has them. */
#define BOOKE_LITTLE	0x01u
#define BOOKE_GUARDED	0x02u
#define BOOKE_COHERENT	0x04u
#define BOOKE_UNCACHED	0x08u
#define BOOKE_WRITETHRU 0x10u
#define BOOKE_ACCESS	0x1fu

/*
 * Puts @page (whose little doesn't count) into an entry that isn't valid, the first of a 440's or
 * of TLB1, and returns its number. @protect: an e500's invalidations leave it alone.
 *
 * -EINVAL: not a size that the processor has, not aligned to it, addresses or process numbers of
 * more bits than there are. -EEXIST: some process would find two entries for an address. -ENOSPC:
 * all are valid.
 */
int booke_tlb_map(struct booke_tlb *tlb, const struct booke_page *page, u32 access, bool protect);

#endif
