/* SPDX-License-Identifier: Apache-2.0 */
/* Vector instructions that work lane by lane: the meanings of vector.sem as C. */
#include "cpu/insn/vmx/vmx.h"

#define WIDTH_MASK(f) ((__typeof__(a.f[0]))(8 * sizeof(a.f[0]) - 1))
/* Masks are what the host's comparisons give, which are signed. */
#define AS_LANES(f, mask) ((__typeof__(a.f))(mask))

#define ADD(f)	       a.f + b.f
#define SUB(f)	       a.f - b.f
#define MULTIPLY(f)    a.f *b.f
#define AVERAGE(f)     (a.f | b.f) - ((a.f ^ b.f) >> 1) /* (a + b + 1) / 2 without one more bit */
#define MAX(f)	       VECTOR_SELECT(AS_LANES(f, a.f > b.f), a.f, b.f)
#define MIN(f)	       VECTOR_SELECT(AS_LANES(f, a.f < b.f), a.f, b.f)
#define EQUAL(f)       AS_LANES(f, a.f == b.f)
#define GREATER(f)     AS_LANES(f, a.f > b.f)
#define AND(f)	       a.f &b.f
#define ANDC(f)	       a.f & ~b.f
#define OR(f)	       a.f | b.f
#define ORC(f)	       a.f | ~b.f
#define NOR(f)	       ~(a.f | b.f)
#define XOR(f)	       a.f ^ b.f
#define EQV(f)	       ~(a.f ^ b.f)
#define NAND(f)	       ~(a.f & b.f)
#define ROTATE(f)      (a.f << (b.f & WIDTH_MASK(f))) | (a.f >> (-b.f & WIDTH_MASK(f)))
#define SHIFT_LEFT(f)  a.f << (b.f & WIDTH_MASK(f))
#define SHIFT_RIGHT(f) a.f >> (b.f & WIDTH_MASK(f))

#define LANES(name, operation, f) VECTOR_AB(name, f, operation(f))

#define WHOLE(name, operation, f)                                                                  \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr a = cpu->vsr[op->a], b = cpu->vsr[op->b];                          \
                                                                                                   \
		cpu->vsr[op->t].f = operation(f);                                                  \
		NEXT;                                                                              \
	}

#define COMPARE(name, operation, f)                                                                \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b);                                      \
                                                                                                   \
		VR(op->t).f = operation(f);                                                        \
		vector_compared(cpu, op);                                                          \
		NEXT;                                                                              \
	}

#include "cpu/insn/vector.sem"
