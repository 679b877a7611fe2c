/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of an exit until its code is made, if ever: bytes, since there are several a block
 * and most are never read. In this order:
 *
 *	kind, part, n, CFAR, where its jump is
 *	by kind: the distance, and the site; the register; the window's base, lo and hi
 *	how many guest registers are to be stored, and for each its number and operand
 *	a mask of the fields of CR that wait, and for each how it is compared and both operands
 *	whether the FPSCR waits, and for what
 *
 * An operand is a host register's number, or OTHER and a constant, or ZERO.
 */
#include "cpu/jit/x86_64/tr.h"

#define OTHER ((u8)-1)
#define ZERO  ((u8)-2)

#define COMPARED_WIDE	1
#define COMPARED_SIGNED 2
#define COMPARED_MASK	4
#define COMPARED_FP	8

static void put(struct tr *t, u8 byte)
{
	t->records[t->records_used++] = byte;
}

static void put_bytes(struct tr *t, const void *from, unsigned bytes)
{
	memcpy(t->records + t->records_used, from, bytes);
	t->records_used += bytes;
}

static void put_operand(struct tr *t, val v)
{
	put(t, v.reg >= 0 ? (u8)v.reg : v.k ? OTHER : ZERO);
	if (v.reg < 0 && v.k)
		put_bytes(t, &v.k, sizeof(v.k));
}

static void put_guests(struct tr *t)
{
	put(t, (u8)__builtin_popcountll(t->s.dirty));
	for (u64 left = t->s.dirty; left; left &= left - 1) {
		unsigned g = (unsigned)__builtin_ctzll(left);
		int at = t->s.at[g];

		put(t, (u8)g);
		put_operand(t, at >= 0 ? (val){(s8)at, 0} : b_const(t->constants[-2 - at]));
	}
}

static void put_compared(struct tr *t)
{
	u8 *mask = t->records + t->records_used;

	put(t, 0);
	for (unsigned field = 0; field < 8; field++) {
		const struct compared *c = &t->s.cr[field];

		if (!c->pending)
			continue;
		*mask |= (u8)(1 << field);
		put(t, (c->wide ? COMPARED_WIDE : 0) | (c->is_signed ? COMPARED_SIGNED : 0) |
			   (c->is_mask ? COMPARED_MASK : 0) | (c->is_fp ? COMPARED_FP : 0));
		put_operand(t, c->a);
		put_operand(t, c->b);
	}
}

/* That of comparisons in CR is in struct compared, too, and of no use any more. */
static void put_status(struct tr *t)
{
	const struct status *s = &t->s.status;
	bool waits = false;

	for (unsigned i = 0; i < FPSCR_KINDS; i++)
		waits |= s->last[i] != FPSCR_NOTHING;
	put(t, waits);
	if (!waits)
		return;
	put_bytes(t, s->last, sizeof(s->last));
	put_bytes(t, s->at, sizeof(s->at));
}

static bool has_distance(const struct exit_point *exit)
{
	return exit->kind == EXIT_BRANCH || exit->kind == EXIT_BEHIND || exit->kind == EXIT_GUARD;
}

void record_write(struct tr *t, const struct exit_point *exit)
{
	put(t, (u8)exit->kind);
	put(t, (u8)exit->part);
	put(t, (u8)exit->n);
	put_bytes(t, &t->s.cfar, sizeof(t->s.cfar));
	put_bytes(t, &exit->from, sizeof(exit->from));
	if (has_distance(exit))
		put_bytes(t, &exit->distance, sizeof(exit->distance));
	if (exit->kind == EXIT_GUARD)
		put_bytes(t, &exit->site, sizeof(exit->site));
	if (exit->kind == EXIT_REGISTER || exit->kind == EXIT_WINDOW)
		put(t, (u8)exit->to);
	if (exit->kind == EXIT_WINDOW) {
		put_bytes(t, &exit->lo, sizeof(exit->lo));
		put_bytes(t, &exit->hi, sizeof(exit->hi));
	}
	put_guests(t);
	put_compared(t);
	put_status(t);
}

static void get_bytes(const u8 **at, void *to, unsigned bytes)
{
	memcpy(to, *at, bytes);
	*at += bytes;
}

static val get_operand(const u8 **at)
{
	val v = {(s8) * (*at)++, 0};

	if ((u8)v.reg == OTHER)
		get_bytes(at, &v.k, sizeof(v.k));
	return v.reg >= 0 ? v : b_const(v.k);
}

static void get_guests(struct tr *t, const u8 **at)
{
	t->s.dirty = 0;
	t->n_constants = 0;
	for (unsigned left = *(*at)++; left; left--) {
		unsigned g = *(*at)++;
		val v = get_operand(at);

		t->s.dirty |= guest_bit(g);
		t->s.at[g] = v.reg;
		if (v.reg >= 0)
			continue;
		t->constants[t->n_constants] = v.k;
		t->s.at[g] = (s16)IN_CONSTANTS((int)t->n_constants++);
	}
}

static void get_compared(struct tr *t, const u8 **at)
{
	unsigned mask = *(*at)++;

	for (unsigned field = 0; field < 8; field++) {
		struct compared *c = &t->s.cr[field];
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

static void get_status(struct tr *t, const u8 **at)
{
	t->s.status = (struct status){0};
	if (!*(*at)++)
		return;
	get_bytes(at, t->s.status.last, sizeof(t->s.status.last));
	get_bytes(at, t->s.status.at, sizeof(t->s.status.at));
}

const u8 *record_read(struct tr *t, const u8 *at, struct exit_point *exit)
{
	exit->kind = (enum exit_kind) * at++;
	exit->part = *at++;
	exit->n = *at++;
	get_bytes(&at, &t->s.cfar, sizeof(t->s.cfar));
	get_bytes(&at, &exit->from, sizeof(exit->from));
	if (has_distance(exit))
		get_bytes(&at, &exit->distance, sizeof(exit->distance));
	if (exit->kind == EXIT_GUARD)
		get_bytes(&at, &exit->site, sizeof(exit->site));
	if (exit->kind == EXIT_REGISTER || exit->kind == EXIT_WINDOW)
		exit->to = *at++;
	if (exit->kind == EXIT_WINDOW) {
		get_bytes(&at, &exit->lo, sizeof(exit->lo));
		get_bytes(&at, &exit->hi, sizeof(exit->hi));
	}
	get_guests(t, &at);
	get_compared(t, &at);
	get_status(t, &at);
	return at;
}
