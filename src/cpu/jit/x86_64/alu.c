/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic and logic. */
#include "cpu/jit/x86_64/vector.h"
#include "cpu/jit/x86_64/vex.h"

static val in_reg(int reg)
{
	return (val){(s8)reg, 0};
}

static bool is_const(val v)
{
	return v.reg < 0;
}

static bool fits32(val v)
{
	return is_const(v) && x86_fits32((s64)v.k);
}

/* A register with @v, for one that is read only: scratch rax for a constant that is too large. */
static int operand(struct tr *t, val v)
{
	if (!is_const(v))
		return v.reg;
	x86_constant(&t->x, RAX, v.k);
	return RAX;
}

/* r = r op b; @g: the same operation of the host's, with a constant. */
static val apply(struct tr *t, u32 op, enum x86_group1 g, int r, val b)
{
	if (fits32(b))
		x86_group1(&t->x, X_W, g, r, (s32)b.k);
	else
		x86_rr(&t->x, op | X_W, r, operand(t, b));
	return in_reg(r);
}

val b_add(struct tr *t, val a, val b)
{
	int r;

	if (is_const(a) && is_const(b))
		return b_const(a.k + b.k);
	if (is_const(a))
		return b_add(t, b, a);
	if (is_const(b) && !b.k)
		return a;
	if (!regs_may_change(t, a) && (fits32(b) || !is_const(b))) {
		r = regs_take(t);
		x86_rm(&t->x, X_LEA, r,
		       is_const(b) ? X86_AT(a.reg, (s32)b.k) : X86_INDEX(a.reg, b.reg));
		return in_reg(r);
	}
	return apply(t, X_ADD, G_ADD, regs_over(t, a), b);
}

val b_sub(struct tr *t, val a, val b)
{
	int r;

	if (is_const(b))
		return b_add(t, a, b_const(-b.k));
	if (is_const(a) && !a.k)
		return b_neg(t, b);
	r = regs_over(t, a);
	x86_rr(&t->x, X_SUB | X_W, r, b.reg);
	return in_reg(r);
}

/* Of operands that may change places: is @b the one to be overwritten? */
static bool prefers(const struct tr *t, val a, val b)
{
	return is_const(a) || (!is_const(b) && !regs_may_change(t, a) && regs_may_change(t, b));
}

static val logic(struct tr *t, u32 op, enum x86_group1 g, val a, val b)
{
	if (prefers(t, a, b))
		return apply(t, op, g, regs_over(t, b), a);
	return apply(t, op, g, regs_over(t, a), b);
}

val b_and(struct tr *t, val a, val b)
{
	if (is_const(a) && is_const(b))
		return b_const(a.k & b.k);
	/* 32 bits of a constant and no sign: the shorter form clears the upper half. */
	if (is_const(b) && b.k <= 0xffffffff) {
		int r = regs_over(t, a);

		x86_group1(&t->x, 0, G_AND, r, (s32)(u32)b.k);
		return in_reg(r);
	}
	return logic(t, X_AND, G_AND, a, b);
}

val b_or(struct tr *t, val a, val b)
{
	if (is_const(a) && is_const(b))
		return b_const(a.k | b.k);
	if (!is_const(a) && a.reg == b.reg)
		return a; /* a move */
	if (is_const(b) && !b.k)
		return a;
	return logic(t, X_OR, G_OR, a, b);
}

val b_xor(struct tr *t, val a, val b)
{
	if (is_const(a) && is_const(b))
		return b_const(a.k ^ b.k);
	if (!is_const(a) && a.reg == b.reg)
		return b_const(0);
	return logic(t, X_XOR, G_XOR, a, b);
}

static val group3(struct tr *t, enum x86_group3 g, val a)
{
	int r = regs_over(t, a);

	x86_group3(&t->x, X_W, g, r);
	return in_reg(r);
}

val b_not(struct tr *t, val a)
{
	return is_const(a) ? b_const(~a.k) : group3(t, G3_NOT, a);
}

val b_neg(struct tr *t, val a)
{
	return is_const(a) ? b_const(-a.k) : group3(t, G3_NEG, a);
}

