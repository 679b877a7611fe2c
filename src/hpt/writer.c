/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream's writing side. What comes in is not trusted: a record is measured against the buffer
 * and the table, and all its entries are looked at, before the first of them is made.
 */
#include <errno.h>
#include "hpt/internal.h"

static void record_entry(const u8 *entries, unsigned i, u64 *v, u64 *r)
{
	*v = load_be64(entries + i * HPT_ENTRY_BYTES);
	*r = load_be64(entries + i * HPT_ENTRY_BYTES + sizeof(u64));
}

static int check_record(struct hpt *hpt, const struct htab_record *rec, const u8 *entries)
{
	unsigned base_shift, actual_shift;
	u64 v, r;

	if (rec->index >= hpt->n_entries || htab_record_end(*rec) > hpt->n_entries)
		return -EINVAL;
	for (unsigned i = 0; i < rec->n_valid; i++) {
		record_entry(entries, i, &v, &r);
		if (!(v & HPT_V_VALID) || !hpt_page_shifts(v, r, &base_shift, &actual_shift))
			return -EINVAL;
		if (hpt_enter_check(hpt, v, r))
			return -EIO;
	}
	return 0;
}

static int apply_record(struct hpt_writer *w, const struct htab_record *rec, const u8 *entries)
{
	u64 end = htab_record_end(*rec), v, r;

	for (unsigned i = 0; i < rec->n_valid; i++) {
		record_entry(entries, i, &v, &r);
		/* Checked before: only a slot that changes at this moment makes it fail. */
		if (hpt_enter(w->hpt, (u64)rec->index + i, HPT_EXACT | HPT_REPLACE, v, r, NULL))
			return -EIO;
		if (w->entered)
			w->entered(w->ctx, (u64)rec->index + i, v, r);
	}
	for (u64 i = (u64)rec->index + rec->n_valid; i < end; i++)
		if (hpt_load_v(&w->hpt->entries[i]) & (HPT_V_USED | HPT_V_LOCK))
			hpt_remove(w->hpt, i, 1u << HPT_ALWAYS, 0, NULL, NULL);
	return 0;
}

ssize_t hpt_writer_write(struct hpt_writer *w, const void *buf, size_t bytes)
{
	struct htab_cursor c = {buf, bytes, htab_host_order()};
	struct htab_record rec;
	const u8 *entries;
	size_t taken = 0;
	int err = w->deferred;

	w->deferred = 0;
	if (err)
		return err;
	while (htab_next(&c, &rec, &entries)) {
		err = check_record(w->hpt, &rec, entries);
		if (!err)
			err = apply_record(w, &rec, entries);
		if (err)
			break;
		taken = bytes - c.left;
	}
	if (err && taken) {
		w->deferred = err;
		err = 0;
	}
	return err ? err : (ssize_t)taken;
}
