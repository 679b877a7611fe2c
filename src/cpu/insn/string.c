/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores of several registers: lmw, stmw and the string instructions. In little-endian
 * mode all of them cause an alignment interrupt, so bytes are always in the big-endian order. What
 * can fault comes first, so that none is left half done.
 */
#include "cpu/insn/op.h"
#include "cpu/insn/forms.h"
#include "cpu/mmu/mem.h"

/*
 * Is @reg, which holds an address, among the @count registers from @first on, which wrap round
 * after 31? Such a form is invalid. With 0 for RA no address is in a register: processors load, and
 * so do we.
 */
static inline bool overwrites(unsigned reg, unsigned first, unsigned count)
{
	return ((reg - first) & 31) < count;
}

/* All bytes are read before any register changes: one of them may hold the address, and an
 * interrupt comes back here. */
static bool load_words(struct cpu *cpu, const struct op *op, u64 ea, unsigned first, unsigned count)
{
	u32 words[32];

	if (!mem_read_bytes(cpu, op, ea, words, count * 4))
		return false;
	for (unsigned i = 0; i < count; i++)
		cpu->gpr[first + i] = be32(words[i]);
	return true;
}

static bool store_words(struct cpu *cpu, const struct op *op, u64 ea, unsigned first,
			unsigned count)
{
	u32 words[32];

	for (unsigned i = 0; i < count; i++)
		words[i] = be32((u32)cpu->gpr[first + i]);
	return mem_probe_write(cpu, op, ea, count * 4) &&
	       mem_write_bytes(cpu, op, ea, words, count * 4);
}

OP(lmw)
{
	u64 ea = EA_D();

	if (!cpu->big)
		return cpu_raise_alignment(cpu, op, ea);
	if (!load_words(cpu, op, ea, op->t, 32u - op->t))
		STOP;
	NEXT;
}

OP(stmw)
{
	u64 ea = EA_D();

	if (!cpu->big)
		return cpu_raise_alignment(cpu, op, ea);
	if (!store_words(cpu, op, ea, op->t, 32u - op->t))
		STOP;
	NEXT;
}

/* Bytes fill the low words of successive registers from the left; the rest of the last one becomes
 * zero. */
static bool load_string(struct cpu *cpu, const struct op *op, u64 ea, unsigned count)
{
	u32 words[32] = {0};

	if (!mem_read_bytes(cpu, op, ea, words, count))
		return false;
	for (unsigned i = 0; i < (count + 3) / 4; i++)
		cpu->gpr[(op->t + i) & 31] = be32(words[i]);
	return true;
}

static bool store_string(struct cpu *cpu, const struct op *op, u64 ea, unsigned count)
{
	u32 words[32];

	for (unsigned i = 0; i < (count + 3) / 4; i++)
		words[i] = be32((u32)cpu->gpr[(op->t + i) & 31]);
	return mem_probe_write(cpu, op, ea, count) && mem_write_bytes(cpu, op, ea, words, count);
}

/* The immediate forms: NB, at RB's place, counts bytes; 0 stands for 32. */
static inline unsigned immediate_count(const struct op *op)
{
	unsigned nb = field(op->insn, 16, 20);

	return nb ? nb : 32;
}

OP(lswi)
{
	unsigned count = immediate_count(op);
	u64 ea = (op->a ? RA : 0) & cpu->ea_mask;

	if (!cpu->big)
		return cpu_raise_alignment(cpu, op, ea);
	if (op->a && overwrites(op->a, op->t, (count + 3) / 4))
		return cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL);
	if (!load_string(cpu, op, ea, count))
		STOP;
	NEXT;
}

OP(stswi)
{
	u64 ea = (op->a ? RA : 0) & cpu->ea_mask;

	if (!cpu->big)
		return cpu_raise_alignment(cpu, op, ea);
	if (!store_string(cpu, op, ea, immediate_count(op)))
		STOP;
	NEXT;
}

OP(lswx)
{
	unsigned count = cpu->xer_len;
	unsigned regs = (count + 3) / 4;
	u64 ea = ((op->a ? RA : 0) + RB) & cpu->ea_mask;

	if (!cpu->big)
		return cpu_raise_alignment(cpu, op, ea);
	if ((op->a && overwrites(op->a, op->t, regs)) || overwrites(op->b, op->t, regs))
		return cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL);
	if (count && !load_string(cpu, op, ea, count))
		STOP;
	NEXT;
}

OP(stswx)
{
	u64 ea = ((op->a ? RA : 0) + RB) & cpu->ea_mask;

	if (!cpu->big)
		return cpu_raise_alignment(cpu, op, ea);
	if (cpu->xer_len && !store_string(cpu, op, ea, cpu->xer_len))
		STOP;
	NEXT;
}