/* rdx = @a; then @high and @low become its product with @b. The flags stay. */
static void multiply_freely(struct tr *t, int high, int low, int a, int b)
{
	bool held;

	x86_mov(&t->x, RDX, a);
	held = x86_flags_held(&t->x);
	vex_rrr(&t->x, V_MULX, high, low, b);
	if (held)
		x86_hold_flags(&t->x);
}

val b_mul(struct tr *t, val a, val b)
{
	int r;

	if (is_const(a) && is_const(b))
		return b_const(a.k * b.k);
	if (prefers(t, a, b))
		return b_mul(t, b, a);
	/* Long numbers' products are multiplied and summed by turns. */
	if (!is_const(b) && x86_flags_held(&t->x) && t->jit->host & HOST_BMI2) {
		r = regs_take(t);
		multiply_freely(t, RCX, r, a.reg, b.reg);
		return in_reg(r);
	}
	if (fits32(b)) {
		r = regs_take(t);
		x86_rr(&t->x, 0x69 | X_W, r, a.reg);
		x86_imm32(&t->x, (u32)b.k);
		return in_reg(r);
	}
	r = regs_over(t, a);
	x86_rr(&t->x, X_IMUL | X_W, r, operand(t, b));
	return in_reg(r);
}

val b_mulh(struct tr *t, val a, val b, bool is_signed)
{
	int rb = regs_value(t, b), ra = regs_value(t, a), r = regs_take(t);

	if (!is_signed && t->jit->host & HOST_BMI2) {
		multiply_freely(t, r, RCX, ra, rb);
		return in_reg(r);
	}
	x86_mov(&t->x, RAX, ra);
	x86_group3(&t->x, X_W, is_signed ? G3_IMUL : G3_MUL, rb);
	x86_mov(&t->x, r, RDX);
	return in_reg(r);
}

static u64 extended(u64 k, unsigned bits, bool is_signed)
{
	u64 v = k << (64 - bits);

	return is_signed ? (u64)((s64)v >> (64 - bits)) : v >> (64 - bits);
}

val b_extend(struct tr *t, val a, unsigned bits, bool is_signed)
{
	static const u32 with_sign[] = {X_MOVSX8 | X_W, X_MOVSX16 | X_W, X_MOVSXD};
	static const u32 without[] = {X_MOVZX8, X_MOVZX16, X_LOAD};
	unsigned size = bits == 8 ? 0 : bits == 16 ? 1 : 2;
	int r;

	if (is_const(a))
		return b_const(extended(a.k, bits, is_signed));
	r = regs_take(t);
	x86_rr(&t->x, is_signed ? with_sign[size] : without[size], r, a.reg);
	return in_reg(r);
}

static void mask_with(struct tr *t, int r, u64 mask)
{
	if (mask == ~0ull)
		return;
	if (mask == 0xffffffff)
		x86_rr(&t->x, X_LOAD, r, r);
	else if (mask < 0xffffffff)
		x86_group1(&t->x, 0, G_AND, r, (s32)(u32)mask);
	else if (x86_fits32((s64)mask))
		x86_group1(&t->x, X_W, G_AND, r, (s32)(u32)mask);
	else
		x86_rr(&t->x, X_AND | X_W, r, operand(t, b_const(mask)));
}

val b_rotate(struct tr *t, val a, unsigned n, u64 mask)
{
	int r;

	if (is_const(a))
		return b_const(rotl64(a.k, n) & mask);
	if (!n && (mask == 0xff || mask == 0xffff || mask == 0xffffffff))
		return b_extend(t, a, mask == 0xff ? 8 : mask == 0xffff ? 16 : 32, false);
	r = regs_over(t, a);
	if (n && mask == ~0ull << n) {
		x86_shift(&t->x, X_W, SH_SHL, r, n);
	} else if (n && mask == ~0ull >> (64 - n)) {
		x86_shift(&t->x, X_W, SH_SHR, r, 64 - n);
	} else if (!n && !(mask & (mask + 1)) && mask >> 32 && ~mask) {
		/* low bits, more than a word */
		x86_shift(&t->x, X_W, SH_SHL, r, (unsigned)__builtin_clzll(mask));
		x86_shift(&t->x, X_W, SH_SHR, r, (unsigned)__builtin_clzll(mask));
	} else {
		if (n)
			x86_shift(&t->x, X_W, SH_ROL, r, n);
		mask_with(t, r, mask);
	}
	return in_reg(r);
}

