/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the host's xmm registers holds what of which vector-scalar register: all 128 bits as one
 * number, or doubleword 0 in the low lane, which is what scalar arithmetic wants (the lane above
 * is anything then). Nothing is to be stored where a translation is left: a new value is stored
 * at once, or, by instructions that can't be left, before the next that can. Of values that follow
 * each other in one register between, as in rounds of ciphers, the last is stored. Calls change all
 * of the host's registers.
 *
 * Only hosts with AVX come here.
 */
#include <assert.h>
#include "cpu/jit/x86_64/vector.h"

#define V_PUNPCKLQDQ   V_0F(0x6c)
#define V_PUNPCKHQDQ   V_0F(0x6d)
#define V_PSHIFT_BYTES V_0F(0x73)
#define LEFT	       7 /* in the place of a register */

void vregs_begin(struct tr *t)
{
	memset(&t->v, 0, sizeof(t->v));
	memset(t->v.whole, -1, sizeof(t->v.whole));
	memset(t->v.scalar, -1, sizeof(t->v.scalar));
}

struct x86_mem vsr_half(unsigned vsr, unsigned i)
{
	return CPU_OFFSET(offsetof(struct cpu, vsr) + vsr * sizeof(union vsr) + (1 - i) * 8);
}

static void store(struct tr *t, unsigned vsr)
{
	x86_rm(&t->x, X_MOVUPS_ST, t->v.whole[vsr], vsr_half(vsr, 1));
	t->v.dirty &= ~(1ull << vsr);
}

static void store_all(struct tr *t)
{
	while (t->v.dirty)
		store(t, (unsigned)__builtin_ctzll(t->v.dirty));
}

void vregs_next(struct tr *t, bool stays)
{
	t->v.busy = 0;
	t->v.may_wait = stays;
	if (!stays)
		store_all(t);
}

void vregs_stays(struct tr *t)
{
	t->v.may_wait = true;
}

static int use(struct tr *t, int reg)
{
	t->v.busy |= 1u << reg;
	t->v.x[reg].used = t->clock;
	return reg;
}

static void empty(struct tr *t, int reg)
{
	struct xmm_reg *x = &t->v.x[reg];

	for (u64 left = x->whole; left; left &= left - 1) {
		unsigned vsr = (unsigned)__builtin_ctzll(left);

		if (t->v.dirty >> vsr & 1)
			store(t, vsr);
		t->v.whole[vsr] = -1;
	}
	for (u64 left = x->scalar; left; left &= left - 1)
		t->v.scalar[__builtin_ctzll(left)] = -1;
	x->whole = x->scalar = 0;
	x->constant = 0;
}

static bool is_empty(const struct xmm_reg *x)
{
	return !x->whole && !x->scalar && !x->constant;
}

int vregs_take(struct tr *t)
{
	int reg = -1;

	for (int i = 0; i < 16; i++) {
		const struct xmm_reg *x = &t->v.x[i];

		if (t->v.busy >> i & 1)
			continue;
		if (is_empty(x)) {
			reg = i;
			break;
		}
		if (reg < 0 || x->used < t->v.x[reg].used)
			reg = i;
	}
	assert(reg >= 0);
	empty(t, reg);
	t->v.changes++;
	return use(t, reg);
}

void vregs_forget(struct tr *t)
{
	for (int i = 0; i < 16; i++)
		empty(t, i);
	t->v.changes++;
}

void vregs_drop(struct tr *t, unsigned vsr)
{
	u64 bit = 1ull << vsr;

	status_vsr_changes(t, vsr);
	if (t->v.whole[vsr] >= 0)
		t->v.x[t->v.whole[vsr]].whole &= ~bit;
	if (t->v.scalar[vsr] >= 0)
		t->v.x[t->v.scalar[vsr]].scalar &= ~bit;
	t->v.whole[vsr] = t->v.scalar[vsr] = -1;
	t->v.dirty &= ~bit;
	t->v.changes++;
}

static void is_whole(struct tr *t, unsigned vsr, int reg)
{
	t->v.whole[vsr] = (s8)reg;
	t->v.x[reg].whole |= 1ull << vsr;
	t->v.changes++;
}

static void is_scalar(struct tr *t, unsigned vsr, int reg)
{
	t->v.scalar[vsr] = (s8)reg;
	t->v.x[reg].scalar |= 1ull << vsr;
	t->v.changes++;
}

