/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An assembler for the few x86-64 forms that generated code is made of. Registers are numbered as
 * the host's manual does.
 */
#ifndef PAPYR_CPU_X86_64_H
#define PAPYR_CPU_X86_64_H

#include "base/bits.h"

enum x86_reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, X86_NO_REG = -1 };

/* Condition codes of jcc, cmovcc. */
enum x86_cc {
	CC_B = 2,
	CC_AE = 3,
	CC_E = 4,
	CC_NE = 5,
	CC_A = 7,
	CC_L = 0xc,
	CC_GE = 0xd,
	CC_G = 0xf
};

/* Opcodes: reg, r/m forms unless said otherwise. */
enum x86_op {
	X_ADD = 0x03,
	X_OR = 0x0b,
	X_AND = 0x23,
	X_SUB = 0x2b,
	X_XOR = 0x33,
	X_CMP = 0x3b,
	X_LOAD = 0x8b,
	X_STORE = 0x89,
	X_STORE8 = 0x88,
	X_LEA = 0x8d,
	X_MOVSXD = 0x63,
	X_IMUL = 0x0faf,
	X_MOVZX8 = 0x0fb6,
	X_MOVZX16 = 0x0fb7,
	X_MOVSX8 = 0x0fbe,
	X_MOVSX16 = 0x0fbf,
	X_LOAD8 = 0x8a,
};

/* Group opcodes: the number goes where the register is. */
enum x86_group1 { G_ADD = 0, G_OR = 1, G_AND = 4, G_SUB = 5, G_XOR = 6, G_CMP = 7 };
enum x86_shift { SH_ROL = 0, SH_ROR = 1, SH_SHL = 4, SH_SHR = 5, SH_SAR = 7 };

struct x86 {
	u8 *at, *end; /* nothing is written at end or behind: what doesn't fit is lost, and the
			 code is of no use once x86_full() */
};

static inline bool x86_full(const struct x86 *x)
{
	return x->at >= x->end;
}

static inline void x86_byte(struct x86 *x, u8 b)
{
	if (x->at < x->end)
		*x->at++ = b;
}

static inline void x86_imm32(struct x86 *x, u32 v)
{
	for (unsigned i = 0; i < 4; i++)
		x86_byte(x, v >> (8 * i));
}

static inline void x86_imm64(struct x86 *x, u64 v)
{
	x86_imm32(x, (u32)v);
	x86_imm32(x, v >> 32);
}

static inline void x86_rex(struct x86 *x, bool wide, int reg, int index, int base)
{
	u8 rex =
	    0x40 | (wide ? 8 : 0) | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (base >> 3 & 1);

	/* Always written: byte registers need it, and one form is simpler than two. */
	x86_byte(x, rex);
}

static inline void x86_opcode(struct x86 *x, unsigned opcode)
{
	if (opcode > 0xff)
		x86_byte(x, opcode >> 8);
	x86_byte(x, opcode);
}

