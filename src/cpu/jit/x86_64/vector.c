/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on vectors: which ways the host has for each. Most are one instruction; the others are
 * made of several.
 */
#include "cpu/jit/x86_64/vmake.h"

int vector_emit(struct tr *t, u32 op, int a, int b)
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

/* What the host must have; an opcode, or a function. */
struct way {
	u32 needs, op;
	make_fn *make;
};

/* clang-format off */
#define ONE(op)	       {{HOST_AVX, op, NULL}}
#define MADE(make)     {{HOST_AVX, 0, make}}
#define MADE_TOO(make) {HOST_AVX, 0, make}
#define AVX2(make)     {HOST_AVX2, 0, make}
#define BY512(make)    {HOST_AVX512, 0, make}
#define V512(op)       {HOST_AVX512, EVEX | (op), NULL}
/* clang-format on */

/* The better way first. */
static const struct way ways[B_VOPS][B_LANES][2] = {
    [B_V_ADD] = {[B_U8] = ONE(EITHER | V_0F(0xfc)),
		 [B_U16] = ONE(EITHER | V_0F(0xfd)),
		 [B_U32] = ONE(EITHER | V_0F(0xfe)),
		 [B_U64] = ONE(EITHER | V_0F(0xd4))},
    [B_V_SUB] = {[B_U8] = ONE(V_0F(0xf8)),
		 [B_U16] = ONE(V_0F(0xf9)),
		 [B_U32] = ONE(V_0F(0xfa)),
		 [B_U64] = ONE(V_0F(0xfb))},
    [B_V_CARRY] = {[B_U32] = MADE(make_carry)},
    [B_V_NO_BORROW] = {[B_U32] = MADE(make_no_borrow)},
    [B_V_BYTES_LEFT] = {[B_WHOLE] = MADE(make_bytes_left)},
    [B_V_BYTES_RIGHT] = {[B_WHOLE] = MADE(make_bytes_right)},
    [B_V_BITS_LEFT] = {[B_WHOLE] = MADE(make_bits_left)},
    [B_V_BITS_RIGHT] = {[B_WHOLE] = MADE(make_bits_right)},
    [B_V_ADD_SATURATING] = {[B_U8] = MADE(make_add_saturating),
			    [B_U16] = MADE(make_add_saturating),
			    [B_U32] = MADE(make_add_saturating),
			    [B_S8] = MADE(make_add_saturating),
			    [B_S16] = MADE(make_add_saturating),
			    [B_S32] = MADE(make_add_saturating)},
    [B_V_SUB_SATURATING] = {[B_U8] = MADE(make_sub_saturating),
			    [B_U16] = MADE(make_sub_saturating),
			    [B_U32] = MADE(make_sub_saturating),
			    [B_S8] = MADE(make_sub_saturating),
			    [B_S16] = MADE(make_sub_saturating),
			    [B_S32] = MADE(make_sub_saturating)},
    [B_V_PACK_SATURATING] = {[B_U16] = MADE(make_pack_saturating),
			     [B_U32] = MADE(make_pack_saturating),
			     [B_S16] = MADE(make_pack_saturating),
			     [B_S32] = MADE(make_pack_saturating)},
    [B_V_PACK_POSITIVE] = {[B_S16] = MADE(make_pack_positive), [B_S32] = MADE(make_pack_positive)},
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
		 [B_U64] = {V512(V_W | V_0F38(0x3f)), MADE_TOO(make_max)},
		 [B_S8] = ONE(V_0F38(0x3c)),
		 [B_S16] = ONE(EITHER | V_0F(0xee)),
		 [B_S32] = ONE(V_0F38(0x3d)),
		 [B_S64] = {V512(V_W | V_0F38(0x3d)), MADE_TOO(make_max)}},
    [B_V_MIN] = {[B_U8] = ONE(EITHER | V_0F(0xda)),
		 [B_U16] = ONE(V_0F38(0x3a)),
		 [B_U32] = ONE(V_0F38(0x3b)),
		 [B_U64] = {V512(V_W | V_0F38(0x3b)), MADE_TOO(make_min)},
		 [B_S8] = ONE(V_0F38(0x38)),
		 [B_S16] = ONE(EITHER | V_0F(0xea)),
		 [B_S32] = ONE(V_0F38(0x39)),
		 [B_S64] = {V512(V_W | V_0F38(0x39)), MADE_TOO(make_min)}},
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
    [B_V_PERMUTE] = {[B_WHOLE] = {{HOST_VBMI, 0, make_permute_vbmi}, MADE_TOO(make_permute)}},
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
    [B_V_TRANSPOSE] = {[B_WHOLE] = {{HOST_GFNI, 0, make_transpose_gfni}, MADE_TOO(make_transpose)}},
    [B_V_GATHER_BITS] = {[B_WHOLE] = MADE(make_gather_bits)},
};

int vector_direct(struct tr *t, enum b_vop op, enum b_lanes lanes, int a, int b)
{
	return vector_emit(t, ways[op][lanes][0].op, a, b);
}

static const struct way *way(const struct tr *t, enum b_vop op, enum b_lanes lanes)
{
	const struct way *w = ways[op][lanes];

	for (unsigned i = 0; i < ARRAY_SIZE(ways[0][0]); i++)
		if (w[i].needs & t->jit->host)
			return &w[i];
	return NULL;
}

static vec in_reg(int reg)
{
	return (vec){(s8)reg};
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
	return in_reg(vector_emit(t, w->op, in.a.reg, in.b.reg));
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