/* Where doubleword 0 is known it was stored just now, by itself: all in one load would wait. */
int vregs_whole(struct tr *t, unsigned vsr)
{
	int reg = t->v.whole[vsr], scalar = t->v.scalar[vsr];

	if (reg >= 0)
		return use(t, reg);
	if (scalar >= 0)
		use(t, scalar);
	reg = vregs_take(t);
	if (scalar >= 0) {
		x86_rm(&t->x, X_MOVQ_LD, reg, vsr_half(vsr, 1));
		vex_rrr(&t->x, V_PUNPCKLQDQ, reg, reg, scalar);
	} else {
		x86_rm(&t->x, X_MOVUPS_LD, reg, vsr_half(vsr, 1));
	}
	is_whole(t, vsr, reg);
	return reg;
}

int vregs_scalar(struct tr *t, unsigned vsr)
{
	int reg = t->v.scalar[vsr], whole = t->v.whole[vsr];

	if (reg >= 0)
		return use(t, reg);
	if (whole >= 0)
		use(t, whole);
	reg = vregs_take(t);
	if (whole >= 0)
		vex_rrr(&t->x, V_PUNPCKHQDQ, reg, whole, whole);
	else
		x86_rm(&t->x, X_MOVQ_LD, reg, vsr_half(vsr, 0));
	is_scalar(t, vsr, reg);
	return reg;
}

void vregs_set_whole(struct tr *t, unsigned vsr, int reg)
{
	vregs_drop(t, vsr);
	is_whole(t, vsr, reg);
	t->v.dirty |= 1ull << vsr;
	if (!t->v.may_wait)
		store(t, vsr);
}

void vregs_set_scalar(struct tr *t, unsigned vsr, int reg)
{
	int whole = vregs_take(t);

	vex_rrr(&t->x, V_PSHIFT_BYTES, LEFT, whole, reg);
	x86_byte(&t->x, 8);
	vregs_set_whole(t, vsr, whole);
	is_scalar(t, vsr, reg);
}

void vregs_is_doubleword(struct tr *t, unsigned vsr, int reg)
{
	is_scalar(t, vsr, reg);
}

void vregs_set_doubleword(struct tr *t, unsigned vsr, int reg)
{
	vregs_drop(t, vsr);
	x86_rm(&t->x, X_MOVLPS_ST, reg, vsr_half(vsr, 0));
	is_scalar(t, vsr, reg);
}

_Static_assert(CONSTANTS <= 128, "constants_seen has a bit for each");

/* The two that need no memory. */
static bool make_constant(struct tr *t, int reg, enum vector_constant k)
{
	if (k == CONST_ZERO)
		vex_rrr(&t->x, V_PXOR, reg, reg, reg);
	else if (k == CONST_ONES)
		vex_rrr(&t->x, V_PCMPEQB, reg, reg, reg);
	return k == CONST_ZERO || k == CONST_ONES;
}

/*
 * A constant that is used a second time in a translation is kept in a register: used as memory it
 * takes five bytes more each time.
 */
int vregs_constant(struct tr *t, enum vector_constant k)
{
	bool seen = t->v.constants_seen >> k & 1;

	for (int reg = 0; reg < 16; reg++)
		if (t->v.x[reg].constant == k)
			return use(t, reg);
	t->v.constants_seen |= (u128)1 << k;
	return seen || k <= CONST_ONES ? vregs_constant_reg(t, k) : -1;
}

int vregs_constant_reg(struct tr *t, enum vector_constant k)
{
	int reg;

	for (reg = 0; reg < 16; reg++)
		if (t->v.x[reg].constant == k)
			return use(t, reg);
	reg = vregs_take(t);
	if (!make_constant(t, reg, k))
		x86_rip(&t->x, X_MOVUPS_LD, reg, vector_constant(t, k));
	t->v.x[reg].constant = (u8)k;
	return reg;
}

void vex_constant(struct tr *t, u32 op, int reg, int v, enum vector_constant k)
{
	int c = vregs_constant(t, k);

	if (c >= 0)
		vex_rrr(&t->x, op, reg, v, c);
	else
		vex_rip(&t->x, op, reg, v, vector_constant(t, k));
}