val b_rotate_word(struct tr *t, val a, unsigned n, u64 mask)
{
	u64 low = is_const(a) ? rotl32((u32)a.k, n) : 0;
	int r;

	if (is_const(a))
		return b_const((low << 32 | low) & mask);
	if (!n && !(mask >> 32))
		return b_rotate(t, a, 0, mask);
	r = regs_over(t, a);
	if (mask >> 32) {
		x86_rr(&t->x, X_LOAD, RAX, r);
		x86_shift(&t->x, X_W, SH_SHL, RAX, 32);
		x86_rr(&t->x, X_LOAD, r, r);
		x86_rr(&t->x, X_OR | X_W, r, RAX);
		if (n)
			x86_shift(&t->x, X_W, SH_ROL, r, n);
		mask_with(t, r, mask);
		return in_reg(r);
	}
	if (n && (u32)mask == ~0u << n) {
		x86_shift(&t->x, 0, SH_SHL, r, n);
	} else if (n && mask == ~0u >> (32 - n)) {
		x86_shift(&t->x, 0, SH_SHR, r, 32 - n);
	} else {
		if (n)
			x86_shift(&t->x, 0, SH_ROL, r, n);
		/* A rotation of 32 bits has cleared the others. */
		mask_with(t, r, n && mask == 0xffffffff ? ~0ull : mask);
	}
	return in_reg(r);
}

val b_rotate_by(struct tr *t, val a, val n, u64 mask)
{
	int rn = regs_value(t, n), r = regs_over(t, a);

	x86_mov(&t->x, RCX, rn);
	x86_shift_cl(&t->x, X_W, SH_ROL, r);
	mask_with(t, r, mask);
	return in_reg(r);
}

val b_rotate_word_by(struct tr *t, val a, val n, u64 mask)
{
	int rn = regs_value(t, n), r = regs_over(t, a);

	x86_mov(&t->x, RCX, rn);
	x86_shift_cl(&t->x, 0, SH_ROL, r);
	/* One by 0 leaves the upper half. */
	x86_rr(&t->x, X_LOAD, r, r);
	if (mask >> 32) {
		x86_mov(&t->x, RAX, r);
		x86_shift(&t->x, X_W, SH_SHL, RAX, 32);
		x86_rr(&t->x, X_OR | X_W, r, RAX);
	}
	mask_with(t, r, mask == 0xffffffff ? ~0ull : mask);
	return in_reg(r);
}

#define V_SHLX V_OP(1, 2, 0xf7)
#define V_SHRX V_OP(3, 2, 0xf7)

/* The host's counts have a bit less than the guest's, which has all shifted out. */
static int shift(struct tr *t, enum b_shift s, val a, int rn, unsigned bits)
{
	u32 wide = bits == 64 ? X_W : 0;
	int r = regs_over(t, a);

	x86_mov(&t->x, RCX, rn);
	x86_shift_cl(&t->x, wide, s == B_SHL ? SH_SHL : SH_SHR, r);
	if (!wide)
		x86_rr(&t->x, X_LOAD, r, r); /* a shift by 0 leaves the upper half */
	x86_constant(&t->x, RAX, 0);
	x86_test_imm(&t->x, RCX, bits);
	return r;
}

/* The same, with a host's instruction that has three operands and leaves the flags alone. */
static int shift_freely(struct tr *t, enum b_shift s, val a, int rn, unsigned bits)
{
	int ra = regs_value(t, a);
	int r = regs_may_change(t, in_reg(ra)) ? regs_over(t, in_reg(ra)) : regs_take(t);

	x86_constant(&t->x, RAX, 0);
	x86_test_imm(&t->x, rn, bits);
	vex_rrr(&t->x, (s == B_SHL ? V_SHLX : V_SHRX) | (bits == 64 ? V_W : 0), r, rn, ra);
	return r;
}

val b_shift(struct tr *t, enum b_shift s, val a, val n, unsigned bits)
{
	int rn = regs_value(t, n);
	int r = t->jit->host & HOST_BMI2 ? shift_freely(t, s, a, rn, bits)
					 : shift(t, s, a, rn, bits);

	x86_rr(&t->x, X_CMOV(CC_NE) | X_W, r, RAX);
	return in_reg(r);
}

