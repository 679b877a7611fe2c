/* SPDX-License-Identifier: Apache-2.0 */
/* Taking an instruction's fields apart, as its row's format says. */
#include "cpu/engine/block.h"

/* The mask of rlwinm and friends: ones from bit mb to bit me, wrapping; MASK(mb + 32, me + 32) of
 * the ISA, doubled. */
static u64 word_mask(unsigned mb, unsigned me)
{
	u32 from = ~0u >> mb, to = ~0u << (31 - me);
	u32 m = mb <= me ? from & to : from | to;

	/* A mask that wraps takes the upper word along: rotl32 doubles the word there. */
	return mb <= me ? m : 0xffffffff00000000ull | m;
}

static unsigned sh6(u32 insn)
{
	return field(insn, 16, 20) | field(insn, 30, 30) << 5;
}

static unsigned vsr6(u32 insn, unsigned first, unsigned high)
{
	return field(insn, first, first + 4) | field(insn, high, high) << 5;
}

static u8 or_zero(u8 ra)
{
	return ra ? ra : 32;
}

void isa_operands(const struct insn_row *row, u32 insn, struct op *op)
{
	op->insn = insn;
	op->t = field(insn, 6, 10);
	op->a = field(insn, 11, 15);
	op->b = field(insn, 16, 20);
	op->c = field(insn, 21, 25);
	op->imm = 0;
	op->link = NULL;
	switch (row->format) {
	case FMT_NONE:
	case FMT_X:
	case FMT_XL:
		break;
	case FMT_D0:
		op->a = or_zero(op->a);
		/* fallthrough */
	case FMT_D:
		op->imm = (s16)insn;
		break;
	case FMT_DS0:
		op->a = or_zero(op->a);
		/* fallthrough */
	case FMT_DS:
		op->imm = (s16)(insn & ~3u);
		break;
	case FMT_DU:
		op->imm = (u16)insn;
		break;
	case FMT_DIS0:
		op->a = or_zero(op->a);
		op->imm = (s64)(s16)insn * 65536;
		break;
	case FMT_DUS:
		op->imm = (s64)(u16)insn << 16;
		break;
	case FMT_X0:
		op->a = or_zero(op->a);
		break;
	case FMT_XSH:
		op->imm = op->b;
		break;
	case FMT_XS:
		op->imm = sh6(insn);
		break;
	case FMT_I:
		op->imm = (s64)(s32)((insn & 0x03fffffcu) << 6) >> 6;
		break;
	case FMT_B:
		op->c = op->a >> 2;
		op->b = 8 >> (op->a & 3);
		op->imm = (s16)(insn & 0xfffcu);
		break;
	case FMT_M:
		op->imm = (s64)word_mask(field(insn, 21, 25), field(insn, 26, 30));
		break;
	case FMT_MD:
		op->c = sh6(insn);
		/* fallthrough */
	case FMT_MDS:
		op->imm = field(insn, 21, 25) | field(insn, 26, 26) << 5;
		break;
	case FMT_XFX:
		op->imm = field(insn, 11, 15) | field(insn, 16, 20) << 5;
		break;
	case FMT_CMPI:
		op->imm = (s16)insn;
		op->c = op->t & 1;
		op->t >>= 2;
		break;
	case FMT_CMPLI:
		op->imm = (u16)insn;
		op->c = op->t & 1;
		op->t >>= 2;
		break;
	case FMT_CMP:
		op->c = op->t & 1;
		op->t >>= 2;
		break;
	case FMT_VX:
		op->imm = (s8)(op->a << 3) >> 3;
		break;
	case FMT_XX1:
		op->a = or_zero(op->a);
		op->t = vsr6(insn, 6, 31);
		break;
	case FMT_XX1R:
		op->t = vsr6(insn, 6, 31);
		break;
	case FMT_XX2:
		op->t = vsr6(insn, 6, 31);
		op->b = vsr6(insn, 16, 30);
		op->imm = field(insn, 11, 15);
		break;
	case FMT_XX3:
		op->t = vsr6(insn, 6, 31);
		op->a = vsr6(insn, 11, 29);
		op->b = vsr6(insn, 16, 30);
		op->imm = field(insn, 22, 23);
		break;
	case FMT_XX3C:
		op->t = field(insn, 6, 8);
		op->a = vsr6(insn, 11, 29);
		op->b = vsr6(insn, 16, 30);
		break;
	case FMT_XX2C:
		op->t = field(insn, 6, 8);
		op->b = vsr6(insn, 16, 30);
		break;
	case FMT_XX4:
		op->t = vsr6(insn, 6, 31);
		op->a = vsr6(insn, 11, 29);
		op->b = vsr6(insn, 16, 30);
		op->c = vsr6(insn, 21, 28);
		break;
	}
}
