/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAPYR_CPU_DECODE_H
#define PAPYR_CPU_DECODE_H

#include "cpu/engine/block.h"

/* The instruction at @at in the guest's memory, in host order; it may change meanwhile. */
u32 insn_fetch(const u8 *at, u32 mode);
/* Decodes @insn into @op; true if it ends a block. */
bool insn_decode(const struct cpu *cpu, u32 insn, u32 mode, struct op *op);
/*
 * Fills @b, whose gpa and mode are set, with at most @max instructions from @at on. @cold: it ends
 * at each branch, and counts how often it runs.
 */
void block_decode(const struct cpu *cpu, struct block *b, const u8 *at, u32 max, bool cold);

#endif
