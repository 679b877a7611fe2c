/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on vectors. Most are one instruction of the host's; the others are made of several.
 * Elements are Power's, which counts from the most significant, lanes the host's.
 */
#include "cpu/jit/x86_64/vector.h"

/* More about an opcode. */
#define SWAPPED		 0x40000000u /* the host wants b first */
#define EITHER		 0x20000000u /* a and b may be exchanged: the encoding may be shorter */
#define EVEX		 0x10000000u /* AVX-512's encoding */
#define IS_SIGNED(lanes) ((lanes) >= B_S8)
#define WIDTH(lanes)	 ((unsigned)(lanes)&3) /* 8 << WIDTH bits */

#define V_PAND	   V_0F(0xdb)
#define V_PANDN	   V_0F(0xdf)
#define V_POR	   V_0F(0xeb)
#define V_PXOR	   V_0F(0xef)
#define V_PSUBD	   V_0F(0xfa)
#define V_PCMPGTQ  V_0F38(0x37)
#define V_PSHUFB   V_0F38(0x00)
#define V_PSHUFD   V_0F(0x70)
#define V_PSHUFLW  V_OP(3, 1, 0x70)
#define V_PSHUFHW  V_OP(2, 1, 0x70)
#define V_PBLENDVB V_0F3A(0x4c)
#define V_PBLENDW  V_0F3A(0x0e)
#define V_PALIGNR  V_0F3A(0x0f)
#define V_SHUFPS   V_OP(0, 1, 0xc6)
#define V_SHUFPD   V_0F(0xc6)
#define V_PACKUSWB V_0F(0x67)
#define V_PACKUSDW V_0F38(0x2b)
#define V_PERMI2B  V_0F38(0x75)
#define V_PMULLW   V_0F(0xd5)
#define V_PMULHUW  V_0F(0xe4)
#define V_PMADDWD  V_0F(0xf5)
#define V_PMULUDQ  V_0F(0xf4)
#define V_PMULDQ   V_0F38(0x28)

#define V_PADDD		V_0F(0xfe)
#define V_PMULLD	V_0F38(0x40)
#define V_AESENC	V_0F38(0xdc)
#define V_AESENCLAST	V_0F38(0xdd)
#define V_AESDECLAST	V_0F38(0xdf)
#define V_AESIMC	V_0F38(0xdb)
#define V_PCLMULQDQ	V_0F3A(0x44)
#define V_PCMPEQB	V_0F(0x74)
#define V_PMOVMSKB	V_0F(0xd7)
#define V_MOVD		V_0F(0x6e)
#define V_MOVDQA	V_0F(0x6f)
#define V_GF2P8AFFINEQB (V_W | V_0F3A(0xce))

/* Shifts by a constant, of 16 << i bits: a group, whose number stands for a register. */
#define V_SHIFT(i)  V_0F(0x71 + (i))
#define SHIFT_LEFT  6
#define SHIFT_RIGHT 2
#define SHIFT_ALG   4
#define SHIFT_BYTES 7 /* to the left, with V_SHIFT(2) */

static vec in_reg(int reg)
{
	return (vec){(s8)reg};
}

static int rrr(struct tr *t, u32 op, int v, int rm)
{
	int r = vregs_take(t);

	vex_rrr(&t->x, op, r, v, rm);
	return r;
}

static int rri(struct tr *t, u32 op, int v, int rm, u8 imm)
{
	int r = rrr(t, op, v, rm);

	x86_byte(&t->x, imm);
	return r;
}

static int with_constant(struct tr *t, u32 op, int v, enum vector_constant k)
{
	int r = vregs_take(t);

	vex_constant(t, op, r, v, k);
	return r;
}

/* Lanes of 16 << i bits. */
static int shifted(struct tr *t, unsigned i, int group, int a, u8 by)
{
	int r = vregs_take(t);

	vex_rrr(&t->x, V_SHIFT(i), group, r, a);
	x86_byte(&t->x, by);
	return r;
}

static int inverted(struct tr *t, int v)
{
	return with_constant(t, V_PXOR, v, CONST_ONES);
}

static int blended(struct tr *t, int mask, int yes, int no)
{
	return rri(t, V_PBLENDVB, no, yes, (u8)(mask << 4));
}

