/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables out of files: Papyr's images, raw streams of the descriptor, migrations of QEMU.
 */
#ifndef PAPYR_INSPECT_LOAD_H
#define PAPYR_INSPECT_LOAD_H

#include "inspect/table.h"

/*
 * Finds out what the file is, and makes a table of it, to be freed. @order: the table's if a raw
 * stream doesn't tell enough of it; 0: as the file says.
 */
int load_file(struct table *t, const char *path, unsigned order, struct error *err);

/* The same of bytes in memory, images aside. */
int load_bytes(struct table *t, const u8 *data, size_t len, unsigned order, struct error *err);

/* A Papyr image; takes over @fd. */
int load_image(struct table *t, int fd, struct error *err);

/* A migration of QEMU; its savevm keeps the same in a disk image (qcow2.h). */
int load_qemu(struct table *t, const u8 *data, size_t len, struct error *err);
bool looks_like_qemu(const u8 *data, size_t len);

#endif
