/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash table's stream as it comes out of the descriptor, and goes in again.
 *
 * It is records: a header (first entry's number, how many valid entries follow, how many invalid
 * ones come after those) in the byte order of the host that made it, then 16 bytes for each valid
 * entry, big-endian.
 */
#ifndef PAPYR_MIGRATION_HTAB_H
#define PAPYR_MIGRATION_HTAB_H

#include <stdbool.h>

#include "migration/image/image.h"
#include "migration/state/saved.h"
#include "platform/accel.h"

#define HTAB_RECORD_HEADER 8
#define HTAB_ENTRY_BYTES   16
#define HTAB_RECORD_MAX	   (HTAB_RECORD_HEADER + 0xffff * HTAB_ENTRY_BYTES)

struct htab_record {
	u32 index;
	u16 n_valid, n_invalid;
};

struct htab_record htab_record_decode(const u8 *header, enum saved_order order);
void htab_record_encode(u8 *header, struct htab_record rec, enum saved_order order);
enum saved_order htab_host_order(void);
/* The number of the first entry behind those that it tells of. */
u64 htab_record_end(struct htab_record rec);

/* A walk over records that are in memory. */
struct htab_cursor {
	const u8 *data;
	size_t left;
	enum saved_order order;
};

/*
 * Takes the next record; @entries, if it isn't NULL, are its valid ones. False at the end, and
 * where what is left is no whole record.
 */
bool htab_next(struct htab_cursor *c, struct htab_record *rec, const u8 **entries);

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
int htab_walk(struct section_reader *r, u64 entries, enum saved_order from, enum saved_order to,
	      htab_sink sink, void *opaque, struct error *err);

/* Writes them into the table of @vm_fd. */
int htab_write(const struct accel *accel, int vm_fd, u64 entries, struct section_reader *r,
	       enum saved_order from, progress_fn progress, void *opaque, struct error *err);

#endif