static int emit(struct tr *t, u32 op, int a, int b)
{
	int r = vregs_take(t);

	if ((op & SWAPPED) || ((op & EITHER) && b >= 8 && a < 8)) {
		int swapped = a;

		a = b;
		b = swapped;
	}
	if (op & EVEX)
		evex_rrr(&t->x, op, r, a, b);
	else
		vex_rrr(&t->x, op, r, a, b);
	return r;
}

static u32 opcode(enum b_vop op, enum b_lanes lanes);

static int direct(struct tr *t, enum b_vop op, enum b_lanes lanes, int a, int b)
{
	return emit(t, opcode(op, lanes), a, b);
}

/* --- made of several --- */

typedef int make_fn(struct tr *t, enum b_lanes lanes, const struct b_vectors *in);

static int make_orc(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return rrr(t, V_POR, in->a.reg, inverted(t, in->b.reg));
}

static int make_nor(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	if (in->a.reg == in->b.reg)
		return inverted(t, in->a.reg);
	return inverted(t, rrr(t, V_POR, in->a.reg, in->b.reg));
}

static int make_eqv(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return inverted(t, rrr(t, V_PXOR, in->a.reg, in->b.reg));
}

static int make_nand(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return inverted(t, rrr(t, V_PAND, in->a.reg, in->b.reg));
}

/* The sign bits inverted: signed comparisons of that are unsigned ones. */
static int biased(struct tr *t, enum b_lanes lanes, int v)
{
	return with_constant(t, V_PXOR, v, CONST_SIGN_8 + WIDTH(lanes));
}

static int make_greater(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int a = in->a.reg, b = in->b.reg;

	if (WIDTH(lanes) == B_U64)
		return rrr(t, V_PCMPGTQ, biased(t, lanes, a), biased(t, lanes, b));
	/* Not the smaller one of the two. */
	return inverted(t, direct(t, B_V_EQUAL, lanes, a, direct(t, B_V_MIN, lanes, a, b)));
}

static int a_is_greater(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	if (IS_SIGNED(lanes))
		return rrr(t, V_PCMPGTQ, in->a.reg, in->b.reg);
	return make_greater(t, lanes, in);
}

static int make_max(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return blended(t, a_is_greater(t, lanes, in), in->a.reg, in->b.reg);
}

static int make_min(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return blended(t, a_is_greater(t, lanes, in), in->b.reg, in->a.reg);
}

/* The host averages unsigned bytes and halfwords. */
static int make_average(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int a = in->a.reg, b = in->b.reg, differ;

	if (WIDTH(lanes) < B_U32)
		return biased(
		    t, lanes,
		    direct(t, B_V_AVERAGE, WIDTH(lanes), biased(t, lanes, a), biased(t, lanes, b)));
	differ = rrr(t, V_PXOR, a, b);
	differ = shifted(t, 1, IS_SIGNED(lanes) ? SHIFT_ALG : SHIFT_RIGHT, differ, 1);
	return rrr(t, V_PSUBD, rrr(t, V_POR, a, b), differ);
}

/* Counts of @b's lanes below their width; the host's shifts take all of them. */
static int counts(struct tr *t, enum b_lanes lanes, int b)
{
	return with_constant(t, V_PAND, b, CONST_COUNT_8 + WIDTH(lanes));
}

#define V_SHIFT_LEFT_BY(lanes)                                                                     \
	(WIDTH(lanes) == B_U16	 ? EVEX | V_W | V_0F38(0x12)                                       \
	 : WIDTH(lanes) == B_U64 ? V_W | V_0F38(0x47)                                              \
				 : V_0F38(0x47))
#define V_SHIFT_RIGHT_BY(lanes)                                                                    \
	((lanes) == B_U16   ? EVEX | V_W | V_0F38(0x10)                                            \
	 : (lanes) == B_S16 ? EVEX | V_W | V_0F38(0x11)                                            \
	 : (lanes) == B_U64 ? V_W | V_0F38(0x45)                                                   \
	 : (lanes) == B_S64 ? EVEX | V_W | V_0F38(0x46)                                            \
	 : (lanes) == B_S32 ? V_0F38(0x46)                                                         \
			    : V_0F38(0x45))

static int make_shift_left(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return emit(t, V_SHIFT_LEFT_BY(lanes), in->a.reg, counts(t, lanes, in->b.reg));
}

