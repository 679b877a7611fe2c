/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a disk's contents are: a file or a block device of the host, an NBD server, or an image of
 * another format. Data goes straight from and to the memory that a request names, where it can.
 *
 * Requests may be carried out in any order, and several at once; who needs an order waits for the
 * end of what comes first. What was written is in a cache until a BLOCK_FLUSH that was submitted
 * after the write's end has ended. Every request ends: with an error, if whoever has the contents
 * is gone.
 */
#ifndef PAPYR_DEVICES_BLOCK_H
#define PAPYR_DEVICES_BLOCK_H

#include <stdbool.h>
#include <sys/uio.h>

#include "base/bits.h"
#include "platform/error.h"

#define BLOCK_SECTOR 512u
/* So long may an NBD server that owes answers be silent, if nothing else is said. */
#define BLOCK_TIMEOUT_S 120u

struct block_dev;

enum block_op {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_FLUSH,   /* all writes that have ended are on the medium */
	BLOCK_DISCARD, /* the bytes aren't needed any more: they read as zero */
	BLOCK_ZERO,
};

/* The submitter's, which stays as it is until done() is called. */
struct block_request {
	enum block_op op;
	u64 offset, bytes; /* multiples of BLOCK_SECTOR, within the disk */
	struct iovec *iov; /* of reads and writes: memory of @bytes in all; may be changed */
	unsigned n_iov;
	/* On any thread, the submitter's too. @error: 0 or an errno value. */
	void (*done)(struct block_request *req, int error);
	struct block_request *next; /* the disk's */
};

enum block_format {
	BLOCK_UNSAID, /* raw; but a file that begins as a qcow2 image does is refused */
	BLOCK_RAW,
	BLOCK_QCOW2, /* with the images below it; by a qemu-nbd of the disk's own */
};

struct block_options {
	const char *path; /* of a file or a block device, or an NBD URI */
	enum block_format format;
	bool read_only;
	/* Another process has the file open, and is about to hand its guest over to us. */
	bool shared;
	unsigned timeout_s; /* of NBD; 0: BLOCK_TIMEOUT_S */
};

/*
 * Opens a disk. The part of a sector at its end isn't seen. A file that another process has open
 * for this is refused, unless both only read, or @o->shared. Two users of one NBD server are the
 * server's affair.
 */
struct block_dev *block_open(const struct block_options *o, struct error *err);
/* Nothing may be in flight. */
void block_close(struct block_dev *b);

u64 block_bytes(const struct block_dev *b);
bool block_read_only(const struct block_dev *b);
/* BLOCK_DISCARD does more than write zeroes. */
bool block_discards(const struct block_dev *b);

/* Any thread; done() may be called before it returns. */
void block_submit(struct block_dev *b, struct block_request *req);

#endif
