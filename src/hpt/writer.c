/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream's writing side. What comes in is not trusted: a record is measured against the buffer
 * and the table, and all its entries are looked at, before the first of them is made.
 */
#include <errno.h>
#include "hpt/internal.h"

struct record {
	u64 index;
	unsigned n_valid, n_invalid;
	const u8 *entries;
	size_t bytes; /* header included */
};

/* False: the buffer ends before the record does. */
static bool parse_record(struct record *rec, const u8 *at, size_t left)
{
	struct hpt_stream_header header;

	if (left < sizeof(header))
		return false;
	memcpy(&header, at, sizeof(header));
	rec->index = header.index;
	rec->n_valid = header.n_valid;
	rec->n_invalid = header.n_invalid;
	rec->entries = at + sizeof(header);
	rec->bytes = sizeof(header) + (size_t)header.n_valid * HPT_ENTRY_BYTES;
	return rec->bytes <= left;
}

static void record_entry(const struct record *rec, unsigned i, u64 *v, u64 *r)
{
	*v = load_be64(rec->entries + i * HPT_ENTRY_BYTES);
	*r = load_be64(rec->entries + i * HPT_ENTRY_BYTES + sizeof(u64));
}

static int check_record(struct hpt *hpt, const struct record *rec)
{
	unsigned base_shift, actual_shift;
	u64 v, r;

	if (rec->index >= hpt->n_entries ||
	    rec->n_valid + rec->n_invalid > hpt->n_entries - rec->index)
		return -EINVAL;
	for (unsigned i = 0; i < rec->n_valid; i++) {
		record_entry(rec, i, &v, &r);
		if (!(v & HPT_V_VALID) || !hpt_page_shifts(v, r, &base_shift, &actual_shift))
			return -EINVAL;
		if (hpt_enter_check(hpt, v, r))
			return -EIO;
	}
	return 0;
}

static int apply_record(struct hpt_writer *w, const struct record *rec)
{
	u64 end = rec->index + rec->n_valid + rec->n_invalid, v, r;

	for (unsigned i = 0; i < rec->n_valid; i++) {
		record_entry(rec, i, &v, &r);
		/* Checked before: only a slot that changes at this moment makes it fail. */
		if (hpt_enter(w->hpt, rec->index + i, HPT_EXACT | HPT_REPLACE, v, r, NULL))
			return -EIO;
		if (w->entered)
			w->entered(w->ctx, rec->index + i, v, r);
	}
	for (u64 i = rec->index + rec->n_valid; i < end; i++)
		if (hpt_load_v(&w->hpt->entries[i]) & (HPT_V_USED | HPT_V_LOCK))
			hpt_remove(w->hpt, i, 1u << HPT_ALWAYS, 0, NULL, NULL);
	return 0;
}

ssize_t hpt_writer_write(struct hpt_writer *w, const void *buf, size_t bytes)
{
	struct record rec;
	size_t taken = 0;
	int err = w->deferred;

	w->deferred = 0;
	if (err)
		return err;
	while (parse_record(&rec, (const u8 *)buf + taken, bytes - taken)) {
		err = check_record(w->hpt, &rec);
		if (!err)
			err = apply_record(w, &rec);
		if (err)
			break;
		taken += rec.bytes;
	}
	if (err && taken) {
		w->deferred = err;
		err = 0;
	}
	return err ? err : (ssize_t)taken;
}