static int make_shift_right(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return emit(t, V_SHIFT_RIGHT_BY(lanes), in->a.reg, counts(t, lanes, in->b.reg));
}

/* To the right by the width - n: by one, then by the inverse of n. */
static int make_rotate(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	unsigned width = WIDTH(lanes);
	int a = in->a.reg, b = in->b.reg;
	int left = emit(t, V_SHIFT_LEFT_BY(lanes), a, counts(t, lanes, b));
	int rest = with_constant(t, V_PANDN, b, CONST_COUNT_8 + width);
	int right = shifted(t, width - 1, SHIFT_RIGHT, a, 1);

	right = emit(t, V_SHIFT_RIGHT_BY(lanes), right, rest);
	return rrr(t, V_POR, left, right);
}

/* One half of each lane of 16 << i bits, as wide as the lane: where it is signed, extended. */
static int high_half(struct tr *t, unsigned i, bool is_signed, int v)
{
	return shifted(t, i, is_signed ? SHIFT_ALG : SHIFT_RIGHT, v, (u8)(8 << i));
}

static int low_half(struct tr *t, unsigned i, bool is_signed, int v)
{
	if (!is_signed)
		return with_constant(t, V_PAND, v, CONST_LOW_16 + i);
	return shifted(t, i, SHIFT_ALG, shifted(t, i, SHIFT_LEFT, v, (u8)(8 << i)), (u8)(8 << i));
}

static int half(struct tr *t, bool high, unsigned i, bool is_signed, int v)
{
	return high ? high_half(t, i, is_signed, v) : low_half(t, i, is_signed, v);
}

/*
 * Bytes, of which the host shifts none: each is multiplied by a power of two, in a lane of 16 bits.
 * To the right, by that of 7 - n, the product is shifted by seven more.
 */
static int shift_of_bytes(struct tr *t, enum b_vop op, bool is_signed, int a, int power)
{
	int r = a;

	vex_rrr(&t->x, V_PMULLW, r, a, power);
	if (op == B_V_SHIFT_RIGHT) {
		vex_rrr(&t->x, V_SHIFT(0), is_signed ? SHIFT_ALG : SHIFT_RIGHT, r, r);
		x86_byte(&t->x, 7);
	} else if (op == B_V_ROTATE) {
		vex_rrr(&t->x, V_POR, r, r, shifted(t, 0, SHIFT_RIGHT, r, 8));
	}
	return r;
}

static int shift_bytes(struct tr *t, enum b_vop op, bool is_signed, const struct b_vectors *in)
{
	enum vector_constant k = op == B_V_SHIFT_RIGHT ? CONST_BITS : CONST_BITS_UP;
	int power = counts(t, B_U8, in->b.reg), high, low, low_power;

	vex_rrr(&t->x, V_PSHUFB, power, vregs_constant_reg(t, k), power);
	low_power = low_half(t, 0, false, power);
	low = shift_of_bytes(t, op, is_signed, low_half(t, 0, is_signed, in->a.reg), low_power);
	vex_constant(t, V_PAND, low, low, CONST_LOW_16);
	vex_rrr(&t->x, V_SHIFT(0), SHIFT_RIGHT, power, power);
	x86_byte(&t->x, 8);
	high = shift_of_bytes(t, op, is_signed, high_half(t, 0, is_signed, in->a.reg), power);
	vex_rrr(&t->x, V_SHIFT(0), SHIFT_LEFT, high, high);
	x86_byte(&t->x, 8);
	return rrr(t, V_POR, low, high);
}

static int make_shift_bytes_left(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return shift_bytes(t, B_V_SHIFT_LEFT, false, in);
}

static int make_shift_bytes_right(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return shift_bytes(t, B_V_SHIFT_RIGHT, IS_SIGNED(lanes), in);
}

static int make_rotate_bytes(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return shift_bytes(t, B_V_ROTATE, false, in);
}

#define ODD_WORDS 0xaa /* pblendw's mask: the host's odd lanes of 16 bits */

/* pmaddwd adds the products of a lane's halves, of which one is made 0. */
static int multiply_signed_halfwords(struct tr *t, bool high, int a, int b)
{
	return rrr(t, V_PMADDWD, half(t, high, 1, false, a), high ? half(t, true, 1, false, b) : b);
}

