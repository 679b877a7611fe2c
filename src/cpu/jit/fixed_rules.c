/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed-point arithmetic and logic, comparisons, traps, and what moves CR. */
#include "cpu/insn/rotate.h"
#include "cpu/isa/ops.h"
#include "cpu/jit/rules.h"

#define CONST(k) b_const(k)

#define ADD(a, b)		    b_add(t, a, b)
#define SUB(a, b)		    b_sub(t, a, b)
#define NEG(a)			    b_neg(t, a)
#define MUL(a, b)		    b_mul(t, a, b)
#define MUL_HIGH(a, b, sign)	    b_mulh(t, a, b, sign)
#define AND(a, b)		    b_and(t, a, b)
#define OR(a, b)		    b_or(t, a, b)
#define XOR(a, b)		    b_xor(t, a, b)
#define NOT(a)			    b_not(t, a)
#define EXTEND(a, bits, sign)	    b_extend(t, a, bits, sign)
#define COUNT_ZEROS(a, bits)	    b_count_zeros(t, a, bits)
#define ADD_CA(a, b)		    b_add_ca(t, a, b)
#define SUB_CA(a, b)		    b_sub_ca(t, a, b)
#define ADD_EXTENDED(a, b)	    b_add_extended(t, a, b)
#define SUB_EXTENDED(a, b)	    b_sub_extended(t, a, b)
#define ROTATE(a, n, mask)	    b_rotate(t, a, n, mask)
#define ROTATE_WORD(a, n, mask)	    b_rotate_word(t, a, n, mask)
#define SHIFT_LEFT(a, n, bits)	    b_shift(t, B_SHL, a, n, bits)
#define SHIFT_RIGHT(a, n, bits)	    b_shift(t, B_SHR, a, n, bits)
#define SHIFT_ALGEBRAIC(a, n, bits) b_shift_algebraic(t, a, n, bits)
#define DIVIDE(a, b, bits, sign)    b_divide(t, a, b, bits, sign)
#define EQUAL_BYTES(a, b)	    b_equal_bytes(t, a, b)
#define ROTATE_BY(a, n, mask)	    b_rotate_by(t, a, n, mask)
#define ROTATE_WORD_BY(a, n, mask)  b_rotate_word_by(t, a, n, mask)
#define SHIFT_SIGNED(a, n, bits)    b_shift_algebraic_by(t, a, n, bits)

/* The target's old value may be overwritten early if it is read once: b_target(). */
#define TO_REG(name, target, x, y, value)                                                          \
	RULE(name)                                                                                 \
	{                                                                                          \
		b_target(t, target, x, y);                                                         \
		b_set_gpr(t, target, value);                                                       \
		return true;                                                                       \
	}
#define TO_REG_CR0(name, target, x, y, value)                                                      \
	RULE(name)                                                                                 \
	{                                                                                          \
		val v;                                                                             \
                                                                                                   \
		b_target(t, target, x, y);                                                         \
		v = value;                                                                         \
		b_set_gpr(t, target, v);                                                           \
		b_compare(t, 0, v, b_const(0), b_mode(t) & MODE_SF, true);                         \
		return true;                                                                       \
	}
