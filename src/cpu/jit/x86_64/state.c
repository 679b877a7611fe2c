/* SPDX-License-Identifier: Apache-2.0 */
/* What was put off: fields of CR, and what is stored where a translation is left. */
#include "cpu/isa/branch.h"
#include "cpu/jit/x86_64/tr.h"
#include "cpu/jit/x86_64/vex.h"

static struct x86_mem cr_memory(unsigned field)
{
	return CPU_OFFSET(offsetof(struct cpu, cr) + field);
}

void compare_emit(struct tr *t, const struct compared *c)
{
	u32 wide = c->wide ? X_W : 0;
	int a = c->a.reg;

	if (c->is_fp) {
		status_compare_emit(t, c, true);
		return;
	}
	if (a < 0) {
		x86_constant(&t->x, RDX, c->a.k);
		a = RDX;
	}
	if (c->b.reg >= 0) {
		x86_rr(&t->x, X_CMP | wide, a, c->b.reg);
	} else if (!(c->wide ? c->b.k : (u32)c->b.k)) {
		x86_rr(&t->x, X_TEST | wide, a, a);
	} else if (!c->wide || x86_fits32((s64)c->b.k)) {
		x86_group1(&t->x, wide, G_CMP, a, (s32)c->b.k);
	} else {
		x86_constant(&t->x, RDX, c->b.k); /* then a is a register: b_compare() */
		x86_rr(&t->x, X_CMP | wide, a, RDX);
	}
}

/* What a comparison may find, in a field of CR. */
enum { FOUND_EQ = 2, FOUND_GT = 4, FOUND_LT = 8, FOUND_ANY = 14 };

static bool is_known(const struct compared *c)
{
	unsigned may_be = FOUND_ANY & ~c->isnt;

	return !(may_be & (may_be - 1));
}

/*
 * The field from the host's flags, which moves and loads leave alone: what equals give, which has
 * SO, and instead of that what else may be.
 */
static void store_field(struct tr *t, unsigned field, const struct compared *c)
{
	enum x86_cc greater = c->is_signed ? CC_G : CC_A, less = c->is_signed ? CC_L : CC_B;
	struct x86 *x = &t->x;
	int from = -1; /* which register has what is in rax unless the flags say otherwise */
	unsigned has = FOUND_EQ;

	if (c->is_fp)
		x86_constant(x, RAX, FOUND_EQ);
	else
		x86_rm(x, X_MOVZX8, RAX, CPU_AT(equal));
	for (unsigned is = FOUND_EQ; is <= FOUND_LT; is *= 2) {
		int to = from < 0 ? RAX : RCX;

		if (c->isnt & is)
			continue;
		if (is != has)
			x86_rm(x, X_LEA & ~X_W, to, X86_AT(from < 0 ? RAX : from, (s32)(is - has)));
		if (from >= 0)
			x86_rr(x, X_CMOV(is == FOUND_GT ? greater : less), RAX, RCX);
		from = to;
		has = is;
	}
	x86_rm(x, X_STORE8, RAX, cr_memory(field));
}

/* 8 where all of 16 bits are set: one more carries; 2 where none is: one less borrows. */
static void store_mask_field(struct tr *t, unsigned field, int mask)
{
	struct x86 *x = &t->x;

	x86_rm(x, X_LEA, RAX, X86_AT(mask, 1));
	x86_shift(x, 0, SH_SHR, RAX, 13);
	x86_group1(x, 0, G_AND, RAX, 8);
	x86_group1(x, 0, G_CMP, mask, 1);
	x86_rr(x, X_SBB, RCX, RCX);
	x86_group1(x, 0, G_AND, RCX, 2);
	x86_rr(x, X_OR, RAX, RCX);
	x86_rm(x, X_STORE8, RAX, cr_memory(field));
}

/* @late: nothing comes after it but what leaves the translation, or calls. */
static void make_field(struct tr *t, unsigned field, const struct compared *c, bool late)
{
	if (c->is_mask) {
		store_mask_field(t, field, c->a.reg);
		return;
	}
	if (c->is_fp && late)
		status_compare_emit(t, c, false);
	else if (!is_known(c))
		compare_emit(t, c);
	store_field(t, field, c);
}

