/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's memory as the client sees it: one block from guest real address 0. Every address that
 * comes from a guest goes through guest_ptr(), which knows where the memory ends.
 */
#ifndef PAPYR_PLATFORM_GUESTMEM_H
#define PAPYR_PLATFORM_GUESTMEM_H

#include "base/bits.h"
#include "platform/error.h"

struct guest_mem {
	u8 *host;
	u64 bytes;
	void *mapping; /* what munmap gets: host is aligned within it */
	u64 mapping_bytes;
};

int guest_mem_alloc(struct guest_mem *mem, u64 bytes, struct error *err);
void guest_mem_free(struct guest_mem *mem);
/* Makes all of it zero again, giving the pages back to the host. */
void guest_mem_clear(struct guest_mem *mem);

/* @len bytes at @gpa; NULL if they are not all memory. */
static inline void *guest_ptr(const struct guest_mem *mem, u64 gpa, u64 len)
{
	if (gpa > mem->bytes || mem->bytes - gpa < len)
		return NULL;
	return mem->host + gpa;
}

#endif
