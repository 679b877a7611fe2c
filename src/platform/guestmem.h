/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's memory as the client sees it: what it starts with, from guest real address 0, and
 * behind that, if it may get more, places for blocks that come and go. Every address that comes
 * from a guest goes through guest_ptr(), which knows where memory is.
 */
#ifndef PAPYR_PLATFORM_GUESTMEM_H
#define PAPYR_PLATFORM_GUESTMEM_H

#include <string.h>

#include "base/bits.h"
#include "platform/error.h"

/* The pages in which images and migrations tell of it, whatever the host's and the guest's are. */
#define GUEST_PAGE_SHIFT 12
#define GUEST_PAGE	 (1u << GUEST_PAGE_SHIFT)

/* What comes and goes, and what it is aligned to. */
#define GUEST_BLOCK_SHIFT 28
#define GUEST_BLOCK	  (1ull << GUEST_BLOCK_SHIFT)
#define GUEST_BLOCKS_MAX  4096 /* that may come */

struct guest_mem {
	u8 *host;
	u64 bytes;	/* no memory is behind this, nor ever will be */
	u64 boot_bytes; /* the part that is always there */
	u8 *absent;	/* for each block: 1 if it isn't there; atomic. NULL: all is there */
	u64 area_bytes; /* of which memory of KVM's own is mapped first; 0: none */
	void *mapping;	/* what munmap gets: host is aligned within it */
	u64 mapping_bytes;
};

/* @max_bytes: with the blocks that may come, which are absent at first. @bytes if none may. */
int guest_mem_alloc(struct guest_mem *mem, u64 bytes, u64 max_bytes, struct error *err);
void guest_mem_free(struct guest_mem *mem);
/* From now on the first @bytes are a shared mapping of a real-mode area. */
void guest_mem_has_area(struct guest_mem *mem, u64 bytes);
/* Makes all of it zero again, giving the pages back to the host. */
void guest_mem_clear(struct guest_mem *mem);
/* The block at @gpa comes, or goes: as far as the client is concerned. */
void guest_mem_set_block(struct guest_mem *mem, u64 gpa, bool present);
/* guest_mem_clear() of the block at @gpa. */
void guest_mem_clear_block(struct guest_mem *mem, u64 gpa);
/*
 * What is whole pages of the host's between @gpa and @gpa + @bytes, all memory, goes back to it,
 * and reads as zeroes then. False: nothing did.
 */
bool guest_mem_give_back(struct guest_mem *mem, u64 gpa, u64 bytes);
/* How much there is. */
u64 guest_mem_present(const struct guest_mem *mem);

/* Is @gpa, which is below mem->bytes, in a block that isn't there? */
static inline bool guest_is_absent(const struct guest_mem *mem, u64 gpa)
{
	return mem->absent &&
	       __atomic_load_n(&mem->absent[gpa >> GUEST_BLOCK_SHIFT], __ATOMIC_RELAXED);
}

/* @len bytes at @gpa; NULL if they are not all memory. */
static inline void *guest_ptr(const struct guest_mem *mem, u64 gpa, u64 len)
{
	if (gpa > mem->bytes || mem->bytes - gpa < len)
		return NULL;
	for (u64 at = gpa; mem->absent && at < gpa + len; at = (at | (GUEST_BLOCK - 1)) + 1)
		if (guest_is_absent(mem, at))
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
