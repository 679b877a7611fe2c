/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets about registers, memory, points, threads and running. What is wrong in one gets an
 * error, what isn't known an empty answer, as the protocol has it.
 */
#include "gdb/answer.h"

#include <string.h>

void gdb_ok(struct gdb_stub *s)
{
	gdb_put_text(&s->out, "OK");
}

void gdb_fail(struct gdb_stub *s)
{
	s->out.len = 0;
	gdb_put_text(&s->out, "E01");
}

/* ---- Threads ---- */

bool gdb_take_thread(struct gdb_cursor *c, s64 *thread)
{
	u64 n;

	*thread = -1;
	if (gdb_take(c, "-1"))
		return true;
	if (!gdb_take_number(c, &n) || n > INT32_MAX)
		return false;
	*thread = (s64)n - 1; /* 0 is any, and so all */
	return true;
}

static bool exists(const struct gdb_stub *s, s64 thread)
{
	return thread >= 0 && thread < s->t->n_threads;
}

/* Hg: whom registers and memory are asked of. Hc is for those who don't know vCont: all run. */
static void set_thread(struct gdb_stub *s, struct gdb_cursor c)
{
	bool for_others = gdb_take(&c, "c");
	s64 thread;

	if ((!for_others && !gdb_take(&c, "g")) || !gdb_take_thread(&c, &thread) ||
	    (thread != -1 && !exists(s, thread))) {
		gdb_fail(s);
		return;
	}
	if (!for_others && thread != -1)
		s->thread = thread;
	gdb_ok(s);
}

static void is_alive(struct gdb_stub *s, struct gdb_cursor c)
{
	s64 thread;

	if (gdb_take_thread(&c, &thread) && exists(s, thread))
		gdb_ok(s);
	else
		gdb_fail(s);
}

/* ---- Registers ---- */

#define VALUE_BYTES 16

static void put_register(struct gdb_stub *s, unsigned n)
{
	const struct gdb_register *reg = &gdb_registers[n];
	struct gdb_value value;
	u8 bytes[VALUE_BYTES];

	if (s->t->read_register(s->t->opaque, s->thread, n, &value)) {
		/* It is there, but nobody knows what is in it. */
		for (unsigned i = 0; i < reg->bits / 4; i++)
			gdb_put(&s->out, "x", 1);
		return;
	}
	gdb_value_pack(reg, value, s->t->little, bytes);
	gdb_put_hex(&s->out, bytes, reg->bits / 8);
}

/* Takes a register's value from the packet and sets it. */
static bool take_register(struct gdb_stub *s, struct gdb_cursor *c, unsigned n)
{
	const struct gdb_register *reg = &gdb_registers[n];
	u8 bytes[VALUE_BYTES];

	return gdb_take_hex(c, bytes, reg->bits / 8) &&
	       !s->t->write_register(s->t->opaque, s->thread, n,
				     gdb_value_unpack(reg, s->t->little, bytes));
}

static void read_registers(struct gdb_stub *s, struct gdb_cursor c)
{
	for (unsigned i = 0; i < gdb_n_registers; i++)
		put_register(s, i);
}

/* One that can't be set is no reason to leave out those behind it. */
static void write_registers(struct gdb_stub *s, struct gdb_cursor c)
{
	for (unsigned i = 0; i < gdb_n_registers && gdb_left(&c); i++) {
		size_t digits = gdb_registers[i].bits / 4;
		struct gdb_cursor one = c;

		if (gdb_left(&c) < digits) {
			gdb_fail(s);
			return;
		}
		take_register(s, &one, i);
		c.at += digits;
	}
	gdb_ok(s);
}

static void read_register(struct gdb_stub *s, struct gdb_cursor c)
{
	u64 n;

	if (gdb_take_number(&c, &n) && n < gdb_n_registers)
		put_register(s, n);
	else
		gdb_fail(s);
}

static void write_register(struct gdb_stub *s, struct gdb_cursor c)
{
	u64 n;

	if (gdb_take_number(&c, &n) && n < gdb_n_registers && gdb_take(&c, "=") &&
	    take_register(s, &c, n))
		gdb_ok(s);
	else
		gdb_fail(s);
}

/* ---- Memory ---- */

#define MEMORY_MAX (GDB_BODY_MAX / 2) /* two digits a byte */

static bool take_range(struct gdb_cursor *c, u64 *address, u64 *len)
{
	return gdb_take_number(c, address) && gdb_take(c, ",") && gdb_take_number(c, len);
}

static void read_memory(struct gdb_stub *s, struct gdb_cursor c)
{
	u64 address, len;
	size_t got = 0;

	if (!take_range(&c, &address, &len)) {
		gdb_fail(s);
		return;
	}
	if (len > MEMORY_MAX)
		len = MEMORY_MAX;
	got = s->t->read_memory(s->t->opaque, s->thread, address, s->memory, len);
	if (len && !got)
		gdb_fail(s);
	else
		gdb_put_hex(&s->out, s->memory, got);
}

/* M has digits, X the bytes themselves. Of none: may it be done so? */
static void write_memory(struct gdb_stub *s, struct gdb_cursor c, bool digits)
{
	const void *data = s->memory;
	u64 address, len;
	bool whole;

	if (!take_range(&c, &address, &len) || !gdb_take(&c, ":") || len > gdb_left(&c) ||
	    len > sizeof(s->memory)) {
		gdb_fail(s);
		return;
	}
	if (digits) {
		whole = gdb_take_hex(&c, s->memory, len);
	} else {
		whole = len == gdb_left(&c);
		data = c.at;
	}
	if (whole && (!len || !s->t->write_memory(s->t->opaque, s->thread, address, data, len)))
		gdb_ok(s);
	else
		gdb_fail(s);
}

