/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest starts with.
 */
#ifndef PAPYR_PLATFORM_BOOT_H
#define PAPYR_PLATFORM_BOOT_H

#include "base/bits.h"
#include "platform/error.h"

struct machine;

/* Puts kernel, initrd, RTAS and device tree into memory. */
struct boot_entry {
	u64 pc, fdt, rtas;
	bool little_endian; /* the kernel is, by its file */
};
int boot_load(struct machine *m, struct boot_entry *entry, struct error *err);

#endif
