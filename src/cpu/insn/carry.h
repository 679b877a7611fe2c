/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carry and overflow of an addition: of 64 bits in 64-bit mode and of the low word in 32-bit mode.
 * Both are computed for every bit position at once, and cr0_shift brings the mode's one to the top.
 */
#ifndef PAPYR_CPU_INSN_CARRY_H
#define PAPYR_CPU_INSN_CARRY_H

#include "cpu/cpu.h"

static inline u64 top_bit(const struct cpu *cpu, u64 v)
{
	return v << cpu->cr0_shift >> 63;
}

static inline u64 add_ca(struct cpu *cpu, u64 a, u64 b, u64 carry_in)
{
	u64 sum = a + b + carry_in;

	cpu->ca = top_bit(cpu, (a & b) | ((a | b) & ~sum));
	return sum;
}

#endif
