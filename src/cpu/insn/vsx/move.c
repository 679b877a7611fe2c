/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VSX instructions that only move bits: between register files, within vectors, and signs of
 * numbers; logical ones are in vector.sem. None looks at the FPSCR.
 */
#include "cpu/insn/vsx/vsx.h"

/*
 * Moves between general and vector-scalar registers need the facility whose registers they name: FP
 * for VSR 0..31, VMX for the others, whatever MSR[VSX] says.
 */
static bool facility_missing(const struct cpu *cpu, unsigned vsr)
{
	return !(cpu->msr & (vsr < 32 ? MSR_FP : MSR_VEC));
}

static const struct op *raise_facility(struct cpu *cpu, const struct op *op)
{
	return cpu_raise(cpu, op, op->t < 32 ? VEC_FP_UNAVAILABLE : VEC_VMX_UNAVAILABLE, 0);
}

#define REGISTER_MOVE(name, move)                                                                  \
	OP(name)                                                                                   \
	{                                                                                          \
		if (unlikely(facility_missing(cpu, op->t)))                                        \
			return raise_facility(cpu, op);                                            \
		move;                                                                              \
		NEXT;                                                                              \
	}

REGISTER_MOVE(mfvsrd, cpu->gpr[op->a] = SD(t))
REGISTER_MOVE(mfvsrwz, cpu->gpr[op->a] = LO32(SD(t)))
REGISTER_MOVE(mtvsrd, SD(t) = cpu->gpr[op->a])
REGISTER_MOVE(mtvsrwa, SD(t) = (u64)(s32)cpu->gpr[op->a])
REGISTER_MOVE(mtvsrwz, SD(t) = LO32(cpu->gpr[op->a]))

/* On whole registers. */
#define VD(r) (cpu->vsr[op->r].vd)
#define WHOLE(name, expression)                                                                    \
	OP(name)                                                                                   \
	{                                                                                          \
		VD(t) = expression;                                                                \
		NEXT;                                                                              \
	}

WHOLE(xxsel, (VD(a) & ~VD(c)) | (VD(b) & VD(c)))

/* Signs. */
#define SIGN_D 0x8000000000000000ull
#define SIGN_S 0x8000000080000000ull /* of both words */

#define SCALAR_SIGN(name, expression)                                                              \
	OP(name)                                                                                   \
	{                                                                                          \
		vsx_set_scalar(cpu, op->t, expression);                                            \
		NEXT;                                                                              \
	}

SCALAR_SIGN(xsabsdp, SD(b) & ~SIGN_D)
SCALAR_SIGN(xsnabsdp, SD(b) | SIGN_D)
SCALAR_SIGN(xsnegdp, SD(b) ^ SIGN_D)
SCALAR_SIGN(xscpsgndp, (SD(a) & SIGN_D) | (SD(b) & ~SIGN_D))
WHOLE(xvabsdp, VD(b) & ~SIGN_D)
WHOLE(xvnabsdp, VD(b) | SIGN_D)
WHOLE(xvnegdp, VD(b) ^ SIGN_D)
WHOLE(xvcpsgndp, (VD(a) & SIGN_D) | (VD(b) & ~SIGN_D))
WHOLE(xvabssp, VD(b) & ~SIGN_S)
WHOLE(xvnabssp, VD(b) | SIGN_S)
WHOLE(xvnegsp, VD(b) ^ SIGN_S)
WHOLE(xvcpsgnsp, (VD(a) & SIGN_S) | (VD(b) & ~SIGN_S))

/* Permutations. Both doublewords are made before the target, which may be a source, is written. */
static inline void set_doublewords(struct cpu *cpu, unsigned t, u64 d0, u64 d1)
{
	VSR_D(cpu->vsr[t], 0) = d0;
	VSR_D(cpu->vsr[t], 1) = d1;
}

/* The words of doubleword @i of XA and XB, by turns. */
#define MERGE_WORDS(name, i)                                                                       \
	OP(name)                                                                                   \
	{                                                                                          \
		u64 a = VSR_D(cpu->vsr[op->a], i), b = VSR_D(cpu->vsr[op->b], i);                  \
                                                                                                   \
		set_doublewords(cpu, op->t, (u64)HI32(a) << 32 | HI32(b),                          \
				(u64)LO32(a) << 32 | LO32(b));                                     \
		NEXT;                                                                              \
	}

MERGE_WORDS(xxmrghw, 0)
MERGE_WORDS(xxmrglw, 1)

/* imm = DM: its upper bit chooses the doubleword of XA, its lower bit the one of XB. */
OP(xxpermdi)
{
	set_doublewords(cpu, op->t, VSR_D(cpu->vsr[op->a], op->imm >> 1 & 1),
			VSR_D(cpu->vsr[op->b], op->imm & 1));
	NEXT;
}

/* imm = SHW: four words of XA followed by XB, from that one on. */
OP(xxsldwi)
{
	unsigned bits = (op->imm & 3) * 32;
	u128 a = cpu->vsr[op->a].q, b = cpu->vsr[op->b].q;

	cpu->vsr[op->t].q = bits ? a << bits | b >> (128 - bits) : a;
	NEXT;
}

/* imm = UIM: the word that is copied to all. */
OP(xxspltw)
{
	u64 word = VSR_W(cpu->vsr[op->b], op->imm & 3);

	set_doublewords(cpu, op->t, word << 32 | word, word << 32 | word);
	NEXT;
}