/* CA is kept in the lowest byte of @ca, which regs_for() gave before there were flags. */
static void set_ca(struct tr *t, int ca, enum x86_cc cc)
{
	x86_rr(&t->x, X_SETCC(cc), 0, ca);
	b_set(t, GUEST_CA, in_reg(ca));
}

val b_shift_algebraic(struct tr *t, val a, unsigned n, unsigned bits)
{
	int ra = regs_value(t, a), r = regs_take(t), ca;

	if (bits == 32)
		x86_rr(&t->x, X_MOVSXD, r, ra);
	else
		x86_mov(&t->x, r, ra);
	if (!n) {
		b_set(t, GUEST_CA, b_const(0));
		return in_reg(r);
	}
	ca = regs_for(t, GUEST_CA);
	/* CA: negative, and ones among the bits that go. */
	x86_mov(&t->x, RAX, r);
	x86_shift(&t->x, X_W, SH_SHL, RAX, 64 - n);
	x86_mov(&t->x, RCX, r);
	x86_shift(&t->x, X_W, SH_SAR, RCX, 63);
	x86_rr(&t->x, X_TEST | X_W, RAX, RCX);
	set_ca(t, ca, CC_NE);
	x86_shift(&t->x, X_W, SH_SAR, r, n);
	return in_reg(r);
}

/* Of words the host's 64 bits give what a seventh bit of the count gives for doublewords. */
val b_shift_algebraic_by(struct tr *t, val a, val n, unsigned bits)
{
	int rn = regs_value(t, n), ra = regs_value(t, a), r = regs_take(t);
	int ca = regs_for(t, GUEST_CA);
	struct x86 *x = &t->x;

	x86_mov(x, RCX, rn);
	x86_rr(x, bits == 32 ? X_MOVSXD : X_LOAD | X_W, r, ra);
	x86_mov(x, RAX, r);
	x86_shift_cl(x, X_W, SH_SAR, r);
	x86_mov(x, RDX, r);
	x86_shift_cl(x, X_W, SH_SHL, RDX);
	x86_rr(x, X_SUB | X_W, RDX, RAX); /* ones are gone */
	x86_shift(x, X_W, SH_SAR, RAX, 63);
	if (bits == 64) {
		x86_group1(x, 0, G_AND, RCX, 64);
		x86_rr(x, X_CMOV(CC_NE) | X_W, r, RAX);
		x86_rr(x, X_OR | X_W, RDX, RCX);
	}
	x86_rr(x, X_TEST | X_W, RAX, RDX);
	set_ca(t, ca, CC_NE);
	return in_reg(r);
}

val b_count_ones(struct tr *t, val a)
{
	int ra = regs_value(t, a), r = regs_take(t);

	x86_rr(&t->x, X_POPCNT | X_W, r, ra);
	return in_reg(r);
}

bool b_counts_ones(const struct tr *t)
{
	return t->jit->host & HOST_POPCNT;
}

val b_equal_bytes(struct tr *t, val a, val b)
{
	int ra = regs_value(t, a), rb = regs_value(t, b), r = regs_take(t);
	int va = vregs_take(t), vb = vregs_take(t);

	x86_rr(&t->x, X_MOVQ_TO | X_W, va, ra);
	x86_rr(&t->x, X_MOVQ_TO | X_W, vb, rb);
	x86_rr(&t->x, X_PCMPEQB, va, vb);
	x86_rr(&t->x, X_MOVQ_FROM | X_W, va, r);
	return in_reg(r);
}

val b_count_zeros(struct tr *t, val a, unsigned bits)
{
	int ra = regs_value(t, a), r = regs_take(t);
	u32 wide = bits == 64 ? X_W : 0;

	if (t->jit->host & HOST_LZCNT) {
		x86_rr(&t->x, X_LZCNT | wide, r, ra);
		return in_reg(r);
	}
	x86_constant(&t->x, RAX, 2 * bits - 1);
	x86_rr(&t->x, X_BSR | wide, r, ra);
	x86_rr(&t->x, X_CMOV(CC_E) | wide, r, RAX);
	x86_group1(&t->x, 0, G_XOR, r, (s32)bits - 1);
	return in_reg(r);
}