void state_drop_cr(struct tr *t, unsigned field)
{
	struct compared *c = &t->s.cr[field];

	if (!c->pending)
		return;
	regs_unpin(t, c->a);
	regs_unpin(t, c->b);
	if (c->is_fp)
		t->s.status.compares = false;
	c->pending = false;
}

void state_make_cr(struct tr *t, unsigned field)
{
	if (!t->s.cr[field].pending)
		return;
	make_field(t, field, &t->s.cr[field], false);
	state_drop_cr(t, field);
}

static void store_guest(struct tr *t, unsigned g, int at)
{
	struct x86_mem m = guest_memory(g);
	u64 k;

	if (at >= 0) {
		guest_store(t, g, at);
		return;
	}
	k = t->constants[-2 - at];
	if (g == GUEST_CA) {
		x86_rm(&t->x, 0xc6, 0, m);
		x86_byte(&t->x, (u8)k);
	} else if (x86_fits32((s64)k)) {
		x86_rm(&t->x, 0xc7 | X_W, 0, m);
		x86_imm32(&t->x, (u32)k);
	} else {
		x86_constant(&t->x, RAX, k);
		x86_rm(&t->x, X_STORE | X_W, RAX, m);
	}
}

void state_store(struct tr *t, const struct state *s)
{
	for (u64 left = s->dirty; left; left &= left - 1) {
		unsigned g = (unsigned)__builtin_ctzll(left);

		store_guest(t, g, s->at[g]);
	}
	for (unsigned field = 0; field < 8; field++)
		if (s->cr[field].pending)
			make_field(t, field, &s->cr[field], true);
	status_store(t, s);
	if (s->cfar != NO_CFAR) {
		x86_rm(&t->x, X_LEA, RAX, X86_AT(R_NIP, s->cfar));
		x86_rm(&t->x, X_STORE | X_W, RAX, CPU_AT(cfar));
	}
}

void state_flush(struct tr *t)
{
	state_store(t, &t->s);
	t->s.dirty = 0;
	t->s.cfar = NO_CFAR;
	for (unsigned field = 0; field < 8; field++)
		state_drop_cr(t, field);
	memset(&t->s.status, 0, sizeof(t->s.status));
}

void b_compare(struct tr *t, unsigned field, val a, val b, bool wide, bool is_signed)
{
	struct compared *c = &t->s.cr[field];

	if (a.reg < 0 && b.reg < 0)
		a.reg = (s8)regs_value(t, a);
	state_drop_cr(t, field);
	*c = (struct compared){true, wide, is_signed, false, false, 0, a, b};
	regs_pin(t, a);
	regs_pin(t, b);
}

void b_set_cr_mask(struct tr *t, unsigned field, vec mask)
{
	struct compared *c = &t->s.cr[field];
	int r = regs_take(t);

	state_drop_cr(t, field);
	vex_rrr(&t->x, V_PMOVMSKB, r, 0, mask.reg);
	*c = (struct compared){.pending = true, .is_mask = true, .a = {(s8)r, 0}, .b = b_const(0)};
	regs_pin(t, c->a);
}

void b_set_cr_bit(struct tr *t, unsigned bit, bool set)
{
	u8 mask = 8 >> (bit & 3);

	state_make_cr(t, bit >> 2);
	if (set)
		x86_group1_m8(&t->x, G_OR, cr_memory(bit >> 2), mask);
	else
		x86_group1_m8(&t->x, G_AND, cr_memory(bit >> 2), (u8)~mask);
}

val b_cr_field(struct tr *t, unsigned field)
{
	int r;

	state_make_cr(t, field);
	r = regs_take(t);
	x86_rm(&t->x, X_MOVZX8, r, cr_memory(field));
	return (val){(s8)r, 0};
}

void b_copy_cr(struct tr *t, unsigned to, unsigned from)
{
	state_make_cr(t, from);
	state_drop_cr(t, to);
	x86_rm(&t->x, X_MOVZX8, RAX, cr_memory(from));
	x86_rm(&t->x, X_STORE8, RAX, cr_memory(to));
}

