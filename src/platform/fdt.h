/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device tree: how the guest learns what machine it is on.
 */
#ifndef PAPYR_PLATFORM_FDT_H
#define PAPYR_PLATFORM_FDT_H

#include "platform/machine.h"

struct fdt_places {
	u64 rtas;
	u32 rtas_bytes;
	u64 initrd, initrd_bytes; /* 0: none */
};

#define FDT_BYTES_MAX 0x40000

/* Writes the tree to @buf of FDT_BYTES_MAX. */
int fdt_build(const struct machine *m, const struct fdt_places *places, void *buf, struct error *err);

#endif
