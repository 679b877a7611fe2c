/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of an exit until its code is made, if ever: bytes, since there are several a block
 * and most are never read. A record says in what it differs from the one before, or from nothing:
 * they are read in their order. In this order:
 *
 *	kind, part, which of the following there are; n; how far its jump is behind the last one's
 *	CFAR
 *	by kind: the distance, and the site; the register; the window's base, lo and hi
 *	how many guest registers are stored from elsewhere now, and for each its number and operand
 *	a mask of the fields of CR that wait, and for each how it is compared and both operands
 *	whether the FPSCR waits, and for what
 *
 * Numbers are signed, seven bits a byte. An operand is a host register's number, or one of enum
 * other_operand.
 */
#include "cpu/jit/x86_64/tr.h"

enum other_operand {
	OPERAND_CONSTANT = 0x80, /* a number follows */
	OPERAND_ZERO,
	OPERAND_CLEAN, /* memory is right */
};

/* The first byte. */
#define KIND_MASK   7u
#define PART_SHIFT  3
#define PART_MASK   7u
#define OTHER_CFAR  0x40u
#define OTHER_FLAGS 0x80u /* CR or FPSCR: a byte of the following comes */
#define OTHER_CR    1u
#define OTHER_FPSCR 2u
_Static_assert(EXIT_GUARD <= KIND_MASK && TR_PARTS - 1 <= PART_MASK, "they share a byte");

#define COMPARED_WIDE	1
#define COMPARED_SIGNED 2
#define COMPARED_MASK	4
#define COMPARED_FP	8

static const struct val clean = {(s8)OPERAND_CLEAN, 0};

void records_begin(struct record_state *r)
{
	*r = (struct record_state){.cfar = NO_CFAR};
	for (unsigned g = 0; g < GUESTS; g++)
		r->guests[g] = clean;
}

static bool same(val a, val b)
{
	return a.reg == b.reg && a.k == b.k;
}

/* --- writing --- */

static void put(struct tr *t, unsigned byte)
{
	t->records[t->records_used++] = (u8)byte;
}

static void put_bytes(struct tr *t, const void *from, unsigned bytes)
{
	memcpy(t->records + t->records_used, from, bytes);
	t->records_used += bytes;
}

static void put_number(struct tr *t, s64 number)
{
	u64 left = (u64)number << 1 ^ (u64)(number >> 63);

	for (; left > 0x7f; left >>= 7)
		put(t, 0x80 | (left & 0x7f));
	put(t, (unsigned)left);
}

static void put_operand(struct tr *t, val v)
{
	if (v.reg >= 0 || same(v, clean)) {
		put(t, (u8)v.reg);
		return;
	}
	put(t, v.k ? OPERAND_CONSTANT : OPERAND_ZERO);
	if (v.k)
		put_number(t, (s64)v.k);
}

/* What is to be stored in guest register @g. */
static val stored(const struct tr *t, unsigned g)
{
	int at = t->s.at[g];

	if (!(t->s.dirty & guest_bit(g)))
		return clean;
	return at >= 0 ? (val){(s8)at, 0} : b_const(t->constants[-2 - at]);
}

static void put_guests(struct tr *t)
{
	val *known = t->recorded.guests;
	size_t number = t->records_used;

	put(t, 0);
	for (u64 left = t->s.dirty | t->recorded.dirty; left; left &= left - 1) {
		unsigned g = (unsigned)__builtin_ctzll(left);
		val v = stored(t, g);

		if (same(v, known[g]))
			continue;
		known[g] = v;
		put(t, g);
		put_operand(t, v);
		t->records[number]++;
	}
	t->recorded.dirty = t->s.dirty;
}

static bool compared_alike(const struct compared *a, const struct compared *b)
{
	if (!a->pending || !b->pending)
		return a->pending == b->pending;
	return a->wide == b->wide && a->is_signed == b->is_signed && a->is_mask == b->is_mask &&
	       a->is_fp == b->is_fp && same(a->a, b->a) && same(a->b, b->b);
}

static bool cr_alike(const struct compared *a, const struct compared *b)
{
	for (unsigned field = 0; field < 8; field++)
		if (!compared_alike(&a[field], &b[field]))
			return false;
	return true;
}

static void put_compared(struct tr *t)
{
	size_t mask = t->records_used;

	put(t, 0);
	for (unsigned field = 0; field < 8; field++) {
		const struct compared *c = &t->s.cr[field];

		t->recorded.cr[field] = *c;
		if (!c->pending)
			continue;
		t->records[mask] |= (u8)(1 << field);
		put(t, (c->wide ? COMPARED_WIDE : 0) | (c->is_signed ? COMPARED_SIGNED : 0) |
			   (c->is_mask ? COMPARED_MASK : 0) | (c->is_fp ? COMPARED_FP : 0));
		put_operand(t, c->a);
		put_operand(t, c->b);
	}
}

static bool waits(const struct status *s)
{
	for (unsigned i = 0; i < FPSCR_KINDS; i++)
		if (s->last[i] != FPSCR_NOTHING)
			return true;
	return false;
}

static bool status_alike(const struct status *a, const struct status *b)
{
	if (!waits(a) || !waits(b))
		return waits(a) == waits(b);
	return !memcmp(a->last, b->last, sizeof(a->last)) && !memcmp(a->at, b->at, sizeof(a->at));
}

/* That of comparisons in CR is in struct compared, too, and of no use any more. */
static void put_status(struct tr *t)
{
	const struct status *s = &t->s.status;

	t->recorded.status = *s;
	put(t, waits(s));
	if (!waits(s))
		return;
	put_bytes(t, s->last, sizeof(s->last));
	put_bytes(t, s->at, sizeof(s->at));
}

