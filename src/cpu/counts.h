/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a processor's engine counts, for those who want to know what a guest costs. All of it is
 * counted where time is spent anyway, nothing for each instruction, nor for blocks that have a
 * translation. docs/engine.md says how to read it; KVM's statistics of a vcpu (hv/stats.h) publish
 * it by these names.
 */
#ifndef PAPYR_CPU_COUNTS_H
#define PAPYR_CPU_COUNTS_H

#include "base/bits.h"

/* COUNT(name); NS(name): nanoseconds. */
/* clang-format off */
#define CPU_COUNTS(COUNT, NS)                                             \
	COUNT(blocks_decoded)                                             \
	COUNT(blocks_compiled)/* those that were translated */                    \
	COUNT(code_flushes)    /* no room: all decoded and compiled code was dropped */ \
	COUNT(cold_flushes)    /* no room for cold blocks: they were dropped */ \
	COUNT(turns)           /* blocks that the dispatcher began */     \
	COUNT(turns_request)   /* ... after another thread's request */   \
	COUNT(turns_clock)     /* ... after a look at the clock */        \
	COUNT(interrupts)      /* taken, of whatever kind */              \
	COUNT(jumps_missed)    /* turns whose block the jump cache lacked */ \
	COUNT(jumps_stale)     /* ... of these, blocks that had been dropped */ \
	COUNT(links_made)      /* branches that go to their block directly now */ \
	COUNT(interpreted)     /* instructions of blocks without a translation */ \
	COUNT(exits_function)  /* translations left for an instruction's function */ \
	COUNT(exits_unlinked)  /* ... by a branch that leads nowhere yet, or no more */ \
	COUNT(exits_cold)      /* ... to a block without a translation */ \
	COUNT(loads_missed)    /* loads and stores that the first cache lacked */ \
	COUNT(fetches_missed)  /* the same of pages of instructions */    \
	COUNT(table_searches)  /* ... that the second lacked too */       \
	COUNT(table_misses)    /* ... and the hash table has not */       \
	COUNT(flushes_segments) /* first caches dropped: the SLB changed */ \
	COUNT(flushes_all)     /* both dropped: a large page, or somebody asked */ \
	COUNT(flushes_page)    /* a page taken out of both */             \
	COUNT(flushes_code)    /* pages whose blocks went: their memory changed */ \
	COUNT(flushes_jumps)   /* jump cache emptied, by any of these */  \
	COUNT(blocks_tried)    /* to compile; blocks_compiled of these */  \
	NS(decode_ns)          /* decoding, and ... */                    \
	NS(compile_ns)         /* ... compiling took: one in COUNTS_TIMED is timed */
/* clang-format on */

#define CPU_COUNTS_FIELD(name) u64 name;

/* Since cpu_init(). */
struct cpu_counts {
	CPU_COUNTS(CPU_COUNTS_FIELD, CPU_COUNTS_FIELD)
};

/* A look at the clock is a tenth of decoding a block: few are timed, and stand for the others. */
#define COUNTS_TIMED 16u

#endif
