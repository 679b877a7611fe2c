/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How full a table is, and with what.
 */
#ifndef PAPYR_INSPECT_STAT_H
#define PAPYR_INSPECT_STAT_H

#include "inspect/table.h"

#define STAT_SIZES 7 /* 4K, 64K, 16M, 16G; 64K and 16M in 4K segments; 16M in 64K segments */

struct table_stat {
	u64 valid, bolted, secondary, referenced, changed;
	u64 absent; /* no memory behind; known only if the memory's size is */
	u64 in_1t, in_256m;
	u64 bad_size; /* with a size code that doesn't exist */
	/* By the segment's page size and the entry's own; only those that occur are used. */
	struct {
		unsigned base, actual;
		u64 n;
	} sizes[STAT_SIZES];
	unsigned n_sizes;
	u64 groups_with[ENTRIES_PER_GROUP + 1]; /* how many groups hold so many entries */
};

void table_count(const struct table *t, struct table_stat *s);

#endif
