/* SPDX-License-Identifier: Apache-2.0 */
/* Vector compares: all ones where the relation holds, and a summary in CR6 by the record bit. */
#include "cpu/insn/vmx/vmx.h"
#include "cpu/fp/fpu.h"

/* The record bit of vector compares is bit 21. */
#define VC_RECORD PPC_BIT32(21)

#define CR6_ALL	 8u
#define CR6_NONE 2u

static inline void vector_compared(struct cpu *cpu, const struct op *op, u128 mask)
{
	VR(op->t).q = mask;
	if (op->insn & VC_RECORD)
		cpu->cr[6] = !~mask ? CR6_ALL : !mask ? CR6_NONE : 0;
}

/* @mask is the signed member as wide as @field: what the host's comparison gives. */
#define COMPARE(name, mask, field, relation)                                                       \
	OP(name)                                                                                   \
	{                                                                                          \
		union vsr r;                                                                       \
                                                                                                   \
		r.mask = VR(op->a).field relation VR(op->b).field;                                 \
		vector_compared(cpu, op, r.q);                                                     \
		NEXT;                                                                              \
	}

COMPARE(vcmpequb, vsb, vb, ==)
COMPARE(vcmpequh, vsh, vh, ==)
COMPARE(vcmpequw, vsw, vw, ==)
COMPARE(vcmpequd, vsd, vd, ==)
COMPARE(vcmpgtub, vsb, vb, >)
COMPARE(vcmpgtuh, vsh, vh, >)
COMPARE(vcmpgtuw, vsw, vw, >)
COMPARE(vcmpgtud, vsd, vd, >)
COMPARE(vcmpgtsb, vsb, vsb, >)
COMPARE(vcmpgtsh, vsh, vsh, >)
COMPARE(vcmpgtsw, vsw, vsw, >)
COMPARE(vcmpgtsd, vsd, vsd, >)

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
		vector_compared(cpu, op, r.q);                                                     \
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
