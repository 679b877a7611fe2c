/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of disks: what each has to do, and how each is opened. */
#ifndef PAPYR_DEVICES_BLOCK_INTERNAL_H
#define PAPYR_DEVICES_BLOCK_INTERNAL_H

#include <sys/types.h>

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
	bool discards;
};

struct block_dev *block_open_file(const struct block_options *o, struct error *err);
struct block_dev *block_open_nbd(const struct block_options *o, struct error *err);
/* By a server of its own. */
struct block_dev *block_open_image(const struct block_options *o, struct error *err);

/* Leaves out what was done of @iov. */
void block_advance(struct iovec **iov, unsigned *n, size_t bytes);

/* ---- server.c: a qemu-nbd for one image ---- */

struct block_server {
	pid_t pid;  /* 0: none */
	int errors; /* what it writes to its standard error */
};

/* Returns a socket that is connected to it: it may not have come so far as to read from it. */
int block_server_start(struct block_server *s, const struct block_options *o, struct error *err);
/* Why it doesn't answer: its last words instead of @err's, if there are any. */
void block_server_explain(struct block_server *s, const char *path, struct error *err);
/* Waits for its end, which comes when the socket is closed; then has it ended. */
void block_server_stop(struct block_server *s);

#endif
