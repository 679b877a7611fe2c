/* SPDX-License-Identifier: Apache-2.0 */
/* Constants of vector code. They lie before all translations, which address them by distance. */
#include "cpu/jit/x86_64/vector.h"

static const union vsr constants[CONSTANTS] = {
    [CONST_REVERSE] = {.d = {0x08090a0b0c0d0e0f, 0x0001020304050607}},
};

void vector_constants_emit(struct jit *jit, struct x86 *x)
{
	jit->constants = x->at = (u8 *)(((uintptr_t)x->at + 15) & ~(uintptr_t)15);
	memcpy(x->at, constants, sizeof(constants));
	x->at += sizeof(constants);
}

const u8 *vector_constant(const struct tr *t, enum vector_constant k)
{
	return t->jit->constants + k * sizeof(constants[0]);
}
