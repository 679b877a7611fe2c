/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug events of BookE processors, which a guest asks for in DBCR0: of instructions by address
 * (IAC), of each (ICMP), of branches taken (BRT), returns (RET), traps (TRAP) and interrupts
 * (IRPT), and of data by address (DAC) and value (DVC). What there was stands in DBSR, and where
 * MSR[DE] is set a debug interrupt follows.
 *
 * Only with internal debug mode (DBCR0[IDM]): there is nobody outside to stop for.
 */
#ifndef PAPYR_CPU_BOOKE_DEBUG_H
#define PAPYR_CPU_BOOKE_DEBUG_H

#include "cpu/cpu.h"

/* DBCR0; what it asks for has the same places in DBSR. */
#define DBCR0_IDM 0x40000000u
#define DBG_DACS  0x000f0000u /* DAC1R, DAC1W, DAC2R, DAC2W */

/*
 * Must accesses be looked at? They then keep out of the first translation cache, so that who begins
 * to ask empties it (booke_debug_asks()).
 */
static inline bool booke_watches(const struct cpu *cpu)
{
	return (cpu->booke.dbcr[0] & DBCR0_IDM) && (cpu->booke.dbcr[0] & DBG_DACS);
}

/* Must instructions be looked at one by one, or is a debug interrupt due? */
bool booke_traces(const struct cpu *cpu);
/* Takes a debug interrupt that is due. */
bool booke_debug_due(struct cpu *cpu);
/* @insn is about to begin at nip. True: a debug interrupt was taken instead. */
bool booke_debug_before(struct cpu *cpu, u32 insn);
/* One was carried out that began with MSR[DE]. */
void booke_debug_after(struct cpu *cpu);
/* A trap's program interrupt at @nip. True: it is to be a debug interrupt. */
bool booke_debug_trap(struct cpu *cpu);
/* An ordinary interrupt was taken. */
void booke_debug_interrupt(struct cpu *cpu);
/*
 * The access of @op to @size bytes at @ea, within a page, that nothing else refuses is about to be
 * made. True: a debug interrupt was taken instead. What it loads or stores is @bytes, if that is
 * known and booke_compares_values(); else NULL.
 */
bool booke_debug_data(struct cpu *cpu, const struct op *op, u64 ea, unsigned size, bool store,
		      const u8 *bytes);
bool booke_compares_values(const struct cpu *cpu);
/* How many instruction addresses there are to compare: IAC1 and IAC2, or all four. */
unsigned booke_iacs(const struct cpu *cpu);
/* DBCR0, DBSR or what stands beside them was written. */
void booke_debug_changed(struct cpu *cpu);
/* Writes DBCR0. */
void booke_debug_asks(struct cpu *cpu, u32 dbcr0);

#endif
