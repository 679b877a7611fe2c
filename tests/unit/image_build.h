/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image files put together by hand, right or wrong: for tests of the reader.
 */
#ifndef PAPYR_TESTS_IMAGE_BUILD_H
#define PAPYR_TESTS_IMAGE_BUILD_H

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "migration/image/format.h"

struct built {
	u8 *data;
	size_t bytes;
};

/* One section with these contents, stored as they are, and everything around it right. */
static inline struct built build_image(u32 type, u32 instance, u32 flags, const void *data,
				       size_t bytes)
{
	struct built b = {.bytes =
			      IMAGE_HEADER_BYTES + bytes + IMAGE_ENTRY_BYTES + IMAGE_END_BYTES};
	u8 *entry;

	b.data = calloc(1, b.bytes);
	if (!b.data)
		abort();
	if (bytes)
		memcpy(b.data + IMAGE_HEADER_BYTES, data, bytes);
	entry = b.data + IMAGE_HEADER_BYTES + bytes;
	put_le(entry + ENTRY_TYPE, type, 4);
	put_le(entry + ENTRY_INSTANCE, instance, 4);
	put_le(entry + ENTRY_FLAGS, flags, 4);
	put_le(entry + ENTRY_OFFSET, IMAGE_HEADER_BYTES, 8);
	put_le(entry + ENTRY_STORED_BYTES, bytes, 8);
	put_le(entry + ENTRY_RAW_BYTES, bytes, 8);
	memcpy(b.data, IMAGE_MAGIC, 8);
	put_le(b.data + HEADER_VERSION, IMAGE_VERSION, 4);
	put_le(b.data + HEADER_BYTES, IMAGE_HEADER_BYTES, 4);
	put_le(b.data + HEADER_FILE_BYTES, b.bytes, 8);
	put_le(b.data + HEADER_DIR_OFFSET, IMAGE_HEADER_BYTES + bytes, 8);
	put_le(b.data + HEADER_N_SECTIONS, 1, 4);
	put_le(b.data + HEADER_ENTRY_BYTES, IMAGE_ENTRY_BYTES, 4);
	memcpy(b.data + b.bytes - IMAGE_END_BYTES, IMAGE_END_MAGIC, 8);
	return b;
}

/*
 * Makes the sums agree with what is there now, as far as the directory can be found: what a liar
 * with the format's description would do.
 */
static inline void reseal_image(u8 *data, size_t bytes)
{
	u64 dir, n;

	if (bytes < IMAGE_HEADER_BYTES + IMAGE_END_BYTES)
		return;
	dir = get_le(data + HEADER_DIR_OFFSET, 8);
	n = get_le(data + HEADER_N_SECTIONS, 4);
	if (dir <= bytes - IMAGE_END_BYTES &&
	    n <= (bytes - IMAGE_END_BYTES - dir) / IMAGE_ENTRY_BYTES) {
		for (u64 i = 0; i < n; i++) {
			u8 *e = data + dir + i * IMAGE_ENTRY_BYTES;
			u64 offset = get_le(e + ENTRY_OFFSET, 8),
			    len = get_le(e + ENTRY_STORED_BYTES, 8);

			if (offset > bytes || len > bytes - offset)
				continue;
			put_le(e + ENTRY_STORED_SUM, image_sum(data + offset, len), 8);
			if (get_le(e + ENTRY_CODING, 4) == IMAGE_PLAIN)
				put_le(e + ENTRY_RAW_SUM, image_sum(data + offset, len), 8);
		}
		put_le(data + HEADER_DIR_SUM, image_sum(data + dir, n * IMAGE_ENTRY_BYTES), 8);
	}
	put_le(data + HEADER_SUM, image_sum(data, HEADER_SUM), 8);
	put_le(data + bytes - IMAGE_END_BYTES + END_HEADER_SUM, image_sum(data, IMAGE_HEADER_BYTES),
	       8);
}

/* A descriptor of a file that has no name; image_open_fd() takes it over. */
static inline int image_memfd(const u8 *data, size_t bytes)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	if (fd < 0 || (bytes && pwrite(fd, data, bytes, 0) != (ssize_t)bytes))
		abort();
	return fd;
}

/* Bytes by chance, by @seed; every other 4 KiB of them can be compressed. */
static inline void fill(u8 *p, size_t bytes, u64 seed)
{
	for (size_t i = 0; i < bytes; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		p[i] = i / 4096 % 2 ? seed >> 56 : i >> 8;
	}
}

#endif
