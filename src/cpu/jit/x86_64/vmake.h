/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How operations on vectors are made: the host's opcodes, and what the files share that have those
 * of several instructions. Elements are Power's, which counts from the most significant, lanes the
 * host's.
 */
#ifndef PAPYR_CPU_X86_64_VMAKE_H
#define PAPYR_CPU_X86_64_VMAKE_H

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
#define V_PSUBD	   V_0F(0xfa)
#define V_PCMPGTQ  V_0F38(0x37)
#define V_PSHUFLW  V_OP(3, 1, 0x70)
#define V_PSHUFHW  V_OP(2, 1, 0x70)
#define V_PBLENDVB V_0F3A(0x4c)
#define V_PBLENDW  V_0F3A(0x0e)
#define V_PALIGNR  V_0F3A(0x0f)
#define V_SHUFPS   V_OP(0, 1, 0xc6)
#define V_SHUFPD   V_0F(0xc6)
#define V_PACKUSWB V_0F(0x67)
#define V_PACKUSDW V_0F38(0x2b)
#define V_PACKSSWB V_0F(0x63)
#define V_PACKSSDW V_0F(0x6b)
#define V_PMINUW   V_0F38(0x3a)
#define V_PMINUD   V_0F38(0x3b)
#define V_BLENDVPS V_0F3A(0x4a)
#define V_PERMI2B  V_0F38(0x75)
#define V_PMULLW   V_0F(0xd5)
#define V_PMULHUW  V_0F(0xe4)
#define V_PMADDWD  V_0F(0xf5)
#define V_PMULUDQ  V_0F(0xf4)
#define V_PMULDQ   V_0F38(0x28)

#define V_PMULLD	V_0F38(0x40)
#define V_AESENC	V_0F38(0xdc)
#define V_AESENCLAST	V_0F38(0xdd)
#define V_AESDECLAST	V_0F38(0xdf)
#define V_AESIMC	V_0F38(0xdb)
#define V_PCLMULQDQ	V_0F3A(0x44)
#define V_MOVD		V_0F(0x6e)
#define V_MOVDQA	V_0F(0x6f)
#define V_MOVD_FROM	V_0F(0x7e)
#define V_PSLLQ		V_0F(0xf3)
#define V_PSRLQ		V_0F(0xd3)
#define V_GF2P8AFFINEQB (V_W | V_0F3A(0xce))

/* Shifts by a constant, of 16 << i bits: a group, whose number stands for a register. */
#define V_SHIFT(i)	  V_0F(0x71 + (i))
#define SHIFT_LEFT	  6
#define SHIFT_RIGHT	  2
#define SHIFT_ALG	  4
#define SHIFT_BYTES	  7 /* to the left, with V_SHIFT(2) */
#define SHIFT_BYTES_RIGHT 3

static inline int rrr(struct tr *t, u32 op, int v, int rm)
{
	int r = vregs_take(t);

	vex_rrr(&t->x, op, r, v, rm);
	return r;
}

static inline int rri(struct tr *t, u32 op, int v, int rm, u8 imm)
{
	int r = rrr(t, op, v, rm);

	x86_byte(&t->x, imm);
	return r;
}

static inline int with_constant(struct tr *t, u32 op, int v, enum vector_constant k)
{
	int r = vregs_take(t);

	vex_constant(t, op, r, v, k);
	return r;
}

/* Lanes of 16 << i bits. */
static inline int shifted(struct tr *t, unsigned i, int group, int a, u8 by)
{
	int r = vregs_take(t);

	vex_rrr(&t->x, V_SHIFT(i), group, r, a);
	x86_byte(&t->x, by);
	return r;
}

static inline int inverted(struct tr *t, int v)
{
	return with_constant(t, V_PXOR, v, CONST_ONES);
}

static inline int blended(struct tr *t, int mask, int yes, int no)
{
	return rri(t, V_PBLENDVB, no, yes, (u8)(mask << 4));
}

/* --- vector.c --- */
/* A new register = a op b. */
int vector_emit(struct tr *t, u32 op, int a, int b);
/* The same by an operation that is one instruction. */
int vector_direct(struct tr *t, enum b_vop op, enum b_lanes lanes, int a, int b);

/* Makes an operation of which the table there says so; the register with the result. */
typedef int make_fn(struct tr *t, enum b_lanes lanes, const struct b_vectors *in);

/* --- vlanes.c --- */
/* Counts of @b's lanes below their width. */
int vector_counts(struct tr *t, enum b_lanes lanes, int b);
/* The low half of each lane of 16 << i bits, as wide as the lane: where it is signed, extended. */
int vector_low_half(struct tr *t, unsigned i, bool is_signed, int v);
make_fn make_orc, make_nor, make_eqv, make_nand, make_greater, make_max, make_min, make_average,
    make_shift_left, make_shift_right, make_rotate, make_shift_bytes_left, make_shift_bytes_right,
    make_rotate_bytes, make_multiply_even, make_multiply_odd, make_sum_products, make_carry,
    make_no_borrow;

/* --- vpermute.c --- */
make_fn make_merge_even, make_merge_odd, make_pack, make_unpack_high, make_unpack_low, make_select,
    make_permute, make_permute_vbmi, make_slide, make_pair, make_splat, make_number,
    make_gather_bits, make_transpose, make_transpose_gfni, make_bytes_left, make_bytes_right,
    make_bits_left, make_bits_right;

/* --- vsaturate.c --- */
make_fn make_add_saturating, make_sub_saturating, make_pack_saturating, make_pack_positive;

/* --- vcrypto.c --- */
make_fn make_aes, make_aes_last, make_aes_back, make_aes_back_last, make_aes_bytes, make_sigma,
    make_polynomials;

#endif
