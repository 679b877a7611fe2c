/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is different between two tables of one size, place by place.
 */
#ifndef PAPYR_INSPECT_DIFF_H
#define PAPYR_INSPECT_DIFF_H

#include "inspect/table.h"

enum difference { DIFFERENCE_ADDED, DIFFERENCE_REMOVED, DIFFERENCE_CHANGED, DIFFERENCE_KINDS };

/* What of an entry is another; a mask of these. */
#define DIFF_PAGE      0x001u /* the virtual page */
#define DIFF_SIZE      0x002u /* segment or page size */
#define DIFF_ADDRESS   0x004u /* the guest's page */
#define DIFF_PROTECT   0x008u /* pp, N */
#define DIFF_KEY       0x010u
#define DIFF_WIMG      0x020u
#define DIFF_R	       0x040u
#define DIFF_C	       0x080u
#define DIFF_BOLTED    0x100u
#define DIFF_SECONDARY 0x200u
#define DIFF_OTHER     0x400u
#define DIFF_BITS      11

/* "page", "size", ... of bit @n. */
const char *diff_bit_name(unsigned n);

/* @a or @b is NULL of an entry that only one table has; @what is for changed ones. */
typedef void (*difference_fn)(void *opaque, enum difference kind, u64 index,
			      const struct table_word_pair *a, const struct table_word_pair *b,
			      unsigned what);

struct table_diff {
	u64 same, by_kind[DIFFERENCE_KINDS];
	u64 by_bit[DIFF_BITS]; /* of the changed ones */
};

/* Tables of the same order. */
void table_compare(const struct table *a, const struct table *b, difference_fn fn, void *opaque,
		   struct table_diff *d);

#endif
