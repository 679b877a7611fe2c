/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fixed-point addition, subtraction and multiplication. Division is in divide.c.
 *
 * CA and OV are the carry and overflow of 64 bits in 64-bit mode and of the low word in 32-bit
 * mode: both are computed for every bit position at once, and cr0_shift brings the mode's one to
 * the top.
 */
#include "cpu/insn/op.h"
#include "cpu/insn/forms.h"

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

OP(addi)
{
	cpu->gpr[op->t] = RA + (u64)op->imm;
	NEXT;
}

OP(addis)
{
	cpu->gpr[op->t] = RA + (u64)op->imm;
	NEXT;
}

OP(addic)
{
	cpu->gpr[op->t] = add_ca(cpu, RA, (u64)op->imm, 0);
	NEXT;
}

OP(addic_rc)
{
	u64 v = add_ca(cpu, RA, (u64)op->imm, 0);

	cpu->gpr[op->t] = v;
	cpu_record_cr0(cpu, v);
	NEXT;
}

OP(subfic)
{
	cpu->gpr[op->t] = add_ca(cpu, ~RA, (u64)op->imm, 1);
	NEXT;
}

OP(mulli)
{
	cpu->gpr[op->t] = RA * (u64)op->imm;
	NEXT;
}

OP_RT(add, RA + RB)
OP_RT(addo, add_ov(cpu, RA, RB, 0))
OP_RT(subf, RB - RA)
OP_RT(subfo, add_ov(cpu, ~RA, RB, 1))
OP_RT(neg, -RA)
OP_RT(nego, add_ov(cpu, ~RA, 0, 1))

OP_RT(addc, add_ca(cpu, RA, RB, 0))
OP_RT(addco, add_ca_ov(cpu, RA, RB, 0))
OP_RT(subfc, add_ca(cpu, ~RA, RB, 1))
OP_RT(subfco, add_ca_ov(cpu, ~RA, RB, 1))
OP_RT(adde, add_ca(cpu, RA, RB, cpu->ca))
OP_RT(addeo, add_ca_ov(cpu, RA, RB, cpu->ca))
OP_RT(subfe, add_ca(cpu, ~RA, RB, cpu->ca))
OP_RT(subfeo, add_ca_ov(cpu, ~RA, RB, cpu->ca))
OP_RT(addme, add_ca(cpu, RA, ~0ull, cpu->ca))
OP_RT(addmeo, add_ca_ov(cpu, RA, ~0ull, cpu->ca))
OP_RT(subfme, add_ca(cpu, ~RA, ~0ull, cpu->ca))
OP_RT(subfmeo, add_ca_ov(cpu, ~RA, ~0ull, cpu->ca))
OP_RT(addze, add_ca(cpu, RA, 0, cpu->ca))
OP_RT(addzeo, add_ca_ov(cpu, RA, 0, cpu->ca))
OP_RT(subfze, add_ca(cpu, ~RA, 0, cpu->ca))
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

OP_RT(mullw, (u64)((s64)(s32)RA *(s32)RB))
OP_RT(mullwo, multiply_word_ov(cpu, RA, RB))
OP_RT(mulld, RA *RB)
OP_RT(mulldo, multiply_doubleword_ov(cpu, RA, RB))
/*
 * The high word of a high-word product's register is undefined. Processors put the product's there
 * too, and what programs were recorded to print, CR0 of the record forms included, contains it.
 */
static inline u64 high_word_twice(u64 product)
{
	return (product >> 32) | (product & 0xffffffff00000000ull);
}

OP_RT(mulhw, high_word_twice((u64)((s64)(s32)RA * (s32)RB)))
OP_RT(mulhwu, high_word_twice((u64)(u32)RA * (u32)RB))
OP_RT(mulhd, (u64)(((s128)(s64)RA * (s64)RB) >> 64))
OP_RT(mulhdu, (u64)((u128)RA *RB >> 64))
