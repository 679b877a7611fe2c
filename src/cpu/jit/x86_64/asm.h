/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An assembler for the x86-64 forms that translations are made of, each in its shortest encoding.
 * Registers are numbered as the host's manual does. Nobody looks whether there is room: who begins
 * a translation sees to that. But for jumps, calls and constants, an instruction may write over as
 * many as seven bytes behind it.
 */
#ifndef PAPYR_CPU_X86_64_ASM_H
#define PAPYR_CPU_X86_64_ASM_H

#include "base/bits.h"

enum x86_reg {
	RAX,
	RCX,
	RDX,
	RBX,
	RSP,
	RBP,
	RSI,
	RDI,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	X86_NO_REG = -1
};

/* Condition codes of jcc, setcc, cmovcc; the low bit makes the opposite. */
enum x86_cc {
	CC_O = 0,
	CC_B = 2,
	CC_AE = 3,
	CC_E = 4,
	CC_NE = 5,
	CC_BE = 6,
	CC_A = 7,
	CC_S = 8,
	CC_P = 0xa,
	CC_L = 0xc,
	CC_GE = 0xd,
	CC_LE = 0xe,
	CC_G = 0xf
};

/*
 * Opcodes of reg, r/m forms: up to three bytes, the last lowest. X_W asks for 64-bit operands, a
 * prefix is above.
 */
#define X_W	    0x80000000u
#define X_P66	    0x01000000u
#define X_PF3	    0x02000000u
#define X_BYTE	    0x10000000u /* a byte register: sil and dil want a REX prefix */
#define X_ADD	    0x03u
#define X_OR	    0x0bu
#define X_ADC	    0x13u
#define X_SBB	    0x1bu
#define X_AND	    0x23u
#define X_SUB	    0x2bu
#define X_XOR	    0x33u
#define X_CMP	    0x3bu
#define X_TEST	    0x85u
#define X_LOAD	    0x8bu
#define X_STORE	    0x89u
#define X_STORE8    (0x88u | X_BYTE)
#define X_STORE16   (0x89u | X_P66)
#define X_LEA	    (0x8du | X_W)
#define X_MOVSXD    (0x63u | X_W)
#define X_IMUL	    0x0fafu
#define X_MOVZX8    (0x0fb6u | X_BYTE)
#define X_MOVZX16   0x0fb7u
#define X_MOVSX8    (0x0fbeu | X_BYTE)
#define X_MOVSX16   0x0fbfu
#define X_LZCNT	    (0x0fbdu | X_PF3)
#define X_BSR	    0x0fbdu
#define X_POPCNT    (0x0fb8u | X_PF3)
#define X_MOVQ_TO   (0x0f6eu | X_P66) /* a vector register, from a general one, with X_W */
#define X_MOVQ_FROM (0x0f7eu | X_P66)
#define X_PCMPEQB   (0x0f74u | X_P66)
#define X_CMOV(cc)  (0x0f40u | (cc))
#define X_SETCC(cc) (0x0f90u | (cc) | X_BYTE)

/* Groups: the number goes where the register is. */
enum x86_group1 {
	G_ADD = 0,
	G_OR = 1,
	G_ADC = 2,
	G_SBB = 3,
	G_AND = 4,
	G_SUB = 5,
	G_XOR = 6,
	G_CMP = 7
};
enum x86_shift { SH_ROL = 0, SH_ROR = 1, SH_SHL = 4, SH_SHR = 5, SH_SAR = 7 };
enum x86_group3 { G3_NOT = 2, G3_NEG = 3, G3_MUL = 4, G3_IMUL = 5, G3_DIV = 6, G3_IDIV = 7 };

struct x86 {
	u8 *at;
	u8 *flags; /* up to here the flags are as they were at x86_hold_flags() */
};

/* [base + index << scale + disp]; index is X86_NO_REG or no rsp. */
struct x86_mem {
	int base, index;
	unsigned scale;
	s32 disp;
};

