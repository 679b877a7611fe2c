/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a processor may have in its caches, told to others: who takes a translation away need not
 * wait for a vcpu that never looked it up (src/hv/shootdown.c).
 *
 * Two sets, as bitmaps of hashes, which only grow: virtual pages that were looked up in the hash
 * table, and guest real memory that stores may go to without asking, by 64 KiB both. A bit is
 * set, and seen by all, before the table, or the mark of a page that holds code, is looked at. When
 * a set has become too full to say much, the processor empties its caches and then the sets,
 * between two blocks, where it uses no translation.
 */
#ifndef PAPYR_CPU_TOUCHED_H
#define PAPYR_CPU_TOUCHED_H

#include "cpu/cpu.h"

#define TOUCHED_BITS (1u << 16)
#define TOUCHED_FULL (TOUCHED_BITS / 4)

struct touched_set {
	u64 word[TOUCHED_BITS / 64]; /* atomic; written by the owner alone */
	unsigned count;
};

struct touched {
	struct touched_set looked_up, writable;
};

/* Own thread. Asks the dispatcher for touched_forget() (CPU_REQ_FORGET) when a set is full. */
void touched_look_up(struct cpu *cpu, u64 va);
/* Own thread, between blocks. */
void touched_forget(struct cpu *cpu);

#endif
