/* SPDX-License-Identifier: Apache-2.0 */
/* Vector compares of floating-point numbers; of integers: vector.sem. */
#include "cpu/insn/vmx/vmx.h"
#include "cpu/fp/fpu.h"

/* Hosts compare as Power does, but for VSCR[NJ], with which denormals are zeros. */
#define COMPARE_FLOAT(name, relation, exact_relation)                                              \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b);                                      \
		union vsr r;                                                                       \
                                                                                                   \
		r.vsw = a.vf relation b.vf;                                                        \
		if (cpu->vscr & VSCR_NJ && unlikely(vector_tiny(a) | vector_tiny(b))) {            \
			for (unsigned i = 0; i < 4; i++)                                           \
				r.w[i] = -(u32)vmx_cmpfp(exact_relation, a.w[i], b.w[i], true);    \
		}                                                                                  \
		VR(op->t) = r;                                                                     \
		vector_compared(cpu, op);                                                          \
		NEXT;                                                                              \
	}

COMPARE_FLOAT(vcmpeqfp, ==, FPU_REL_EQ)
COMPARE_FLOAT(vcmpgefp, >=, FPU_REL_GE)
COMPARE_FLOAT(vcmpgtfp, >, FPU_REL_GT)

/* Is each element within -b..b? Two bits of it say what is wrong; CR6, whether nothing is. */
OP(vcmpbfp)
{
	const union vsr a = VR(op->a), b = VR(op->b);
	bool nj = cpu->vscr & VSCR_NJ;
	union vsr r;

	for (unsigned i = 0; i < 4; i++)
		r.w[i] = vmx_cmpbfp(a.w[i], b.w[i], nj);
	VR(op->t) = r;
	if (op->insn & VC_RECORD)
		cpu->cr[6] = r.q ? 0 : CR6_NONE;
	NEXT;
}
