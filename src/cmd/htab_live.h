/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running guest's table through its control socket: first whole, then what changes.
 */
#ifndef PAPYR_CMD_HTAB_LIVE_H
#define PAPYR_CMD_HTAB_LIVE_H

#include "inspect/table.h"
#include "monitor/client.h"

struct htab_live;

struct htab_live *htab_live_open(const char *name, struct error *err);
/* NULL is fine. */
void htab_live_close(struct htab_live *live);

/* The first pass of a connection, as a table to be freed. */
int htab_live_table(struct htab_live *live, struct table *t, struct error *err);

/* The next pass: records with headers in the host's byte order. @fn isn't called if nothing
 * changed. */
typedef int (*htab_live_fn)(void *opaque, const u8 *data, size_t len, struct error *err);
int htab_live_pass(struct htab_live *live, htab_live_fn fn, void *opaque, struct error *err);

#endif
