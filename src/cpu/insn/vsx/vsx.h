/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of VSX instructions (insn_vsx_*.c) share. Not for others.
 *
 * Elementwise instructions use the arrays of union vsr in host order: which of its elements comes
 * first makes no difference to them, since exception bits only accumulate. Where an instruction
 * pairs a doubleword with "its" word, the architecture means words 0 and 2, the upper halves of the
 * doublewords.
 */
#ifndef PAPYR_CPU_INSN_VSX_H
#define PAPYR_CPU_INSN_VSX_H

#include "cpu/fp/fpu.h"
#include "cpu/insn/op.h"

/*
 * A scalar result goes to doubleword 0. Doubleword 1 is undefined by ISA 2.07; here arithmetic
 * leaves 0 in it, as QEMU's POWER8 does, so that the two can be compared.
 */
static inline void vsx_set_scalar(struct cpu *cpu, unsigned t, u64 v)
{
	VSR_D(cpu->vsr[t], 0) = v;
	VSR_D(cpu->vsr[t], 1) = 0;
}

/* Operand registers in the expressions below: r is a, b, c or t. SD is the scalar, D(i) and W(i)
 * the running element. */
#define SD(r) VSR_D(cpu->vsr[op->r], 0)
#define ED(r) (cpu->vsr[op->r].d[i])
#define EW(r) (cpu->vsr[op->r].w[i])

/* Upper and lower half of a doubleword. */
#define HI32(v) ((u32)((v) >> 32))
#define LO32(v) ((u32)(v))
/* A 32-bit result's place in a doubleword is the upper half; the lower, undefined, gets a copy. */
#define TWICE32(v) ((u64)LO32(v) << 32 | LO32(v))

/* How an instruction ends that may have set FPSCR[FEX]. */
#define VSX_NEXT_FP                                                                                \
	do {                                                                                       \
		if (FP_EXCEPTION_DUE())                                                            \
			return cpu_raise_fp(cpu, op);                                              \
		NEXT;                                                                              \
	} while (0)

/*
 * One instruction on scalars. @call is an operation of fp/fpu.h that may use fpscr, SD(), and &v
 * for its result, and says whether the target is to be written, with @result (an expression of v).
 */
#define VSX_SCALAR_AS(name, call, result) VSX_SCALAR_WITH(name, settled, call, result)
#define VSX_SCALAR_WITH(name, how, call, result)                                                   \
	OP(name)                                                                                   \
	{                                                                                          \
		u64 *fpscr = fpscr_##how(&cpu->fpscr);                                             \
		u64 v = 0;                                                                         \
                                                                                                   \
		if (likely(call))                                                                  \
			vsx_set_scalar(cpu, op->t, result);                                        \
		VSX_NEXT_FP;                                                                       \
	}
#define VSX_SCALAR(name, call) VSX_SCALAR_AS(name, call, v)
/* Of operations that set all of FR, FI and FPRF. */
#define VSX_ARITH(name, call) VSX_SCALAR_WITH(name, replacing, call, v)

/*
 * One instruction on vectors: @array (d, w) is the target's view; @call is done for each of its
 * elements i, with ED() and EW(). The target is written only if all of them said so.
 */
#define VSX_VECTOR_AS(name, array, call, result)                                                   \
	OP(name)                                                                                   \
	{                                                                                          \
		u64 *fpscr = fpscr_settled(&cpu->fpscr);                                           \
		union vsr r;                                                                       \
		bool write = true;                                                                 \
                                                                                                   \
		for (unsigned i = 0; i < ARRAY_SIZE(r.array); i++) {                               \
			u64 v = 0;                                                                 \
                                                                                                   \
			write &= call;                                                             \
			r.array[i] = result;                                                       \
		}                                                                                  \
		if (likely(write))                                                                 \
			cpu->vsr[op->t] = r;                                                       \
		VSX_NEXT_FP;                                                                       \
	}
#define VSX_VECTOR(name, array, call) VSX_VECTOR_AS(name, array, call, v)

#endif
