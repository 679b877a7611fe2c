/* SPDX-License-Identifier: Apache-2.0 */
/* Taking an instruction's fields apart, as its row's format says. */
#include "cpu/isa/isa.h"

/* The low word of rlwinm's mask: ones from bit mb to bit me, wrapping. */
static u32 word_mask(unsigned mb, unsigned me)
{
	u32 from = ~0u >> mb, to = ~0u << (31 - me);

	return mb <= me ? from & to : from | to;
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

struct isa_operands isa_operands(const struct insn_row *row, u32 insn)
{
	struct isa_operands f = {.t = field(insn, 6, 10),
				 .a = field(insn, 11, 15),
				 .b = field(insn, 16, 20),
				 .c = field(insn, 21, 25)};

	switch (row->format) {
	case FMT_NONE:
	case FMT_X:
	case FMT_XL:
		break;
	case FMT_D0:
		f.a = or_zero(f.a);
		/* fallthrough */
	case FMT_D:
		f.imm = (s16)insn;
		break;
	case FMT_DS0:
		f.a = or_zero(f.a);
		/* fallthrough */
	case FMT_DS:
		f.imm = (s16)(insn & ~3u);
		break;
	case FMT_DU:
		f.imm = (u16)insn;
		break;
	case FMT_DIS0:
		f.a = or_zero(f.a);
		f.imm = (s16)insn * 65536;
		break;
	case FMT_DUS:
		f.imm = (s32)((u32)(u16)insn << 16);
		break;
	case FMT_X0:
		f.a = or_zero(f.a);
		break;
	case FMT_XSH:
		f.imm = f.b;
		break;
	case FMT_XS:
		f.imm = sh6(insn);
		break;
	case FMT_I:
		f.imm = isa_displacement(insn);
		break;
	case FMT_B:
		f.c = f.a >> 2;
		f.b = 8 >> (f.a & 3);
		f.imm = isa_displacement(insn);
		break;
	case FMT_M:
		f.c = field(insn, 21, 25) > field(insn, 26, 30);
		f.imm = (s32)word_mask(field(insn, 21, 25), field(insn, 26, 30));
		break;
	case FMT_MD:
		f.c = sh6(insn);
		/* fallthrough */
	case FMT_MDS:
		f.imm = field(insn, 21, 25) | field(insn, 26, 26) << 5;
		break;
	case FMT_XFX:
		f.imm = field(insn, 11, 15) | field(insn, 16, 20) << 5;
		break;
	case FMT_CMPI:
		f.imm = (s16)insn;
		f.c = f.t & 1;
		f.t >>= 2;
		break;
	case FMT_CMPLI:
		f.imm = (u16)insn;
		f.c = f.t & 1;
		f.t >>= 2;
		break;
	case FMT_CMP:
		f.c = f.t & 1;
		f.t >>= 2;
		break;
	case FMT_VX:
		f.imm = (s8)(f.a << 3) >> 3;
		break;
	case FMT_XX1:
		f.a = or_zero(f.a);
		f.t = vsr6(insn, 6, 31);
		break;
	case FMT_XX1R:
		f.t = vsr6(insn, 6, 31);
		break;
	case FMT_XX2:
		f.t = vsr6(insn, 6, 31);
		f.b = vsr6(insn, 16, 30);
		f.imm = field(insn, 11, 15);
		break;
	case FMT_XX3:
		f.t = vsr6(insn, 6, 31);
		f.a = vsr6(insn, 11, 29);
		f.b = vsr6(insn, 16, 30);
		f.imm = field(insn, 22, 23);
		break;
	case FMT_XX3C:
		f.t = field(insn, 6, 8);
		f.a = vsr6(insn, 11, 29);
		f.b = vsr6(insn, 16, 30);
		break;
	case FMT_XX2C:
		f.t = field(insn, 6, 8);
		f.b = vsr6(insn, 16, 30);
		break;
	case FMT_XX4:
		f.t = vsr6(insn, 6, 31);
		f.a = vsr6(insn, 11, 29);
		f.b = vsr6(insn, 16, 30);
		f.c = vsr6(insn, 21, 28);
		break;
	}
	return f;
}
