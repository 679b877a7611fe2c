/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things are in an image file's header, directory entry and end mark: for the two that write
 * and read them. All numbers are little-endian.
 */
#ifndef PAPYR_MIGRATION_IMAGE_FORMAT_H
#define PAPYR_MIGRATION_IMAGE_FORMAT_H

#include <xxhash.h>

#include "migration/image/image.h"

/* Header, at 0. */
enum {
	HEADER_MAGIC = 0,	 /* 8 */
	HEADER_VERSION = 8,	 /* 4 */
	HEADER_BYTES = 12,	 /* 4 */
	HEADER_FILE_BYTES = 16,	 /* 8 */
	HEADER_DIR_OFFSET = 24,	 /* 8 */
	HEADER_N_SECTIONS = 32,	 /* 4 */
	HEADER_ENTRY_BYTES = 36, /* 4 */
	HEADER_DIR_SUM = 40,	 /* 8 */
	HEADER_RESERVED = 48,	 /* 8 */
	HEADER_SUM = 56,	 /* 8: of all before it */
};

/* Directory entry. */
enum {
	ENTRY_TYPE = 0,		 /* 4 */
	ENTRY_INSTANCE = 4,	 /* 4 */
	ENTRY_CODING = 8,	 /* 4 */
	ENTRY_FLAGS = 12,	 /* 4 */
	ENTRY_OFFSET = 16,	 /* 8 */
	ENTRY_STORED_BYTES = 24, /* 8 */
	ENTRY_RAW_BYTES = 32,	 /* 8 */
	ENTRY_STORED_SUM = 40,	 /* 8 */
	ENTRY_RAW_SUM = 48,	 /* 8 */
	ENTRY_RESERVED = 56,	 /* 8 */
};

/* End mark: magic, then the sum of the header. */
enum { END_MAGIC = 0, END_HEADER_SUM = 8 };

/* A reader keeps so much of what it decoded, at most: 8 MiB. */
#define IMAGE_ZSTD_WINDOW_LOG 23

static inline u64 image_sum(const void *data, size_t bytes)
{
	return XXH3_64bits(data, bytes);
}

#endif
