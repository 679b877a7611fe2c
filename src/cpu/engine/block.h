/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded instructions. The decoder turns a run of guest instructions into a block: an array of
 * struct op, one an instruction, after a first one that enters the block and before a last one that
 * leaves it where no branch does. insn/op.h says how ops are carried out.
 */
#ifndef PAPYR_CPU_BLOCK_H
#define PAPYR_CPU_BLOCK_H

#include "cpu/cpu.h"
#include "cpu/isa/isa.h"

struct op {
	op_fn *fn;
	u32 insn;	    /* the instruction as fetched, in host order */
	u8 t, a, b, c;	    /* struct isa_operands */
	s32 imm;
	s32 link; /* branches: how far it is to the target's block on this page; 0: not known */
};
_Static_assert(sizeof(struct op) == 24, "what is kept of code is made of these");

#define BLOCK_MAX 64u /* instructions */

struct block {
	u64 gpa; /* of the first instruction */
	u16 mode;
	bool bare;   /* of its ops there is the first alone, which leads to its translation */
	u8 count;    /* instructions */
	u8 samples;  /* times that it began when the clock was looked at, up to JIT_HOT (jit/) */
	u16 crossed; /* times that its translation was left for a window in two units (jit/) */
	struct block *page_next;
	struct code_page *page;
	const u8 *code;	    /* its translation, where it runs; NULL: none (jit/jit.h) */
	struct site *sites; /* jumps of other pages' translations that lead to it */
	/* [0] enters, [1 .. count] are the instructions, [count + 1] leaves; code_ops() */
	struct op ops[];
};

/* MSR bits that choose between decodings; kept in cpu->mode and block->mode. */
#define MODE_SF	 0x01u
#define MODE_PR	 0x02u
#define MODE_FP	 0x04u
#define MODE_VEC 0x08u
#define MODE_VSX 0x10u
#define MODE_LE	 0x20u
#define MODE_COUNT 0x80u /* the performance monitor counts: blocks end at each branch, exactly */
#define MODE_IR	 0x40u /* not for decoding: it tells real-mode addresses apart in the jump cache */
#define MODE_DR	 0x100u /* tells translations where loads and stores look their pages up */
#define MODE_NARROW 0x200u /* so it does in what units: cpu->unit_shift */
#define MODE_BITS 10

static inline struct block *op_link(const struct op *op)
{
	return op->link ? (struct block *)((uintptr_t)op + (uintptr_t)(s64)op->link) : NULL;
}

/* Where a jump by CTR went last, and how often it was elsewhere than before (jit/). */
struct jump_note {
	u64 to;
	u32 times;
};
_Static_assert(offsetof(struct op, insn) + sizeof(struct jump_note) <= sizeof(struct op) &&
		   offsetof(struct op, insn) % sizeof(u64) == 0,
	       "block_note()");

/* Of the jump at the end of a bare block, whose first op is but a function. */
static inline struct jump_note *block_note(struct block *b)
{
	return (struct jump_note *)((u8 *)&b->ops[0] + offsetof(struct op, insn));
}

/* All lie in one arena, or too far from it to be linked. */
static inline void op_set_link(struct op *op, const struct block *b)
{
	ptrdiff_t far = (const char *)b - (const char *)op;

	if (far == (s32)far)
		op->link = (s32)far;
}

/* Address of the instruction being carried out; NIA() of the one after it. */
#define CIA() (cpu->nip + (u64)(op - cpu->ops) * 4)
#define NIA() ((CIA() + 4) & cpu->ea_mask)

#endif
