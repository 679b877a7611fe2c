/* SPDX-License-Identifier: Apache-2.0 */
#include "gdb/stub.h"

#include <stdlib.h>
#include <string.h>

#include "gdb/answer.h"

#define SIGNAL_INTERRUPT 2
#define SIGNAL_TRAP	 5

/* ---- Sending ---- */

static void send_out(struct gdb_stub *s)
{
	s->frame_len = gdb_out_frame(&s->out, s->frame);
	s->send(s->opaque, s->frame, s->frame_len);
}

void gdb_put_stop(struct gdb_stub *s)
{
	const struct gdb_stop *stop = &s->stop;
	static const char *const words[GDB_POINT_KINDS] = {"swbreak", "hwbreak", "watch", "rwatch",
							   "awatch"};
	bool is_break = stop->kind == GDB_SOFT_BREAK || stop->kind == GDB_HARD_BREAK;

	gdb_put_text(&s->out, "T%02xthread:%x;",
		     stop->why == GDB_INTERRUPTED ? SIGNAL_INTERRUPT : SIGNAL_TRAP,
		     stop->thread + 1);
	if (stop->why != GDB_MET)
		return;
	if (!is_break)
		gdb_put_text(&s->out, "%s:%llx;", words[stop->kind],
			     (unsigned long long)stop->address);
	else if (s->told_breaks[stop->kind])
		gdb_put_text(&s->out, "%s:;", words[stop->kind]);
}

/* ---- Stops ---- */

static void stopped(struct gdb_stub *s, const struct gdb_stop *stop)
{
	s->stop = *stop;
	s->thread = stop->thread;
	s->running = false;
	s->out.len = 0;
	gdb_put_stop(s);
	send_out(s);
}

void gdb_stub_look(struct gdb_stub *s)
{
	struct gdb_stop stop;

	if (s->running && !s->done && s->t->next_stop(s->t->opaque, &stop))
		stopped(s, &stop);
}

/* It may have stopped by itself at the same moment. */
static void interrupt(struct gdb_stub *s)
{
	struct gdb_stop stop;

	if (!s->running)
		return;
	s->t->interrupt(s->t->opaque);
	if (!s->t->next_stop(s->t->opaque, &stop))
		stop = (struct gdb_stop){.thread = s->thread, .why = GDB_INTERRUPTED};
	stopped(s, &stop);
}

void gdb_stub_ended(struct gdb_stub *s, unsigned status)
{
	if (s->done)
		return;
	s->out.len = 0;
	gdb_put_text(&s->out, "W%02x", status & 0xff);
	send_out(s);
	s->done = true;
}

bool gdb_stub_is_done(const struct gdb_stub *s)
{
	return s->done;
}

/* ---- Running ---- */

void gdb_run(struct gdb_stub *s)
{
	if (s->t->run(s->t->opaque, s->runs)) {
		/* gdb shows it to people. */
		s->out.len = 0;
		gdb_put_text(&s->out, "E.this host's KVM can't step guests, or has no more points");
		return;
	}
	s->running = true;
	s->silent = true;
}

/* ---- What comes ---- */

static void on_packet(struct gdb_stub *s)
{
	s->out.len = 0;
	s->silent = false;
	gdb_answer(s, (struct gdb_cursor){s->in.body, s->in.body + s->in.len});
	if (!s->silent)
		send_out(s);
	/* One that needn't run for it may have stopped before. */
	gdb_stub_look(s);
}

static void on_byte(struct gdb_stub *s, char c)
{
	enum gdb_got got = gdb_in_take(&s->in, c);

	switch (got) {
	case GDB_GOT_PACKET:
		if (!s->no_ack)
			s->send(s->opaque, "+", 1);
		on_packet(s);
		break;
	case GDB_GOT_BAD:
		if (!s->no_ack)
			s->send(s->opaque, "-", 1);
		break;
	case GDB_GOT_INTERRUPT:
		interrupt(s);
		break;
	case GDB_GOT_NAK:
		if (!s->no_ack && s->frame_len)
			s->send(s->opaque, s->frame, s->frame_len);
		break;
	case GDB_GOT_ACK:
	case GDB_GOT_NOTHING:
		break;
	}
}

void gdb_stub_feed(struct gdb_stub *s, const char *data, size_t len)
{
	for (size_t i = 0; i < len && !s->done; i++)
		on_byte(s, data[i]);
}

/* ---- Life ---- */

struct gdb_stub *gdb_stub_new(struct gdb_target *target,
			      void (*send)(void *opaque, const char *data, size_t len),
			      void *opaque)
{
	struct gdb_stub *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->t = target;
	s->send = send;
	s->opaque = opaque;
	s->stop.why = GDB_TRAPPED;
	s->runs = calloc(target->n_threads, 1);
	if (!s->runs) {
		free(s);
		return NULL;
	}
	return s;
}

void gdb_stub_free(struct gdb_stub *s)
{
	if (s)
		free(s->runs);
	free(s);
}
