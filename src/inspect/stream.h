/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptor's stream: records into a table. A raw stream says neither the byte order of its
 * headers nor the table's size; both follow from what it tells.
 */
#ifndef PAPYR_INSPECT_STREAM_H
#define PAPYR_INSPECT_STREAM_H

#include "inspect/table.h"
#include "migration/state/htab.h"

/* Applies every record of @data, in order: later ones count. */
int stream_apply(struct table *t, const u8 *data, size_t len, enum htab_order order,
		 struct error *err);

/* What records in one byte order would say. */
struct stream_shape {
	u64 end; /* the highest entry told of, and one */
	u64 records;
	bool whole;  /* it ends with the end of a record, and all entries have the valid bit */
	bool steady; /* the first pass goes without gaps from entry 0 to @end */
};

struct stream_shape stream_look(const u8 *data, size_t len, enum htab_order order);

/* Makes a table of a raw stream. @order is the table's, 0: the least that holds what is told. */
int stream_load(struct table *t, const u8 *data, size_t len, unsigned order, struct error *err);

/*
 * Calls @fn for each run of entries that records tell of, valid or not. -1: that is no stream of a
 * table of @entries entries.
 */
typedef void (*stream_run_fn)(void *opaque, u64 index, u64 n);
int stream_runs(const u8 *data, size_t len, enum htab_order order, u64 entries, stream_run_fn fn,
		void *opaque, struct error *err);

#endif
