/* SPDX-License-Identifier: Apache-2.0 */
/* AES, SHA-2 and products of polynomials. */
#include "cpu/jit/x86_64/vmake.h"

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

int make_aes(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return aes_round(t, V_AESENC, in);
}

int make_aes_last(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return aes_round(t, V_AESENCLAST, in);
}

/* Power adds the key before the columns are mixed back, the host behind it. */
int make_aes_back(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int state = aes(t, V_AESDECLAST, reversed(t, in->a.reg), reversed(t, in->b.reg));

	return reversed(t, rrr(t, V_AESIMC, 0, state));
}

int make_aes_back_last(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	return aes_round(t, V_AESDECLAST, in);
}

/* The last round shifts rows too. */
int make_aes_bytes(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
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
int make_sigma(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
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

int make_polynomials(struct tr *t, enum b_lanes lanes, const struct b_vectors *in)
{
	int a = in->a.reg, b = in->b.reg;

	return rrr(t, V_PXOR, rri(t, V_PCLMULQDQ, a, b, 0x00), rri(t, V_PCLMULQDQ, a, b, 0x11));
}
