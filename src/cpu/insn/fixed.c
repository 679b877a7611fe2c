/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fixed-point instructions of fixed.sem, as C. CA is the carry of 64 bits in 64-bit mode and of the
 * low word in 32-bit mode (carry.h).
 */
#include "cpu/insn/op.h"
#include "cpu/insn/carry.h"
#include "cpu/insn/divide.h"
#include "cpu/insn/forms.h"
#include "cpu/insn/rotate.h"

#define IMM	 ((u64)(s64)op->imm)
#define UIMM	 ((u64)(u32)op->imm)
#define CONST(k) (k)

#define ADD(a, b)		    ((a) + (b))
#define SUB(a, b)		    ((a) - (b))
#define NEG(a)			    (-(a))
#define MUL(a, b)		    ((a) * (b))
#define MUL_HIGH(a, b, sign)	    (sign ? multiply_high_signed(a, b) : multiply_high(a, b))
#define AND(a, b)		    ((a) & (b))
#define OR(a, b)		    ((a) | (b))
#define XOR(a, b)		    ((a) ^ (b))
#define NOT(a)			    (~(a))
#define EXTEND(a, bits, sign)	    (sign ? (u64)(s64)(s##bits)(a) : (u64)(u##bits)(a))
#define COUNT_ZEROS(a, bits)	    count_zeros_##bits(a)
#define ADD_CA(a, b)		    add_ca(cpu, a, b, 0)
#define SUB_CA(a, b)		    add_ca(cpu, ~(b), a, 1)
#define ADD_EXTENDED(a, b)	    add_ca(cpu, a, b, cpu->ca)
#define SUB_EXTENDED(a, b)	    add_ca(cpu, ~(b), a, cpu->ca)
#define ROTATE(a, n, mask)	    (rotl64(a, n) & (mask))
#define ROTATE_WORD(a, n, mask)	    (rotate_word(a, n) & (mask))
#define SHIFT_LEFT(a, n, bits)	    shift_left_##bits(a, n)
#define SHIFT_RIGHT(a, n, bits)	    shift_right_##bits(a, n)
#define SHIFT_ALGEBRAIC(a, n, bits) shift_algebraic_##bits(cpu, a, n)
#define DIVIDE(a, b, bits, sign)    divide_##bits##_##sign(a, b).value
#define divide_32_true		    divide_w
#define divide_32_false		    divide_wu
#define divide_64_true		    divide_d
#define divide_64_false		    divide_du
#define EQUAL_BYTES(a, b)	    equal_bytes(a, b)
#define ROTATE_BY(a, n, mask)	    (rotl64(a, (unsigned)(n)) & (mask))
#define ROTATE_WORD_BY(a, n, mask)  (rotate_word(a, (unsigned)(n)) & (mask))
#define SHIFT_SIGNED		    SHIFT_ALGEBRAIC

/* All ones in each byte where @a and @b are equal. */
static inline u64 equal_bytes(u64 a, u64 b)
{
	const u64 low7 = 0x7f7f7f7f7f7f7f7full;
	u64 differ = a ^ b;
	u64 zero = ~(((differ & low7) + low7) | differ | low7); /* 0x80 in bytes that are zero */

	return (zero >> 7) * 0xff;
}

static inline u64 multiply_high(u64 a, u64 b)
{
	return (u64)((u128)a * b >> 64);
}

static inline u64 multiply_high_signed(u64 a, u64 b)
{
	return (u64)((s128)(s64)a * (s64)b >> 64);
}

static inline u64 count_zeros_32(u64 v)
{
	return (u32)v ? (u64)__builtin_clz((u32)v) : 32;
}

static inline u64 count_zeros_64(u64 v)
{
	return v ? (u64)__builtin_clzll(v) : 64;
}

#define TO_REG(name, reg, value)                                                                   \
	OP(name)                                                                                   \
	{                                                                                          \
		cpu->gpr[reg] = (value);                                                           \
		NEXT;                                                                              \
	}
#define TO_REG_CR0(name, reg, value)                                                               \
	OP(name)                                                                                   \
	{                                                                                          \
		u64 recorded = (value);                                                            \
                                                                                                   \
		cpu->gpr[reg] = recorded;                                                          \
		cpu_record_cr0(cpu, recorded);                                                     \
		NEXT;                                                                              \
	}
#define TO_RT(name, value)     TO_REG(name, op->t, value)
#define TO_RA(name, value)     TO_REG(name, op->a, value)
#define TO_RT_CR0(name, value) TO_REG_CR0(name, op->t, value)
#define TO_RA_CR0(name, value) TO_REG_CR0(name, op->a, value)
#define TO_RT_RC(name, value)  TO_RT(name, value) TO_RT_CR0(name##_rc, value)
#define TO_RA_RC(name, value)  TO_RA(name, value) TO_RA_CR0(name##_rc, value)
#define TO_RA_TOO_RC	       TO_RA_RC

#include "cpu/insn/fixed.sem"
