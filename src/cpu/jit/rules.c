/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each instruction is translated into. The texts of insn/ (fixed.sem and so on) are read here
 * as calls of the builder; branches and moves to and from special registers are written out.
 */
#include <pthread.h>
#include "cpu/engine/pseudo.h"
#include "cpu/insn/rotate.h"
#include "cpu/isa/branch.h"
#include "cpu/isa/ops.h"
#include "cpu/jit/rules.h"
#include "cpu/mmu/mem.h"
#include "cpu/spr.h"

/* --- fixed-point --- */

#define RA	 b_gpr(t, op->a)
#define RB	 b_gpr(t, op->b)
#define RS	 b_gpr(t, op->t)
#define IMM	 b_const((u64)op->imm)
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
		b_compare(t, 0, v, b_const(0), true, true);                                        \
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

/* --- special purpose registers, machine state --- */

static unsigned spr_place(const struct tr *t, const struct op *op, bool writes)
{
	return spr_offset((unsigned)op->imm, b_level(t), b_mode(t) & MODE_PR, writes);
}

RULE(mfspr)
{
	unsigned offset = spr_place(t, op, false);

	if (op->imm == SPR_XER)
		b_set_gpr(t, op->t, b_xer(t));
	else if (offset && op->imm == SPR_CFAR)
		b_set_gpr(t, op->t, b_cfar(t));
	else if (offset)
		b_set_gpr(t, op->t, b_load_field(t, offset));
	return op->imm == SPR_XER || offset;
}

RULE(mtspr)
{
	unsigned offset = spr_place(t, op, true);

	if (op->imm == SPR_XER) {
		b_set_xer(t, RS);
		return true;
	}
	if (!offset || op->imm == SPR_CFAR)
		return false;
	b_store_field(t, offset, RS);
	return true;
}

RULE(mfmsr)
{
	b_set_gpr(t, op->t, b_load_field(t, offsetof(struct cpu, msr)));
	return true;
}

#define MTMSR_L(op) ((op)->insn >> 16 & 1)

/* With L only EE and RI change, of which nothing that is translated depends. */
RULE(mtmsrd)
{
	const u64 changed = MSR_EE | MSR_RI;
	val new = RS;

	if (!MTMSR_L(op))
		return false;
	b_let_through(t, new);
	b_store_field(t, offsetof(struct cpu, msr),
		      b_or(t,
			   b_and(t, b_load_field(t, offsetof(struct cpu, msr)), b_const(~changed)),
			   b_and(t, new, b_const(changed))));
	b_leave(t, 4);
	*ends = true;
	return true;
}

#define PRIORITY_MEDIUM 4ull /* of which no loop is that waits */

RULE(priority)
{
	if (op->t != 2)
		return false;
	b_store_field(t, offsetof(struct cpu, ppr), b_const(PRIORITY_MEDIUM << PPR_PRI_SHIFT));
	return true;
}

RULE(mflr)
{
	b_set_gpr(t, op->t, b_get(t, GUEST_LR));
	return true;
}

RULE(mfctr)
{
	b_set_gpr(t, op->t, b_get(t, GUEST_CTR));
	return true;
}

RULE(mtlr)
{
	b_set(t, GUEST_LR, RS);
	return true;
}

RULE(mtctr)
{
	b_set(t, GUEST_CTR, RS);
	return true;
}

/* --- storage --- */

static struct b_place place_d(struct tr *t, const struct op *op)
{
	if (op->a < 32)
		return (struct b_place){.base = op->a, .disp = (s32)op->imm};
	return b_at(IMM);
}

#define EA_D()	place_d(t, op)
#define EA_X()	b_at(b_add(t, RA, RB))
#define EA_DU() EA_D()
#define EA_XU() EA_X()

#define UPDATES_D  false
#define UPDATES_X  false
#define UPDATES_DU true
#define UPDATES_XU true

