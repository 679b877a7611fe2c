/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded code of one processor: blocks keyed by guest real address and mode, so that they survive
 * context switches; in front is the jump cache by effective address (mmu/jumps.h).
 *
 * Blocks live in an arena that is thrown away whole when full. A block that is dropped (its page
 * was written) stays in memory until then, with its first op replaced by one that goes to the
 * dispatcher; so links and jump cache entries that still lead to it do no harm, and a block may be
 * dropped while it runs.
 *
 * That memory still holds what was decoded is seen to in two ways. Stores by vcpus to pages that
 * hold code are caught by the owner (cpu_host.code_write). Changes from outside (a client that
 * loads, a debugger) are caught by comparing: all blocks of a page are compared with memory when
 * the page is looked up for the first time after cpu_code_recheck() or a new translation.
 */
#ifndef PAPYR_CPU_CODE_H
#define PAPYR_CPU_CODE_H

#include "cpu/engine/block.h"

int code_init(struct cpu *cpu);
void code_fini(struct cpu *cpu);
/* The block at cpu->nip, decoded if need be; NULL: an interrupt was raised instead (or a request
 * must be served first). */
struct block *code_find(struct cpu *cpu);
/* One instruction at cpu->nip as a block of its own, good until the next call; NULL as above. */
struct block *code_single(struct cpu *cpu);
/* The same with a given instruction word. */
struct block *code_single_insn(struct cpu *cpu, u32 insn);

#endif
