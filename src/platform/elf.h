/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel images: where their parts go in guest memory. ELF64 of either byte order, or anything else
 * that begins with an instruction, taken as it is.
 */
#ifndef PAPYR_PLATFORM_ELF_H
#define PAPYR_PLATFORM_ELF_H

#include "platform/error.h"
#include "platform/guestmem.h"

/* Where kernels go: high enough to leave the interrupt vectors' page and firmware's room alone. */
#define KERNEL_BASE 0x400000

struct kernel_image {
	u64 entry;
	u64 end;	    /* first byte behind everything loaded, .bss included */
	bool little_endian; /* said by an ELF header only */
};

/*
 * Loads the image of @bytes at @data below @limit. @name is for messages. Segments go to
 * KERNEL_BASE + (paddr & 0x0fffffff), and so does the entry; what is no ELF goes to KERNEL_BASE and
 * starts there, if it looks like code or @raw says that it is.
 */
int kernel_load(const struct guest_mem *mem, u64 limit, const void *data, size_t bytes,
		const char *name, bool raw, struct kernel_image *image, struct error *err);

#endif
