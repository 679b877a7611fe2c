/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of floating-point instructions (insn_fp*.c) share. Not for others.
 */
#ifndef PAPYR_CPU_INSN_FP_H
#define PAPYR_CPU_INSN_FP_H

#include "cpu/fp/fpu.h"
#include "cpu/insn/op.h"

/* The operands: FPR n is doubleword 0 of VSR n. */
#define FRS VSR_D(cpu->vsr[op->t], 0)
#define FRA VSR_D(cpu->vsr[op->a], 0)
#define FRB VSR_D(cpu->vsr[op->b], 0)
#define FRC VSR_D(cpu->vsr[op->c], 0)

#define SIGN		  (1ull << 63)
#define SIGN_KEEP(a, b)	  (b)
#define SIGN_INVERT(a, b) ((b) ^ SIGN)
#define SIGN_CLEAR(a, b)  ((b) & ~SIGN)
#define SIGN_SET(a, b)	  ((b) | SIGN)
#define SIGN_COPY(a, b)	  (((a)&SIGN) | ((b) & ~SIGN))

/* The register's other half is undefined by ISA 2.07; hardware clears it. */
static inline void set_fpr(struct cpu *cpu, unsigned n, u64 v)
{
	cpu->vsr[n].q = (u128)v << 64;
}

/* How an instruction ends that may have set FPSCR[FEX]. */
#define FP_NEXT                                                                                    \
	do {                                                                                       \
		if (FP_EXCEPTION_DUE())                                                            \
			return cpu_raise_fp(cpu, op);                                              \
		NEXT;                                                                              \
	} while (0)

#endif
