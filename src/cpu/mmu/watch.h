/* SPDX-License-Identifier: Apache-2.0 */
/* Data address breakpoints: the DAWR (range of doublewords) and the DABR (one doubleword). */
#ifndef PAPYR_CPU_WATCH_H
#define PAPYR_CPU_WATCH_H

#include "cpu/cpu.h"

#define DAWRX_MRD    0xfc00ull
#define DAWRX_DW     0x40ull
#define DAWRX_DR     0x20ull
#define DAWRX_WT     0x10ull
#define DAWRX_WTI    0x08ull
#define DAWRX_KERNEL 0x2ull
#define DAWRX_USER   0x1ull
#define DABR_BT	     0x4ull
#define DABR_DW	     0x2ull
#define DABR_DR	     0x1ull
#define DABRX_BTI    0x8ull
#define DABRX_KERNEL 0x2ull
#define DABRX_USER   0x1ull

/* Is there one at all? */
static inline bool watchpoint_armed(const struct cpu *cpu)
{
	return (cpu->dawrx & (DAWRX_DR | DAWRX_DW)) || (cpu->dabr & (DABR_DR | DABR_DW));
}

/* Does this access meet one? */
bool watchpoint_hits(const struct cpu *cpu, u64 ea, unsigned size, bool store);

#endif