static int multiply_halfwords(struct tr *t, bool high, int a, int b)
{
	int low_part = rrr(t, V_PMULLW, a, b), high_part = rrr(t, V_PMULHUW, a, b);

	if (high)
		low_part = shifted(t, 1, SHIFT_RIGHT, low_part, 16);
	else
		high_part = shifted(t, 1, SHIFT_LEFT, high_part, 16);
	return rri(t, V_PBLENDW, low_part, high_part, ODD_WORDS);
}

/* The host takes the low halves of 64 bits. */
static int multiply_words(struct tr *t, bool high, bool is_signed, int a, int b)
{
	if (high) {
		a = high_half(t, 2, false, a);
		b = high_half(t, 2, false, b);
	}
	return rrr(t, is_signed ? V_PMULDQ : V_PMULUDQ, a, b);
}

/* Element 0 is in the host's last lane: even elements are high halves. */
static int multiply(struct tr *t, enum b_lanes lanes, bool high, const struct b_vectors *in)
{
	int a = in->a.reg, b = in->b.reg;
	bool is_signed = IS_SIGNED(lanes);

	switch (WIDTH(lanes)) {
	case B_U8:
		return rrr(t, V_PMULLW, half(t, high, 0, is_signed, a),
			   half(t, high, 0, is_signed, b));
	case B_U16:
		return is_signed ? multiply_signed_halfwords(t, high, a, b)
				 : multiply_halfwords(t, high, a, b);
	default:
		return multiply_words(t, high, is_signed, a, b);
	}
}

static int make_multiply_even(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return multiply(t, lanes, true, in);
}

static int make_multiply_odd(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return multiply(t, lanes, false, in);
}

#define ODD_PAIRS 0xcc /* pblendw's mask: the host's odd lanes of 32 bits */

static int make_merge_even(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return rri(t, V_PBLENDW, shifted(t, 2, SHIFT_RIGHT, in->b.reg, 32), in->a.reg, ODD_PAIRS);
}

static int make_merge_odd(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return rri(t, V_PBLENDW, in->b.reg, shifted(t, 2, SHIFT_LEFT, in->a.reg, 32), ODD_PAIRS);
}

/* The host saturates, so what is to be lost is cleared. */
static int make_pack(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int a = in->a.reg, b = in->b.reg;

	if (lanes == B_U64)
		return rri(t, V_SHUFPS, b, a, 0x88);
	a = low_half(t, WIDTH(lanes) - 1, false, a);
	b = in->b.reg == in->a.reg ? a : low_half(t, WIDTH(lanes) - 1, false, b);
	return rrr(t, lanes == B_U16 ? V_PACKUSWB : V_PACKUSDW, b, a);
}

static int make_unpack_high(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	unsigned width = WIDTH(lanes);
	int b = in->b.reg;

	if (lanes == B_S32)
		return rrr(t, V_0F38(0x25), 0, rri(t, V_PSHUFD, 0, b, 0xee));
	return shifted(t, width, SHIFT_ALG, rrr(t, V_0F(0x68 + width), b, b), (u8)(8 << width));
}

static int make_unpack_low(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	static const u32 op[] = {V_0F38(0x20), V_0F38(0x23), V_0F38(0x25)};

	return rrr(t, op[WIDTH(lanes)], 0, in->b.reg);
}

static int make_select(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int yes = rrr(t, V_PAND, in->c.reg, in->b.reg);

	return rrr(t, V_POR, yes, rrr(t, V_PANDN, in->c.reg, in->a.reg));
}

/*
 * Power's byte n is in the host's lane 15 - n: the low four bits of what is inverted. Bit 4 says
 * which of the two registers; the host looks at bit 7.
 */
