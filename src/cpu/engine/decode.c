/* SPDX-License-Identifier: Apache-2.0 */
/* From instructions to ops. */
#include "base/racy.h"
#include "cpu/engine/decode.h"
#include "cpu/engine/pseudo.h"
#include "cpu/jit/jit.h"

u32 insn_fetch(const u8 *at, u32 mode)
{
	u32 insn;

	racy_copy_bytes(&insn, at, 4);
	return (mode & MODE_LE) == (BASE_HOST_LE ? MODE_LE : 0) ? insn : __builtin_bswap32(insn);
}

/* Which function carries out @row in @mode: its own, or the interrupt that stands in its way. */
static op_fn *choose_fn(const struct insn_row *row, u32 insn, u32 mode)
{
	if (!row)
		return pseudo_illegal;
	if ((row->flags & F_HV) || ((row->flags & F_PRIV) && (mode & MODE_PR)))
		return pseudo_privileged;
	if ((row->flags & F_FP) && !(mode & MODE_FP))
		return pseudo_no_fp;
	if ((row->flags & F_VEC) && !(mode & MODE_VEC))
		return pseudo_no_vec;
	if ((row->flags & F_VSX) && !(mode & MODE_VSX))
		return pseudo_no_vsx;
	return row->fn_rc && (insn & RC_BIT) ? row->fn_rc : row->fn;
}

/* The bits of MODE_ that choose_fn() looks at, and one by which no key is 0. */
#define KEY_BITS  (MODE_PR | MODE_FP | MODE_VEC | MODE_VSX)
#define KEY_KNOWN (1u << MODE_BITS)

void insn_decode(const struct cpu *cpu, u32 insn, u32 mode, struct decoded *d)
{
	const struct insn_row *row = isa_lookup(insn, cpu->model->level);
	struct isa_operands f = row ? isa_operands(row, insn) : (struct isa_operands){0};
	bool ends = !row || (row->flags & (F_END | F_BR));

	*d = (struct decoded){
	    .key = (mode & KEY_BITS) | KEY_KNOWN,
	    .op = {.fn = choose_fn(row, insn, mode),
		   .insn = insn,
		   .t = f.t,
		   .a = f.a,
		   .b = f.b,
		   .c = f.c,
		   .imm = f.imm},
	    .ends = ends,
	    .ends_cold = ends || row->format == FMT_B,
	};
}

static const struct decoded *decode(const struct cpu *cpu, struct decoder *decoder, u32 insn,
				    u32 mode)
{
	struct decoded *d = &decoder->known[insn * 0x9e3779b1u >> (32 - DECODED_SHIFT)];

	if (d->op.insn != insn || d->key != ((mode & KEY_BITS) | KEY_KNOWN))
		insn_decode(cpu, insn, mode, d);
	return d;
}

/*
 * There is a breakpoint at this place of a page, maybe of another one: blocks are found by guest
 * real address.
 */
OP_PSEUDO(breakpoint)
{
	u64 ea = CIA() & cpu->ea_mask;

	if (cpu_breakpoint_at(cpu, ea))
		return cpu_stop(cpu, op, CPU_STOP_BREAK, ea);
	return choose_fn(isa_lookup(op->insn, cpu->model->level), op->insn, cpu->mode)(cpu, op);
}

const struct decoded *op_decode(const struct cpu *cpu, struct decoder *decoder, u64 gpa, u32 insn,
				u32 mode, struct op *op)
{
	u32 far = isa_displacement_bits(insn);
	const struct decoded *d = decode(cpu, decoder, insn & ~far, mode);

	*op = d->op;
	if (far) {
		op->insn = insn;
		op->imm = isa_displacement(insn);
	}
	if (unlikely(cpu->debug.n_breaks) && cpu_breakpoint_offset(cpu, gpa))
		op->fn = pseudo_breakpoint;
	return d;
}

struct op op_leave(unsigned count)
{
	return (struct op){.fn = pseudo_leave, .imm = (s32)count * 4};
}

void block_is_cold(const struct cpu *cpu, struct block *b)
{
	b->ops[0].fn = pseudo_warm;
	b->ops[0].insn = jit_threshold(cpu->jit);
}

void block_decode(const struct cpu *cpu, struct decoder *decoder, struct block *b, struct op *ops,
		  const u8 *at, u32 max, bool cold)
{
	bool short_ones = cold || (b->mode & MODE_COUNT), ended = false;
	u32 n = 0;

	while (!ended && n < max) {
		const struct decoded *d =
		    op_decode(cpu, decoder, b->gpa + 4 * n, insn_fetch(at + 4 * n, b->mode),
			      b->mode, &ops[1 + n]);

		ended = short_ones ? d->ends_cold : d->ends;
		n++;
	}
	b->count = n;
	ops[0] = (struct op){.fn = pseudo_enter, .imm = (s32)n};
	ops[1 + n] = op_leave(n);
}