static void write_digits(struct gdb_stub *s, struct gdb_cursor c)
{
	write_memory(s, c, true);
}

static void write_bytes(struct gdb_stub *s, struct gdb_cursor c)
{
	write_memory(s, c, false);
}

/* ---- Points ---- */

static void change_point(struct gdb_stub *s, struct gdb_cursor c,
			 int (*change)(void *opaque, enum gdb_point kind, u64 address, u64 len))
{
	u64 kind, address, len;

	if (!gdb_take_number(&c, &kind) || !gdb_take(&c, ",") || !take_range(&c, &address, &len)) {
		gdb_fail(s);
		return;
	}
	if (kind >= GDB_POINT_KINDS)
		return;
	if (change(s->t->opaque, kind, address, len))
		gdb_fail(s);
	else
		gdb_ok(s);
}

static void set_point(struct gdb_stub *s, struct gdb_cursor c)
{
	change_point(s, c, s->t->set_point);
}

static void clear_point(struct gdb_stub *s, struct gdb_cursor c)
{
	change_point(s, c, s->t->clear_point);
}

/* ---- Running ---- */

/* One action of vCont: the first that names a thread is its. */
static bool take_action(struct gdb_stub *s, struct gdb_cursor *c)
{
	bool step = gdb_take(c, "s"), with_signal;
	s64 thread = -1;
	u64 signal;

	if (!step && !gdb_take(c, "c")) {
		/* What a signal would mean to a processor nobody knows: it is dropped. */
		step = gdb_take(c, "S");
		with_signal = step || gdb_take(c, "C");
		if (!with_signal || !gdb_take_number(c, &signal))
			return false;
	}
	if (gdb_take(c, ":") && !gdb_take_thread(c, &thread))
		return false;
	if (thread != -1 && !exists(s, thread))
		return false;
	for (unsigned i = 0; i < s->t->n_threads; i++)
		if ((thread == -1 || thread == i) && s->runs[i] == GDB_STAY)
			s->runs[i] = step ? GDB_STEP : GDB_GO;
	return true;
}

static void run_by_actions(struct gdb_stub *s, struct gdb_cursor c)
{
	memset(s->runs, GDB_STAY, s->t->n_threads);
	while (gdb_left(&c))
		if (!gdb_take(&c, ";") || !take_action(s, &c)) {
			gdb_fail(s);
			return;
		}
	gdb_run(s);
}

/* c, s, C and S, of those who don't know vCont: the present thread steps, all others go on. */
static void run_simply(struct gdb_stub *s, bool step, bool with_signal, struct gdb_cursor c)
{
	u64 signal;

	/* Where to go on is set by registers. */
	if ((with_signal && !gdb_take_number(&c, &signal)) || gdb_left(&c)) {
		gdb_fail(s);
		return;
	}
	memset(s->runs, GDB_GO, s->t->n_threads);
	if (step)
		s->runs[s->thread] = GDB_STEP;
	gdb_run(s);
}

static void go(struct gdb_stub *s, struct gdb_cursor c)
{
	run_simply(s, false, false, c);
}

static void step(struct gdb_stub *s, struct gdb_cursor c)
{
	run_simply(s, true, false, c);
}

static void go_with_signal(struct gdb_stub *s, struct gdb_cursor c)
{
	run_simply(s, false, true, c);
}

static void step_with_signal(struct gdb_stub *s, struct gdb_cursor c)
{
	run_simply(s, true, true, c);
}

static void tell_stop(struct gdb_stub *s, struct gdb_cursor c)
{
	gdb_put_stop(s);
}

/* ---- Going away ---- */

static void detach(struct gdb_stub *s, struct gdb_cursor c)
{
	gdb_ok(s);
	s->done = true;
}

static void kill_target(struct gdb_stub *s, struct gdb_cursor c)
{
	s->t->kill(s->t->opaque);
	s->silent = true;
	s->done = true;
}

static void kill_and_tell(struct gdb_stub *s, struct gdb_cursor c)
{
	s->t->kill(s->t->opaque);
	gdb_ok(s);
	s->done = true;
}

/* ---- All of them ---- */

static void tell_actions(struct gdb_stub *s, struct gdb_cursor c)
{
	gdb_put_text(&s->out, "vCont;c;C;s;S");
}

static const struct {
	const char *begins;
	void (*fn)(struct gdb_stub *s, struct gdb_cursor rest);
	bool any_time; /* also while the target runs */
} packets[] = {
    {"?", tell_stop},
    {"g", read_registers},
    {"G", write_registers},
    {"p", read_register},
    {"P", write_register},
    {"m", read_memory},
    {"M", write_digits},
    {"X", write_bytes},
    {"Z", set_point},
    {"z", clear_point},
    {"H", set_thread},
    {"T", is_alive},
    {"vCont?", tell_actions, true},
    {"vCont", run_by_actions},
    {"vKill", kill_and_tell, true},
    {"c", go},
    {"s", step},
    {"C", go_with_signal},
    {"S", step_with_signal},
    {"q", gdb_answer_query},
    {"Q", gdb_answer_query},
    {"D", detach, true},
    {"k", kill_target, true},
};

void gdb_answer(struct gdb_stub *s, struct gdb_cursor c)
{
	for (size_t i = 0; i < ARRAY_SIZE(packets); i++) {
		struct gdb_cursor rest = c;

		if (!gdb_take(&rest, packets[i].begins))
			continue;
		if (s->running && !packets[i].any_time)
			gdb_fail(s);
		else
			packets[i].fn(s, rest);
		return;
	}
}
