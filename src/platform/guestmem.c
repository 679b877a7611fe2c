/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/guestmem.h"

#include <sys/mman.h>

/* Large host pages, where the host has them, want this alignment. */
#define ALIGNMENT (16ull << 20)

int guest_mem_alloc(struct guest_mem *mem, u64 bytes, struct error *err)
{
	u64 size = bytes + ALIGNMENT;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return error_errno(err, "cannot get %llu MiB of memory for the guest (-m)",
				   (unsigned long long)(bytes >> 20));
	mem->mapping = p;
	mem->mapping_bytes = size;
	mem->host = (u8 *)(((uintptr_t)p + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
	mem->bytes = bytes;
	madvise(mem->host, bytes, MADV_HUGEPAGE);
	/*
	 * A child would share it: each page is then copied when the guest next writes to it, large
	 * pages in small pieces, and Linux's KVM can't go on with those under an entry for a large
	 * one.
	 */
	madvise(mem->host, bytes, MADV_DONTFORK);
	return 0;
}

void guest_mem_free(struct guest_mem *mem)
{
	if (mem->mapping)
		munmap(mem->mapping, mem->mapping_bytes);
	memset(mem, 0, sizeof(*mem));
}

void guest_mem_clear(struct guest_mem *mem)
{
	madvise(mem->host, mem->bytes, MADV_DONTNEED);
}
