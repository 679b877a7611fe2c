/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uImages: kernels as boot loaders of PowerPC boards take them, a header of 64 bytes and the code,
 * plain or compressed by gzip.
 */
#ifndef PAPYR_PLATFORM_UIMAGE_H
#define PAPYR_PLATFORM_UIMAGE_H

#include "platform/elf.h"

bool is_uimage(const void *data, size_t bytes);
/* Loads one below @limit, to the address that it names; its sums are checked. */
int uimage_load(const struct guest_mem *mem, u64 limit, const void *data, size_t bytes,
		const char *name, struct kernel_image *image, struct error *err);

#endif