#define X86_AT(b, d)	((struct x86_mem){(b), X86_NO_REG, 0, (d)})
#define X86_INDEX(b, i) ((struct x86_mem){(b), (i), 0, 0})

static inline void x86_byte(struct x86 *x, u8 b)
{
	*x->at++ = b;
}

static inline void x86_imm32(struct x86 *x, u32 v)
{
	memcpy(x->at, &v, 4);
	x->at += 4;
}

static inline void x86_imm64(struct x86 *x, u64 v)
{
	memcpy(x->at, &v, 8);
	x->at += 8;
}

static inline bool x86_fits8(s64 v)
{
	return v == (s8)v;
}

static inline bool x86_fits32(s64 v)
{
	return v == (s32)v;
}

/* Bytes that are put together before they are written, all at once: the lowest is the first. */
struct x86_bytes {
	u64 bytes;
	unsigned n;
};

static inline void x86_put(struct x86_bytes *b, u32 byte)
{
	b->bytes |= (u64)(u8)byte << b->n++ * 8;
}

static inline void x86_put32(struct x86_bytes *b, s32 v)
{
	b->bytes |= (u64)(u32)v << b->n * 8;
	b->n += 4;
}

static inline void x86_write(struct x86 *x, struct x86_bytes b)
{
	memcpy(x->at, &b.bytes, sizeof(b.bytes));
	x->at += b.n;
}

/* The next instruction lies at @at. */
static inline void x86_go_to(struct x86 *x, u8 *at)
{
	*x = (struct x86){at, NULL};
}

/* Where the next one lies, for jumps to come there: with what flags, nobody knows. */
static inline u8 *x86_label(struct x86 *x)
{
	x->flags = NULL;
	return x->at;
}

/* From here on: do the flags stay as they are? */
static inline void x86_hold_flags(struct x86 *x)
{
	x->flags = x->at;
}

static inline bool x86_flags_held(const struct x86 *x)
{
	return x->flags == x->at;
}

/* x86_write() of an instruction that leaves the flags alone. */
static inline void x86_write_flagless(struct x86 *x, struct x86_bytes b)
{
	bool held = x86_flags_held(x);

	x86_write(x, b);
	if (held)
		x86_hold_flags(x);
}

/* Of the forms that translations move general registers by. */
static inline bool x86_is_flagless(u32 op)
{
	op &= ~X_W;
	return op == X_LOAD || op == X_STORE || op == X_STORE8 || op == X_MOVZX8 ||
	       op == (X_LEA & ~X_W) || (op & ~0xfu) == X_SETCC(0);
}

/* Prefixes and opcode. */
static inline struct x86_bytes x86_opcode_bytes(u32 op, int reg, int index, int base)
{
	unsigned rex =
	    (op & X_W ? 8 : 0) | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (base >> 3 & 1);
	struct x86_bytes b = {0, 0};

	if (op & X_P66)
		x86_put(&b, 0x66);
	if (op & X_PF3)
		x86_put(&b, 0xf3);
	if (rex || (op & X_BYTE))
		x86_put(&b, 0x40 | rex);
	if (op & 0xff0000)
		x86_put(&b, op >> 16);
	if (op & 0xffff00)
		x86_put(&b, op >> 8);
	x86_put(&b, op);
	return b;
}

static inline void x86_opcode(struct x86 *x, u32 op, int reg, int index, int base)
{
	x86_write(x, x86_opcode_bytes(op, reg, index, base));
}

/* What follows an opcode whose operands are registers. */
static inline u32 x86_modrm(int reg, int rm)
{
	return 0xc0 | (reg & 7) << 3 | (rm & 7);
}

static inline void x86_rr(struct x86 *x, u32 op, int reg, int rm)
{
	struct x86_bytes b = x86_opcode_bytes(op, reg, 0, rm);

	x86_put(&b, x86_modrm(reg, rm));
	if (x86_is_flagless(op))
		x86_write_flagless(x, b);
	else
		x86_write(x, b);
}

