/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/table.h"

#include <stdlib.h>

int table_init(struct table *t, unsigned order, struct error *err)
{
	u64 entries;

	if (order < TABLE_ORDER_MIN || order > TABLE_ORDER_MAX)
		return error_set(err, "a table of 2^%u bytes: there is no such", order);
	*t = (struct table){.source = "", .order = order};
	entries = table_entries(t);
	if (entries > TABLE_ENTRIES_MAX)
		entries = TABLE_ENTRIES_MAX;
	t->n_chunks = entries / TABLE_CHUNK;
	t->first = t->n_chunks;
	t->chunks = calloc(t->n_chunks, sizeof(t->chunks[0]));
	if (!t->chunks)
		return error_set(err, "no memory for a table of 2^%u bytes", order);
	return 0;
}

void table_free(struct table *t)
{
	for (u64 i = t->first; i < t->last; i++)
		free(t->chunks[i]);
	free(t->chunks);
	t->chunks = NULL;
	t->first = t->last = 0;
}

static struct table_word_pair *chunk_for(struct table *t, u64 index)
{
	u64 n = index / TABLE_CHUNK;

	if (!t->chunks[n]) {
		t->chunks[n] = calloc(TABLE_CHUNK, sizeof(*t->chunks[n]));
		if (!t->chunks[n])
			abort();
		if (n < t->first)
			t->first = n;
		if (n >= t->last)
			t->last = n + 1;
	}
	return t->chunks[n];
}

void table_set(struct table *t, u64 index, u64 v, u64 r)
{
	t->n_told++;
	t->n_software += !!(v & ENTRY_V_SOFTWARE);
	t->n_not_valid += !(v & ENTRY_V_VALID);
	chunk_for(t, index)[index % TABLE_CHUNK] = (struct table_word_pair){
	    .v = (v & ~ENTRY_V_SOFTWARE) | ENTRY_V_VALID,
	    .r = r,
	};
}

void table_clear(struct table *t, u64 index, u64 n)
{
	while (n) {
		u64 at = index % TABLE_CHUNK, some = TABLE_CHUNK - at;
		struct table_word_pair *chunk = t->chunks[index / TABLE_CHUNK];

		if (some > n)
			some = n;
		if (chunk)
			memset(chunk + at, 0, some * sizeof(*chunk));
		index += some;
		n -= some;
	}
}

const struct table_word_pair *table_at(const struct table *t, u64 index)
{
	const struct table_word_pair *chunk =
	    index / TABLE_CHUNK < t->n_chunks ? t->chunks[index / TABLE_CHUNK] : NULL;

	return chunk && chunk[index % TABLE_CHUNK].v ? &chunk[index % TABLE_CHUNK] : NULL;
}

const struct table_word_pair *table_next(const struct table *t, u64 *index)
{
	u64 i = *index;

	if (i < t->first * TABLE_CHUNK)
		i = t->first * TABLE_CHUNK;
	while (i / TABLE_CHUNK < t->last) {
		const struct table_word_pair *chunk = t->chunks[i / TABLE_CHUNK];

		if (!chunk) {
			i = (i / TABLE_CHUNK + 1) * TABLE_CHUNK;
			continue;
		}
		do {
			if (chunk[i % TABLE_CHUNK].v) {
				*index = i;
				return &chunk[i % TABLE_CHUNK];
			}
			i++;
		} while (i % TABLE_CHUNK);
	}
	return NULL;
}
