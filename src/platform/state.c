/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/state.h"

#include <stdlib.h>

void put_bytes(struct state_out *out, const void *data, size_t len)
{
	if (!len || out->failed)
		return;
	if (out->size - out->len < len) {
		size_t size = out->size ? out->size : 256;
		u8 *bigger;

		while (size - out->len < len)
			size *= 2;
		bigger = realloc(out->data, size);
		if (!bigger) {
			out->failed = true;
			return;
		}
		out->data = bigger;
		out->size = size;
	}
	memcpy(out->data + out->len, data, len);
	out->len += len;
}

static void put_number(struct state_out *out, u64 v, unsigned bytes)
{
	u8 b[8];

	for (unsigned i = 0; i < bytes; i++)
		b[i] = v >> (8 * i);
	put_bytes(out, b, bytes);
}

void put_u8(struct state_out *out, u8 v)
{
	put_number(out, v, 1);
}

void put_u32(struct state_out *out, u32 v)
{
	put_number(out, v, 4);
}

void put_u64(struct state_out *out, u64 v)
{
	put_number(out, v, 8);
}

void put_string(struct state_out *out, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	put_u32(out, len);
	put_bytes(out, s, len);
}

int state_whole(const struct state_out *out, struct error *err)
{
	return out->failed ? error_nomem(err, "the guest's state") : 0;
}

void state_free(struct state_out *out)
{
	free(out->data);
	memset(out, 0, sizeof(*out));
}

void get_bytes(struct state_in *in, void *data, size_t len)
{
	if (in->bad || in->len - in->pos < len) {
		in->bad = true;
		memset(data, 0, len);
		return;
	}
	memcpy(data, in->data + in->pos, len);
	in->pos += len;
}

static u64 get_number(struct state_in *in, unsigned bytes)
{
	u8 b[8];
	u64 v = 0;

	get_bytes(in, b, bytes);
	for (unsigned i = 0; i < bytes; i++)
		v |= (u64)b[i] << (8 * i);
	return v;
}

u8 get_u8(struct state_in *in)
{
	return get_number(in, 1);
}

u32 get_u32(struct state_in *in)
{
	return get_number(in, 4);
}

u64 get_u64(struct state_in *in)
{
	return get_number(in, 8);
}

void get_string(struct state_in *in, char *s, size_t size)
{
	u32 len = get_u32(in);

	if (in->bad || len >= size || len > state_left(in)) {
		in->bad = true;
		s[0] = 0;
		return;
	}
	get_bytes(in, s, len);
	s[len] = 0;
}