static inline void x86_rr(struct x86 *x, bool wide, unsigned opcode, int reg, int rm)
{
	x86_rex(x, wide, reg, 0, rm);
	x86_opcode(x, opcode);
	x86_byte(x, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

/* [base + disp]; base is neither rsp nor r12. */
static inline void x86_rm(struct x86 *x, bool wide, unsigned opcode, int reg, int base, s32 disp)
{
	x86_rex(x, wide, reg, 0, base);
	x86_opcode(x, opcode);
	x86_byte(x, 0x80 | (reg & 7) << 3 | (base & 7));
	x86_imm32(x, (u32)disp);
}

/* [base + index + disp] */
static inline void x86_rmx(struct x86 *x, bool wide, unsigned opcode, int reg, int base, int index,
			   s32 disp)
{
	x86_rex(x, wide, reg, index, base);
	x86_opcode(x, opcode);
	x86_byte(x, 0x84 | (reg & 7) << 3);
	x86_byte(x, (index & 7) << 3 | (base & 7));
	x86_imm32(x, (u32)disp);
}

/* lea reg, [base + index << shift] */
static inline void x86_lea_scaled(struct x86 *x, int reg, int base, int index, unsigned shift)
{
	x86_rex(x, true, reg, index, base);
	x86_opcode(x, X_LEA);
	x86_byte(x, 0x44 | (reg & 7) << 3);
	x86_byte(x, shift << 6 | (index & 7) << 3 | (base & 7));
	x86_byte(x, 0);
}

static inline void x86_group1(struct x86 *x, bool wide, enum x86_group1 op, int rm, s32 imm)
{
	x86_rex(x, wide, 0, 0, rm);
	x86_byte(x, 0x81);
	x86_byte(x, 0xc0 | op << 3 | (rm & 7));
	x86_imm32(x, (u32)imm);
}

/* The same on memory, 32 or 64 bits. */
static inline void x86_group1_m(struct x86 *x, bool wide, enum x86_group1 op, int base, s32 disp,
				s32 imm)
{
	x86_rex(x, wide, 0, 0, base);
	x86_byte(x, 0x81);
	x86_byte(x, 0x80 | op << 3 | (base & 7));
	x86_imm32(x, (u32)disp);
	x86_imm32(x, (u32)imm);
}

static inline void x86_shift(struct x86 *x, bool wide, enum x86_shift op, int rm, unsigned n)
{
	x86_rex(x, wide, 0, 0, rm);
	x86_byte(x, 0xc1);
	x86_byte(x, 0xc0 | op << 3 | (rm & 7));
	x86_byte(x, n);
}

static inline void x86_not(struct x86 *x, int rm)
{
	x86_rex(x, true, 0, 0, rm);
	x86_byte(x, 0xf7);
	x86_byte(x, 0xd0 | (rm & 7));
}

static inline void x86_neg(struct x86 *x, int rm)
{
	x86_rex(x, true, 0, 0, rm);
	x86_byte(x, 0xf7);
	x86_byte(x, 0xd8 | (rm & 7));
}

/* A 32-bit constant into a register, upper half cleared. */
static inline void x86_mov32(struct x86 *x, int reg, u32 imm)
{
	x86_rex(x, false, 0, 0, reg);
	x86_byte(x, 0xb8 | (reg & 7));
	x86_imm32(x, imm);
}

static inline void x86_mov64(struct x86 *x, int reg, u64 imm)
{
	x86_rex(x, true, 0, 0, reg);
	x86_byte(x, 0xb8 | (reg & 7));
	x86_imm64(x, imm);
}

static inline void x86_bswap(struct x86 *x, bool wide, int reg)
{
	x86_rex(x, wide, 0, 0, reg);
	x86_byte(x, 0x0f);
	x86_byte(x, 0xc8 | (reg & 7));
}

static inline void x86_cmov(struct x86 *x, enum x86_cc cc, int reg, int rm)
{
	x86_rr(x, false, 0x0f40 | cc, reg, rm);
}

/* test byte [base + disp], imm */
static inline void x86_test8_m(struct x86 *x, int base, s32 disp, u8 imm)
{
	x86_rex(x, false, 0, 0, base);
	x86_byte(x, 0xf6);
	x86_byte(x, 0x80 | (base & 7));
	x86_imm32(x, (u32)disp);
	x86_byte(x, imm);
}

/* Forward jump; returns where its distance is, for x86_land(). */
static inline u8 *x86_jcc(struct x86 *x, enum x86_cc cc)
{
	x86_byte(x, 0x0f);
	x86_byte(x, 0x80 | cc);
	x86_imm32(x, 0);
	return x->at - 4;
}

static inline void x86_land(struct x86 *x, u8 *distance)
{
	s32 d = (s32)(x->at - (distance + 4));

	if (!x86_full(x))
		memcpy(distance, &d, 4);
}

static inline void x86_jmp_reg(struct x86 *x, int reg)
{
	x86_rex(x, false, 0, 0, reg);
	x86_byte(x, 0xff);
	x86_byte(x, 0xe0 | (reg & 7));
}

/* jmp qword [base] */
static inline void x86_jmp_m(struct x86 *x, int base, s32 disp)
{
	x86_rex(x, false, 0, 0, base);
	x86_byte(x, 0xff);
	x86_byte(x, 0xa0 | (base & 7));
	x86_imm32(x, (u32)disp);
}

static inline void x86_ret(struct x86 *x)
{
	x86_byte(x, 0xc3);
}

#endif
