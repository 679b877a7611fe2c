/* SPDX-License-Identifier: Apache-2.0 */
/* Storage access of vector-scalar registers. */
#include "cpu/jit/x86_64/vector.h"

static bool has_avx(const struct tr *t)
{
	return t->jit->host & HOST_AVX;
}

/* --- without AVX: by rdx, half by half --- */

static void move_half(struct tr *t, struct x86_mem to, struct x86_mem from)
{
	x86_rm(&t->x, X_LOAD | X_W, RDX, from);
	if (t->swap)
		x86_bswap(&t->x, X_W, RDX);
	x86_rm(&t->x, X_STORE | X_W, RDX, to);
}

static struct x86_mem second_half(struct x86_mem m)
{
	m.disp += 8;
	return m;
}

/* Doublewords in memory's order, which are a number's only if the guest has them so. */
static bool in_order(const struct tr *t, enum b_vsr kind)
{
	return t->swap || kind != B_VSR_QUAD;
}

static void load_halves(struct tr *t, struct x86_mem m, unsigned vsr, enum b_vsr kind)
{
	unsigned first = in_order(t, kind) ? 0 : 1;

	move_half(t, vsr_half(vsr, first), m);
	if (kind >= B_VSR_PAIR)
		move_half(t, vsr_half(vsr, 1 - first), second_half(m));
	else if (kind == B_VSR_FPR)
		x86_group1_m(&t->x, X_W, G_AND, vsr_half(vsr, 1), 0);
}

static void store_halves(struct tr *t, struct x86_mem m, unsigned vsr, enum b_vsr kind)
{
	unsigned first = in_order(t, kind) ? 0 : 1;

	move_half(t, m, vsr_half(vsr, first));
	if (kind >= B_VSR_PAIR)
		move_half(t, second_half(m), vsr_half(vsr, 1 - first));
}

/* --- with AVX --- */

#define V_PSHUFD    V_0F(0x70)
#define V_PSHUFB    V_0F38(0x00)
#define SWAP_HALVES 0x4e

/* An xmm register with the value of @vsr in memory's order. */
static int to_memory_order(struct tr *t, unsigned vsr, enum b_vsr kind)
{
	int from = vregs_whole(t, vsr), reg;

	if (kind == B_VSR_QUAD && !t->swap)
		return from;
	reg = vregs_take(t);
	if (t->swap) {
		vex_constant(t, V_PSHUFB, reg, from, CONST_REVERSE);
	} else {
		vex_rrr(&t->x, V_PSHUFD, reg, 0, from);
		x86_byte(&t->x, SWAP_HALVES);
	}
	return reg;
}

static void load_whole(struct tr *t, struct x86_mem m, unsigned vsr, enum b_vsr kind)
{
	int reg = vregs_take(t);

	if (kind == B_VSR_PAIR && !t->swap) {
		vex_rrm(&t->x, V_PSHUFD, reg, 0, m);
		x86_byte(&t->x, SWAP_HALVES);
	} else {
		x86_rm(&t->x, X_MOVUPS_LD, reg, m);
		if (t->swap)
			vex_constant(t, V_PSHUFB, reg, reg, CONST_REVERSE);
	}
	vregs_set_whole(t, vsr, reg);
}

/* Reversed, a doubleword comes to lie in the upper lane, where doubleword 0 is, above zeros. */
static void load_doubleword(struct tr *t, struct x86_mem m, unsigned vsr, enum b_vsr kind)
{
	int reg = vregs_take(t);

	x86_rm(&t->x, X_MOVQ_LD, reg, m);
	if (kind == B_VSR_D0) {
		vregs_set_doubleword(t, vsr, reg);
	} else if (!t->swap) {
		vregs_set_scalar(t, vsr, reg);
	} else {
		vex_constant(t, V_PSHUFB, reg, reg, CONST_REVERSE);
		vregs_set_whole(t, vsr, reg);
	}
}

static void store_doubleword(struct tr *t, struct x86_mem m, unsigned vsr)
{
	if (t->swap)
		move_half(t, m, vsr_half(vsr, 0));
	else
		x86_rm(&t->x, X_MOVLPS_ST, vregs_scalar(t, vsr), m);
}

void b_load_vsr(struct tr *t, val ea, unsigned vsr, enum b_vsr kind)
{
	int e = regs_value(t, ea);
	struct x86_mem m = X86_INDEX(RCX, e);

	look_up(t, e, kind >= B_VSR_PAIR ? 16 : 8, false);
	if (!has_avx(t) || (kind == B_VSR_D0 && t->swap)) {
		load_halves(t, m, vsr, kind);
		vregs_drop(t, vsr);
	} else if (kind < B_VSR_PAIR) {
		load_doubleword(t, m, vsr, kind);
	} else {
		load_whole(t, m, vsr, kind);
	}
}

void b_store_vsr(struct tr *t, val ea, unsigned vsr, enum b_vsr kind)
{
	int e = regs_value(t, ea);
	struct x86_mem m = X86_INDEX(RCX, e);

	look_up(t, e, kind >= B_VSR_PAIR ? 16 : 8, true);
	if (!has_avx(t))
		store_halves(t, m, vsr, kind);
	else if (kind < B_VSR_PAIR)
		store_doubleword(t, m, vsr);
	else
		x86_rm(&t->x, X_MOVUPS_ST, to_memory_order(t, vsr, kind), m);
}

val b_vsr_doubleword(struct tr *t, unsigned vsr)
{
	int r = regs_take(t);

	x86_rm(&t->x, X_LOAD | X_W, r, vsr_half(vsr, 0));
	return (val){(s8)r, 0};
}

void b_set_vsr_doubleword(struct tr *t, unsigned vsr, val v)
{
	x86_rm(&t->x, X_STORE | X_W, regs_value(t, v), vsr_half(vsr, 0));
	vregs_drop(t, vsr);
}

#define X_XORPS 0x0f57u

void b_clear(struct tr *t, val ea, unsigned bytes)
{
	int e = regs_value(t, ea), zero = vregs_take(t);
	struct x86_mem m = X86_INDEX(RCX, e);

	look_up(t, e, 1, true);
	x86_rr(&t->x, X_XORPS, zero, zero);
	for (; (unsigned)m.disp < bytes; m.disp += 16)
		x86_rm(&t->x, X_MOVUPS_ST, zero, m);
}