static bool has_distance(const struct exit_point *exit)
{
	return exit->kind == EXIT_BRANCH || exit->kind == EXIT_BEHIND || exit->kind == EXIT_GUARD;
}

static void put_kind(struct tr *t, const struct exit_point *exit)
{
	if (has_distance(exit))
		put_number(t, exit->distance);
	if (exit->kind == EXIT_GUARD)
		put_bytes(t, &exit->site, sizeof(exit->site));
	if (exit->kind == EXIT_REGISTER || exit->kind == EXIT_RETURN || exit->kind == EXIT_WINDOW)
		put(t, (u8)exit->to);
	if (exit->kind == EXIT_WINDOW) {
		put_number(t, exit->lo);
		put_number(t, exit->hi);
	}
}

void record_write(struct tr *t, const struct exit_point *exit)
{
	struct record_state *last = &t->recorded;
	unsigned flags = (cr_alike(last->cr, t->s.cr) ? 0 : OTHER_CR) |
			 (status_alike(&last->status, &t->s.status) ? 0 : OTHER_FPSCR);
	bool other_cfar = last->cfar != t->s.cfar;

	put(t, exit->kind | exit->part << PART_SHIFT | (other_cfar ? OTHER_CFAR : 0) |
		   (flags ? OTHER_FLAGS : 0));
	if (flags)
		put(t, flags);
	put(t, exit->n);
	put_number(t, (s64)exit->from - last->from);
	if (other_cfar)
		put_number(t, t->s.cfar);
	last->from = exit->from;
	last->cfar = t->s.cfar;
	put_kind(t, exit);
	put_guests(t);
	if (flags & OTHER_CR)
		put_compared(t);
	if (flags & OTHER_FPSCR)
		put_status(t);
}

/* --- reading --- */

static void get_bytes(const u8 **at, void *to, unsigned bytes)
{
	memcpy(to, *at, bytes);
	*at += bytes;
}

static s64 get_number(const u8 **at)
{
	u64 v = 0;

	for (unsigned shift = 0;; shift += 7) {
		u8 byte = *(*at)++;

		v |= (u64)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return (s64)(v >> 1 ^ -(v & 1));
	}
}

static val get_operand(const u8 **at)
{
	u8 operand = *(*at)++;

	switch (operand) {
	case OPERAND_CONSTANT:
		return b_const((u64)get_number(at));
	case OPERAND_ZERO:
		return b_const(0);
	default:
		return (val){(s8)operand, 0};
	}
}

static void get_guests(struct record_state *r, const u8 **at)
{
	for (unsigned left = *(*at)++; left; left--) {
		unsigned g = *(*at)++;

		r->guests[g] = get_operand(at);
	}
}

static void get_compared(struct record_state *r, const u8 **at)
{
	unsigned mask = *(*at)++;

	for (unsigned field = 0; field < 8; field++) {
		struct compared *c = &r->cr[field];
		u8 how;

		c->pending = mask >> field & 1;
		if (!c->pending)
			continue;
		how = *(*at)++;
		c->wide = how & COMPARED_WIDE;
		c->is_signed = how & COMPARED_SIGNED;
		c->is_mask = how & COMPARED_MASK;
		c->is_fp = how & COMPARED_FP;
		c->a = get_operand(at);
		c->b = get_operand(at);
	}
}

static void get_status(struct record_state *r, const u8 **at)
{
	r->status = (struct status){0};
	if (!*(*at)++)
		return;
	get_bytes(at, r->status.last, sizeof(r->status.last));
	get_bytes(at, r->status.at, sizeof(r->status.at));
}

static void get_kind(struct exit_point *exit, const u8 **at)
{
	if (has_distance(exit))
		exit->distance = (s32)get_number(at);
	if (exit->kind == EXIT_GUARD)
		get_bytes(at, &exit->site, sizeof(exit->site));
	if (exit->kind == EXIT_REGISTER || exit->kind == EXIT_RETURN || exit->kind == EXIT_WINDOW)
		exit->to = *(*at)++;
	if (exit->kind == EXIT_WINDOW) {
		exit->lo = (s32)get_number(at);
		exit->hi = (s32)get_number(at);
	}
}

const u8 *record_read(struct record_state *r, const u8 *at, struct exit_point *exit)
{
	unsigned first = *at++, flags = first & OTHER_FLAGS ? *at++ : 0;

	exit->kind = (enum exit_kind)(first & KIND_MASK);
	exit->part = first >> PART_SHIFT & PART_MASK;
	exit->n = *at++;
	exit->from = r->from += (u32)get_number(&at);
	if (first & OTHER_CFAR)
		r->cfar = (s32)get_number(&at);
	get_kind(exit, &at);
	get_guests(r, &at);
	if (flags & OTHER_CR)
		get_compared(r, &at);
	if (flags & OTHER_FPSCR)
		get_status(r, &at);
	return at;
}

void record_state(struct tr *t, const struct record_state *r)
{
	t->s.cfar = r->cfar;
	t->s.status = r->status;
	memcpy(t->s.cr, r->cr, sizeof(t->s.cr));
	t->s.dirty = 0;
	t->n_constants = GUESTS;
	for (unsigned g = 0; g < GUESTS; g++) {
		val v = r->guests[g];

		if (same(v, clean))
			continue;
		t->s.dirty |= guest_bit(g);
		t->s.at[g] = v.reg >= 0 ? v.reg : (s16)IN_CONSTANTS((int)g);
		t->constants[g] = v.k;
	}
}
