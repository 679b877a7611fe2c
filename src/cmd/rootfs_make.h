/* SPDX-License-Identifier: Apache-2.0 */
/* Images out of what lies here already: folders, archives, disks, OCI layouts. */
#ifndef PAPYR_CMD_ROOTFS_MAKE_H
#define PAPYR_CMD_ROOTFS_MAKE_H

#include "base/bits.h"
#include "cmd/rootfs.h"

#define IMAGE_BYTES (16ull << 30) /* a disk's, most of them holes */

/* Image @name out of @source: a folder, an archive, a disk's ext4, or "oci:FOLDER[:TAG]". */
int rootfs_import(const char *name, const char *source, u64 bytes, struct error *err);

/* The image of an OCI layout, "FOLDER[:TAG]", which is made if it isn't there; its name. */
int rootfs_of_oci(const char *where, char name[IMAGE_NAME_MAX + 1], struct error *err);

#endif
