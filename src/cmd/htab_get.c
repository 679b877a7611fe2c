/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables for papyr htab, from wherever they are.
 */
#include "cmd/htab.h"
#include "cmd/htab_live.h"
#include "inspect/load.h"

static int from_guest(const char *name, struct table *t, struct error *err)
{
	struct htab_live *live = htab_live_open(name, err);
	int r = live ? htab_live_table(live, t, err) : -1;

	htab_live_close(live);
	return r;
}

int htab_get(const char *what, const struct htab_options *o, struct table *t)
{
	struct error err;
	int r = names_file(what) ? load_file(t, what, o->order, &err) : from_guest(what, t, &err);

	if (r) {
		cmd_error("%s: %s", what, err.text);
		return -1;
	}
	if (o->mem_bytes)
		t->mem_bytes = o->mem_bytes;
	return 0;
}
