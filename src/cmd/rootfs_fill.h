/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is put on an image's disk: folders, and archives as tar and OCI have them.
 *
 * Archives are hostile. This side only reads their entries, refuses what leads out (".."), and
 * writes them anew, as one kind of tar; they are unpacked in a guest that has nothing but that
 * disk. So owners, modes, links, devices, capabilities, access lists and other extended attributes
 * are those of the archive, whoever runs papyr.
 */
#ifndef PAPYR_CMD_ROOTFS_FILL_H
#define PAPYR_CMD_ROOTFS_FILL_H

#include "platform/error.h"

/* A folder of this machine's with all below it that is on its file system. */
int rootfs_fill_from_folder(const char *disk, const char *folder, struct error *err);

enum archive_use {
	WHOLE_ARCHIVE,
	LOWEST_LAYER, /* OCI's, on an empty disk */
	UPPER_LAYER,  /* it may also take away what is in those below it, and replace it */
};

/* @file: a tar archive, compressed or not. */
int rootfs_fill_from_archive(const char *disk, const char *file, enum archive_use use,
			     struct error *err);

#endif
