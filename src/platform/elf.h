/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel images: where their parts go in guest memory. ELF, a boot loader's uImage, or anything
 * else that begins with an instruction, taken as it is.
 */
#ifndef PAPYR_PLATFORM_ELF_H
#define PAPYR_PLATFORM_ELF_H

#include "platform/error.h"
#include "platform/guestmem.h"

/* Where kernels go: high enough to leave the interrupt vectors' page and firmware's room alone. */
#define KERNEL_BASE 0x400000

/* What a kind of machine takes for a kernel, and where it goes. */
struct kernel_kind {
	const char *what; /* "64-bit Power" */
	bool bits32;	  /* ELF32 for PowerPC, big-endian; else ELF64, of either byte order */
	/* Segments go to @base + (paddr & @mask), what has no address to @base. */
	u64 base, mask;
	const char *limit, *remedy; /* of one that is too large: what ends there, what helps */
};

extern const struct kernel_kind kernel_papr, kernel_booke;

struct kernel_image {
	u64 entry;
	u64 end;	    /* first byte behind everything loaded, .bss included */
	bool little_endian; /* said by an ELF header only */
};

/*
 * Loads the image of @bytes at @data below @limit. @name is for messages. An ELF's entry is where
 * its segment's went; a uImage says itself where it goes and starts; what is neither starts where
 * it is loaded, if it looks like code or @raw says that it is.
 */
int kernel_load(const struct guest_mem *mem, const struct kernel_kind *kind, u64 limit,
		const void *data, size_t bytes, const char *name, bool raw,
		struct kernel_image *image, struct error *err);

#endif
