/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's state as bytes: what its save function writes its load function reads back, in the
 * same order. Numbers are little-endian, whatever the host. A reader never runs past its end: it
 * turns bad, gives zeroes, and the loader asks state_ok() once at its end. So does a writer for
 * which there is no memory: who sends or stores what it wrote asks state_whole() before.
 */
#ifndef PAPYR_PLATFORM_STATE_H
#define PAPYR_PLATFORM_STATE_H

#include "base/bits.h"
#include "platform/error.h"

struct state_out {
	u8 *data;
	size_t len, size;
	bool failed; /* there was no memory for something */
};

struct state_in {
	const u8 *data;
	size_t len, pos;
	bool bad;
};

void put_bytes(struct state_out *out, const void *data, size_t len);
void put_u8(struct state_out *out, u8 v);
void put_u32(struct state_out *out, u32 v);
void put_u64(struct state_out *out, u64 v);
/* Length, then the bytes. */
void put_string(struct state_out *out, const char *s);
/* -1: there was no memory for all of it. */
int state_whole(const struct state_out *out, struct error *err);
void state_free(struct state_out *out);

void get_bytes(struct state_in *in, void *data, size_t len);
u8 get_u8(struct state_in *in);
u32 get_u32(struct state_in *in);
u64 get_u64(struct state_in *in);
/* Reads into @s of @size bytes, always terminated; too long a string turns the reader bad. */
void get_string(struct state_in *in, char *s, size_t size);

static inline size_t state_left(const struct state_in *in)
{
	return in->bad ? 0 : in->len - in->pos;
}

/* Everything read, and nothing beyond it. */
static inline bool state_ok(const struct state_in *in)
{
	return !in->bad && in->pos == in->len;
}

#endif
