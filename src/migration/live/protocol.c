/* SPDX-License-Identifier: Apache-2.0 */
#include "migration/live/protocol.h"

#include <stdlib.h>
#include <time.h>
#include <xxhash.h>
#include <zstd.h>

#include "migration/image/image.h"
#include "migration/state/htab.h"

/* Fast, for what is compressed while it is waited for. */
#define ZSTD_LEVEL 1

enum { H_TYPE = 0, H_FLAGS = 4, H_STORED = 8, H_RAW = 12, H_SUM = 16 };

struct live_stream {
	struct channel *ch;
	u64 sent, received; /* records */
	u8 *out, *stored, *raw;
	ZSTD_CCtx *cctx;
	ZSTD_DCtx *dctx;
	struct live_zstd zstd;
};

struct live_stream *live_stream_new(struct channel *ch, struct error *err)
{
	struct live_stream *s = calloc(1, sizeof(*s));

	if (!s) {
		error_nomem(err, "the stream");
		return NULL;
	}
	s->ch = ch;
	s->out = malloc(LIVE_HEADER_BYTES + ZSTD_compressBound(LIVE_RECORD_MAX));
	s->stored = malloc(LIVE_RECORD_MAX);
	s->raw = malloc(LIVE_RECORD_MAX);
	s->cctx = ZSTD_createCCtx();
	s->dctx = ZSTD_createDCtx();
	if (s->out && s->stored && s->raw && s->cctx && s->dctx)
		return s;
	live_stream_free(s);
	error_nomem(err, "the stream");
	return NULL;
}

void live_stream_free(struct live_stream *s)
{
	if (!s)
		return;
	ZSTD_freeCCtx(s->cctx);
	ZSTD_freeDCtx(s->dctx);
	free(s->out);
	free(s->stored);
	free(s->raw);
	free(s);
}

const struct live_zstd *live_zstd(const struct live_stream *s)
{
	return &s->zstd;
}

static u64 record_sum(const u8 *header, const void *payload, size_t bytes, u64 number)
{
	return XXH3_64bits_withSeed(payload, bytes, XXH3_64bits_withSeed(header, H_SUM, number));
}

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Stored bytes, behind the header; 0: not worth it. */
static size_t compress(struct live_stream *s, const void *data, size_t bytes)
{
	u64 begin = now_ns();
	size_t n = ZSTD_compressCCtx(s->cctx, s->out + LIVE_HEADER_BYTES,
				     ZSTD_compressBound(LIVE_RECORD_MAX), data, bytes, ZSTD_LEVEL);

	s->zstd.ns += now_ns() - begin;
	s->zstd.raw += bytes;
	s->zstd.stored += ZSTD_isError(n) || n > bytes ? bytes : n;
	return ZSTD_isError(n) || n >= bytes - bytes / 16 ? 0 : n;
}

int live_send(struct live_stream *s, u32 type, const void *data, size_t bytes, bool zstd,
	      struct error *err)
{
	size_t stored = zstd && bytes > 256 ? compress(s, data, bytes) : 0;
	u8 *h = s->out;

	put_le(h + H_TYPE, type, 4);
	put_le(h + H_FLAGS, stored ? LIVE_ZSTD : 0, 4);
	if (!stored) {
		if (bytes > LIVE_RECORD_MAX)
			return error_set(err, "a record of %zu bytes is too large", bytes);
		if (bytes)
			memcpy(h + LIVE_HEADER_BYTES, data, bytes);
		stored = bytes;
	}
	put_le(h + H_STORED, stored, 4);
	put_le(h + H_RAW, bytes, 4);
	put_le(h + H_SUM, record_sum(h, h + LIVE_HEADER_BYTES, stored, s->sent++), 8);
	return channel_write(s->ch, h, LIVE_HEADER_BYTES + stored, err);
}

int live_send_state(struct live_stream *s, u32 type, struct state_out *out, struct error *err)
{
	int r = state_whole(out, err);

	if (!r)
		r = live_send(s, type, out->data, out->len, false, err);

	state_free(out);
	return r;
}

int live_send_number(struct live_stream *s, u32 type, u64 n, struct error *err)
{
	u8 b[8];

	put_le(b, n, 8);
	return live_send(s, type, b, sizeof(b), false, err);
}