static int make_permute(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
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
static int make_permute_vbmi(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int index = inverted(t, in->c.reg);

	evex_rrr(&t->x, V_PERMI2B, index, in->b.reg, in->a.reg);
	return index;
}

static int make_slide(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return in->n ? rri(t, V_PALIGNR, in->a.reg, in->b.reg, (u8)(16 - in->n)) : in->a.reg;
}

static int make_pair(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	u8 lane_of_a = in->n & 2 ? 0 : 2, lane_of_b = in->n & 1 ? 0 : 1;

	return rri(t, V_SHUFPD, in->b.reg, in->a.reg, lane_of_a | lane_of_b);
}

static int make_splat(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
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
static int make_number(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
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

/* Each word's products added, and c. The host has that for signed halfwords. */
static int make_sum_products(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int a = in->a.reg, b = in->b.reg, high, low;
	u32 op = WIDTH(lanes) == B_U8 ? V_PMADDWD : V_PMULLD;

	if (lanes == B_S16)
		return rrr(t, V_PADDD, rrr(t, V_PMADDWD, a, b), in->c.reg);
	high = rrr(t, op, half(t, true, WIDTH(lanes), IS_SIGNED(lanes), a),
		   half(t, true, WIDTH(lanes), false, b));
	low = rrr(t, op, half(t, false, WIDTH(lanes), IS_SIGNED(lanes), a),
		  half(t, false, WIDTH(lanes), false, b));
	return rrr(t, V_PADDD, rrr(t, V_PADDD, high, low), in->c.reg);
}

/* AES: the host's state is Power's the other way round. */
static int reversed(struct tr *t, int v)
{
	return with_constant(t, V_PSHUFB, v, CONST_REVERSE);
}

static int aes(struct tr *t, u32 op, int state, int key)
{
	return rrr(t, op, state, key);
}

static int zero(struct tr *t)
{
	return vregs_constant(t, CONST_ZERO);
}

/* The key is added last, in Power's order. */
static int aes_round(struct tr *t, u32 op, const struct b_vectors *in)
{
	int state = aes(t, op, reversed(t, in->a.reg), zero(t));

	return rrr(t, V_PXOR, reversed(t, state), in->b.reg);
}

static int make_aes(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return aes_round(t, V_AESENC, in);
}

static int make_aes_last(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return aes_round(t, V_AESENCLAST, in);
}

/* Power adds the key before the columns are mixed back, the host behind it. */
static int make_aes_back(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int state = aes(t, V_AESDECLAST, reversed(t, in->a.reg), reversed(t, in->b.reg));

	return reversed(t, rrr(t, V_AESIMC, 0, state));
}

static int make_aes_back_last(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return aes_round(t, V_AESDECLAST, in);
}

/* The last round shifts rows too. */
static int make_aes_bytes(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return aes(t, V_AESENCLAST, with_constant(t, V_PSHUFB, in->a.reg, CONST_UNSHIFT), zero(t));
}

/* Lanes of 16 << i bits rotated to the right. */
static int rotated(struct tr *t, unsigned i, int v, u8 by)
{
	u8 rest = (u8)((16 << i) - by);
	int r;

	if (!(t->jit->host & HOST_AVX512))
		return rrr(t, V_PXOR, shifted(t, i, SHIFT_RIGHT, v, by),
			   shifted(t, i, SHIFT_LEFT, v, rest));
	r = vregs_take(t);
	evex_rrr(&t->x, V_0F(0x72) | (i == 2 ? V_W : 0), 0, r, v);
	x86_byte(&t->x, by);
	return r;
}

/* FIPS 180-4, 4.1.2 and 4.1.3: two rotations, and one more or a shift. */
static int make_sigma(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	static const u8 by[2][4][3] = {
	    {{7, 18, 3}, {17, 19, 10}, {2, 13, 22}, {6, 11, 25}},
	    {{1, 8, 7}, {19, 61, 6}, {28, 34, 39}, {14, 18, 41}},
	};
	const u8 *n = by[lanes == B_U64][in->n];
	unsigned i = lanes == B_U64 ? 2 : 1;
	int a = in->a.reg, last;

	last = in->n & 2 ? rotated(t, i, a, n[2]) : shifted(t, i, SHIFT_RIGHT, a, n[2]);
	return rrr(t, V_PXOR, rrr(t, V_PXOR, rotated(t, i, a, n[0]), rotated(t, i, a, n[1])), last);
}

static int make_polynomials(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int a = in->a.reg, b = in->b.reg;

	return rrr(t, V_PXOR, rri(t, V_PCLMULQDQ, a, b, 0x00), rri(t, V_PCLMULQDQ, a, b, 0x11));
}

/*
 * The byte that has bit n is in lane 15 - n / 8, and the bit is 0x80 >> n % 8 there. Where n is
 * 128 or more, pshufb sees its first bit and gives 0.
 */
static int make_gather_bits(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int b = in->b.reg, index = shifted(t, 0, SHIFT_RIGHT, b, 3), bit = counts(t, B_U8, b);
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
static int make_transpose(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
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
static int make_transpose_gfni(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int rows = with_constant(t, V_PSHUFB, in->b.reg, CONST_REVERSE_8);

	return rri(t, V_GF2P8AFFINEQB, vregs_constant_reg(t, CONST_BITS_UP), rows, 0);
}

/* --- which way --- */

/* What the host must have; an opcode, or a function. */
struct way {
	u32 needs, op;
	make_fn *make;
};

#define ONE(op)                                                                                    \
	{                                                                                          \
		{                                                                                  \
			HOST_AVX, op, NULL                                                         \
		}                                                                                  \
	}
#define MADE(make)                                                                                 \
	{                                                                                          \
		{                                                                                  \
			HOST_AVX, 0, make                                                          \
		}                                                                                  \
	}
#define NEW(needs, op)                                                                             \
	{                                                                                          \
		needs, op, NULL                                                                    \
	}
#define V512(op) NEW(HOST_AVX512, EVEX | (op))
#define AVX2(make)                                                                                 \
	{                                                                                          \
		HOST_AVX2, 0, make                                                                 \
	}
#define BY512(make)                                                                                \
	{                                                                                          \
		HOST_AVX512, 0, make                                                               \
	}

/* The better way first. Signed lanes that aren't here are as unsigned ones. */
static const struct way ways[B_VOPS][B_LANES][2] = {
    [B_V_ADD] = {[B_U8] = ONE(EITHER | V_0F(0xfc)),
		 [B_U16] = ONE(EITHER | V_0F(0xfd)),
		 [B_U32] = ONE(EITHER | V_0F(0xfe)),
		 [B_U64] = ONE(EITHER | V_0F(0xd4))},
    [B_V_SUB] = {[B_U8] = ONE(V_0F(0xf8)),
		 [B_U16] = ONE(V_0F(0xf9)),
		 [B_U32] = ONE(V_0F(0xfa)),
		 [B_U64] = ONE(V_0F(0xfb))},
    [B_V_MULTIPLY] = {[B_U16] = ONE(EITHER | V_PMULLW), [B_U32] = ONE(V_0F38(0x40))},
    [B_V_AVERAGE] = {[B_U8] = ONE(EITHER | V_0F(0xe0)),
		     [B_U16] = ONE(EITHER | V_0F(0xe3)),
		     [B_U32] = MADE(make_average),
		     [B_S8] = MADE(make_average),
		     [B_S16] = MADE(make_average),
		     [B_S32] = MADE(make_average)},
    [B_V_MAX] = {[B_U8] = ONE(EITHER | V_0F(0xde)),
		 [B_U16] = ONE(V_0F38(0x3e)),
		 [B_U32] = ONE(V_0F38(0x3f)),
		 [B_U64] = {V512(V_W | V_0F38(0x3f)), {HOST_AVX, 0, make_max}},
		 [B_S8] = ONE(V_0F38(0x3c)),
		 [B_S16] = ONE(EITHER | V_0F(0xee)),
		 [B_S32] = ONE(V_0F38(0x3d)),
		 [B_S64] = {V512(V_W | V_0F38(0x3d)), {HOST_AVX, 0, make_max}}},
    [B_V_MIN] = {[B_U8] = ONE(EITHER | V_0F(0xda)),
		 [B_U16] = ONE(V_0F38(0x3a)),
		 [B_U32] = ONE(V_0F38(0x3b)),
		 [B_U64] = {V512(V_W | V_0F38(0x3b)), {HOST_AVX, 0, make_min}},
		 [B_S8] = ONE(V_0F38(0x38)),
		 [B_S16] = ONE(EITHER | V_0F(0xea)),
		 [B_S32] = ONE(V_0F38(0x39)),
		 [B_S64] = {V512(V_W | V_0F38(0x39)), {HOST_AVX, 0, make_min}}},
    [B_V_EQUAL] = {[B_U8] = ONE(EITHER | V_0F(0x74)),
		   [B_U16] = ONE(EITHER | V_0F(0x75)),
		   [B_U32] = ONE(EITHER | V_0F(0x76)),
		   [B_U64] = ONE(V_0F38(0x29))},
    [B_V_GREATER] = {[B_U8] = MADE(make_greater),
		     [B_U16] = MADE(make_greater),
		     [B_U32] = MADE(make_greater),
		     [B_U64] = MADE(make_greater),
		     [B_S8] = ONE(V_0F(0x64)),
		     [B_S16] = ONE(V_0F(0x65)),
		     [B_S32] = ONE(V_0F(0x66)),
		     [B_S64] = ONE(V_PCMPGTQ)},
    [B_V_AND] = {[B_U64] = ONE(EITHER | V_PAND)},
    [B_V_ANDC] = {[B_U64] = ONE(SWAPPED | V_PANDN)},
    [B_V_OR] = {[B_U64] = ONE(EITHER | V_POR)},
    [B_V_ORC] = {[B_U64] = MADE(make_orc)},
    [B_V_NOR] = {[B_U64] = MADE(make_nor)},
    [B_V_XOR] = {[B_U64] = ONE(EITHER | V_PXOR)},
    [B_V_EQV] = {[B_U64] = MADE(make_eqv)},
    [B_V_NAND] = {[B_U64] = MADE(make_nand)},
    [B_V_ROTATE] = {[B_U8] = MADE(make_rotate_bytes),
		    [B_U16] = {BY512(make_rotate)},
		    [B_U32] = {V512(V_0F38(0x15)), AVX2(make_rotate)},
		    [B_U64] = {V512(V_W | V_0F38(0x15)), AVX2(make_rotate)}},
    [B_V_SHIFT_LEFT] = {[B_U8] = MADE(make_shift_bytes_left),
			[B_U16] = {BY512(make_shift_left)},
			[B_U32] = {AVX2(make_shift_left)},
			[B_U64] = {AVX2(make_shift_left)}},
    [B_V_SHIFT_RIGHT] = {[B_U8] = MADE(make_shift_bytes_right),
			 [B_S8] = MADE(make_shift_bytes_right),
			 [B_U16] = {BY512(make_shift_right)},
			 [B_U32] = {AVX2(make_shift_right)},
			 [B_U64] = {AVX2(make_shift_right)},
			 [B_S16] = {BY512(make_shift_right)},
			 [B_S32] = {AVX2(make_shift_right)},
			 [B_S64] = {BY512(make_shift_right)}},
    [B_V_MULTIPLY_EVEN] = {[B_U8] = MADE(make_multiply_even),
			   [B_U16] = MADE(make_multiply_even),
			   [B_U32] = MADE(make_multiply_even),
			   [B_S8] = MADE(make_multiply_even),
			   [B_S16] = MADE(make_multiply_even),
			   [B_S32] = MADE(make_multiply_even)},
    [B_V_MULTIPLY_ODD] = {[B_U8] = MADE(make_multiply_odd),
			  [B_U16] = MADE(make_multiply_odd),
			  [B_U32] = MADE(make_multiply_odd),
			  [B_S8] = MADE(make_multiply_odd),
			  [B_S16] = MADE(make_multiply_odd),
			  [B_S32] = MADE(make_multiply_odd)},
    [B_V_MERGE_HIGH] = {[B_U8] = ONE(SWAPPED | V_0F(0x68)),
			[B_U16] = ONE(SWAPPED | V_0F(0x69)),
			[B_U32] = ONE(SWAPPED | V_0F(0x6a))},
    [B_V_MERGE_LOW] = {[B_U8] = ONE(SWAPPED | V_0F(0x60)),
		       [B_U16] = ONE(SWAPPED | V_0F(0x61)),
		       [B_U32] = ONE(SWAPPED | V_0F(0x62))},
    [B_V_MERGE_EVEN] = {[B_U32] = MADE(make_merge_even)},
    [B_V_MERGE_ODD] = {[B_U32] = MADE(make_merge_odd)},
    [B_V_PACK] = {[B_U16] = MADE(make_pack), [B_U32] = MADE(make_pack), [B_U64] = MADE(make_pack)},
    [B_V_UNPACK_HIGH] = {[B_S8] = MADE(make_unpack_high),
			 [B_S16] = MADE(make_unpack_high),
			 [B_S32] = MADE(make_unpack_high)},
    [B_V_UNPACK_LOW] = {[B_S8] = MADE(make_unpack_low),
			[B_S16] = MADE(make_unpack_low),
			[B_S32] = MADE(make_unpack_low)},
    [B_V_SELECT] = {[B_WHOLE] = MADE(make_select)},
    [B_V_PERMUTE] = {[B_WHOLE] = {{HOST_VBMI, 0, make_permute_vbmi}, {HOST_AVX, 0, make_permute}}},
    [B_V_SLIDE] = {[B_WHOLE] = MADE(make_slide)},
    [B_V_PAIR] = {[B_WHOLE] = MADE(make_pair)},
    [B_V_SPLAT] =
	{[B_U8] = MADE(make_splat), [B_U16] = MADE(make_splat), [B_U32] = MADE(make_splat)},
    [B_V_NUMBER] = {[B_U8] = MADE(make_number),
		    [B_S8] = MADE(make_number),
		    [B_S16] = MADE(make_number),
		    [B_S32] = MADE(make_number)},
    [B_V_SUM_PRODUCTS] = {[B_U8] = MADE(make_sum_products),
			  [B_U16] = MADE(make_sum_products),
			  [B_S8] = MADE(make_sum_products),
			  [B_S16] = MADE(make_sum_products)},
    [B_V_AES] = {[B_WHOLE] = {{HOST_AES, 0, make_aes}}},
    [B_V_AES_LAST] = {[B_WHOLE] = {{HOST_AES, 0, make_aes_last}}},
    [B_V_AES_BACK] = {[B_WHOLE] = {{HOST_AES, 0, make_aes_back}}},
    [B_V_AES_BACK_LAST] = {[B_WHOLE] = {{HOST_AES, 0, make_aes_back_last}}},
    [B_V_AES_BYTES] = {[B_WHOLE] = {{HOST_AES, 0, make_aes_bytes}}},
    [B_V_SIGMA] = {[B_U32] = MADE(make_sigma), [B_U64] = MADE(make_sigma)},
    [B_V_POLYNOMIALS] = {[B_U64] = {{HOST_PCLMUL, 0, make_polynomials}}},
    [B_V_TRANSPOSE] = {[B_WHOLE] = {{HOST_GFNI, 0, make_transpose_gfni},
				    {HOST_AVX, 0, make_transpose}}},
    [B_V_GATHER_BITS] = {[B_WHOLE] = MADE(make_gather_bits)},
};

static u32 opcode(enum b_vop op, enum b_lanes lanes)
{
	return ways[op][lanes][0].op;
}

static const struct way *way(const struct tr *t, enum b_vop op, enum b_lanes lanes)
{
	const struct way *w = ways[op][lanes];

	for (unsigned i = 0; i < ARRAY_SIZE(ways[0][0]); i++)
		if (w[i].needs & t->jit->host)
			return &w[i];
	return NULL;
}

bool b_can(const struct tr *t, enum b_vop op, enum b_lanes lanes)
{
	return way(t, op, lanes);
}

vec b_vector(struct tr *t, enum b_vop op, enum b_lanes lanes, struct b_vectors in)
{
	const struct way *w = way(t, op, lanes);

	if (w->make)
		return in_reg(w->make(t, lanes, &in));
	return in_reg(emit(t, w->op, in.a.reg, in.b.reg));
}

vec b_vsr(struct tr *t, unsigned vsr)
{
	return in_reg(vregs_whole(t, vsr));
}

void b_set_vsr(struct tr *t, unsigned vsr, vec v)
{
	vregs_set_whole(t, vsr, v.reg);
}

vec b_consecutive(struct tr *t, val ea, bool less)
{
	int r = vregs_take(t);
	struct x86 *x = &t->x;

	x86_mov(x, RDX, regs_value(t, ea));
	x86_group1(x, 0, G_AND, RDX, 15);
	x86_rip(x, X_LEA, RCX, vector_constant(t, CONST_DOWN));
	if (less) {
		x86_rm(x, X_MOVUPS_LD, r, X86_INDEX(RCX, RDX));
	} else {
		x86_rr(x, X_SUB | X_W, RCX, RDX);
		x86_rm(x, X_MOVUPS_LD, r, X86_AT(RCX, 16));
	}
	return in_reg(r);
}
