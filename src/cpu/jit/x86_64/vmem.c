/* SPDX-License-Identifier: Apache-2.0 */
/* Storage access of vector-scalar registers. */
#include "cpu/jit/x86_64/vector.h"

bool b_has_vectors(const struct tr *t)
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

#define V_MOVDDUP V_OP(3, 1, 0x12)

/* pshufd's: from the order of elements in memory to the one in a number, and back. */
static u8 element_order(enum b_vsr kind)
{
	return kind == B_VSR_PAIR ? 0x4e : 0x1b;
}

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
		x86_byte(&t->x, element_order(kind));
	}
	return reg;
}

static void load_whole(struct tr *t, struct x86_mem m, unsigned vsr, enum b_vsr kind)
{
	int reg = vregs_take(t);

	if (kind == B_VSR_TWICE) {
		vex_rrm(&t->x, V_MOVDDUP, reg, 0, m);
	} else if (kind == B_VSR_QUAD || t->swap) {
		x86_rm(&t->x, X_MOVUPS_LD, reg, m);
	} else {
		vex_rrm(&t->x, V_PSHUFD, reg, 0, m);
		x86_byte(&t->x, element_order(kind));
	}
	if (t->swap)
		vex_constant(t, V_PSHUFB, reg, reg, CONST_REVERSE);
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

/* That may lie on another page: none of what is aligned does. */
static unsigned reach(enum b_vsr kind)
{
	return kind == B_VSR_QUAD ? 1 : kind >= B_VSR_PAIR ? 16 : 8;
}

void b_load_vsr(struct tr *t, struct b_place place, unsigned vsr, enum b_vsr kind)
{
	struct x86_mem m = look_up_place(t, place, reach(kind), false);

	vregs_stays(t);
	if (!b_has_vectors(t) || (kind == B_VSR_D0 && t->swap)) {
		vregs_drop(t, vsr);
		load_halves(t, m, vsr, kind);
	} else if (kind < B_VSR_TWICE) {
		load_doubleword(t, m, vsr, kind);
	} else {
		load_whole(t, m, vsr, kind);
	}
}

void b_store_vsr(struct tr *t, struct b_place place, unsigned vsr, enum b_vsr kind)
{
	struct x86_mem m = look_up_place(t, place, reach(kind), true);

	if (!b_has_vectors(t))
		store_halves(t, m, vsr, kind);
	else if (kind < B_VSR_PAIR)
		store_doubleword(t, m, vsr);
	else
		x86_rm(&t->x, X_MOVUPS_ST, to_memory_order(t, vsr, kind), m);
}

/* --- elements --- */

/*
 * rdx = where in a register's memory the element is that lies at @ea. The last byte of a number is
 * its first in a little-endian memory.
 */
static struct x86_mem element(struct tr *t, int ea, unsigned vsr, unsigned bytes)
{
	struct x86_mem m = vsr_half(vsr, 1);

	x86_mov(&t->x, RDX, ea);
	x86_group1(&t->x, 0, G_AND, RDX, (s32)(16 - bytes));
	if (t->swap)
		x86_group1(&t->x, 0, G_XOR, RDX, (s32)(16 - bytes));
	m.index = RDX;
	return m;
}

#define ELEMENT(n) ((struct b_access){.bytes = (u8)(n)})

void b_load_element(struct tr *t, val ea, unsigned vsr, unsigned bytes)
{
	static const u32 store[] = {[1] = X_STORE8, [2] = X_STORE16, [4] = X_STORE};
	int e = regs_value(t, ea), v = b_load(t, b_at((val){(s8)e, 0}), ELEMENT(bytes)).reg;

	vregs_drop(t, vsr);
	x86_rm(&t->x, store[bytes], v, element(t, e, vsr, bytes));
}

void b_store_element(struct tr *t, val ea, unsigned vsr, unsigned bytes)
{
	static const u32 load[] = {[1] = X_MOVZX8, [2] = X_MOVZX16, [4] = X_LOAD};
	int e = regs_value(t, ea), r = regs_take(t);

	x86_rm(&t->x, load[bytes], r, element(t, e, vsr, bytes));
	b_store(t, b_at((val){(s8)e, 0}), (val){(s8)r, 0}, ELEMENT(bytes));
}

/* --- doubleword 0 --- */

#define V_MOVQ_TO   (V_W | V_0F(0x6e))
#define V_MOVQ_FROM (V_W | V_0F(0x7e))

val b_vsr_doubleword(struct tr *t, unsigned vsr)
{
	int r = regs_take(t), whole = t->v.whole[vsr], scalar = t->v.scalar[vsr];

	if (scalar >= 0) {
		vex_rrr(&t->x, V_MOVQ_FROM, scalar, 0, r);
	} else if (whole >= 0) {
		vex_rrr(&t->x, V_PEXTRQ, whole, 0, r);
		x86_byte(&t->x, 1);
	} else {
		x86_rm(&t->x, X_LOAD | X_W, r, vsr_half(vsr, 0));
	}
	return (val){(s8)r, 0};
}

void b_set_vsr_doubleword(struct tr *t, unsigned vsr, val v)
{
	int r = regs_value(t, v), x;

	vregs_drop(t, vsr);
	x86_rm(&t->x, X_STORE | X_W, r, vsr_half(vsr, 0));
	if (!b_has_vectors(t))
		return;
	x = vregs_take(t);
	vex_rrr(&t->x, V_MOVQ_TO, x, 0, r);
	vregs_is_doubleword(t, vsr, x);
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
