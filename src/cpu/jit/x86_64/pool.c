/* SPDX-License-Identifier: Apache-2.0 */
/* Constants of vector code. They lie before all translations, which address them by distance. */
#include "cpu/jit/x86_64/vector.h"

#define TWICE(k)                                                                                   \
	{                                                                                          \
		.d = { k, k }                                                                      \
	}

static const union vsr constants[CONSTANTS] = {
    [CONST_ONES] = TWICE(~0ull),
    [CONST_REVERSE] = {.d = {0x08090a0b0c0d0e0f, 0x0001020304050607}},
    [CONST_31] = TWICE(0x1f1f1f1f1f1f1f1f),
    [CONST_UNSHIFT] = {.d = {0x0b0e0104070a0d00, 0x0306090c0f020508}},
    [CONST_BITS] = TWICE(0x0102040810204080),
    [CONST_BITS_UP] = TWICE(0x8040201008040201),
    [CONST_REVERSE_8] = {.d = {0x0001020304050607, 0x08090a0b0c0d0e0f}},
    [CONST_EXCHANGE_1] = TWICE(0x00aa00aa00aa00aa),
    [CONST_EXCHANGE_2] = TWICE(0x0000cccc0000cccc),
    [CONST_EXCHANGE_4] = TWICE(0x00000000f0f0f0f0),
    [CONST_DOWN] = {.d = {0x18191a1b1c1d1e1f, 0x1011121314151617}},
    [CONST_DOWN_TOO] = {.d = {0x08090a0b0c0d0e0f, 0x0001020304050607}},
    [CONST_NO_LANES] = TWICE(0x8080808080808080),
    [CONST_LANES] = {.d = {0x0706050403020100, 0x0f0e0d0c0b0a0908}},
    [CONST_NO_LANES_TOO] = TWICE(0x8080808080808080),
    [CONST_MAX_32] = TWICE(0x7fffffff7fffffff),
    [CONST_SIGN_8] = TWICE(0x8080808080808080),
    [CONST_SIGN_8 + 1] = TWICE(0x8000800080008000),
    [CONST_SIGN_8 + 2] = TWICE(0x8000000080000000),
    [CONST_SIGN_8 + 3] = TWICE(0x8000000000000000),
    [CONST_COUNT_8] = TWICE(0x0707070707070707),
    [CONST_COUNT_8 + 1] = TWICE(0x000f000f000f000f),
    [CONST_COUNT_8 + 2] = TWICE(0x0000001f0000001f),
    [CONST_COUNT_8 + 3] = TWICE(63),
    [CONST_LOW_16] = TWICE(0x00ff00ff00ff00ff),
    [CONST_LOW_16 + 1] = TWICE(0x0000ffff0000ffff),
    [CONST_LOW_16 + 2] = TWICE(0x00000000ffffffff),
    [CONST_NO_SIGN] = TWICE(0x7fffffffffffffff),
    [CONST_HALF] = TWICE(0x3fe0000000000000),
    [CONST_ONE] = TWICE(0x3ff0000000000000),
    [CONST_EXPONENT_D] = TWICE(0x0020000000200000),
    [CONST_EXPONENT_D + 1] = TWICE(0x0040000000400000),
    [CONST_EXPONENT_S] = TWICE(0x0100000001000000),
    [CONST_EXPONENT_S + 1] = TWICE(0x0200000002000000),
};

static void emit_numbers(struct jit *jit)
{
	u8 *at = jit->constants + CONST_NUMBERS * sizeof(constants[0]);

	for (int n = -16; n < 16; n++, at += sizeof(constants[0]))
		memset(at, n, sizeof(constants[0]));
}

void vector_constants_emit(struct jit *jit, struct x86 *x)
{
	jit->constants = x->at = (u8 *)(((uintptr_t)x->at + 15) & ~(uintptr_t)15);
	memcpy(x->at, constants, sizeof(constants));
	emit_numbers(jit);
	x->at += sizeof(constants);
}

const u8 *vector_constant(const struct tr *t, enum vector_constant k)
{
	return t->jit->constants + k * sizeof(constants[0]);
}
