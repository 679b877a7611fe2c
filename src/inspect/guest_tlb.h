/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLB of a Book E processor as somebody told of it: what its entries say, and what is different
 * between two. An entry is four numbers, as the structs of <papyr/kvm.h> have them, in their order:
 * papyr_tlb_440, kvm_book3e_206_tlb_entry, or papyr_tlb_shadow.
 */
#ifndef PAPYR_INSPECT_GUEST_TLB_H
#define PAPYR_INSPECT_GUEST_TLB_H

#include "base/bits.h"
#include "platform/error.h"

#define GUEST_TLB_WORDS 4
/* A shadow TLB of more is nobody's. */
#define GUEST_TLB_SHADOW_MAX (1u << 17)

struct guest_tlb_entry {
	u64 word[GUEST_TLB_WORDS];
};

struct guest_tlb {
	const char *source; /* "running guest", "Papyr image", "dump" */
	u32 cpu;	    /* KVM_CPU_440 or KVM_CPU_E500V2 */
	bool shadow;
	u32 n;
	struct guest_tlb_entry *e;
};

/* Empty, to be freed. 0 and NULL: there is no such processor. */
int guest_tlb_init(struct guest_tlb *t, u32 cpu, bool shadow, u32 n, struct error *err);
void guest_tlb_free(struct guest_tlb *t);
/* How many entries the guest's own has; 0: an unknown processor. */
u32 guest_tlb_entries(u32 cpu);
/* As papyr run --cpu has it; and back, 0: there is none of that name. */
const char *guest_tlb_cpu_name(u32 cpu);
u32 guest_tlb_cpu(const char *name);

/* Does a file that begins so claim to be a Papyr image? */
bool guest_tlb_in_image(const void *data, size_t len);
/* Of a Papyr image, the first processor's; takes over @fd. */
int guest_tlb_load(struct guest_tlb *t, int fd, struct error *err);
/*
 * Entries of a shadow TLB have no places: in an order of their own, and what is known of a page by
 * several, to read, to write and to execute, in one.
 */
void guest_tlb_sort(struct guest_tlb *t);

#define TLB_READ    1u
#define TLB_WRITE   2u
#define TLB_EXECUTE 4u
/* Of an e500's entry: where it is. */
struct tlb_place {
	unsigned tlb, set, way; /* TLB1: its entry in @way */
};

/* What an entry says. */
struct tlb_told {
	bool valid;
	u64 ea, bytes, real;
	unsigned tid; /* 0: any; of a shadow TLB nothing */
	bool space;   /* MSR[IS] or MSR[DS] of who may use it */
	unsigned user, supervisor;
	unsigned wimge;	    /* W is 16, E is 1 */
	unsigned user_bits; /* U0 is 8, U3 is 1 */
	bool protect;	    /* IPROT */
};

struct tlb_told guest_tlb_tell(const struct guest_tlb *t, u32 i);
struct tlb_place guest_tlb_place(const struct guest_tlb *t, u32 i);

/* --- differences --- */

/* What of an entry is another; a mask of these. */
#define TLB_DIFF_EA	 0x01u
#define TLB_DIFF_SIZE	 0x02u
#define TLB_DIFF_REAL	 0x04u
#define TLB_DIFF_PROCESS 0x08u /* TID, address space */
#define TLB_DIFF_ACCESS	 0x10u
#define TLB_DIFF_WIMGE	 0x20u
#define TLB_DIFF_OTHER	 0x40u
#define TLB_DIFF_BITS	 7

const char *tlb_diff_name(unsigned bit);

/*
 * A valid entry that only @a has (j < 0), only @b (i < 0), or that is another (@what). Of guests'
 * TLBs i and j are the same place; of shadow TLBs they are of one page.
 */
typedef void tlb_difference_fn(void *opaque, s64 i, s64 j, unsigned what);

struct tlb_diff {
	u32 same, added, removed, changed;
};

/* Both of one processor, both shadow TLBs, sorted, or none. */
void guest_tlb_compare(const struct guest_tlb *a, const struct guest_tlb *b, tlb_difference_fn *fn,
		       void *opaque, struct tlb_diff *d);

#endif
