/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "devices/block/internal.h"

u64 block_bytes(const struct block_dev *b)
{
	return b->bytes;
}

bool block_read_only(const struct block_dev *b)
{
	return b->read_only;
}

bool block_discards(const struct block_dev *b)
{
	return b->discards;
}

void block_submit(struct block_dev *b, struct block_request *req)
{
	b->ops->submit(b, req);
}

void block_close(struct block_dev *b)
{
	b->ops->close(b);
}

void block_advance(struct iovec **iov, unsigned *n, size_t bytes)
{
	while (*n && bytes >= (*iov)->iov_len) {
		bytes -= (*iov)->iov_len;
		++*iov;
		--*n;
	}
	if (bytes) {
		(*iov)->iov_base = (u8 *)(*iov)->iov_base + bytes;
		(*iov)->iov_len -= bytes;
	}
}

static bool is_nbd_uri(const char *path)
{
	static const char *const schemes[] = {"nbd://", "nbd+unix://", "nbds://", "nbds+unix://"};

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (!strncmp(path, schemes[i], strlen(schemes[i])))
			return true;
	return false;
}

struct block_dev *block_open(const struct block_options *o, struct error *err)
{
	if (is_nbd_uri(o->path)) {
		if (o->format != BLOCK_QCOW2)
			return block_open_nbd(o, err);
		error_set(err,
			  "disk %s: an NBD server knows the format of what it serves; "
			  "format=qcow2 is for files",
			  o->path);
		return NULL;
	}
	return o->format == BLOCK_QCOW2 ? block_open_image(o, err) : block_open_file(o, err);
}
