/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/stream.h"

int stream_apply(struct table *t, const u8 *data, size_t len, enum htab_order order,
		 struct error *err)
{
	struct htab_cursor c = {data, len, order};
	u64 entries = t->n_chunks * TABLE_CHUNK;
	struct htab_record rec;
	const u8 *e;

	while (htab_next(&c, &rec, &e)) {
		if (htab_record_end(rec) > entries)
			return error_set(err, "the table's stream tells of entries beyond its end");
		for (unsigned i = 0; i < rec.n_valid; i++, e += HTAB_ENTRY_BYTES)
			table_set(t, (u64)rec.index + i, load_be64(e), load_be64(e + 8));
		table_clear(t, (u64)rec.index + rec.n_valid, rec.n_invalid);
	}
	return c.left ? error_set(err, "the table's stream is cut off") : 0;
}

int stream_runs(const u8 *data, size_t len, enum htab_order order, u64 entries, stream_run_fn fn,
		void *opaque, struct error *err)
{
	static const char *what = "what came is not a stream of this table";
	struct htab_cursor c = {data, len, order};
	struct htab_record rec;

	while (htab_next(&c, &rec, NULL)) {
		if (htab_record_end(rec) > entries)
			return error_set(err, "%s", what);
		fn(opaque, rec.index, (u64)rec.n_valid + rec.n_invalid);
	}
	return c.left ? error_set(err, "%s", what) : 0;
}

static bool all_valid(const u8 *e, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!(load_be64(e + (size_t)i * HTAB_ENTRY_BYTES) & ENTRY_V_VALID))
			return false;
	return true;
}

struct stream_shape stream_look(const u8 *data, size_t len, enum htab_order order)
{
	struct htab_cursor c = {data, len, order};
	struct stream_shape s = {.steady = true};
	struct htab_record rec;
	bool first_pass = true;
	const u8 *entries;
	u64 expected = 0;

	while (htab_next(&c, &rec, &entries)) {
		if (!all_valid(entries, rec.n_valid))
			return s;
		/* Behind the first pass, changes begin again at some lower entry. */
		if (first_pass && rec.index != expected) {
			first_pass = false;
			s.steady = s.records && rec.index < expected;
		}
		expected = htab_record_end(rec);
		if (expected > s.end)
			s.end = expected;
		s.records++;
	}
	s.whole = !c.left;
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
	struct stream_shape big = stream_look(data, len, HTAB_BIG);
	struct stream_shape little = stream_look(data, len, HTAB_LITTLE);
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
	if (stream_apply(t, data, len, s == &big ? HTAB_BIG : HTAB_LITTLE, err)) {
		table_free(t);
		return -1;
	}
	return 0;
}
