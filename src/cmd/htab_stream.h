/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table's stream, all of it in memory, taken apart entry by entry.
 */
#ifndef PAPYR_CMD_HTAB_STREAM_H
#define PAPYR_CMD_HTAB_STREAM_H

#include "base/bits.h"
#include "migration/htab.h"

/* @v and @r are the entry's two doublewords. */
typedef void (*htab_entry_fn)(void *opaque, u64 index, u64 v, u64 r);

/* Calls @fn for each valid entry. -1: that is no stream of a table of @entries entries. */
int htab_stream_parse(const u8 *data, size_t len, enum saved_order order, u64 entries,
		      htab_entry_fn fn, void *opaque, struct error *err);

#endif
