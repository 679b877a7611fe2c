/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The performance monitor (ISA 2.07 Book III-S 9; 970FX user's manual 10): instructions and cycles,
 * by PMC5, PMC6 and the events of POWER8 that mean these, or those of a PPC970 on any of its eight
 * counters. Other events exist on no processor in software: their counters stand still.
 *
 * Counters are brought up to date when somebody looks, when what they count changes (registers,
 * problem state), and at each look at the clock, where overflows show: some 50 microseconds late. A
 * cycle is one of the 4 GHz that the device tree tells, as long as the vcpu is in the guest and not
 * asleep. Blocks count as a whole when they are entered; while the monitor is on they end at each
 * branch (MODE_COUNT), so that no part of them is left out.
 */
#ifndef PAPYR_CPU_PMU_H
#define PAPYR_CPU_PMU_H

#include "cpu/cpu.h"

/* Adds what was executed since the last time, and raises what overflowed. */
void pmu_catch_up(struct cpu *cpu);

/* What mtspr of MMCR0 and of all others does: @reg is in cpu. */
void pmu_set_mmcr0(struct cpu *cpu, u64 v);
void pmu_set(struct cpu *cpu, u64 *reg, u64 v);
u64 pmu_get(struct cpu *cpu, const u64 *reg);

#endif
