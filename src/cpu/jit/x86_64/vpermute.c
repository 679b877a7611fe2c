/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes and bits that change places. */
#include "cpu/jit/x86_64/vmake.h"

#define ODD_PAIRS 0xcc /* pblendw's mask: the host's odd lanes of 32 bits */

int make_merge_even(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return rri(t, V_PBLENDW, shifted(t, 2, SHIFT_RIGHT, in->b.reg, 32), in->a.reg, ODD_PAIRS);
}

int make_merge_odd(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return rri(t, V_PBLENDW, in->b.reg, shifted(t, 2, SHIFT_LEFT, in->a.reg, 32), ODD_PAIRS);
}

/* The host saturates, so what is to be lost is cleared. */
int make_pack(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int a = in->a.reg, b = in->b.reg;

	if (lanes == B_U64)
		return rri(t, V_SHUFPS, b, a, 0x88);
	a = vector_low_half(t, WIDTH(lanes) - 1, false, a);
	b = in->b.reg == in->a.reg ? a : vector_low_half(t, WIDTH(lanes) - 1, false, b);
	return rrr(t, lanes == B_U16 ? V_PACKUSWB : V_PACKUSDW, b, a);
}

int make_unpack_high(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	unsigned width = WIDTH(lanes);
	int b = in->b.reg;

	if (lanes == B_S32)
		return rrr(t, V_0F38(0x25), 0, rri(t, V_PSHUFD, 0, b, 0xee));
	return shifted(t, width, SHIFT_ALG, rrr(t, V_0F(0x68 + width), b, b), (u8)(8 << width));
}

int make_unpack_low(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	static const u32 op[] = {V_0F38(0x20), V_0F38(0x23), V_0F38(0x25)};

	return rrr(t, op[WIDTH(lanes)], 0, in->b.reg);
}

int make_select(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int yes = rrr(t, V_PAND, in->c.reg, in->b.reg);

	return rrr(t, V_POR, yes, rrr(t, V_PANDN, in->c.reg, in->a.reg));
}

/*
 * Power's byte n is in the host's lane 15 - n: the low four bits of what is inverted. Bit 4 says
 * which of the two registers; the host looks at bit 7.
 */
int make_permute(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int a = in->a.reg, b = in->b.reg, index = with_constant(t, V_PANDN, in->c.reg, CONST_31);
	int of_a;

	if (a == b)
		return rrr(t, V_PSHUFB, a, index);
	of_a = rrr(t, V_PSHUFB, a, index);
	b = rrr(t, V_PSHUFB, b, index);
	return blended(t, shifted(t, 0, SHIFT_LEFT, index, 3), of_a, b);
}

/* One instruction has tables of two registers, by five bits; it leaves the result in the index. */
int make_permute_vbmi(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int index = inverted(t, in->c.reg);

	evex_rrr(&t->x, V_PERMI2B, index, in->b.reg, in->a.reg);
	return index;
}

int make_slide(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return in->n ? rri(t, V_PALIGNR, in->a.reg, in->b.reg, (u8)(16 - in->n)) : in->a.reg;
}

int make_pair(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	u8 lane_of_a = in->n & 2 ? 0 : 2, lane_of_b = in->n & 1 ? 0 : 1;

	return rri(t, V_SHUFPD, in->b.reg, in->a.reg, lane_of_a | lane_of_b);
}

int make_splat(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	u8 lane = (u8)((15 >> WIDTH(lanes)) - in->n), four = 0x55 * (lane & 3);
	int b = in->b.reg;

	switch (lanes) {
	case B_U8:
		return with_constant(t, V_PSHUFB, b, CONST_NUMBER(lane));
	case B_U16:
		if (lane < 4)
			return rri(t, V_PSHUFD, 0, rri(t, V_PSHUFLW, 0, b, four), 0x00);
		return rri(t, V_PSHUFD, 0, rri(t, V_PSHUFHW, 0, b, four), 0xff);
	default:
		return rri(t, V_PSHUFD, 0, b, four);
	}
}

/* From bytes that all have it, extended. */
int make_number(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	static const u32 extend[] = {[B_U16] = V_0F38(0x20), [B_U32] = V_0F38(0x21)};
	const u8 *bytes = vector_constant(t, CONST_NUMBER(in->n));
	int r;

	if (!in->n || in->n == -1)
		return vregs_constant(t, in->n ? CONST_ONES : CONST_ZERO);
	r = vregs_take(t);
	if (WIDTH(lanes) == B_U8)
		x86_rip(&t->x, X_MOVUPS_LD, r, bytes);
	else
		vex_rip(&t->x, extend[WIDTH(lanes)], r, 0, bytes);
	return r;
}

/*
 * The byte that has bit n is in lane 15 - n / 8, and the bit is 0x80 >> n % 8 there. Where n is
 * 128 or more, pshufb sees its first bit and gives 0.
 */
