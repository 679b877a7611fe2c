/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets of gdb's remote protocol: "$BODY#SUM", acknowledged by "+" or "-", and between them
 * the byte 3, which interrupts. Knows nothing of what they say.
 */
#ifndef PAPYR_GDB_PACKET_H
#define PAPYR_GDB_PACKET_H

#include <stddef.h>

#include "base/bits.h"

/* The longest body, both ways; gdb is told. */
#define GDB_BODY_MAX 0x4000u
/* A body of ours as it is sent: every byte may be escaped. */
#define GDB_FRAME_MAX (2 * GDB_BODY_MAX + 4)

/* ---- What comes in ---- */

enum gdb_got {
	GDB_GOT_NOTHING,   /* not yet */
	GDB_GOT_PACKET,	   /* gdb_in.body, of gdb_in.len bytes and a 0 behind them */
	GDB_GOT_BAD,	   /* its sum is wrong, or it is too long: "-" */
	GDB_GOT_INTERRUPT, /* outside of a packet */
	GDB_GOT_ACK,
	GDB_GOT_NAK,
};

struct gdb_in {
	enum { GDB_IN_BETWEEN, GDB_IN_BODY, GDB_IN_SUM_HIGH, GDB_IN_SUM_LOW } state;
	bool escaped, wrong;
	u8 sum, told;
	size_t len;
	char body[GDB_BODY_MAX + 1];
};

/* Escapes are taken out. All 0 is the beginning. */
enum gdb_got gdb_in_take(struct gdb_in *in, char c);

/* ---- What goes out ---- */

/* A body in the making. What doesn't fit is left out. */
struct gdb_out {
	size_t len;
	char body[GDB_BODY_MAX];
};

void gdb_put(struct gdb_out *out, const void *data, size_t len);
void gdb_put_text(struct gdb_out *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Two digits for each byte. */
void gdb_put_hex(struct gdb_out *out, const void *data, size_t len);
/* Puts the packet into @frame, of GDB_FRAME_MAX bytes, and returns how many it takes. */
size_t gdb_out_frame(const struct gdb_out *out, char *frame);

/* ---- Reading a body ---- */

struct gdb_cursor {
	const char *at, *end;
};

/* Takes @text if it comes next. */
bool gdb_take(struct gdb_cursor *c, const char *text);
/* A number of 1 to 16 hexadecimal digits. */
bool gdb_take_number(struct gdb_cursor *c, u64 *n);
/* @len bytes of two digits each. */
bool gdb_take_hex(struct gdb_cursor *c, void *data, size_t len);

static inline size_t gdb_left(const struct gdb_cursor *c)
{
	return c->end - c->at;
}

#endif
