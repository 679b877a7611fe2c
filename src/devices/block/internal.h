/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of disks: what each has to do, and how each is opened. */
#ifndef PAPYR_DEVICES_BLOCK_INTERNAL_H
#define PAPYR_DEVICES_BLOCK_INTERNAL_H

#include "devices/block/block.h"

struct block_ops {
	void (*submit)(struct block_dev *b, struct block_request *req);
	/* Nothing is in flight. Frees it. */
	void (*close)(struct block_dev *b);
};

/* The first member of each kind's own structure. */
struct block_dev {
	const struct block_ops *ops;
	u64 bytes;
	bool read_only;
};

struct block_dev *block_open_file(const struct block_options *o, struct error *err);

/* Leaves out what was done of @iov. */
void block_advance(struct iovec **iov, unsigned *n, size_t bytes);

#endif
