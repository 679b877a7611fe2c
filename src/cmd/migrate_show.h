/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a migration goes, on stderr if that is a terminal: one line for each pass of memory and
 * table, the present one rewritten while it grows.
 */
#ifndef PAPYR_CMD_MIGRATE_SHOW_H
#define PAPYR_CMD_MIGRATE_SHOW_H

#include <jansson.h>

#include "base/bits.h"

struct migrate_show {
	const char *uri;
	bool on;
	bool line; /* the cursor is behind something that is to be rewritten */
	double pass;
	char done[200];			/* its line when it is over: nothing is left of it */
	u64 begin_ns;			/* when one began to look */
	u64 pass_ns;			/* since when this pass is seen */
	double pass_bytes, bytes, rate; /* sent before it, until now; a second in it */
};

void migrate_show_begin(struct migrate_show *s, const char *uri);
/* @v: what query-migrate said. */
void migrate_show(struct migrate_show *s, json_t *v);
/* Leaves the last line as it is. */
void migrate_show_end(struct migrate_show *s);

#endif
