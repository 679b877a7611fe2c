/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts of BookE processors, for exception.c. */
#ifndef PAPYR_CPU_BOOKE_EXCEPTION_H
#define PAPYR_CPU_BOOKE_EXCEPTION_H

#include "cpu/cpu.h"

/* Registers and nip as the interrupt makes them; @why: ESR's bits, or a server's SRR1's. */
void booke_interrupt(struct cpu *cpu, unsigned vector, u64 nip, u64 why);
/* DEAR, and of a miss the MAS registers; returns ESR's bits. @dsisr: what a server would have. */
u64 booke_data_fails(struct cpu *cpu, unsigned vector, u64 ea, u64 dsisr);
/* Pending bits by what the timers have come to. */
void booke_look_at_timers(struct cpu *cpu);
bool booke_take_pending(struct cpu *cpu);

#endif
