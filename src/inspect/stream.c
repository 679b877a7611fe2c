/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/stream.h"

/* The record at the front of @data: 0, or -1: it is cut off. */
static int front(const u8 *data, size_t len, enum saved_order order, struct htab_record *rec,
		 size_t *bytes)
{
	if (len < HTAB_RECORD_HEADER)
		return -1;
	*rec = htab_record_decode(data, order);
	*bytes = HTAB_RECORD_HEADER + (size_t)rec->n_valid * HTAB_ENTRY_BYTES;
	return *bytes <= len ? 0 : -1;
}

static u64 record_end(const struct htab_record *rec)
{
	return (u64)rec->index + rec->n_valid + rec->n_invalid;
}

int stream_apply(struct table *t, const u8 *data, size_t len, enum saved_order order,
		 struct error *err)
{
	u64 entries = t->n_chunks * TABLE_CHUNK;

	while (len) {
		struct htab_record rec;
		size_t bytes;

		if (front(data, len, order, &rec, &bytes))
			return error_set(err, "the table's stream is cut off");
		if (record_end(&rec) > entries)
			return error_set(err, "the table's stream tells of entries beyond its end");
		for (unsigned i = 0; i < rec.n_valid; i++) {
			const u8 *e = data + HTAB_RECORD_HEADER + (size_t)i * HTAB_ENTRY_BYTES;

			table_set(t, (u64)rec.index + i, load_be64(e), load_be64(e + 8));
		}
		table_clear(t, (u64)rec.index + rec.n_valid, rec.n_invalid);
		data += bytes;
		len -= bytes;
	}
	return 0;
}

int stream_runs(const u8 *data, size_t len, enum saved_order order, u64 entries, stream_run_fn fn,
		void *opaque, struct error *err)
{
	while (len) {
		struct htab_record rec;
		size_t bytes;

		if (front(data, len, order, &rec, &bytes) || record_end(&rec) > entries)
			return error_set(err, "what came is not a stream of this table");
		fn(opaque, rec.index, (u64)rec.n_valid + rec.n_invalid);
		data += bytes;
		len -= bytes;
	}
	return 0;
}

struct stream_shape stream_look(const u8 *data, size_t len, enum saved_order order)
{
	struct stream_shape s = {.steady = true};
	bool first_pass = true;
	u64 expected = 0;

	while (len) {
		struct htab_record rec;
		size_t bytes;

		if (front(data, len, order, &rec, &bytes))
			return s;
		for (unsigned i = 0; i < rec.n_valid; i++)
			if (!(data[HTAB_RECORD_HEADER + (size_t)i * HTAB_ENTRY_BYTES + 7] &
			      ENTRY_V_VALID))
				return s;
		/* Behind the first pass, changes begin again at some lower entry. */
		if (first_pass && rec.index != expected) {
			first_pass = false;
			s.steady = s.records && rec.index < expected;
		}
		expected = record_end(&rec);
		if (expected > s.end)
			s.end = expected;
		s.records++;
		data += bytes;
		len -= bytes;
	}
	s.whole = true;
	return s;
}

static unsigned order_for(u64 entries)
{
	unsigned order = TABLE_ORDER_MIN;

	while (1ull << (order - 4) < entries)
		order++;
	return order;
}

int stream_load(struct table *t, const u8 *data, size_t len, unsigned order, struct error *err)
{
	struct stream_shape big = stream_look(data, len, SAVED_BIG);
	struct stream_shape little = stream_look(data, len, SAVED_LITTLE);
	struct stream_shape *s;

	if (!len)
		return error_set(err, "the file is empty");
	if (!big.whole && !little.whole)
		return error_set(err, "it is neither a Papyr image, nor a table's stream, nor a "
				      "migration of QEMU; or it is cut off");
	/* Read in the wrong order, counts and indexes hardly ever fit together. */
	s = !little.whole || (big.whole && big.steady && !little.steady) ? &big : &little;
	if (s->end > TABLE_ENTRIES_MAX)
		return error_set(err, "the table's stream tells of entries beyond any table's end");
	if (table_init(t, order ? order : order_for(s->end), err))
		return -1;
	t->source = s == &big ? "stream, big-endian headers" : "stream, little-endian headers";
	if (stream_apply(t, data, len, s == &big ? SAVED_BIG : SAVED_LITTLE, err)) {
		table_free(t);
		return -1;
	}
	return 0;
}
