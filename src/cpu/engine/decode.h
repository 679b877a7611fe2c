/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAPYR_CPU_DECODE_H
#define PAPYR_CPU_DECODE_H

#include "cpu/engine/block.h"

/*
 * Instructions decoded before, by their words: programs use few of them again and again, and most
 * code is decoded cold; of branches without how far they go. One processor's; all zero: none yet.
 */
#define DECODED_SHIFT 12

struct decoded {
	struct op op;
	u16 key;	      /* what choosing its function depends on; 0: none yet */
	bool ends, ends_cold; /* a block; the same of one that ends at each branch */
} __attribute__((aligned(32))); /* two to a line of the host's cache */

struct decoder {
	struct decoded known[1u << DECODED_SHIFT];
};

/* The instruction at @at in the guest's memory, in host order; it may change meanwhile. */
u32 insn_fetch(const u8 *at, u32 mode);
/* Decodes @insn. */
void insn_decode(const struct cpu *cpu, u32 insn, u32 mode, struct decoded *d);
/* The op of the instruction @insn at @gpa; what else was found out about it. */
const struct decoded *op_decode(const struct cpu *cpu, struct decoder *decoder, u64 gpa, u32 insn,
				u32 mode, struct op *op);
/* What leaves a block of @count instructions. */
struct op op_leave(unsigned count);
/*
 * Decodes at most @max instructions from @at on for @b, whose gpa and mode are set, into @ops.
 * @cold: it ends at each branch.
 */
void block_decode(const struct cpu *cpu, struct decoder *decoder, struct block *b, struct op *ops,
		  const u8 *at, u32 max, bool cold);
/* @b counts from now on how often it runs. */
void block_is_cold(const struct cpu *cpu, struct block *b);

#endif
