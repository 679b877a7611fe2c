/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash table's stream (base/htab_record.h) as it comes out of the descriptor, and goes in
 * again.
 */
#ifndef PAPYR_MIGRATION_HTAB_H
#define PAPYR_MIGRATION_HTAB_H

#include <stdbool.h>

#include "base/htab_record.h"
#include "migration/image/image.h"
#include "migration/state/saved.h"
#include "platform/accel.h"

/* Something that takes the stream piece by piece, or fails. */
typedef int (*htab_sink)(void *opaque, const u8 *data, size_t bytes, struct error *err);

/* One that writes to a descriptor: @opaque points to its number. */
int htab_to_fd(void *opaque, const u8 *data, size_t bytes, struct error *err);

/*
 * Reads one first pass from the table of @vm_fd, to its end: whole records, all @entries of them
 * told of.
 */
int htab_read(const struct accel *accel, int vm_fd, u64 entries, htab_sink sink, void *opaque,
	      struct error *err);

/*
 * Takes a section apart into records, checks each against @entries, and gives them to @sink one by
 * one, their headers turned into the byte order @to.
 */
int htab_walk(struct section_reader *r, u64 entries, enum htab_order from, enum htab_order to,
	      htab_sink sink, void *opaque, struct error *err);

/* Writes them into the table of @vm_fd. */
int htab_write(const struct accel *accel, int vm_fd, u64 entries, struct section_reader *r,
	       enum htab_order from, progress_fn progress, void *opaque, struct error *err);

#endif
