/* SPDX-License-Identifier: Apache-2.0 */
/* What scalar and vector floating point share: fp.c says what is done in line. */
#ifndef PAPYR_CPU_X86_64_FP_H
#define PAPYR_CPU_X86_64_FP_H

#include "cpu/jit/x86_64/vector.h"

#define V_SD(op)   V_OP(3, 1, op)
#define V_CVTSI2SD (V_SD(0x2a) | V_W)
#define V_SS(op)   V_OP(2, 1, op)
#define V_PD(op)   V_OP(1, 1, op)
#define V_PS(op)   V_OP(0, 1, op)

#define V_MOVAPS V_PS(0x28)
#define V_ANDPS	 V_PS(0x54)
#define V_ORPS	 V_PS(0x56)

/* The byte behind roundings to integral values; of inexact ones they tell nothing. */
enum { ROUND_DOWN = 9, ROUND_UP = 10, ROUND_ZERO = 11 };

/* The byte behind SSE's comparisons. */
enum fp_compare { COMPARE_EQ, COMPARE_LT, COMPARE_LE, COMPARE_UNORDERED };

/* The host's instructions by enum fpscr_op; fused ones are others. */
static inline u8 fp_opcode(unsigned op)
{
	static const u8 opcode[] = {[FPSCR_ADD] = 0x58,
				    [FPSCR_SUB] = 0x5c,
				    [FPSCR_MUL] = 0x59,
				    [FPSCR_DIV] = 0x5e,
				    [FPSCR_SQRT] = 0x51};

	return opcode[op];
}

static inline bool fp_is_fused(unsigned op)
{
	op &= ~FPSCR_SINGLE;
	return op >= FPSCR_MADD && op <= FPSCR_NMSUB;
}

static inline bool fp_has(const struct tr *t, unsigned op)
{
	u32 needs = HOST_AVX | (fp_is_fused(op) ? HOST_FMA : 0);

	return (t->jit->host & needs) == needs;
}

/* An instruction that may be called on the side begins, which sets @target. */
void fp_begin(struct tr *t, unsigned target);

#endif
