/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hashed page table as somebody told of it: in memory, to be looked at. Only its used parts take
 * memory, since a file can claim any size.
 */
#ifndef PAPYR_INSPECT_TABLE_H
#define PAPYR_INSPECT_TABLE_H

#include "base/bits.h"
#include "inspect/entry.h"
#include "platform/error.h"

#define TABLE_ORDER_MIN 18
#define TABLE_ORDER_MAX 46
/* Records count entries in 32 bits. */
#define TABLE_ENTRIES_MAX (1ull << 32)

#define TABLE_CHUNK 256 /* entries; 4 KiB of them */

struct table_word_pair {
	u64 v, r; /* v 0: nothing there */
};

struct table {
	const char *source; /* "image", "stream", "QEMU migration", "guest" */
	unsigned order;	    /* the table takes 2^order bytes */
	u64 mem_bytes;	    /* of the guest, from address 0 on; 0: nobody told */
	u64 n_told;	    /* valid entries told, with those that were told twice */
	u64 n_software;	    /* of which had a hypervisor's own bits in them */
	u64 n_not_valid;    /* told as valid, but without the valid bit */
	struct table_word_pair **chunks;
	u64 n_chunks, first, last; /* chunks in use are from first to before last */
};

/* The table is empty after it. */
int table_init(struct table *t, unsigned order, struct error *err);
/* A zeroed one, too. */
void table_free(struct table *t);

static inline u64 table_entries(const struct table *t)
{
	return 1ull << (t->order - 4);
}

static inline u64 table_groups(const struct table *t)
{
	return table_entries(t) / ENTRIES_PER_GROUP;
}

/*
 * @index must be below table_entries() and TABLE_ENTRIES_MAX. A hypervisor's own bits are dropped.
 */
void table_set(struct table *t, u64 index, u64 v, u64 r);
void table_clear(struct table *t, u64 index, u64 n);

/* NULL: there is no valid entry. */
const struct table_word_pair *table_at(const struct table *t, u64 index);

/*
 * The first valid entry at or after *@index, and its place in *@index; NULL: there is none.
 *
 *	for (u64 i = 0; (e = table_next(t, &i)); i++)
 */
const struct table_word_pair *table_next(const struct table *t, u64 *index);

#endif
