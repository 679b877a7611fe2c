/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures of a table, drawn by cairo.
 */
#ifndef PAPYR_CMD_HTAB_PICTURE_H
#define PAPYR_CMD_HTAB_PICTURE_H

#include "base/bits.h"
#include "platform/error.h"

struct picture {
	const char *title;
	unsigned order; /* the table takes 2^order bytes */
	u64 groups, groups_per_cell;
	u64 n_cells, columns, rows;
	u64 valid;
	u32 *filled; /* of each cell: its valid entries */

	/* Changes of each cell's entries while it was watched; NULL: it wasn't. */
	u64 *changes;
	u64 changed, seconds;
};

/* By the ending of its name. */
bool picture_can_be(const char *path);
int picture_write(const struct picture *p, const char *path, struct error *err);

#endif