#define ACCESS(bits, sign, order)                                                                  \
	((struct b_access){.bytes = bits / 8, .is_signed = IS_##sign, .reversed = IS_##order})
#define IS_SIGN	    true
#define IS_ZEROS    false
#define IS_REVERSED true
#define IS_AS_IS    false

/* @form's address is @ea to @access; where it updates RA, @invalid says what it may not be. */
#define ACCESS_RULE(name, form, invalid, access)                                                   \
	RULE(name)                                                                                 \
	{                                                                                          \
		struct b_place place;                                                              \
                                                                                                   \
		if (UPDATES_##form && (invalid))                                                   \
			return false;                                                              \
		place = EA_##form();                                                               \
		access;                                                                            \
		if (UPDATES_##form)                                                                \
			b_set_gpr(t, op->a, b_ea(t, place));                                       \
		return true;                                                                       \
	}

#define LOAD(name, bits, sign, order, form)                                                        \
	ACCESS_RULE(name, form, op->a == 0 || op->a == op->t,                                      \
		    b_set_gpr(t, op->t, b_load(t, place, ACCESS(bits, sign, order))))
#define STORE(name, bits, order, form)                                                             \
	ACCESS_RULE(name, form, op->a == 0, b_store(t, place, RS, ACCESS(bits, ZEROS, order)))
#include "cpu/insn/mem.sem"
#undef LOAD
#undef STORE

#define RESERVING(load, store, bytes)                                                              \
	RULE(load)                                                                                 \
	{                                                                                          \
		b_set_gpr(t, op->t, b_load_reserve(t, b_add(t, RA, RB), bytes));                   \
		return true;                                                                       \
	}                                                                                          \
	RULE(store)                                                                                \
	{                                                                                          \
		val ea = b_add(t, RA, RB);                                                         \
                                                                                                   \
		b_store_conditional(t, ea, RS, bytes);                                             \
		return true;                                                                       \
	}
RESERVING(lbarx, stbcx, 1)
RESERVING(lharx, sthcx, 2)
RESERVING(lwarx, stwcx, 4)
RESERVING(ldarx, stdcx, 8)

RULE(dcbz)
{
	b_clear(t, b_and(t, b_add(t, RA, RB), b_const(~(u64)(CACHE_LINE - 1))), CACHE_LINE);
	return true;
}

/* Of floating-point and vector registers; @access: load or store. */
#define VSR_ACCESS(name, access, vsr, kind, form)                                                  \
	ACCESS_RULE(name, form, op->a == 0, b_##access##_vsr(t, place, vsr, kind))
#define EA_XV()	   b_at(b_and(t, b_add(t, RA, RB), b_const(~15ull))) /* of whole vectors */
#define UPDATES_XV false

VSR_ACCESS(lfd, load, op->t, B_VSR_FPR, D)
VSR_ACCESS(lfdu, load, op->t, B_VSR_FPR, DU)
VSR_ACCESS(lfdx, load, op->t, B_VSR_FPR, X)
VSR_ACCESS(lfdux, load, op->t, B_VSR_FPR, XU)
VSR_ACCESS(stfd, store, op->t, B_VSR_FPR, D)
VSR_ACCESS(stfdu, store, op->t, B_VSR_FPR, DU)
VSR_ACCESS(stfdx, store, op->t, B_VSR_FPR, X)
VSR_ACCESS(stfdux, store, op->t, B_VSR_FPR, XU)
VSR_ACCESS(lxsdx, load, op->t, B_VSR_D0, X)
VSR_ACCESS(stxsdx, store, op->t, B_VSR_D0, X)
VSR_ACCESS(lxvd2x, load, op->t, B_VSR_PAIR, X)
VSR_ACCESS(stxvd2x, store, op->t, B_VSR_PAIR, X)
VSR_ACCESS(lvx, load, op->t + 32u, B_VSR_QUAD, XV)
VSR_ACCESS(lvxl, load, op->t + 32u, B_VSR_QUAD, XV)
VSR_ACCESS(stvx, store, op->t + 32u, B_VSR_QUAD, XV)
VSR_ACCESS(stvxl, store, op->t + 32u, B_VSR_QUAD, XV)

/* Between register files; their functions raise what lacks the facility of register @vsr. */
static bool facility_there(const struct tr *t, unsigned vsr)
{
	return b_mode(t) & (vsr < 32 ? MODE_FP : MODE_VEC);
}

/* Singles, which are doubles in the register, and words. */
#define FP_ACCESS(name, form, access)                                                              \
	RULE(name)                                                                                 \
	{                                                                                          \
		struct b_place place;                                                              \
                                                                                                   \
		if (!b_has_fp(t) || (UPDATES_##form && op->a == 0))                                \
			return false;                                                              \
		place = EA_##form();                                                               \
		access;                                                                            \
		if (UPDATES_##form)                                                                \
			b_set_gpr(t, op->a, b_ea(t, place));                                       \
		return true;                                                                       \
	}
#define WORD_AT(sign) b_load(t, place, ACCESS(32, sign, AS_IS))
#define STORE_WORD(v) b_store(t, place, v, ACCESS(32, ZEROS, AS_IS))

FP_ACCESS(lfs, D, b_set_single(t, op->t, WORD_AT(ZEROS), true))
FP_ACCESS(lfsu, DU, b_set_single(t, op->t, WORD_AT(ZEROS), true))
FP_ACCESS(lfsx, X, b_set_single(t, op->t, WORD_AT(ZEROS), true))
FP_ACCESS(lfsux, XU, b_set_single(t, op->t, WORD_AT(ZEROS), true))
FP_ACCESS(stfs, D, STORE_WORD(b_single(t, op->t)))
FP_ACCESS(stfsu, DU, STORE_WORD(b_single(t, op->t)))
FP_ACCESS(stfsx, X, STORE_WORD(b_single(t, op->t)))
FP_ACCESS(stfsux, XU, STORE_WORD(b_single(t, op->t)))
FP_ACCESS(lfiwax, X, b_set_fpr(t, op->t, WORD_AT(SIGN)))
FP_ACCESS(lfiwzx, X, b_set_fpr(t, op->t, WORD_AT(ZEROS)))
FP_ACCESS(stfiwx, X, STORE_WORD(b_vsr_doubleword(t, op->t)))
FP_ACCESS(lxsspx, X, b_set_single(t, op->t, WORD_AT(ZEROS), false))
FP_ACCESS(stxsspx, X, STORE_WORD(b_single(t, op->t)))

#define REGISTER_MOVE(name, move)                                                                  \
	RULE(name)                                                                                 \
	{                                                                                          \
		if (!facility_there(t, op->t))                                                     \
			return false;                                                              \
		move;                                                                              \
		return true;                                                                       \
	}

REGISTER_MOVE(mfvsrd, b_set_gpr(t, op->a, b_vsr_doubleword(t, op->t)))
REGISTER_MOVE(mfvsrwz, b_set_gpr(t, op->a, b_extend(t, b_vsr_doubleword(t, op->t), 32, false)))
REGISTER_MOVE(mtvsrd, b_set_vsr_doubleword(t, op->t, RA))
REGISTER_MOVE(mtvsrwa, b_set_vsr_doubleword(t, op->t, b_extend(t, RA, 32, true)))
REGISTER_MOVE(mtvsrwz, b_set_vsr_doubleword(t, op->t, b_extend(t, RA, 32, false)))

RULE(nothing)
{
	return true;
}

#define SYNC_LIGHT 1 /* L of lwsync */

RULE(sync)
{
	b_fence(t, field(op->insn, 9, 10) == SYNC_LIGHT ? B_FENCE_LIGHT : B_FENCE_FULL);
	return true;
}

RULE(isync)
{
	b_leave(t, 4);
	*ends = true;
	return true;
}

/* --- branches --- */

static void set_lr(struct tr *t)
{
	b_set(t, GUEST_LR, b_cia(t, 4));
}

static bool branch(struct tr *t, const struct op *op, bool *ends)
{
	b_branched(t);
	if (b_may_follow(t, (s32)op->imm)) {
		b_follow(t, (s32)op->imm);
		return true;
	}
	b_leave(t, (s32)op->imm);
	*ends = true;
	return true;
}

RULE(b)
{
	return branch(t, op, ends);
}

RULE(bl)
{
	set_lr(t);
	return branch(t, op, ends);
}

static bool always(const struct op *op)
{
	return (op->t & BO_ANY_CR) && (op->t & BO_NO_CTR);
}

/* Where a loop may go round in the same translation, the taken way is followed. */
static void leave_if(struct tr *t, cond c, s32 distance, bool follows)
{
	if (!follows) {
		b_leave_if(t, c, distance);
		return;
	}
	b_leave_behind_unless(t, c);
	b_branched(t);
	b_follow(t, distance);
}

RULE(bc)
{
	bool counts = !(op->t & BO_NO_CTR), tests = !(op->t & BO_ANY_CR);
	s32 distance = (s32)op->imm;

	if (always(op))
		return branch(t, op, ends);
	if (counts && tests) {
		skip other;

		b_cr_prepare(t, op->a);
		other = b_skip_if(t, b_count_down(t, !(op->t & BO_CTR_ZERO)));
		b_leave_if(t, b_cr_is(t, op->a, op->t & BO_CR_SET), distance);
		b_land(t, other);
	} else {
		bool follows = distance < 0 && b_may_follow(t, distance);

		leave_if(t,
			 counts ? b_count_down(t, op->t & BO_CTR_ZERO)
				: b_cr_is(t, op->a, op->t & BO_CR_SET),
			 distance, follows);
	}
	return true;
}

/* What finds its own address: always taken. */
RULE(bcl)
{
	if (!always(op))
		return false;
	set_lr(t);
	return branch(t, op, ends);
}

/* To LR or CTR. */
static bool branch_to(struct tr *t, const struct op *op, bool *ends, enum guest to, bool links)
{
	val target;
	bool conditional = !always(op);

	if (!(op->t & BO_NO_CTR) || (conditional && links))
		return false;
	target = b_get(t, to);
	if (conditional) {
		b_leave_to_if(t, op->a, op->t & BO_CR_SET, target);
		return true;
	}
	if (links)
		set_lr(t);
	b_branched(t);
	b_leave_to(t, target);
	*ends = true;
	return true;
}

RULE(bclr)
{
	return branch_to(t, op, ends, GUEST_LR, false);
}

RULE(bclr_rc)
{
	return branch_to(t, op, ends, GUEST_LR, true);
}

RULE(bcctr)
{
	return branch_to(t, op, ends, GUEST_CTR, false);
}

RULE(bcctr_rc)
{
	return branch_to(t, op, ends, GUEST_CTR, true);
}

RULE(leave)
{
	b_leave(t, 0);
	*ends = true;
	return true;
}

/* --- finding them --- */

/* Which general register it sets is said where that is easy: rules of others foresee it. */
#define SETS(to, name) {.fn = op_##name, .build = rule_##name, .stays = true, .sets = SETS_##to},
#define STAYS(name)    {.fn = op_##name, .build = rule_##name, .stays = true},
#define SAME(name)                                                                                 \
	{                                                                                          \
		op_##name, rule_##name                                                             \
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

#define IN_D(n)	 n
#define IN_DU(n) n
#define IN_X(n)	 0
#define IN_XU(n) 0
#define STORAGE(name, bits, form, ...)                                                             \
	{.fn = op_##name,                                                                          \
	 .build = rule_##name,                                                                     \
	 .bytes = IN_##form(bits / 8),                                                             \
	 .updates = UPDATES_##form,                                                                \
	 __VA_ARGS__},
#define LOAD(name, bits, sign, order, form) STORAGE(name, bits, form, .sets = SETS_T)
#define STORE(name, bits, order, form)	    STORAGE(name, bits, form, .stores = true)

static const struct rule rules[] = {
#include "cpu/insn/fixed.sem"
#include "cpu/insn/compare.sem"
#include "cpu/insn/mem.sem"
    SAME(popcntd),
    SAME(isel),
    SAME(mfvsrd),
    SAME(mfvsrwz),
    SAME(mtvsrd),
    SAME(mtvsrwa),
    SAME(mtvsrwz),
    SAME(mcrf),
    SAME(mfcr),
    SAME(mtcrf),
    SAME(mfspr),
    SAME(mtspr),
    SAME(mfmsr),
    SAME(mtmsrd),
    SAME(priority),
    SAME(mfocrf),
    SAME(mtocrf),
    SAME(mflr),
    SAME(mfctr),
    SAME(mtlr),
    SAME(mtctr),
    SAME(lbarx),
    SAME(stbcx),
    SAME(lharx),
    SAME(sthcx),
    SAME(lwarx),
    SAME(stwcx),
    SAME(ldarx),
    SAME(stdcx),
    SAME(dcbz),
    STORAGE(lfd, 64, D, .stores = false) STORAGE(lfdu, 64, DU, .stores = false) SAME(lfdx),
    SAME(lfdux),
    STORAGE(stfd, 64, D, .stores = true) STORAGE(stfdu, 64, DU, .stores = true) SAME(stfdx),
    SAME(stfdux),
    SAME(lxsdx),
    SAME(stxsdx),
    SAME(lxvd2x),
    SAME(stxvd2x),
    SAME(lvx),
    SAME(lvxl),
    SAME(stvx),
    SAME(stvxl),
    STORAGE(lfs, 32, D, .stores = false) STORAGE(lfsu, 32, DU, .stores = false) SAME(lfsx),
    SAME(lfsux),
    STORAGE(stfs, 32, D, .stores = true) STORAGE(stfsu, 32, DU, .stores = true) SAME(stfsx),
    SAME(stfsux),
    SAME(lfiwax),
    SAME(lfiwzx),
    SAME(stfiwx),
    SAME(lxsspx),
    SAME(stxsspx),
    SAME(sync),
    SAME(isync),
    SAME(b),
    SAME(bl),
    SAME(bc),
    SAME(bcl),
    SAME(bclr),
    SAME(bclr_rc),
    SAME(bcctr),
    SAME(bcctr_rc),
    {op_dcbt, rule_nothing},
    {op_dcbtst, rule_nothing},
    {op_icbt, rule_nothing},
    {op_eieio, rule_nothing},
    {op_bt, rule_bc, .branches = true},
    {op_bf, rule_bc, .branches = true},
    {op_bdnz, rule_bc, .branches = true},
    {op_bdz, rule_bc, .branches = true},
    {op_blr, rule_bclr},
    {op_bctr, rule_bcctr},
    {op_bctrl, rule_bcctr_rc},
    {pseudo_leave, rule_leave},
};

/* By function, hashed; made once. */
#define SLOTS 4096u

static struct rule slots[SLOTS];

static struct rule *slot_of(op_fn *fn)
{
	unsigned at = ((uintptr_t)fn >> 4 ^ (uintptr_t)fn >> 14) & (SLOTS - 1);

	while (slots[at].fn && slots[at].fn != fn)
		at = (at + 1) & (SLOTS - 1);
	return &slots[at];
}

static void add_row(const struct insn_row *row, op_fn *fn)
{
	bool vectors = row->flags & (F_FP | F_VEC | F_VSX);
	struct rule *r;

	if (!fn)
		return;
	r = slot_of(fn);
	r->fn = fn;
	r->calls = !(row->flags & (F_END | F_BR)) && row->format != FMT_B;
	r->changes_gprs = !vectors || (row->flags & F_UPD) || row->format == FMT_XX1R;
}

/* What the rows say of calls is known already. */
static void add_rules(const struct rule *rules_of, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		struct rule *r = slot_of(rules_of[i].fn), known = *r;

		*r = rules_of[i];
		r->calls = known.calls;
		r->changes_gprs = known.changes_gprs;
	}
}

static void index_rules(void)
{
	for (unsigned i = 0; i < isa_rows; i++) {
		add_row(&isa_table[i], isa_table[i].fn);
		add_row(&isa_table[i], isa_table[i].fn_rc);
	}
	add_rules(rules, ARRAY_SIZE(rules));
	add_rules(vector_rules, vector_rules_nr);
	add_rules(fp_rules, fp_rules_nr);
}

void rules_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, index_rules);
}

const struct rule *rule_find(op_fn *fn)
{
	return slot_of(fn);
}