int live_receive(struct live_stream *s, struct live_record *rec, struct error *err)
{
	u8 h[LIVE_HEADER_BYTES];
	u32 stored, raw, flags;

	if (channel_read(s->ch, h, sizeof(h), err))
		return -1;
	if (!memcmp(h, IMAGE_MAGIC, 8))
		return error_set(err,
				 "that is a saved guest: 'papyr run --restore' goes on with it");
	stored = get_le(h + H_STORED, 4);
	raw = get_le(h + H_RAW, 4);
	flags = get_le(h + H_FLAGS, 4);
	if (stored > LIVE_RECORD_MAX || raw > LIVE_RECORD_MAX || (flags & ~LIVE_ZSTD) ||
	    (!flags && stored != raw))
		return error_set(err, "that is no migration stream, or it is damaged");
	if (channel_read(s->ch, s->stored, stored, err))
		return -1;
	if (get_le(h + H_SUM, 8) != record_sum(h, s->stored, stored, s->received++))
		return error_set(err, "that is no migration stream, or it is damaged");
	rec->type = get_le(h + H_TYPE, 4);
	rec->data = s->stored;
	rec->bytes = raw;
	if (!flags)
		return 0;
	rec->data = s->raw;
	if (ZSTD_decompressDCtx(s->dctx, s->raw, raw, s->stored, stored) != raw)
		return error_set(err, "a compressed record doesn't come apart");
	return 0;
}

int live_unexpected(const struct live_record *rec, struct error *err)
{
	char text[256];

	if (rec->type == LIVE_REFUSED && !live_text_unpack(text, rec, err))
		return error_set(err, "the destination can't go on: %s", text);
	return error_set(err, "a record of type %08x came where none should", rec->type);
}

/* ---- HELLO ---- */

void live_hello_pack(const struct live_hello *h, struct state_out *out)
{
	struct state_out machine = {0};

	put_bytes(out, STREAM_MAGIC, 8);
	put_u32(out, h->version);
	put_u32(out, h->flags);
	put_u64(out, h->capabilities);
	put_u32(out, h->timeout_ms);
	put_u32(out, h->core_stride);
	saved_machine_pack(&h->machine, &machine);
	put_u32(out, machine.len);
	put_bytes(out, machine.data, machine.len);
	out->failed |= machine.failed;
	state_free(&machine);
	put_u32(out, h->n_devices);
	for (u32 i = 0; i < h->n_devices; i++) {
		put_string(out, h->devices[i].name);
		put_u32(out, h->devices[i].version);
	}
}

static int unpack_machine(struct live_hello *h, struct state_in *in, struct error *err)
{
	u32 len = get_u32(in);
	struct state_in part = {.data = in->data + in->pos, .len = len};

	if (in->bad || len > state_left(in))
		return error_set(err, "the description of the machine is cut off");
	in->pos += len;
	return saved_machine_unpack(&h->machine, &part, err);
}

int live_hello_unpack(struct live_hello *h, const struct live_record *rec, struct error *err)
{
	struct state_in in = {.data = rec->data, .len = rec->bytes};
	char magic[8];

	memset(h, 0, sizeof(*h));
	get_bytes(&in, magic, sizeof(magic));
	if (rec->type != LIVE_HELLO || memcmp(magic, STREAM_MAGIC, sizeof(magic)))
		return error_set(err, "that is no papyr's migration stream");
	h->version = get_u32(&in);
	h->flags = get_u32(&in);
	h->capabilities = get_u64(&in);
	h->timeout_ms = get_u32(&in);
	/* What follows may be different in other versions. */
	if (h->version != LIVE_VERSION)
		return error_set(err, "the stream is of version %u, this papyr takes version %u",
				 h->version, LIVE_VERSION);
	if (h->capabilities & ~(u64)LIVE_CAPS)
		return error_set(err,
				 "the source needs what this papyr can't do (capabilities "
				 "0x%llx): take a later one",
				 (unsigned long long)(h->capabilities & ~(u64)LIVE_CAPS));
	h->core_stride = get_u32(&in);
	if (unpack_machine(h, &in, err))
		return -1;
	h->n_devices = get_u32(&in);
	if (h->n_devices > LIVE_DEVICES_MAX)
		return error_set(err, "there are %u devices, more than any papyr has",
				 h->n_devices);
	for (u32 i = 0; i < h->n_devices; i++) {
		get_string(&in, h->devices[i].name, sizeof(h->devices[i].name));
		h->devices[i].version = get_u32(&in);
	}
	return state_ok(&in) ? 0 : error_set(err, "the source's first record makes no sense");
}

