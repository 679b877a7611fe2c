/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The assembler's forms for vectors: three operands, AVX's encoding. Two bytes of prefix do for
 * most as long as the last operand is xmm0 to xmm7.
 *
 * Moves to and from memory are SSE's, which are a byte shorter and on every host. Nothing here
 * makes the upper halves of the registers other than zero, so the two may be mixed.
 */
#ifndef PAPYR_CPU_X86_64_VEX_H
#define PAPYR_CPU_X86_64_VEX_H

#include "cpu/jit/x86_64/asm.h"

/* Opcodes: prefix (none, 66, F3, F2), map (0F, 0F38, 0F3A), byte; V_W asks for W. */
#define V_OP(prefix, map, op) ((u32)(prefix) << 16 | (u32)(map) << 8 | (op))
#define V_0F(op)	      V_OP(1, 1, op)
#define V_0F38(op)	      V_OP(1, 2, op)
#define V_0F3A(op)	      V_OP(1, 3, op)
#define V_W		      0x80000000u

/* Of general registers: reg, v = rdx * rm, the high half and the low one; the flags stay. */
#define V_MULX	   (V_W | V_OP(3, 2, 0xf6))

/* What more than one file makes; the others have theirs where they are used. */
#define V_PADDD	   V_0F(0xfe)
#define V_PCMPEQB  V_0F(0x74)
#define V_PEXTRQ   (V_W | V_0F3A(0x16))
#define V_PMOVMSKB V_0F(0xd7)
#define V_PSHUFB   V_0F38(0x00)
#define V_PSHUFD   V_0F(0x70)
#define V_PXOR	   V_0F(0xef)
#define V_UCOMISD  V_0F(0x2e)
#define V_XORPS	   V_OP(0, 1, 0x57)

#define X_MOVUPS_LD 0x0f10u
#define X_MOVUPS_ST 0x0f11u
#define X_MOVLPS_ST 0x0f13u
#define X_MOVQ_LD   (0x0f7eu | X_PF3) /* the low lane; the other is cleared */

static inline struct x86_bytes vex_opcode_bytes(u32 op, int reg, int v, int index, int base)
{
	unsigned low = (~(unsigned)v & 15) << 3 | (op >> 16 & 3), r = reg & 8 ? 0 : 0x80;
	struct x86_bytes b = {0, 0};

	if ((op >> 8 & 3) == 1 && !(index & 8) && !(base & 8) && !(op & V_W)) {
		x86_put(&b, 0xc5);
		x86_put(&b, r | low);
	} else {
		x86_put(&b, 0xc4);
		x86_put(&b, r | (index & 8 ? 0 : 0x40) | (base & 8 ? 0 : 0x20) | (op >> 8 & 3));
		x86_put(&b, (op & V_W ? 0x80 : 0) | low);
	}
	x86_put(&b, op);
	return b;
}

static inline void vex_opcode(struct x86 *x, u32 op, int reg, int v, int index, int base)
{
	x86_write(x, vex_opcode_bytes(op, reg, v, index, base));
}

/* reg = v op rm. Where the host's form has two operands, @v is 0. */
static inline void vex_rrr(struct x86 *x, u32 op, int reg, int v, int rm)
{
	struct x86_bytes b = vex_opcode_bytes(op, reg, v, 0, rm);

	x86_put(&b, x86_modrm(reg, rm));
	x86_write(x, b);
}

static inline void vex_rrm(struct x86 *x, u32 op, int reg, int v, struct x86_mem m)
{
	vex_opcode(x, op, reg, v, m.index < 0 ? 0 : m.index, m.base);
	x86_operand(x, reg, m);
}

/* The same with memory that lies where x86_rip() says. */
static inline void vex_rip(struct x86 *x, u32 op, int reg, int v, const u8 *to)
{
	vex_opcode(x, op, reg, v, 0, 0);
	x86_rip_operand(x, reg, to);
}

/* AVX-512's encoding, for what only that has. */
static inline void evex_rrr(struct x86 *x, u32 op, int reg, int v, int rm)
{
	x86_byte(x, 0x62);
	x86_byte(x, (u8)((reg & 8 ? 0 : 0x80) | 0x50 | (rm & 8 ? 0 : 0x20) | (op >> 8 & 3)));
	x86_byte(x, (u8)((op & V_W ? 0x80 : 0) | (~(unsigned)v & 15) << 3 | 4 | (op >> 16 & 3)));
	x86_byte(x, 0x08);
	x86_byte(x, (u8)op);
	x86_byte(x, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

#endif
