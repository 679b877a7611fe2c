/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the stub's files share: what packets ask is in answer.c and query.c, what goes on meanwhile
 * in stub.c.
 */
#ifndef PAPYR_GDB_ANSWER_H
#define PAPYR_GDB_ANSWER_H

#include "gdb/stub.h"

struct gdb_stub {
	struct gdb_target *t;
	void (*send)(void *opaque, const char *data, size_t len);
	void *opaque;

	unsigned thread;		   /* that registers and memory are asked of */
	unsigned char *runs;		   /* what is asked of each thread: enum gdb_run */
	struct gdb_stop stop;		   /* the last one */
	bool running;			   /* gdb waits for a stop */
	bool done;			   /* it went away */
	bool silent;			   /* the packet's answer comes later, or never */
	bool no_ack;			   /* neither side acknowledges packets */
	bool told_breaks[GDB_POINT_KINDS]; /* gdb wants to know of which kind a breakpoint was */

	u8 memory[GDB_BODY_MAX]; /* on its way */
	struct gdb_in in;
	struct gdb_out out;  /* the answer in the making */
	struct gdb_out said; /* to people */
	size_t frame_len;    /* of the last one, in case that it must be sent again */
	char frame[GDB_FRAME_MAX];
};

/* Puts the answer to the packet @c into s->out; nothing: it is not known. */
void gdb_answer(struct gdb_stub *s, struct gdb_cursor c);
/* query.c: the same of those that begin with q or Q. */
void gdb_answer_query(struct gdb_stub *s, struct gdb_cursor c);
/* Why the target stands still. */
void gdb_put_stop(struct gdb_stub *s);

void gdb_ok(struct gdb_stub *s);
void gdb_fail(struct gdb_stub *s);
/* Takes a thread's name. *@thread: -1 all, else its number, which need not exist. */
bool gdb_take_thread(struct gdb_cursor *c, s64 *thread);
/* Lets threads do what s->runs says. */
void gdb_run(struct gdb_stub *s);

#endif
