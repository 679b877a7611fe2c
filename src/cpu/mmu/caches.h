/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every load, store and far jump looks into first. It is in struct cpu itself, so that
 * translated code reaches it from the register that has the cpu.
 */
#ifndef PAPYR_CPU_CACHES_H
#define PAPYR_CPU_CACHES_H

#include "base/bits.h"

/* Real mode, supervisor and problem state see different pages at the same effective addresses. */
enum tlb_context { TLB_REAL, TLB_KERNEL, TLB_USER, TLB_CONTEXTS };

#define TLB_ENTRIES 16384u

/*
 * A unit (mem.h) by effective address. The tags are its number if it may be read, or written,
 * without asking, else tlb_empty(). An access is looked for by its first byte, and its last byte's
 * unit is compared, so that one which crosses the unit's end never matches.
 */
struct tlb_entry {
	u64 read, write; /* tags */
	u64 addend;	 /* host address = effective address + addend */
	u64 gpa;	 /* of the unit */
};

struct tlb {
	struct tlb_entry e[TLB_ENTRIES];
	u64 used[TLB_ENTRIES / 64]; /* slots that may not be empty */
};

#define JUMP_ENTRIES 65536u

/* Where the decoded code at an effective address is (mmu/jumps.h). */
struct jump {
	u64 ea;
	u64 key;
	const struct op *ops;
	const u8 *code; /* where a translation goes on that comes here (jit_code()) */
};

#define RETURNS_STACKS	   3
#define RETURN_FRAME_BYTES 16

/* Where translations' calls come back to (mmu/returns.h). */
struct returns {
	u8 *memory;   /* NULL: there are no translations */
	unsigned now; /* the one in use, whose top is in cpu.return_stack */
	struct {
		u64 top, key;
	} of[RETURNS_STACKS];
};

#endif
