/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fixed-point addition, subtraction and multiplication that fixed.sem hasn't: what sets OV.
 * Division is in divide.c.
 */
#include "cpu/insn/op.h"
#include "cpu/insn/carry.h"
#include "cpu/insn/forms.h"

static inline u64 add_ov(struct cpu *cpu, u64 a, u64 b, u64 carry_in)
{
	u64 sum = a + b + carry_in;

	set_ov(cpu, top_bit(cpu, (a ^ sum) & (b ^ sum)));
	return sum;
}

static inline u64 add_ca_ov(struct cpu *cpu, u64 a, u64 b, u64 carry_in)
{
	add_ov(cpu, a, b, carry_in);
	return add_ca(cpu, a, b, carry_in);
}

OP_RT(addo, add_ov(cpu, RA, RB, 0))
OP_RT(subfo, add_ov(cpu, ~RA, RB, 1))
OP_RT(nego, add_ov(cpu, ~RA, 0, 1))

OP_RT(addco, add_ca_ov(cpu, RA, RB, 0))
OP_RT(subfco, add_ca_ov(cpu, ~RA, RB, 1))
OP_RT(addeo, add_ca_ov(cpu, RA, RB, cpu->ca))
OP_RT(subfeo, add_ca_ov(cpu, ~RA, RB, cpu->ca))
OP_RT(addmeo, add_ca_ov(cpu, RA, ~0ull, cpu->ca))
OP_RT(subfmeo, add_ca_ov(cpu, ~RA, ~0ull, cpu->ca))
OP_RT(addzeo, add_ca_ov(cpu, RA, 0, cpu->ca))
OP_RT(subfzeo, add_ca_ov(cpu, ~RA, 0, cpu->ca))

static inline u64 multiply_word_ov(struct cpu *cpu, u64 a, u64 b)
{
	s64 product = (s64)(s32)a * (s32)b;

	set_ov(cpu, product != (s32)product);
	return (u64)product;
}

static inline u64 multiply_doubleword_ov(struct cpu *cpu, u64 a, u64 b)
{
	s64 product;

	set_ov(cpu, __builtin_mul_overflow((s64)a, (s64)b, &product));
	return (u64)product;
}

OP_RT(mullwo, multiply_word_ov(cpu, RA, RB))
OP_RT(mulldo, multiply_doubleword_ov(cpu, RA, RB))
