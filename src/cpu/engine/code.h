/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded code of one processor: blocks keyed by guest real address and mode, so that they survive
 * context switches; in front is the jump cache by effective address (mmu/jumps.h).
 *
 * Blocks live in an arena that is thrown away whole when full, together with the code generated for
 * them; when the room for that is full first, both go as well (cpu_counts.code_flushes). A block
 * that is dropped (its page was written) stays in memory until then, with its first op replaced by
 * one that goes to the dispatcher; so links and jump cache entries that still lead to it do no
 * harm, and a block may be dropped while it runs.
 *
 * A block that has a translation keeps its first op alone. The few others that are wanted later are
 * decoded once more, from what the page remembers.
 *
 * That memory still holds what was decoded is seen to in two ways. Stores by vcpus to pages that
 * hold code are caught by the owner (cpu_host.code_write). Changes from outside (a client that
 * loads, a debugger) are caught by comparing: all blocks of a page are compared with memory when
 * the page is looked up for the first time after cpu_code_recheck() or, unless the owner is told of
 * them all, a new translation.
 */
#ifndef PAPYR_CPU_CODE_H
#define PAPYR_CPU_CODE_H

#include "cpu/engine/block.h"

#define CODE_BYTES_MIN ((size_t)16 << 10) /* a page and the longest block */

/* How much a processor keeps. */
struct code_room {
	size_t blocks; /* bytes of blocks */
	size_t jit;    /* bytes of generated code; without translations, of blocks too */
};

/*
 * Of the first processor of a machine, and of each further one. PAPYR_CODE_MEMORY in the
 * environment asks for so many MiB in all for each, within bounds; of the host's memory is taken
 * what is used.
 */
#define CODE_MIB_MIN 16ul
#define CODE_MIB_MAX 1024ul
struct code_room code_room(bool first);

/* 0 or -ENOMEM. */
int code_init(struct cpu *cpu, struct code_room room);
void code_fini(struct cpu *cpu);
/* The block at cpu->nip, decoded if need be; NULL: an interrupt was raised instead (or a request
 * must be served first). */
struct block *code_find(struct cpu *cpu);
/*
 * @op, a branch, leads to @b on its page from here on; but not what is kept to what is cold, which
 * goes before it.
 */
void code_link(struct cpu *cpu, const struct op *op, struct block *b);
/* Translations that other threads have made take their places (jit/orders.h). */
void code_take_translations(struct cpu *cpu);
/* The same, and what is still to be made is seen to: the clock was looked at. */
void code_tick(struct cpu *cpu);
/* The block at @gpa that was decoded for @mode to be kept; NULL: there is none (yet). */
struct block *code_kept(struct cpu *cpu, u64 gpa, u32 mode);
/* Instruction @n of @b, from 1 on, as it was when @b was decoded. */
void code_op(struct cpu *cpu, const struct block *b, unsigned n, struct op *op);
/* The ops of @b: its own, or decoded once more into @room, which has place for the longest. */
const struct op *code_ops(struct cpu *cpu, const struct block *b, struct op *room);
/* One instruction at cpu->nip as a block of its own, good until the next call; NULL as above. */
struct block *code_single(struct cpu *cpu);
/* The same with a given instruction word. */
struct block *code_single_insn(struct cpu *cpu, u32 insn);

#endif
