/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/block/internal.h"

u64 block_bytes(const struct block_dev *b)
{
	return b->bytes;
}

bool block_read_only(const struct block_dev *b)
{
	return b->read_only;
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

struct block_dev *block_open(const struct block_options *o, struct error *err)
{
	return block_open_file(o, err);
}
