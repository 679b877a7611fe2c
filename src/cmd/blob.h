/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of an OCI layout that is called as the sum of its bytes. Whoever can write to the layout
 * may change it at any time: the bytes that are used are those that were summed.
 */
#ifndef PAPYR_CMD_BLOB_H
#define PAPYR_CMD_BLOB_H

#include <limits.h>
#include <nettle/sha2.h>
#include <sys/types.h>

#include "base/bits.h"
#include "platform/error.h"

#define BLOB_NAME_MAX (2 * SHA256_DIGEST_SIZE + 1) /* a sum in hex, with its zero */

struct blob {
	int fd;
	u64 bytes; /* that it has, when it was opened */
	char path[PATH_MAX];
	struct sha256_ctx sum;
};

/* -1: it is no file that can be read; there is nothing to close then. */
int blob_open(struct blob *b, const char *path, struct error *err);
/* As read(). */
ssize_t blob_read(struct blob *b, void *data, size_t bytes);
/* Reads what is left, closes it, and compares the sum with its name; -1: it isn't that. */
int blob_end(struct blob *b, struct error *err);
/* Closes it, whatever it is. */
void blob_drop(struct blob *b);

#endif
