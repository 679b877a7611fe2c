/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images: root file systems by name, for papyr exec. Each is a folder of
 * ${XDG_DATA_HOME:-~/.local/share}/papyr/images with a disk (ext4, without partitions) and what is
 * known of it as JSON. They are made under another name and renamed when they are whole.
 */
#ifndef PAPYR_CMD_ROOTFS_H
#define PAPYR_CMD_ROOTFS_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/bits.h"
#include "platform/error.h"

#define IMAGE_NAME_MAX 64

/* Small letters, digits, and '.', '_', '-' between them. */
bool rootfs_name_ok(const char *name);

/* The disk of an image, whether it is there or not. -1: there can be none. */
int rootfs_disk(const char *name, char path[PATH_MAX], struct error *err);

bool rootfs_is_there(const char *name);

/*
 * What is known of it, a reference of the caller's: "name", "source", "made" (RFC 3339), "bytes"
 * (on the disk); and if the source said so, "environment" and "command" (arrays of texts),
 * "directory", "user". NULL: there is no such image, or it can't be read.
 */
json_t *rootfs_info(const char *name, struct error *err);

/* All of them, by name; an array of what rootfs_info() gives. NULL: their folder can't be read. */
json_t *rootfs_list(struct error *err);

/* -1: it isn't there, or can't be removed. A guest that uses it goes on. */
int rootfs_remove(const char *name, struct error *err);

/* One that is being made. */
struct rootfs_making {
	const char *name;
	char folder[PATH_MAX - 32]; /* of its own; "": none */
	char disk[PATH_MAX];
	int lock, name_lock; /* held until its end: nobody sweeps it away, or makes it too */
};

/*
 * A folder and an empty disk of @bytes. While another process makes an image of that name, waits
 * for it. -1: it is there already, or can't be made.
 */
int rootfs_begin(struct rootfs_making *m, const char *name, u64 bytes, struct error *err);
/* It is whole, and @info all that is known of it: takes the caller's reference. */
int rootfs_finish(struct rootfs_making *m, json_t *info, struct error *err);
/* Nothing of it is left, unless it was finished. */
void rootfs_drop(struct rootfs_making *m);

#endif
