/* SPDX-License-Identifier: Apache-2.0 */
/* Operations lane by lane that the host has no one instruction for: sums, shifts, products. */
#include "cpu/jit/x86_64/vmake.h"

int make_orc(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return rrr(t, V_POR, in->a.reg, inverted(t, in->b.reg));
}

int make_nor(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	if (in->a.reg == in->b.reg)
		return inverted(t, in->a.reg);
	return inverted(t, rrr(t, V_POR, in->a.reg, in->b.reg));
}

int make_eqv(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return inverted(t, rrr(t, V_PXOR, in->a.reg, in->b.reg));
}

int make_nand(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return inverted(t, rrr(t, V_PAND, in->a.reg, in->b.reg));
}

/* The sign bits inverted: signed comparisons of that are unsigned ones. */
static int biased(struct tr *t, enum b_lanes lanes, int v)
{
	return with_constant(t, V_PXOR, v, CONST_SIGN_8 + WIDTH(lanes));
}

int make_greater(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int a = in->a.reg, b = in->b.reg;

	if (WIDTH(lanes) == B_U64)
		return rrr(t, V_PCMPGTQ, biased(t, lanes, a), biased(t, lanes, b));
	/* Not the smaller one of the two. */
	return inverted(
	    t, vector_direct(t, B_V_EQUAL, lanes, a, vector_direct(t, B_V_MIN, lanes, a, b)));
}

static int a_is_greater(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	if (IS_SIGNED(lanes))
		return rrr(t, V_PCMPGTQ, in->a.reg, in->b.reg);
	return make_greater(t, lanes, in);
}

int make_max(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return blended(t, a_is_greater(t, lanes, in), in->a.reg, in->b.reg);
}

int make_min(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return blended(t, a_is_greater(t, lanes, in), in->b.reg, in->a.reg);
}

/* The host averages unsigned bytes and halfwords. */
int make_average(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int a = in->a.reg, b = in->b.reg, differ;

	if (WIDTH(lanes) < B_U32)
		return biased(t, lanes,
			      vector_direct(t, B_V_AVERAGE, WIDTH(lanes), biased(t, lanes, a),
					    biased(t, lanes, b)));
	differ = rrr(t, V_PXOR, a, b);
	differ = shifted(t, 1, IS_SIGNED(lanes) ? SHIFT_ALG : SHIFT_RIGHT, differ, 1);
	return rrr(t, V_PSUBD, rrr(t, V_POR, a, b), differ);
}

/* Counts of @b's lanes below their width; the host's shifts take all of them. */
int vector_counts(struct tr *t, enum b_lanes lanes, int b)
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

int make_shift_left(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return vector_emit(t, V_SHIFT_LEFT_BY(lanes), in->a.reg,
			   vector_counts(t, lanes, in->b.reg));
}

int make_shift_right(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return vector_emit(t, V_SHIFT_RIGHT_BY(lanes), in->a.reg,
			   vector_counts(t, lanes, in->b.reg));
}

/* To the right by the width - n: by one, then by the inverse of n. */
int make_rotate(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	unsigned width = WIDTH(lanes);
	int a = in->a.reg, b = in->b.reg;
	int left = vector_emit(t, V_SHIFT_LEFT_BY(lanes), a, vector_counts(t, lanes, b));
	int rest = with_constant(t, V_PANDN, b, CONST_COUNT_8 + width);
	int right = shifted(t, width - 1, SHIFT_RIGHT, a, 1);

	right = vector_emit(t, V_SHIFT_RIGHT_BY(lanes), right, rest);
	return rrr(t, V_POR, left, right);
}

/* One half of each lane of 16 << i bits, as wide as the lane: where it is signed, extended. */
static int high_half(struct tr *t, unsigned i, bool is_signed, int v)
{
	return shifted(t, i, is_signed ? SHIFT_ALG : SHIFT_RIGHT, v, (u8)(8 << i));
}

int vector_low_half(struct tr *t, unsigned i, bool is_signed, int v)
{
	if (!is_signed)
		return with_constant(t, V_PAND, v, CONST_LOW_16 + i);
	return shifted(t, i, SHIFT_ALG, shifted(t, i, SHIFT_LEFT, v, (u8)(8 << i)), (u8)(8 << i));
}

static int half(struct tr *t, bool high, unsigned i, bool is_signed, int v)
{
	return high ? high_half(t, i, is_signed, v) : vector_low_half(t, i, is_signed, v);
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
	int power = vector_counts(t, B_U8, in->b.reg), high, low, low_power;

	vex_rrr(&t->x, V_PSHUFB, power, vregs_constant_reg(t, k), power);
	low_power = vector_low_half(t, 0, false, power);
	low = shift_of_bytes(t, op, is_signed, vector_low_half(t, 0, is_signed, in->a.reg),
			     low_power);
	vex_constant(t, V_PAND, low, low, CONST_LOW_16);
	vex_rrr(&t->x, V_SHIFT(0), SHIFT_RIGHT, power, power);
	x86_byte(&t->x, 8);
	high = shift_of_bytes(t, op, is_signed, high_half(t, 0, is_signed, in->a.reg), power);
	vex_rrr(&t->x, V_SHIFT(0), SHIFT_LEFT, high, high);
	x86_byte(&t->x, 8);
	return rrr(t, V_POR, low, high);
}

int make_shift_bytes_left(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return shift_bytes(t, B_V_SHIFT_LEFT, false, in);
}

int make_shift_bytes_right(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return shift_bytes(t, B_V_SHIFT_RIGHT, IS_SIGNED(lanes), in);
}

int make_rotate_bytes(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
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

int make_multiply_even(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return multiply(t, lanes, true, in);
}

int make_multiply_odd(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return multiply(t, lanes, false, in);
}

/* Each word's products added, and c. The host has that for signed halfwords. */
int make_sum_products(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
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

/* Carries out of words, 0 or 1: where the sum is less than a, or a not less than b. */
int make_carry(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int a = in->a.reg, sum = vector_direct(t, B_V_ADD, lanes, a, in->b.reg);
	int none = vector_direct(t, B_V_EQUAL, lanes, a, vector_direct(t, B_V_MIN, lanes, a, sum));

	return rrr(t, V_PSUBD, none, vregs_constant(t, CONST_ONES));
}

int make_no_borrow(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int a = in->a.reg, larger = vector_direct(t, B_V_MAX, lanes, a, in->b.reg);

	return shifted(t, 1, SHIFT_RIGHT, vector_direct(t, B_V_EQUAL, lanes, a, larger), 31);
}