int make_gather_bits(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int b = in->b.reg, index = shifted(t, 0, SHIFT_RIGHT, b, 3),
	    bit = vector_counts(t, B_U8, b);
	struct x86 *x = &t->x;

	vex_constant(t, V_PANDN, index, index, CONST_NUMBER(15));
	vex_rrr(x, V_POR, index, index, with_constant(t, V_PAND, b, CONST_SIGN_8));
	vex_rrr(x, V_PSHUFB, index, in->a.reg, index);
	vex_rrr(x, V_PSHUFB, bit, vregs_constant_reg(t, CONST_BITS), bit);
	vex_rrr(x, V_PAND, index, index, bit);
	vex_rrr(x, V_PCMPEQB, index, index, bit);
	vex_rrr(x, V_PMOVMSKB, RAX, 0, index);
	vex_rrr(x, V_MOVD, index, 0, RAX);
	vex_rrr(x, V_SHIFT(2), SHIFT_BYTES, index, index);
	x86_byte(x, 8);
	return index;
}

/* Bits that lie @by apart change places, where @k says that they are the later ones. */
static void exchange(struct tr *t, int v, u8 by, enum vector_constant k)
{
	int differ = shifted(t, 2, SHIFT_RIGHT, v, by);
	struct x86 *x = &t->x;

	vex_rrr(x, V_PXOR, differ, differ, v);
	vex_constant(t, V_PAND, differ, differ, k);
	vex_rrr(x, V_PXOR, v, v, differ);
	vex_rrr(x, V_SHIFT(2), SHIFT_LEFT, differ, differ);
	x86_byte(x, by);
	vex_rrr(x, V_PXOR, v, v, differ);
}

/* Blocks of 1, 2 and 4 bits are mirrored at the diagonal. */
int make_transpose(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int v = vregs_take(t);

	vex_rrr(&t->x, V_MOVDQA, v, 0, in->b.reg);
	exchange(t, v, 7, CONST_EXCHANGE_1);
	exchange(t, v, 14, CONST_EXCHANGE_2);
	exchange(t, v, 28, CONST_EXCHANGE_4);
	return v;
}

/* The host multiplies bytes by a matrix of bits, whose rows it counts from the last: single bits
 * give its columns. */
int make_transpose_gfni(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int rows = with_constant(t, V_PSHUFB, in->b.reg, CONST_REVERSE_8);

	return rri(t, V_GF2P8AFFINEQB, vregs_constant_reg(t, CONST_BITS_UP), rows, 0);
}

/* rax = the bits @mask of b's last byte */
static void count_of(struct tr *t, int b, s32 mask)
{
	vex_rrr(&t->x, V_MOVD_FROM, b, 0, RAX);
	x86_group1(&t->x, 0, G_AND, RAX, mask);
}

/* By bytes: lanes are taken from as many further on, and beyond the end there are zeros. */
static int shift_bytes(struct tr *t, bool left, const struct b_vectors *in)
{
	struct x86 *x = &t->x;
	int r = vregs_take(t);

	count_of(t, in->b.reg, 0x78);
	x86_shift(x, 0, SH_SHR, RAX, 3);
	x86_rip(x, X_LEA, RCX, vector_constant(t, CONST_LANES));
	x86_rr(x, (left ? X_SUB : X_ADD) | X_W, RCX, RAX);
	vex_rrm(x, V_PSHUFB, r, in->a.reg, X86_AT(RCX, 0));
	return r;
}

int make_bytes_left(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return shift_bytes(t, true, in);
}

int make_bytes_right(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return shift_bytes(t, false, in);
}

/* By up to seven bits: each doubleword, and what goes over from one to the other. */
static int shift_bits(struct tr *t, u32 op, u32 back, int bytes, const struct b_vectors *in)
{
	int count = vregs_take(t), over = vregs_take(t), r;
	struct x86 *x = &t->x;

	count_of(t, in->b.reg, 7);
	vex_rrr(x, V_MOVD, count, 0, RAX);
	r = rrr(t, op, in->a.reg, count);
	x86_group3(x, 0, G3_NEG, RAX);
	x86_group1(x, 0, G_ADD, RAX, 64);
	vex_rrr(x, V_MOVD, count, 0, RAX);
	vex_rrr(x, V_SHIFT(2), bytes, over, in->a.reg);
	x86_byte(x, 8);
	vex_rrr(x, back, over, over, count);
	vex_rrr(x, V_POR, r, r, over);
	return r;
}

int make_bits_left(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return shift_bits(t, V_PSLLQ, V_PSRLQ, SHIFT_BYTES, in);
}

int make_bits_right(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return shift_bits(t, V_PSRLQ, V_PSLLQ, SHIFT_BYTES_RIGHT, in);
}