/* The bits @shift and on, under @mask, to a byte. */
static void store_bits(struct tr *t, int r, unsigned shift, u32 mask, struct x86_mem to)
{
	x86_mov(&t->x, RAX, r);
	if (shift)
		x86_shift(&t->x, 0, SH_SHR, RAX, shift);
	x86_group1(&t->x, 0, G_AND, RAX, (s32)mask);
	x86_rm(&t->x, X_STORE8, RAX, to);
}

void b_set_cr_field(struct tr *t, unsigned field, val v, unsigned shift)
{
	int r = regs_value(t, v);

	state_drop_cr(t, field);
	store_bits(t, r, shift, 15, cr_memory(field));
}

/* reg |= reg shifted by @n, under @mask */
static void fold(struct tr *t, int reg, enum x86_shift s, unsigned n, u64 mask)
{
	x86_mov(&t->x, RAX, reg);
	x86_shift(&t->x, X_W, s, RAX, n);
	x86_rr(&t->x, X_OR | X_W, reg, RAX);
	x86_constant(&t->x, RAX, mask);
	x86_rr(&t->x, X_AND | X_W, reg, RAX);
}

/* The fields' bytes, field 0's highest, are moved together by halves. */
val b_cr(struct tr *t)
{
	int r;

	for (unsigned field = 0; field < 8; field++)
		state_make_cr(t, field);
	r = regs_take(t);
	x86_rm(&t->x, X_LOAD | X_W, r, cr_memory(0));
	x86_bswap(&t->x, X_W, r);
	fold(t, r, SH_SHR, 4, 0x00ff00ff00ff00ff);
	fold(t, r, SH_SHR, 8, 0x0000ffff0000ffff);
	fold(t, r, SH_SHR, 16, 0xffffffff);
	return (val){(s8)r, 0};
}

void b_set_cr(struct tr *t, val v)
{
	int r = regs_value(t, v);

	for (unsigned field = 0; field < 8; field++)
		state_drop_cr(t, field);
	x86_rr(&t->x, X_LOAD, RCX, r);
	fold(t, RCX, SH_SHL, 16, 0x0000ffff0000ffff);
	fold(t, RCX, SH_SHL, 8, 0x00ff00ff00ff00ff);
	fold(t, RCX, SH_SHL, 4, 0x0f0f0f0f0f0f0f0f);
	x86_bswap(&t->x, X_W, RCX);
	x86_rm(&t->x, X_STORE | X_W, RCX, cr_memory(0));
}

val b_load_field(struct tr *t, unsigned offset)
{
	int r = regs_take(t);

	x86_rm(&t->x, X_LOAD | X_W, r, CPU_OFFSET(offset));
	return (val){(s8)r, 0};
}

void b_store_field(struct tr *t, unsigned offset, val v)
{
	x86_rm(&t->x, X_STORE | X_W, regs_value(t, v), CPU_OFFSET(offset));
}

val b_cfar(struct tr *t)
{
	int r;

	if (t->s.cfar == NO_CFAR)
		return b_load_field(t, offsetof(struct cpu, cfar));
	r = regs_take(t);
	x86_rm(&t->x, X_LEA, r, X86_AT(R_NIP, t->s.cfar));
	return (val){(s8)r, 0};
}

/* SO, OV and CA are XER's uppermost bits. */
val b_xer(struct tr *t)
{
	int ca = regs_value(t, b_get(t, GUEST_CA)), r = regs_take(t);
	struct x86 *x = &t->x;

	x86_rm(x, X_MOVZX8, r, CPU_AT(so));
	x86_rr(x, X_ADD, r, r);
	x86_rm(x, 0x0a | X_BYTE, r, CPU_AT(ov)); /* or r, ov */
	x86_rr(x, X_ADD, r, r);
	x86_rr(x, 0x0a | X_BYTE, r, ca);
	x86_shift(x, 0, SH_SHL, r, 29);
	x86_rm(x, 0x0a | X_BYTE, r, CPU_AT(xer_len));
	return (val){(s8)r, 0};
}