/* ---- MEMO, HTAB ---- */

int live_memory_walk(const struct live_record *rec, u64 mem_bytes, live_page_fn fn, void *opaque,
		     struct error *err)
{
	u32 n = rec->bytes >= 4 ? get_le(rec->data, 4) : 0, full = 0;
	const u8 *page;

	if (!n || n > LIVE_CHUNK_PAGES || rec->bytes < 4 + 8 * (size_t)n)
		return error_set(err, "a memory record makes no sense");
	for (u32 i = 0; i < n; i++)
		full += !(get_le(rec->data + 4 + 8 * i, 8) & LIVE_PAGE_ZERO);
	page = rec->data + 4 + 8 * n;
	if (rec->bytes != 4 + 8 * (size_t)n + (size_t)full * GUEST_PAGE)
		return error_set(err, "a memory record makes no sense");
	for (u32 i = 0; i < n; i++) {
		u64 word = get_le(rec->data + 4 + 8 * i, 8), gpa = word & ~LIVE_PAGE_ZERO;
		bool zero = word & LIVE_PAGE_ZERO;

		if ((gpa & (GUEST_PAGE - 1)) || gpa >= mem_bytes)
			return error_set(err, "a page lies outside the guest's memory");
		if (fn(opaque, gpa, zero ? NULL : page, err))
			return -1;
		page += zero ? 0 : GUEST_PAGE;
	}
	return 0;
}

int live_table_take(const struct live_record *rec, u64 entries, live_table_fn fn, void *opaque,
		    struct error *err)
{
	u32 order = rec->bytes >= 4 ? get_le(rec->data, 4) : ~0u;
	struct htab_cursor c = {rec->data + 4, rec->bytes - 4, order};
	u8 *header = rec->data + 4;
	struct htab_record h;

	if (order > HTAB_BIG)
		return error_set(err, "a record of the hash table makes no sense");
	while (htab_next(&c, &h, NULL)) {
		if (htab_record_end(h) > entries)
			return error_set(err, "the hash table's stream is of another table");
		if (order != htab_host_order())
			htab_record_encode(header, h, htab_host_order());
		header += htab_record_bytes(h);
	}
	if (c.left)
		return error_set(err, "the hash table's stream is cut off");
	return rec->bytes > 4 ? fn(opaque, rec->data + 4, rec->bytes - 4, err) : 0;
}

/* ---- Small ones ---- */

void live_end_pack(const struct live_end *e, struct state_out *out)
{
	put_u32(out, e->flags);
	put_u32(out, e->n_vcpus);
	put_u64(out, e->timebase);
	put_u64(out, e->host_timebase);
	put_u64(out, e->rtc_offset);
}

int live_end_unpack(struct live_end *e, const struct live_record *rec, struct error *err)
{
	struct state_in in = {.data = rec->data, .len = rec->bytes};

	e->flags = get_u32(&in);
	e->n_vcpus = get_u32(&in);
	e->timebase = get_u64(&in);
	e->host_timebase = get_u64(&in);
	e->rtc_offset = get_u64(&in);
	if (!state_ok(&in) || (e->flags & ~(LIVE_END_GO | LIVE_END_PAUSED | LIVE_END_CLOCK)))
		return error_set(err, "the stream's end makes no sense");
	return 0;
}

void live_text_pack(const char *text, struct state_out *out)
{
	char cut[256];

	memset(cut, 0, sizeof(cut));
	strncpy(cut, text, sizeof(cut) - 1);
	put_string(out, cut);
}

int live_text_unpack(char text[256], const struct live_record *rec, struct error *err)
{
	struct state_in in = {.data = rec->data, .len = rec->bytes};

	get_string(&in, text, 256);
	if (!state_ok(&in))
		return error_set(err, "the other side's answer makes no sense");
	/* It goes to somebody's terminal. */
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
	return 0;
}

int live_number_unpack(u64 *n, const struct live_record *rec, struct error *err)
{
	struct state_in in = {.data = rec->data, .len = rec->bytes};

	*n = get_u64(&in);
	return state_ok(&in) ? 0 : error_set(err, "a number makes no sense");
}
