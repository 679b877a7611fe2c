/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors in a translation: which xmm registers hold them (vregs.c), constants (pool.c). */
#ifndef PAPYR_CPU_X86_64_VECTOR_H
#define PAPYR_CPU_X86_64_VECTOR_H

#include "cpu/jit/x86_64/jit.h"
#include "cpu/jit/x86_64/vex.h"

/* 16 bytes each; [0] is the last lane of the host's. */
enum vector_constant {
	NO_CONSTANT,
	CONST_ZERO,
	CONST_ONES,
	CONST_REVERSE,	  /* pshufb's: bytes the other way round */
	CONST_31,	  /* in each byte */
	CONST_UNSHIFT,	  /* pshufb's: undoes the shift of rows in a round of AES */
	CONST_BITS,	  /* byte n has bit 0x80 >> n, for n below 8 */
	CONST_BITS_UP,	  /* and 1 << n */
	CONST_REVERSE_8,  /* as CONST_REVERSE, within doublewords */
	CONST_EXCHANGE_1, /* bits above the diagonal of eight rows of eight, in blocks of 1, 2, 4 */
	CONST_EXCHANGE_2,
	CONST_EXCHANGE_4,
	CONST_DOWN, /* with the next: 31, 30, ..., 0 */
	CONST_DOWN_TOO,
	CONST_NO_LANES, /* pshufb's for nothing, for all as it is, and for nothing */
	CONST_LANES,
	CONST_NO_LANES_TOO,
	CONST_MAX_32,			  /* the largest signed word */
	CONST_SIGN_8,			  /* the sign bits of lanes of 8, 16, 32, 64 bits */
	CONST_COUNT_8 = CONST_SIGN_8 + 4, /* lanes with their width less one */
	CONST_LOW_16 = CONST_COUNT_8 + 4, /* the low halves of lanes of 16, 32, 64 bits */
	CONST_NUMBERS = CONST_LOW_16 + 3, /* bytes of one number each, from -16 to 15 */
	CONST_LAST_NUMBER = CONST_NUMBERS + 31,
	CONST_NO_SIGN, /* all but the sign bits of 64-bit lanes */
	CONST_HALF,    /* doubles */
	CONST_ONE,
	/* exponents of doubles and singles, shifted left by 1: one more, two more */
	CONST_EXPONENT_D,
	CONST_EXPONENT_S = CONST_EXPONENT_D + 2,
	CONST_LAST_EXPONENT = CONST_EXPONENT_S + 1,
	CONSTANTS
};

#define CONST_NUMBER(n) ((enum vector_constant)(CONST_NUMBERS + 16 + (n)))

/* --- pool.c --- */
/* Lays the constants down at @x, once for all translations. */
void vector_constants_emit(struct jit *jit, struct x86 *x);
/* For x86_rip(), vex_rip(). */
const u8 *vector_constant(const struct tr *t, enum vector_constant k);

/* --- vregs.c --- */
void vregs_begin(struct tr *t);
/*
 * A new instruction: values of the last one that are no register's may go. Unless it @stays,
 * memory is right from here on.
 */
void vregs_next(struct tr *t, bool stays);
/* The instruction can't be left any more. */
void vregs_stays(struct tr *t);
/* An xmm register for a new value, until the instruction's end. */
int vregs_take(struct tr *t);
/* One with @vsr's 128 bits, or with its doubleword 0 in the low lane; not to be changed. */
int vregs_whole(struct tr *t, unsigned vsr);
int vregs_scalar(struct tr *t, unsigned vsr);
/* @vsr becomes what @reg holds, which stays so from here on. */
void vregs_set_whole(struct tr *t, unsigned vsr, int reg);
/* Its doubleword 0 becomes the low lane of @reg, and doubleword 1 zero, or what it was. */
void vregs_set_scalar(struct tr *t, unsigned vsr, int reg);
void vregs_set_doubleword(struct tr *t, unsigned vsr, int reg);
/* The low lane of @reg was stored as @vsr's doubleword 0, after vregs_drop(). */
void vregs_is_doubleword(struct tr *t, unsigned vsr, int reg);
/* @vsr is about to change in memory; all may have changed. */
/* @vsr is about to change in memory; all may have changed. */
void vregs_drop(struct tr *t, unsigned vsr);
void vregs_forget(struct tr *t);
/* reg = v op the constant. */
void vex_constant(struct tr *t, u32 op, int reg, int v, enum vector_constant k);
/* A register with the constant, or -1: it wasn't used yet, and may be in memory as well. */
int vregs_constant(struct tr *t, enum vector_constant k);
/* A register with it. */
int vregs_constant_reg(struct tr *t, enum vector_constant k);

/* Where the doubleword @i of a vector-scalar register is. */
struct x86_mem vsr_half(unsigned vsr, unsigned i);

#endif
