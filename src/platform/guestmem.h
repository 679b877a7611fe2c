/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's memory as the client sees it: one block from guest real address 0. Every address that
 * comes from a guest goes through guest_ptr(), which knows where the memory ends.
 */
#ifndef PAPYR_PLATFORM_GUESTMEM_H
#define PAPYR_PLATFORM_GUESTMEM_H

#include <string.h>

#include "base/bits.h"
#include "platform/error.h"

/* The pages in which images and migrations tell of it, whatever the host's and the guest's are. */
#define GUEST_PAGE_SHIFT 12
#define GUEST_PAGE	 (1u << GUEST_PAGE_SHIFT)

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

static inline bool guest_page_is_zero(const u8 *page)
{
	for (unsigned i = 0; i < GUEST_PAGE; i += 64) {
		u64 w[8];

		memcpy(w, page + i, sizeof(w));
		if (w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7])
			return false;
	}
	return true;
}

#endif
