/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Division. What the host would trap for (a zero divisor, the most negative dividend by -1) goes
 * another way, to what insn/divide.h says.
 */
#include "cpu/jit/x86_64/tr.h"

/* rdx:rax / rb; rax is the dividend. */
static void divide(struct x86 *x, int rb, u32 wide, bool is_signed)
{
	if (is_signed) {
		if (wide)
			x86_byte(x, 0x48);
		x86_byte(x, 0x99); /* cdq, cqo */
	} else {
		x86_constant(x, RDX, 0);
	}
	x86_group3(x, wide, is_signed ? G3_IDIV : G3_DIV, rb);
}

/* By 0 it is 0, by -1 it is -a. */
static u8 *divide_special(struct x86 *x, int rb, u32 wide)
{
	u8 *usual, *done;

	x86_rm(x, X_LEA, RDX, X86_AT(rb, 1));
	x86_group1(x, wide, G_CMP, RDX, 1);
	usual = x86_jcc(x, CC_A);
	x86_group3(x, wide, G3_NEG, RAX);
	x86_rr(x, X_AND | wide, RAX, rb);
	done = x86_jmp(x);
	x86_land(x, usual);
	return done;
}

static u8 *divide_by_zero(struct x86 *x, int ra, int rb, u32 wide)
{
	u8 *done;

	x86_constant(x, RAX, 0);
	x86_rr(x, X_TEST | wide, rb, rb);
	done = x86_jcc(x, CC_E);
	x86_mov(x, RAX, ra);
	return done;
}

val b_divide(struct tr *t, val a, val b, unsigned bits, bool is_signed)
{
	u32 wide = bits == 64 ? X_W : 0;
	int ra = regs_value(t, a), rb = regs_value(t, b), r = regs_take(t);
	struct x86 *x = &t->x;
	u8 *done;

	if (is_signed) {
		x86_mov(x, RAX, ra);
		done = divide_special(x, rb, wide);
	} else {
		done = divide_by_zero(x, ra, rb, wide);
	}
	divide(x, rb, wide, is_signed);
	x86_land(x, done);
	x86_rr(x, X_LOAD | wide, r, RAX);
	return (val){(s8)r, 0};
}
