/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/htab_stream.h"

int htab_stream_parse(const u8 *data, size_t len, enum saved_order order, u64 entries,
		      htab_entry_fn fn, void *opaque, struct error *err)
{
	while (len) {
		struct htab_record rec;
		size_t body;

		if (len < HTAB_RECORD_HEADER)
			return error_set(err, "the table's stream is cut off");
		rec = htab_record_decode(data, order);
		data += HTAB_RECORD_HEADER;
		len -= HTAB_RECORD_HEADER;
		body = (size_t)rec.n_valid * HTAB_ENTRY_BYTES;
		if (body > len)
			return error_set(err, "the table's stream is cut off");
		if ((u64)rec.index + rec.n_valid + rec.n_invalid > entries)
			return error_set(err, "the table's stream tells of entries beyond its end");
		for (unsigned i = 0; i < rec.n_valid; i++) {
			const u8 *entry = data + (size_t)i * HTAB_ENTRY_BYTES;

			fn(opaque, (u64)rec.index + i, load_be64(entry), load_be64(entry + 8));
		}
		data += body;
		len -= body;
	}
	return 0;
}
