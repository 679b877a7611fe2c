/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instruction table: what each row of isa.def says, finding the row of an instruction word, and
 * taking the word apart.
 */
#ifndef PAPYR_CPU_ISA_H
#define PAPYR_CPU_ISA_H

#include "base/bits.h"
#include "cpu/isa/level.h"

struct cpu;
struct op;

/* Carries out one instruction, and goes on (insn/op.h). */
typedef const struct op *op_fn(struct cpu *cpu, const struct op *op);

/*
 * Instruction fields by ISA bit numbers [first, last] (0 is the most significant bit of the word).
 */
static inline u32 field(u32 insn, unsigned first, unsigned last)
{
	return insn >> (31 - last) & ((2u << (last - first)) - 1);
}

#define RC_BIT 1u /* of an instruction word: the record form */

enum op_format {
#define FORMAT(name) FMT_##name,
#include "cpu/isa/formats.def"
#undef FORMAT
};

/* Flags of a row. */
#define F_RC	0x0001u /* bit 31 chooses op_x_rc */
#define F_FP	0x0002u /* needs MSR[FP] */
#define F_VEC	0x0004u /* needs MSR[VEC] */
#define F_VSX	0x0008u /* needs MSR[VSX] */
#define F_PRIV	0x0010u /* supervisor only */
#define F_HV	0x0020u /* hypervisor only: privileged for a guest */
#define F_END	0x0040u /* ends a block */
#define F_BR	0x0080u /* a branch (ends a block, traced by MSR[BE]) */
#define F_LOAD	0x0100u /* reads memory at EA */
#define F_STORE 0x0200u /* writes memory at EA */
#define F_UPD	0x0400u /* writes RA with the EA */
#define F_SYNC	0x0800u /* a barrier or a hint: no register result */
#define F_NOTEST                                                                                   \
	0x1000u /* a user program may execute it, but its result is not a function of registers    \
		   and memory */
#define F_440	0x2000u /* the 440 has it, whatever the level */
#define F_E500	0x4000u /* so has the e500 */

struct insn_row {
	const char *mnemonic;
	u32 mask, match;
	u32 reserved; /* bits that are ignored */
	enum op_format format;
	enum isa_level level;
	u32 flags;
	op_fn *fn, *fn_rc;
};

extern const struct insn_row isa_table[];
extern const unsigned isa_rows;

/*
 * Makes the index that isa_lookup() needs, which takes a moment; without it the first lookup does.
 */
void isa_prepare(void);
/* Does a processor of @level have what @row says? */
bool isa_has(enum isa_level level, const struct insn_row *row);
/* The row of @insn on a processor of @level; NULL: illegal. */
const struct insn_row *isa_lookup(u32 insn, enum isa_level level);

/* What the fields of an instruction say, as its row's format reads them. */
struct isa_operands {
	u8 t, a, b, c; /* register numbers from the fields at bits 6, 11, 16, 21, or what the format
			  has in their place */
	s32 imm;       /* the format's immediate */
};

struct isa_operands isa_operands(const struct insn_row *row, u32 insn);

/* The bits of a branch that say how far it goes (I-form and B-form); of others 0. */
static inline u32 isa_displacement_bits(u32 insn)
{
	u32 primary = insn >> 26;

	return primary == 18 ? 0x03fffffc : primary == 16 ? 0xfffc : 0;
}

/* What these say. */
static inline s32 isa_displacement(u32 insn)
{
	u32 bits = isa_displacement_bits(insn), sign = (bits + 4) >> 1;

	return (s32)(((insn & bits) ^ sign) - sign);
}

#endif
