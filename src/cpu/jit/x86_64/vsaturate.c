/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums and packs that saturate. The host has most, but doesn't tell where that happened: results
 * are held against what they would be otherwise, and VSCR[SAT] is set where they differ.
 */
#include "cpu/jit/x86_64/vmake.h"

#define VSCR_SAT 1
#define V_PTEST	 V_0F38(0x17)
#define X_OR_TO8 (0x08u | X_BYTE)

static void saturated_if(struct tr *t, int wrong)
{
	struct x86 *x = &t->x;

	vex_rrr(x, V_PTEST, wrong, 0, wrong);
	x86_rr(x, X_SETCC(CC_NE), 0, RAX);
	x86_rm(x, X_OR_TO8, RAX, CPU_AT(vscr));
}
_Static_assert(VSCR_SAT == 1, "setne makes it");

static int checked(struct tr *t, int result, int modulo)
{
	saturated_if(t, rrr(t, V_PXOR, result, modulo));
	return result;
}

/* Unsigned words: the sum is b and no more of a than there is room for. */
static int add_words(struct tr *t, int a, int b)
{
	return rrr(t, V_PADDD, vector_direct(t, B_V_MIN, B_U32, a, inverted(t, b)), b);
}

static int subtract_words(struct tr *t, int a, int b)
{
	return rrr(t, V_PSUBD, vector_direct(t, B_V_MAX, B_U32, a, b), b);
}

/* Signed words: where @overflow's sign is set, the limit on a's side. */
static int limited(struct tr *t, int modulo, int a, int overflow)
{
	int limit = with_constant(t, V_PXOR, shifted(t, 1, SHIFT_ALG, a, 31), CONST_MAX_32);

	return rri(t, V_BLENDVPS, modulo, limit, (u8)(overflow << 4));
}

int make_add_saturating(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	static const u32 op[] = {
	    [B_U8] = V_0F(0xdc), [B_U16] = V_0F(0xdd), [B_S8] = V_0F(0xec), [B_S16] = V_0F(0xed)};
	int a = in->a.reg, b = in->b.reg;
	int modulo = vector_direct(t, B_V_ADD, WIDTH(lanes), a, b), overflow;

	if (lanes == B_U32)
		return checked(t, add_words(t, a, b), modulo);
	if (lanes != B_S32)
		return checked(t, rrr(t, op[lanes], a, b), modulo);
	overflow = rrr(t, V_PAND, rrr(t, V_PXOR, a, modulo), rrr(t, V_PXOR, b, modulo));
	return checked(t, limited(t, modulo, a, overflow), modulo);
}

int make_sub_saturating(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	static const u32 op[] = {
	    [B_U8] = V_0F(0xd8), [B_U16] = V_0F(0xd9), [B_S8] = V_0F(0xe8), [B_S16] = V_0F(0xe9)};
	int a = in->a.reg, b = in->b.reg;
	int modulo = vector_direct(t, B_V_SUB, WIDTH(lanes), a, b), overflow;

	if (lanes == B_U32)
		return checked(t, subtract_words(t, a, b), modulo);
	if (lanes != B_S32)
		return checked(t, rrr(t, op[lanes], a, b), modulo);
	overflow = rrr(t, V_PAND, rrr(t, V_PXOR, a, b), rrr(t, V_PXOR, a, modulo));
	return checked(t, limited(t, modulo, a, overflow), modulo);
}

/* The host packs signed lanes: unsigned ones are cut down before. */
static int pack_unsigned(struct tr *t, enum b_lanes lanes, int a, int b)
{
	enum vector_constant most = CONST_LOW_16 + WIDTH(lanes) - 1;
	u32 min = lanes == B_U16 ? V_PMINUW : V_PMINUD;
	int cut_a = with_constant(t, min, a, most), cut_b = with_constant(t, min, b, most);

	saturated_if(t, rrr(t, V_POR, rrr(t, V_PXOR, a, cut_a), rrr(t, V_PXOR, b, cut_b)));
	return rrr(t, lanes == B_U16 ? V_PACKUSWB : V_PACKUSDW, cut_b, cut_a);
}

/* What was packed is unpacked, and held against @a and @b. */
static int checked_pack(struct tr *t, int packed, int high, int low, int a, int b)
{
	saturated_if(t, rrr(t, V_POR, rrr(t, V_PXOR, a, high), rrr(t, V_PXOR, b, low)));
	return packed;
}

int make_pack_saturating(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	struct b_vectors packed = *in;
	enum b_lanes to = lanes - 1;
	int a = in->a.reg, b = in->b.reg, r;

	if (!IS_SIGNED(lanes))
		return pack_unsigned(t, lanes, a, b);
	r = rrr(t, lanes == B_S16 ? V_PACKSSWB : V_PACKSSDW, b, a);
	packed.b.reg = (s8)r;
	return checked_pack(t, r, make_unpack_high(t, to, &packed), make_unpack_low(t, to, &packed),
			    a, b);
}

/* Of signed lanes, to unsigned ones. */
int make_pack_positive(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	bool halfwords = lanes == B_S16;
	int a = in->a.reg, b = in->b.reg, zero = vregs_constant(t, CONST_ZERO);
	int r = rrr(t, halfwords ? V_PACKUSWB : V_PACKUSDW, b, a);

	return checked_pack(t, r, rrr(t, V_0F(halfwords ? 0x68 : 0x69), r, zero),
			    rrr(t, V_0F(halfwords ? 0x60 : 0x61), r, zero), a, b);
}
