/* SPDX-License-Identifier: Apache-2.0 */
/* Data address breakpoints: the DAWR (range of doublewords), the DABR (one doubleword), those of
 * BookE (booke_debug.h), and a debugger's (debug.h). */
#ifndef PAPYR_CPU_WATCH_H
#define PAPYR_CPU_WATCH_H

#include "cpu/booke_debug.h"
#include "cpu/cpu.h"
#include "cpu/msr.h"

/* Is there one at all? */
static inline bool watchpoint_armed(const struct cpu *cpu)
{
	return (cpu->dawrx & (DAWRX_DR | DAWRX_DW)) || (cpu->dabr & (DABR_DR | DABR_DW)) ||
	       booke_watches(cpu) || cpu->debug.n_watches;
}

/* Does this access meet one of the guest's, which isn't BookE's? */
bool watchpoint_hits(const struct cpu *cpu, u64 ea, unsigned size, bool store);
/* The debugger's that it meets, or NULL. */
const struct cpu_watch *watchpoint_of_debugger(const struct cpu *cpu, u64 ea, unsigned size,
					       bool store);

#endif
