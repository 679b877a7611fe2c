/* SPDX-License-Identifier: Apache-2.0 */
/* Storage, by the first translation cache. What it lacks is left to the instruction's function. */
#include "cpu/jit/rules.h"
#include "cpu/jit/x86_64/jit.h"
#include "cpu/jit/x86_64/vex.h"
#include "cpu/mmu/mem.h"

_Static_assert(sizeof(struct tlb_entry) == 4 * 8, "find_slot() makes four times its number");

struct x86_mem tlb_field(const struct tr *t, size_t field)
{
	u32 mode = t->b->mode;
	enum tlb_context context = !(mode & MODE_DR) ? TLB_REAL
				   : mode & MODE_PR  ? TLB_USER
						     : TLB_KERNEL;
	size_t at = offsetof(struct cpu, tlb[0].e) + context * sizeof(struct tlb) + field;

	return (struct x86_mem){R_CPU, RCX, 3, (s32)at - CPU_BIAS};
}

#define V_RORX V_OP(3, 3, 0xf0)

unsigned unit_shift(const struct tr *t)
{
	return t->b->mode & MODE_NARROW ? CPU_PAGE_SHIFT : CPU_UNIT_SHIFT;
}

/* rcx = four times the number of the slot of the unit at @first. */
static void find_slot(struct tr *t, struct x86_mem first)
{
	struct x86 *x = &t->x;
	int from = first.base;

	if (first.disp) {
		x86_rm(x, X_LEA & ~X_W, RCX, first);
		from = RCX;
	}
	if (from != RCX && t->jit->host & HOST_BMI2) {
		vex_rrr(x, V_RORX, RCX, 0, from);
		x86_byte(x, (u8)(unit_shift(t) - 2));
	} else {
		if (from != RCX)
			x86_rr(x, X_LOAD, RCX, from);
		x86_shift(x, 0, SH_SHR, RCX, unit_shift(t) - 2);
	}
	x86_group1(x, 0, G_AND, RCX, (TLB_ENTRIES - 1) << 2);
}

/* ZF: the slot at rcx has unit rdx. */
static void compare_tag(struct tr *t, bool store)
{
	x86_rm(&t->x, X_CMP | X_W, RDX,
	       tlb_field(t, store ? offsetof(struct tlb_entry, write)
				  : offsetof(struct tlb_entry, read)));
}

/* rcx as above; ZF: it has the unit at @last, whose number is rdx. */
static void compare_slot(struct tr *t, struct x86_mem first, struct x86_mem last, bool store)
{
	struct x86 *x = &t->x;

	find_slot(t, first);
	if (last.disp)
		x86_rm(x, X_LEA, RDX, last);
	else
		x86_mov(x, RDX, last.base);
	x86_shift(x, X_W, SH_SHR, RDX, unit_shift(t));
	compare_tag(t, store);
}

static void load_addend(struct tr *t, int reg)
{
	x86_rm(&t->x, X_LOAD | X_W, reg, tlb_field(t, offsetof(struct tlb_entry, addend)));
}

void look_up_slot(struct tr *t, int ea, unsigned bytes, bool store)
{
	compare_slot(t, X86_AT(ea, 0), X86_AT(ea, (s32)bytes - 1), store);
	exit_function_if(t, CC_NE);
}

void look_up(struct tr *t, int ea, unsigned bytes, bool store)
{
	look_up_slot(t, ea, bytes, store);
	load_addend(t, RCX);
}

val b_ea(struct tr *t, struct b_place place)
{
	if (place.base < 0)
		return place.ea;
	if (t->ea_of.base != place.base || t->ea_of.disp != place.disp) {
		t->ea_of = place;
		t->ea_of.ea =
		    b_add(t, b_gpr(t, (unsigned)place.base), b_const((u64)(s64)place.disp));
	}
	return t->ea_of.ea;
}

static struct x86_mem look_up_alone(struct tr *t, struct b_place place, unsigned bytes, bool store)
{
	int ea = regs_value(t, b_ea(t, place));

	look_up(t, ea, bytes, store);
	return X86_INDEX(RCX, ea);
}

#define WINDOW_BYTES_MAX 256

/*
 * Is @op an access that a window @w would have too? One of the other kind only where it comes for
 * certain: the page may be one of which it can't be had.
 */
static bool joins(const struct op *op, const struct rule *r, const struct page_window *w,
		  bool certain)
{
	return r->bytes && op->a == w->base && (certain || (r->stores ? w->stores : w->loads));
}

static bool sets(const struct op *op, const struct rule *r, int base)
{
	return (r->sets == SETS_T && op->t == base) || (r->sets == SETS_A && op->a == base) ||
	       (r->updates && op->a == base);
}

/*
 * What is accessed by the same register from this instruction on, as far as can be foreseen, in the
 * rounds of a loop that follow too. False: only this.
 */
static bool foresee(const struct tr *t, struct b_place place, unsigned bytes, bool store,
		    struct page_window *w)
{
	unsigned joined = 0, rounds = 0, reg;
	bool certain = true;
	s32 moved = 0, by;

