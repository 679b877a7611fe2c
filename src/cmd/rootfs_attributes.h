/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes and access lists of what becomes an image, for the agent to set
 * (agent/protocol.h).
 */
#ifndef PAPYR_CMD_ROOTFS_ATTRIBUTES_H
#define PAPYR_CMD_ROOTFS_ATTRIBUTES_H

#include <archive_entry.h>
#include <stdio.h>

#include "platform/error.h"

/* All of them together: they are kept in memory until the files are there. */
#define ATTRIBUTES_BYTES_MAX ((size_t)64 << 20)

struct attributes {
	FILE *to; /* NULL: there are none yet */
	char *data;
	size_t bytes; /* after attributes_end() */
	unsigned lists_lost;
};

/* Takes those of @e, whose name will be @path, that mean the same in an image: @e has none then. */
int attributes_take(struct attributes *a, struct archive_entry *e, const char *path,
		    struct error *err);
/*
 * All are in @a->data, and what couldn't be kept was said; to be freed by attributes_free(), which
 * may be called at any time.
 */
int attributes_end(struct attributes *a, struct error *err);
void attributes_free(struct attributes *a);

#endif
