/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets that begin with q or Q: what the stub can do, the description of the target, the
 * list of threads, commands for "monitor".
 */
#include <string.h>

#include "gdb/answer.h"

/* What gdb says of itself, and we of us. */
static void supported(struct gdb_stub *s, struct gdb_cursor c)
{
	s->told_breaks[GDB_SOFT_BREAK] = memmem(c.at, gdb_left(&c), "swbreak+", 8);
	s->told_breaks[GDB_HARD_BREAK] = memmem(c.at, gdb_left(&c), "hwbreak+", 8);
	gdb_put_text(&s->out,
		     "PacketSize=%x;qXfer:features:read+;QStartNoAckMode+;vContSupported+;"
		     "swbreak+;hwbreak+",
		     GDB_BODY_MAX);
}

/* qXfer:features:read:target.xml:OFFSET,LENGTH */
static void describe(struct gdb_stub *s, struct gdb_cursor c)
{
	u64 offset, len;

	if (!gdb_take(&c, "target.xml:") || !gdb_take_number(&c, &offset) || !gdb_take(&c, ",") ||
	    !gdb_take_number(&c, &len)) {
		gdb_fail(s);
		return;
	}
	if (len > GDB_BODY_MAX - 1)
		len = GDB_BODY_MAX - 1;
	gdb_put_text(&s->out, "m");
	if (gdb_describe(&s->out, offset, len))
		return;
	s->out.len = 0;
	gdb_put_text(&s->out, "l");
}

static void first_threads(struct gdb_stub *s, struct gdb_cursor c)
{
	for (unsigned i = 0; i < s->t->n_threads; i++)
		gdb_put_text(&s->out, "%c%x", i ? ',' : 'm', i + 1);
}

static void last_threads(struct gdb_stub *s, struct gdb_cursor c)
{
	gdb_put_text(&s->out, "l");
}

/* What is said to people goes as digits. */
static void put_said(struct gdb_stub *s)
{
	size_t most = GDB_BODY_MAX / 2;

	gdb_put_hex(&s->out, s->said.body, s->said.len < most ? s->said.len : most);
}

static void describe_thread(struct gdb_stub *s, struct gdb_cursor c)
{
	s64 thread;

	s->said.len = 0;
	if (!gdb_take_thread(&c, &thread) || thread < 0 || thread >= s->t->n_threads) {
		gdb_fail(s);
		return;
	}
	s->t->describe_thread(s->t->opaque, thread, &s->said);
	put_said(s);
}

static void present_thread(struct gdb_stub *s, struct gdb_cursor c)
{
	if (!gdb_left(&c)) /* or it is another's beginning */
		gdb_put_text(&s->out, "QC%x", s->thread + 1);
}

/* It was there before gdb came: who quits gdb wants to detach, not to kill. */
static void attached(struct gdb_stub *s, struct gdb_cursor c)
{
	gdb_put_text(&s->out, "1");
}

static void command(struct gdb_stub *s, struct gdb_cursor c)
{
	char text[256];
	size_t len = gdb_left(&c) / 2;

	s->said.len = 0;
	if (gdb_left(&c) % 2 || len >= sizeof(text) || !gdb_take_hex(&c, text, len)) {
		gdb_fail(s);
		return;
	}
	text[len] = 0;
	s->t->command(s->t->opaque, s->thread, text, &s->said);
	if (s->said.len)
		put_said(s);
	else
		gdb_ok(s);
}

static void no_more_acks(struct gdb_stub *s, struct gdb_cursor c)
{
	gdb_ok(s);
	s->no_ack = true;
}

static const struct {
	const char *begins;
	void (*fn)(struct gdb_stub *s, struct gdb_cursor rest);
} queries[] = {
    {"qSupported", supported},
    {"qXfer:features:read:", describe},
    {"qfThreadInfo", first_threads},
    {"qsThreadInfo", last_threads},
    {"qThreadExtraInfo,", describe_thread},
    {"qC", present_thread},
    {"qAttached", attached},
    {"qRcmd,", command},
    {"QStartNoAckMode", no_more_acks},
};

void gdb_answer_query(struct gdb_stub *s, struct gdb_cursor c)
{
	/* The letter that brought it here. */
	c.at--;
	for (size_t i = 0; i < ARRAY_SIZE(queries); i++) {
		struct gdb_cursor rest = c;

		if (gdb_take(&rest, queries[i].begins)) {
			queries[i].fn(s, rest);
			return;
		}
	}
}