/* What follows an opcode whose operands are @reg and memory. */
static inline void x86_operand(struct x86 *x, int reg, struct x86_mem m)
{
	bool sib = m.index >= 0 || (m.base & 7) == RSP;
	unsigned mod = !m.disp && (m.base & 7) != RBP ? 0 : x86_fits8(m.disp) ? 1 : 2;
	struct x86_bytes b = {mod << 6 | (u32)(reg & 7) << 3 | (u32)(sib ? RSP : m.base & 7), 1};

	if (sib)
		x86_put(&b, m.scale << 6 | (u32)(m.index < 0 ? RSP : m.index & 7) << 3 |
				(u32)(m.base & 7));
	x86_put32(&b, m.disp);
	b.n -= mod == 0 ? 4 : mod == 1 ? 3 : 0;
	x86_write(x, b);
}

static inline void x86_rm(struct x86 *x, u32 op, int reg, struct x86_mem m)
{
	bool held = x86_is_flagless(op) && x86_flags_held(x);

	x86_opcode(x, op, reg, m.index < 0 ? 0 : m.index, m.base);
	x86_operand(x, reg, m);
	if (held)
		x86_hold_flags(x);
}

static inline void x86_rip_operand(struct x86 *x, int reg, const u8 *to)
{
	x86_byte(x, (reg & 7) << 3 | 5);
	x86_imm32(x, (u32)(to - (x->at + 4)));
}

/* [rip + @to - here]: @to lies in the same area, at the same place of the view that runs. */
static inline void x86_rip(struct x86 *x, u32 op, int reg, const u8 *to)
{
	x86_opcode(x, op, reg, 0, 0);
	x86_rip_operand(x, reg, to);
}

static inline void x86_mov(struct x86 *x, int to, int from)
{
	if (to != from)
		x86_rr(x, X_LOAD | X_W, to, from);
}

static inline void x86_group1(struct x86 *x, u32 wide, enum x86_group1 g, int rm, s32 imm)
{
	bool small = x86_fits8(imm);
	struct x86_bytes b = x86_opcode_bytes((small ? 0x83 : 0x81) | wide, 0, 0, rm);

	x86_put(&b, x86_modrm((int)g, rm));
	x86_put32(&b, imm);
	b.n -= small ? 3 : 0;
	x86_write(x, b);
}

static inline void x86_group1_m(struct x86 *x, u32 wide, enum x86_group1 g, struct x86_mem m,
				s32 imm)
{
	bool small = x86_fits8(imm);

	x86_rm(x, (small ? 0x83 : 0x81) | wide, (int)g, m);
	if (small)
		x86_byte(x, (u8)imm);
	else
		x86_imm32(x, (u32)imm);
}

/* On a byte of memory. */
static inline void x86_group1_m8(struct x86 *x, enum x86_group1 g, struct x86_mem m, u8 imm)
{
	x86_rm(x, 0x80, (int)g, m);
	x86_byte(x, imm);
}

static inline void x86_group3(struct x86 *x, u32 wide, enum x86_group3 g, int rm)
{
	bool held = g == G3_NOT && x86_flags_held(x);

	x86_rr(x, 0xf7 | wide, (int)g, rm);
	if (held)
		x86_hold_flags(x);
}

static inline void x86_shift(struct x86 *x, u32 wide, enum x86_shift s, int rm, unsigned n)
{
	struct x86_bytes b = x86_opcode_bytes(0xc1 | wide, 0, 0, rm);

	x86_put(&b, x86_modrm((int)s, rm));
	x86_put(&b, n);
	x86_write(x, b);
}

/* By cl. */
static inline void x86_shift_cl(struct x86 *x, u32 wide, enum x86_shift s, int rm)
{
	x86_rr(x, 0xd3 | wide, (int)s, rm);
}

static inline void x86_test_imm(struct x86 *x, int rm, u32 imm)
{
	x86_rr(x, 0xf7, 0, rm);
	x86_imm32(x, imm);
}

