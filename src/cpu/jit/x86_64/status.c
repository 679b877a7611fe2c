/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The FPSCR within a translation. What fp/fpscr.h has of the last operations is known here while
 * the code is made, and stored where it is left: an operation that another follows costs nothing.
 * Its operands stay where they are, in registers of struct cpu, until one of these changes; then
 * they are put where struct fpscr has room for them anyway. The fields of CR that comparisons of
 * doubles set are made as late, and from the same operands.
 */
#include "cpu/jit/x86_64/vector.h"

struct x86_mem status_operand(unsigned i)
{
	return CPU_OFFSET(offsetof(struct cpu, fpscr.operands) + i * sizeof(u64));
}

/* As offsets in struct cpu. */
static u16 place_of_vsr(unsigned vsr)
{
	return (u16)(offsetof(struct cpu, vsr) + vsr * sizeof(union vsr) + sizeof(u64));
}

static u16 place_of_operand(unsigned i)
{
	return (u16)(offsetof(struct cpu, fpscr.operands) + i * sizeof(u64));
}
_Static_assert(offsetof(struct cpu, vsr) + sizeof(((struct cpu *)0)->vsr) < 0x10000,
	       "an u16 has a place");

unsigned status_operands(u8 op)
{
	switch (op & ~FPSCR_SINGLE) {
	case FPSCR_NOTHING:
		return 0;
	case FPSCR_ADD:
	case FPSCR_SUB:
	case FPSCR_MUL:
	case FPSCR_DIV:
	case FPSCR_COMPARE:
		return 2;
	case FPSCR_MADD:
	case FPSCR_MSUB:
	case FPSCR_NMADD:
	case FPSCR_NMSUB:
		return 3;
	}
	return 1;
}

void status_record(struct tr *t, enum fpscr_kind kind, u8 op, const u8 *vsr, unsigned target)
{
	struct status *s = &t->s.status;
	unsigned first = FPSCR_FIRST(kind);

	if (kind == FPSCR_ARITHMETIC)
		memset(s->last, 0, sizeof(s->last));
	s->last[kind] = op;
	for (unsigned i = 0; i < status_operands(op); i++) {
		s->at[first + i] = place_of_vsr(vsr[i]);
		if (vsr[i] == target)
			t->sides[t->n_sides].aside |= 1u << (first + i);
	}
}

void status_compares(struct tr *t, unsigned field)
{
	const u16 *at = t->s.status.at + FPSCR_FIRST(FPSCR_COMPARISON);

	t->s.status.compares = true;
	t->s.status.field = (u8)field;
	t->s.cr[field] = (struct compared){
	    .pending = true, .is_fp = true, .a = b_const(at[0]), .b = b_const(at[1])};
}

static enum fpscr_kind kind_of(unsigned operand)
{
	return operand < FPSCR_FIRST(FPSCR_TO_INTEGER)	 ? FPSCR_ARITHMETIC
	       : operand < FPSCR_FIRST(FPSCR_COMPARISON) ? FPSCR_TO_INTEGER
							 : FPSCR_COMPARISON;
}

static bool is_wanted(const struct status *s, unsigned operand)
{
	enum fpscr_kind kind = kind_of(operand);

	if (kind == FPSCR_COMPARISON && s->compares)
		return true;
	return operand - FPSCR_FIRST(kind) < status_operands(s->last[kind]);
}

static int in_register(struct tr *t, unsigned vsr)
{
	int reg = t->v.scalar[vsr];

	if (reg < 0) {
		reg = vregs_take(t);
		x86_rm(&t->x, X_MOVQ_LD, reg, vsr_half(vsr, 0));
	}
	return reg;
}

void status_vsr_changes(struct tr *t, unsigned vsr)
{
	struct status *s = &t->s.status;
	int reg = -1;

	for (unsigned i = 0; i < FPSCR_OPERANDS; i++) {
		if (s->at[i] != place_of_vsr(vsr) || !is_wanted(s, i))
			continue;
		if (reg < 0)
			reg = in_register(t, vsr);
		x86_rm(&t->x, X_MOVLPS_ST, reg, status_operand(i));
		s->at[i] = place_of_operand(i);
	}
	if (s->compares) {
		s->compares = false;
		status_compares(t, s->field);
	}
}

static void store_operands(struct tr *t, const struct status *s, enum fpscr_kind kind)
{
	unsigned first = FPSCR_FIRST(kind);

	for (unsigned i = first; i < first + status_operands(s->last[kind]); i++) {
		if (s->at[i] == place_of_operand(i))
			continue;
		x86_rm(&t->x, X_LOAD | X_W, RAX, CPU_OFFSET(s->at[i]));
		x86_rm(&t->x, X_STORE | X_W, RAX, status_operand(i));
	}
}

void status_store(struct tr *t, const struct state *state)
{
	const struct status *s = &state->status;

	for (unsigned kind = 0; kind < FPSCR_KINDS; kind++)
		store_operands(t, s, (enum fpscr_kind)kind);
	if (s->last[FPSCR_ARITHMETIC]) {
		x86_rm(&t->x, 0xc7, 0, CPU_AT(fpscr.pending));
		x86_imm32(&t->x, s->last[0] | (u32)s->last[1] << 8 | (u32)s->last[2] << 16);
		return;
	}
	for (unsigned kind = 0; kind < FPSCR_KINDS; kind++) {
		if (!s->last[kind])
			continue;
		x86_rm(&t->x, 0xc6, 0, CPU_OFFSET(offsetof(struct cpu, fpscr.last) + kind));
		x86_byte(&t->x, s->last[kind]);
	}
}

/* The register that has what is at @place, or a new one. */
static int double_at(struct tr *t, u64 place)
{
	unsigned vsr = (unsigned)(place - place_of_vsr(0)) / sizeof(union vsr);
	int reg;

	if (place >= place_of_vsr(0) && vsr < 64 && t->v.scalar[vsr] >= 0)
		return t->v.scalar[vsr];
	reg = vregs_take(t);
	x86_rm(&t->x, X_MOVQ_LD, reg, CPU_OFFSET(place));
	return reg;
}

void status_compare_emit(struct tr *t, const struct compared *c, bool keep)
{
	int a = 0;

	if (keep)
		a = double_at(t, c->a.k);
	else
		x86_rm(&t->x, X_MOVQ_LD, a, CPU_OFFSET(c->a.k));
	vex_rrm(&t->x, V_UCOMISD, a, 0, CPU_OFFSET(c->b.k));
}