/*
 * In 32-bit mode CA is what the low word carries into the upper one: the bit there differs from
 * what it would be without. rdx keeps that, from before the sum of @a and @b to behind it.
 */
static void expect_carry(struct tr *t, int a, val b)
{
	if (!tr_is_narrow(t))
		return;
	x86_mov(&t->x, RDX, a);
	x86_rr(&t->x, X_XOR | X_W, RDX, operand(t, b));
}

/*
 * CA = the carry to @sum, which the flags have too in 64-bit mode, the opposite if @inverted: for
 * what is added inverted, or a borrow.
 */
static void set_carry(struct tr *t, int ca, int sum, bool inverted)
{
	if (!tr_is_narrow(t)) {
		set_ca(t, ca, inverted ? CC_AE : CC_B);
		t->carry_inverted = inverted;
		x86_hold_flags(&t->x);
		return;
	}
	x86_rr(&t->x, X_XOR | X_W, RDX, sum);
	x86_shift(&t->x, X_W, SH_SHR, RDX, 32);
	x86_group1(&t->x, 0, G_AND, RDX, 1);
	if (inverted)
		x86_group1(&t->x, 0, G_XOR, RDX, 1);
	x86_mov(&t->x, ca, RDX);
	b_set(t, GUEST_CA, in_reg(ca));
}

/* Carry flag = CA, in register @ca: of the sum before, it may have it yet. */
static void get_carry(struct tr *t, int ca)
{
	if (!x86_flags_held(&t->x))
		x86_bit(&t->x, ca, 0);
	else if (t->carry_inverted)
		x86_invert_carry(&t->x);
}

val b_add_ca(struct tr *t, val a, val b)
{
	int ca, r;

	if (!is_const(b) && prefers(t, a, b))
		return b_add_ca(t, b, a);
	ca = regs_for(t, GUEST_CA);
	r = regs_over(t, a);
	expect_carry(t, r, b);
	apply(t, X_ADD, G_ADD, r, b);
	set_carry(t, ca, r, false);
	return in_reg(r);
}

val b_add_extended(struct tr *t, val a, val b)
{
	int c, r, ca, rb;

	if (!is_const(b) && prefers(t, a, b))
		return b_add_extended(t, b, a);
	c = regs_value(t, b_get(t, GUEST_CA));
	r = regs_over(t, a);
	ca = regs_for(t, GUEST_CA);
	expect_carry(t, r, b);
	rb = fits32(b) ? X86_NO_REG : operand(t, b);
	get_carry(t, c);
	if (rb < 0)
		x86_group1(&t->x, X_W, G_ADC, r, (s32)b.k);
	else
		x86_rr(&t->x, X_ADC | X_W, r, rb);
	set_carry(t, ca, r, false);
	return in_reg(r);
}

val b_sub_ca(struct tr *t, val a, val b)
{
	int rb = regs_value(t, b), r = regs_over(t, a), ca = regs_for(t, GUEST_CA);

	expect_carry(t, r, in_reg(rb));
	x86_rr(&t->x, X_SUB | X_W, r, rb);
	set_carry(t, ca, r, true);
	return in_reg(r);
}

val b_sub_extended(struct tr *t, val a, val b)
{
	int c = regs_value(t, b_get(t, GUEST_CA)), r;

	/* Of a number from itself only CA counts, and stays: a mask of what was borrowed. */
	if (!is_const(a) && a.reg == b.reg) {
		r = regs_take(t);
		x86_rr(&t->x, X_MOVZX8, r, c);
		x86_group1(&t->x, X_W, G_SUB, r, 1);
		return in_reg(r);
	}
	return b_add_extended(t, b_not(t, b), a);
}

val b_select(struct tr *t, unsigned bit, val yes, val no)
{
	int y = regs_value(t, yes), r = regs_take(t), n = regs_value(t, no);
	cond c;

	x86_mov(&t->x, r, n);
	c = b_cr_is(t, bit, true);
	x86_rr(&t->x, X_CMOV((u32)c) | X_W, r, y);
	return in_reg(r);
}
