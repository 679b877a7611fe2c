/* SPDX-License-Identifier: Apache-2.0 */
/* An open image, for those that read it: read.c the file, section.c what is in its sections. */
#ifndef PAPYR_MIGRATION_IMAGE_READING_H
#define PAPYR_MIGRATION_IMAGE_READING_H

#include "migration/image/format.h"

/* So much is read at once. */
#define IMAGE_BUFFER_BYTES (256u << 10)

struct image {
	int fd;
	u64 bytes;
	u32 version;
	struct image_section *sections;
	unsigned n_sections;
};

/* All of @bytes at @offset of the file, or -1. */
int image_read_at(const struct image *img, u64 offset, void *buf, size_t bytes, struct error *err);
/* Says that @s is not what was written. Returns -1. */
int image_section_damaged(const struct image_section *s, struct error *err);

#endif
