/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug events of BookE processors, which a guest asks for in DBCR0: of instructions by address
 * (IAC), of each (ICMP), of branches taken (BRT), returns (RET), traps (TRAP) and interrupts
 * (IRPT). What there was stands in DBSR, and where MSR[DE] is set a debug interrupt follows.
 *
 * Only with internal debug mode (DBCR0[IDM]): there is nobody outside to stop for.
 */
#ifndef PAPYR_CPU_BOOKE_DEBUG_H
#define PAPYR_CPU_BOOKE_DEBUG_H

#include "cpu/cpu.h"

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
/* DBCR0, DBSR or what stands beside them was written. */
void booke_debug_changed(struct cpu *cpu);

#endif