	*w = (struct page_window){.base = (u8)place.base,
				  .loads = !store,
				  .stores = store,
				  .lo = place.disp,
				  .hi = place.disp + (s32)bytes};
	for (unsigned n = t->n; n <= t->b->count; n++) {
		const struct op *op = &t->ops[n];
		const struct rule *r = t->rules[n];

		if (joins(op, r, w, certain)) {
			s32 lo = moved + (s32)op->imm, hi = lo + r->bytes;

			lo = lo < w->lo ? lo : w->lo;
			hi = hi > w->hi ? hi : w->hi;
			if (hi - lo <= WINDOW_BYTES_MAX) {
				w->lo = lo;
				w->hi = hi;
				w->stores |= r->stores;
				w->loads |= !r->stores;
				joined++;
			}
		}
		if (trace_moves(op, r, &reg, &by) && reg == (unsigned)place.base)
			moved += by;
		else if (!r->build || sets(op, r, place.base))
			break;
		certain &= !r->leaves;
		w->passes |= trace_leads_back(t, n) && moved;
		if (trace_leads_back(t, n) && rounds++ < trace_rounds_left(t, n))
			n = 0;
	}
	return joined > 1;
}

/* Unless ZF. */
static void leave_window(struct tr *t, const struct page_window *w, int base)
{
	if (w->passes)
		exit_function_if(t, CC_NE);
	else
		exit_window_if(t, CC_NE, base, w->lo, w->hi);
}

static int window_open(struct tr *t, const struct page_window *w)
{
	unsigned i = t->next_window++ % WINDOWS;
	int base = b_get(t, w->base).reg, reg;

	reg = regs_take(t);
	compare_slot(t, X86_AT(base, w->lo), X86_AT(base, w->hi - 1), w->stores);
	leave_window(t, w, base);
	if (w->stores && w->loads) {
		compare_tag(t, false);
		leave_window(t, w, base);
	}
	load_addend(t, reg);
	x86_rr(&t->x, X_ADD | X_W, reg, base);
	t->windows[i] = *w;
	regs_give(t, reg, i);
	return reg;
}

/* The window that has @place, NULL; *reg: its host register. */
static const struct page_window *window_find(struct tr *t, struct b_place place, unsigned bytes,
					     bool store, int *reg)
{
	for (unsigned i = 0; i < WINDOWS; i++) {
		const struct page_window *w = &t->windows[i];

		if (w->base != place.base || !(store ? w->stores : w->loads) ||
		    place.disp < w->lo || place.disp + (s32)bytes > w->hi)
			continue;
		*reg = regs_window(t, i);
		if (*reg >= 0)
			return w;
	}
	return NULL;
}

static bool is_known(struct tr *t, int base)
{
	return t->s.at[base] <= IN_CONSTANTS(0);
}

struct x86_mem look_up_place(struct tr *t, struct b_place place, unsigned bytes, bool store)
{
	const struct page_window *found;
	struct page_window w;
	int reg;

	if (place.base < 0 || t->plain || is_known(t, place.base))
		return look_up_alone(t, place, bytes, store);
	found = window_find(t, place, bytes, store, &reg);
	if (found)
		return X86_AT(reg, found->moved + place.disp);
	if (foresee(t, place, bytes, store, &w))
		return X86_AT(window_open(t, &w), place.disp);
	return look_up_alone(t, place, bytes, store);
}

void swap_bytes(struct tr *t, int reg, unsigned bytes)
{
	if (bytes == 2)
		x86_shift(&t->x, X_P66, SH_ROL, reg, 8);
	else if (bytes > 2)
		x86_bswap(&t->x, bytes == 8 ? X_W : 0, reg);
}

static void load(struct tr *t, int reg, struct x86_mem m, struct b_access access)
{
	bool swap = t->swap != access.reversed && access.bytes > 1;
	bool sign = access.is_signed && !swap;
	struct x86 *x = &t->x;

	switch (access.bytes) {
	case 1:
		x86_rm(x, X_MOVZX8, reg, m);
		break;
	case 2:
		x86_rm(x, sign ? X_MOVSX16 | X_W : X_MOVZX16, reg, m);
		break;
	case 4:
		x86_rm(x, sign ? X_MOVSXD : X_LOAD, reg, m);
		break;
	default:
		x86_rm(x, X_LOAD | X_W, reg, m);
	}
	if (!swap)
		return;
	swap_bytes(t, reg, access.bytes);
	if (access.is_signed)
		x86_rr(x, access.bytes == 2 ? X_MOVSX16 | X_W : X_MOVSXD, reg, reg);
}

val b_load(struct tr *t, struct b_place place, struct b_access access)
{
	int r = regs_take(t); /* before the look-up: it may need the scratch registers */
	struct x86_mem m = look_up_place(t, place, access.bytes, false);

	load(t, r, m, access);
	return (val){(s8)r, 0};
}

static void store(struct tr *t, int reg, struct x86_mem m, unsigned bytes)
{
	static const u32 op[] = {
	    [1] = X_STORE8, [2] = X_STORE16, [4] = X_STORE, [8] = X_STORE | X_W};

	x86_rm(&t->x, op[bytes], reg, m);
}

void b_store(struct tr *t, struct b_place place, val v, struct b_access access)
{
	int r = regs_value(t, v);
	struct x86_mem m = look_up_place(t, place, access.bytes, true);

	if (t->swap != access.reversed && access.bytes > 1) {
		x86_mov(&t->x, RDX, r);
		swap_bytes(t, RDX, access.bytes);
		r = RDX;
	}
	store(t, r, m, access.bytes);
}

/* The host keeps all in order but loads after earlier stores. */
void b_fence(struct tr *t, enum b_fence fence)
{
	static const u8 locked[] = {0xf0, 0x83, 0x0c, 0x24, 0x00}; /* lock or dword [rsp], 0 */

	for (unsigned i = 0; fence == B_FENCE_FULL && i < sizeof(locked); i++)
		x86_byte(&t->x, locked[i]);
}
