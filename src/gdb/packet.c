/* SPDX-License-Identifier: Apache-2.0 */
#include "gdb/packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ESCAPE	  '}'
#define ESCAPE_BY 0x20
#define INTERRUPT 3

/* -1: none. */
static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* ---- What comes in ---- */

static enum gdb_got between(struct gdb_in *in, char c)
{
	switch (c) {
	case '$':
		in->state = GDB_IN_BODY;
		in->escaped = in->wrong = false;
		in->sum = 0;
		in->len = 0;
		return GDB_GOT_NOTHING;
	case '+':
		return GDB_GOT_ACK;
	case '-':
		return GDB_GOT_NAK;
	case INTERRUPT:
		return GDB_GOT_INTERRUPT;
	default:
		return GDB_GOT_NOTHING;
	}
}

static void in_body(struct gdb_in *in, char c)
{
	if (c == '#') {
		in->wrong |= in->escaped;
		in->state = GDB_IN_SUM_HIGH;
		return;
	}
	in->sum += (u8)c;
	if (!in->escaped && c == ESCAPE) {
		in->escaped = true;
		return;
	}
	if (in->len < GDB_BODY_MAX)
		in->body[in->len++] = in->escaped ? c ^ ESCAPE_BY : c;
	else
		in->wrong = true;
	in->escaped = false;
}

static enum gdb_got take_sum(struct gdb_in *in, char c)
{
	int d = digit(c);

	in->wrong |= d < 0;
	in->told = in->told << 4 | (d & 0xf);
	if (in->state == GDB_IN_SUM_HIGH) {
		in->state = GDB_IN_SUM_LOW;
		return GDB_GOT_NOTHING;
	}
	in->state = GDB_IN_BETWEEN;
	if (in->wrong || in->told != in->sum)
		return GDB_GOT_BAD;
	in->body[in->len] = 0;
	return GDB_GOT_PACKET;
}

enum gdb_got gdb_in_take(struct gdb_in *in, char c)
{
	switch (in->state) {
	case GDB_IN_BETWEEN:
		return between(in, c);
	case GDB_IN_BODY:
		/* Whoever lost the end of one packet begins another. */
		if (c == '$')
			return between(in, c);
		in_body(in, c);
		return GDB_GOT_NOTHING;
	default:
		return take_sum(in, c);
	}
}

/* ---- What goes out ---- */

void gdb_put(struct gdb_out *out, const void *data, size_t len)
{
	if (len > sizeof(out->body) - out->len)
		len = sizeof(out->body) - out->len;
	memcpy(out->body + out->len, data, len);
	out->len += len;
}

void gdb_put_text(struct gdb_out *out, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0)
		gdb_put(out, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

void gdb_put_hex(struct gdb_out *out, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const u8 *p = data;

	for (size_t i = 0; i < len; i++) {
		char two[2] = {digits[p[i] >> 4], digits[p[i] & 0xf]};

		gdb_put(out, two, sizeof(two));
	}
}

static bool must_be_escaped(char c)
{
	return c == '$' || c == '#' || c == ESCAPE || c == '*';
}

size_t gdb_out_frame(const struct gdb_out *out, char *frame)
{
	size_t n = 0;
	u8 sum = 0;

	frame[n++] = '$';
	for (size_t i = 0; i < out->len; i++) {
		char c = out->body[i];

		if (must_be_escaped(c)) {
			frame[n++] = ESCAPE;
			sum += ESCAPE;
			c ^= ESCAPE_BY;
		}
		frame[n++] = c;
		sum += (u8)c;
	}
	frame[n++] = '#';
	frame[n++] = "0123456789abcdef"[sum >> 4];
	frame[n++] = "0123456789abcdef"[sum & 0xf];
	return n;
}

/* ---- Reading a body ---- */

bool gdb_take(struct gdb_cursor *c, const char *text)
{
	size_t len = strlen(text);

	if (gdb_left(c) < len || memcmp(c->at, text, len))
		return false;
	c->at += len;
	return true;
}

bool gdb_take_number(struct gdb_cursor *c, u64 *n)
{
	const char *begin = c->at;

	for (*n = 0; c->at < c->end && digit(*c->at) >= 0; c->at++) {
		if (c->at - begin == 16)
			return false;
		*n = *n << 4 | digit(*c->at);
	}
	return c->at != begin;
}

bool gdb_take_hex(struct gdb_cursor *c, void *data, size_t len)
{
	u8 *p = data;

	if (gdb_left(c) / 2 < len)
		return false;
	for (size_t i = 0; i < len; i++, c->at += 2) {
		int high = digit(c->at[0]), low = digit(c->at[1]);

		if (high < 0 || low < 0)
			return false;
		p[i] = high << 4 | low;
	}
	return true;
}