#define TO_RT(name, value)     TO_REG(name, op->t, op->a, op->b, value)
#define TO_RA(name, value)     TO_REG(name, op->a, op->t, op->b, value)
#define TO_RT_CR0(name, value) TO_REG_CR0(name, op->t, op->a, op->b, value)
#define TO_RA_CR0(name, value) TO_REG_CR0(name, op->a, op->t, op->b, value)
#define TO_RT_RC(name, value)  TO_RT(name, value) TO_RT_CR0(name##_rc, value)
#define TO_RA_RC(name, value)  TO_RA(name, value) TO_RA_CR0(name##_rc, value)
#define TO_RA_TOO_RC(name, value)                                                                  \
	TO_REG(name, op->a, op->t, op->a, value)                                                   \
	TO_REG_CR0(name##_rc, op->a, op->t, op->a, value)

#include "cpu/insn/fixed.sem"

#undef TO_RT
#undef TO_RA
#undef TO_RT_CR0
#undef TO_RA_CR0
#undef TO_RT_RC
#undef TO_RA_RC
#undef TO_RA_TOO_RC

/* --- comparisons --- */

#define WIDE_s32   false
#define WIDE_u32   false
#define WIDE_s64   true
#define WIDE_u64   true
#define SIGNED_s32 true
#define SIGNED_u32 false
#define SIGNED_s64 true
#define SIGNED_u64 false

#define COMPARE(name, type, b)                                                                     \
	RULE(name)                                                                                 \
	{                                                                                          \
		b_compare(t, op->t, RA, b, WIDE_##type, SIGNED_##type);                            \
		return true;                                                                       \
	}
#define TRAP(name, type, b)                                                                        \
	RULE(name)                                                                                 \
	{                                                                                          \
		b_trap(t, op->t, RA, b, WIDE_##type);                                              \
		return true;                                                                       \
	}
#define CR_LOGIC(name, operation, not_b, not_result)                                               \
	RULE(name)                                                                                 \
	{                                                                                          \
		b_cr_logic(t, B_CR_##operation, op->t, op->a, op->b, not_b, not_result);           \
		return true;                                                                       \
	}
#include "cpu/insn/compare.sem"
#undef COMPARE
#undef TRAP
#undef CR_LOGIC

RULE(popcntd)
{
	if (!b_counts_ones(t))
		return false;
	b_set_gpr(t, op->a, b_count_ones(t, RS));
	return true;
}

RULE(isel)
{
	b_set_gpr(t, op->t, b_select(t, op->c, op->a ? RA : b_const(0), RB));
	return true;
}

RULE(mcrf)
{
	b_copy_cr(t, op->t >> 2, op->a >> 2);
	return true;
}

/* FXM must name one field; it is field 7 - the number of its zeros from the right. */
static int single_field(const struct op *op)
{
	unsigned fxm = field(op->insn, 12, 19);

	return __builtin_popcount(fxm) == 1 ? 7 - __builtin_ctz(fxm) : -1;
}

RULE(mfocrf)
{
	int f = single_field(op);

	if (f >= 0)
		b_set_gpr(t, op->t,
			  b_rotate(t, b_cr_field(t, (unsigned)f), 4 * (7 - (unsigned)f),
				   ~0ull << 4 * (7 - (unsigned)f)));
	return f >= 0;
}

RULE(mtocrf)
{
	int f = single_field(op);

	if (f >= 0)
		b_set_cr_field(t, (unsigned)f, RS, 4 * (7 - (unsigned)f));
	return f >= 0;
}

RULE(mfcr)
{
	b_set_gpr(t, op->t, b_cr(t));
	return true;
}

RULE(mtcrf)
{
	unsigned fxm = field(op->insn, 12, 19);
	val v = RS;

	if (fxm == 0xff)
		b_set_cr(t, v);
	for (unsigned f = 0; f < 8 && fxm != 0xff; f++)
		if (fxm & 0x80 >> f)
			b_set_cr_field(t, f, v, 4 * (7 - f));
	return true;
}

#define TO_RT(name, value)	SETS(T, name)
#define TO_RA(name, value)	SETS(A, name)
#define TO_RT_CR0(name, value)	SETS(T, name)
#define TO_RA_CR0(name, value)	SETS(A, name)
#define TO_RT_RC(name, value)	SETS(T, name) SETS(T, name##_rc)
#define TO_RA_RC(name, value)	SETS(A, name) SETS(A, name##_rc)
#define TO_RA_TOO_RC		TO_RA_RC
#define COMPARE(name, type, b)	STAYS(name)
#define TRAP(name, type, b)	SAME(name),
#define CR_LOGIC(name, o, n, r) SAME(name),

const struct rule fixed_rules[] = {
#include "cpu/insn/fixed.sem"
#include "cpu/insn/compare.sem"
    SAME(popcntd), SAME(isel), SAME(mcrf), SAME(mfcr), SAME(mtcrf), SAME(mfocrf), SAME(mtocrf),
};
const unsigned fixed_rules_nr = ARRAY_SIZE(fixed_rules);