/* What was compared before has the old SO. */
void b_set_xer(struct tr *t, val v)
{
	int r = regs_value(t, v), ca = regs_for(t, GUEST_CA);

	for (unsigned field = 0; field < 8; field++)
		state_make_cr(t, field);
	store_bits(t, r, 31, 1, CPU_AT(so));
	/* rax is SO: cpu_set_so() */
	x86_group1(&t->x, 0, G_OR, RAX, 2);
	x86_rm(&t->x, X_STORE8, RAX, CPU_AT(equal));
	store_bits(t, r, 30, 1, CPU_AT(ov));
	x86_mov(&t->x, ca, r);
	x86_shift(&t->x, 0, SH_SHR, ca, 29);
	x86_group1(&t->x, 0, G_AND, ca, 1);
	b_set(t, GUEST_CA, (val){(s8)ca, 0});
	store_bits(t, r, 0, 0x7f, CPU_AT(xer_len));
}

/* reg = CR[bit], 0 or 1 */
static void load_bit(struct tr *t, int reg, unsigned bit, bool inverted)
{
	x86_rm(&t->x, X_MOVZX8, reg, cr_memory(bit >> 2));
	if (3 - (bit & 3))
		x86_shift(&t->x, 0, SH_SHR, reg, 3 - (bit & 3));
	if (inverted)
		x86_group1(&t->x, 0, G_XOR, reg, 1);
	x86_group1(&t->x, 0, G_AND, reg, 1);
}

void b_cr_logic(struct tr *t, enum b_cr_logic op, unsigned to, unsigned a, unsigned b, bool not_b,
		bool not_result)
{
	static const u32 opcode[] = {X_AND, X_OR, X_XOR};
	u8 mask = 8 >> (to & 3);

	state_make_cr(t, a >> 2);
	state_make_cr(t, b >> 2);
	state_make_cr(t, to >> 2);
	load_bit(t, RAX, a, false);
	load_bit(t, RCX, b, not_b);
	x86_rr(&t->x, opcode[op], RAX, RCX);
	if (not_result)
		x86_group1(&t->x, 0, G_XOR, RAX, 1);
	if (3 - (to & 3))
		x86_shift(&t->x, 0, SH_SHL, RAX, 3 - (to & 3));
	x86_group1_m8(&t->x, G_AND, cr_memory(to >> 2), (u8)~mask);
	x86_rm(&t->x, 0x08 | X_BYTE, RAX, cr_memory(to >> 2)); /* or [cr], al */
}

/* The host's condition for a bit of a field, LT GT EQ, after a comparison; -1: SO, or not here. */
static int condition(const struct compared *c, unsigned bit)
{
	bool is_signed = c->is_signed;

	switch (bit) {
	case 0:
		return c->is_mask ? CC_E : is_signed ? CC_L : CC_B;
	case 1:
		return c->is_mask ? -1 : is_signed ? CC_G : CC_A;
	case 2:
		return CC_E;
	}
	return -1;
}

/* The flags that condition() means. */
static void emit_flags(struct tr *t, const struct compared *c, unsigned bit)
{
	if (!c->is_mask)
		compare_emit(t, c);
	else if (bit == 0)
		x86_group1(&t->x, 0, G_CMP, c->a.reg, 0xffff);
	else
		x86_rr(&t->x, X_TEST, c->a.reg, c->a.reg);
}

void b_cr_prepare(struct tr *t, unsigned bit)
{
	if (condition(&t->s.cr[bit >> 2], bit & 3) < 0)
		state_make_cr(t, bit >> 2);
}

cond b_cr_is(struct tr *t, unsigned bit, bool set)
{
	struct compared *c = &t->s.cr[bit >> 2];
	int cc = c->pending ? condition(c, bit & 3) : -1;

	if (cc >= 0) {
		emit_flags(t, c, bit & 3);
	} else {
		state_make_cr(t, bit >> 2);
		x86_test_m8(&t->x, cr_memory(bit >> 2), 8 >> (bit & 3));
		cc = CC_NE;
	}
	return set ? cc : cc ^ 1;
}

void b_cr_told(struct tr *t, const struct op *op, bool taken)
{
	struct compared *c = &t->s.cr[op->a >> 2];
	u8 is = FOUND_LT >> (op->a & 3);
	bool set = !(op->t & BO_CR_SET) != taken;

	if (!(op->t & BO_ANY_CR) && c->pending && !c->is_mask && !c->is_fp && is & FOUND_ANY)
		c->isnt |= set ? FOUND_ANY & ~is : is;
}