/* The carry flag becomes bit @n. */
static inline void x86_bit(struct x86 *x, int rm, unsigned n)
{
	x86_rr(x, 0x0fba, 4, rm);
	x86_byte(x, (u8)n);
}

/* The carry flag becomes the opposite. */
static inline void x86_invert_carry(struct x86 *x)
{
	x86_byte(x, 0xf5);
}

static inline void x86_test_m8(struct x86 *x, struct x86_mem m, u8 imm)
{
	x86_rm(x, 0xf6, 0, m);
	x86_byte(x, imm);
}

/* A constant into a register; leaves the flags alone. */
static inline void x86_constant(struct x86 *x, int reg, u64 v)
{
	bool held = x86_flags_held(x);

	if (v <= 0xffffffff) {
		x86_opcode(x, 0xb8 | (reg & 7), 0, 0, reg);
		x86_imm32(x, (u32)v);
	} else if (x86_fits32((s64)v)) {
		x86_opcode(x, 0xc7 | X_W, 0, 0, reg);
		x86_byte(x, 0xc0 | (reg & 7));
		x86_imm32(x, (u32)v);
	} else {
		x86_opcode(x, 0xb8 | (reg & 7) | X_W, 0, 0, reg);
		x86_imm64(x, v);
	}
	if (held)
		x86_hold_flags(x);
}

static inline void x86_bswap(struct x86 *x, u32 wide, int reg)
{
	x86_opcode(x, 0x0fc8 | (reg & 7) | wide, 0, 0, reg);
}

/* Jumps forward; returns where the distance is, for x86_land(). */
static inline u8 *x86_jcc(struct x86 *x, enum x86_cc cc)
{
	x86_byte(x, 0x0f);
	x86_byte(x, 0x80 | cc);
	x86_imm32(x, 0);
	return x->at - 4;
}

static inline u8 *x86_jmp(struct x86 *x)
{
	x86_byte(x, 0xe9);
	x86_imm32(x, 0);
	return x->at - 4;
}

/* The jump whose distance is at @distance goes to @to. */
static inline void x86_aim(u8 *distance, const u8 *to)
{
	s32 d = (s32)(to - (distance + 4));

	memcpy(distance, &d, 4);
}

static inline void x86_land(struct x86 *x, u8 *distance)
{
	x86_aim(distance, x86_label(x));
}

static inline void x86_jmp_to(struct x86 *x, const u8 *to)
{
	x86_aim(x86_jmp(x), to);
}

static inline void x86_jmp_m(struct x86 *x, struct x86_mem m)
{
	x86_rm(x, 0xff, 4, m);
}

static inline void x86_jmp_reg(struct x86 *x, int reg)
{
	x86_opcode(x, 0xff, 0, 0, reg);
	x86_byte(x, 0xe0 | (reg & 7));
}

#define X86_CALL_BYTES 5 /* as many as of a jump */

/* The distance is where it returns. */
static inline u8 *x86_call(struct x86 *x)
{
	x86_byte(x, 0xe8);
	x86_imm32(x, 0);
	return x->at - 4;
}

static inline void x86_call_to(struct x86 *x, const u8 *to)
{
	x86_aim(x86_call(x), to);
}

static inline void x86_call_m(struct x86 *x, struct x86_mem m)
{
	x86_rm(x, 0xff, 2, m);
}

static inline void x86_push_m(struct x86 *x, struct x86_mem m)
{
	x86_rm(x, 0xff, 6, m);
}

static inline void x86_call_reg(struct x86 *x, int reg)
{
	x86_opcode(x, 0xff, 0, 0, reg);
	x86_byte(x, 0xd0 | (reg & 7));
}

static inline void x86_push(struct x86 *x, int reg)
{
	x86_opcode(x, 0x50 | (reg & 7), 0, 0, reg);
}

static inline void x86_pop(struct x86 *x, int reg)
{
	x86_opcode(x, 0x58 | (reg & 7), 0, 0, reg);
}

static inline void x86_ret(struct x86 *x)
{
	x86_byte(x, 0xc3);
}

#endif
