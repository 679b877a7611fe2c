/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/guestmem.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Large host pages, where the host has them, want this alignment. */
#define ALIGNMENT (16ull << 20)

static int note_absent(struct guest_mem *mem, struct error *err)
{
	mem->absent = calloc(mem->bytes >> GUEST_BLOCK_SHIFT, 1);
	if (!mem->absent)
		return error_nomem(err, "a list of the guest's memory");
	for (u64 gpa = mem->boot_bytes; gpa < mem->bytes; gpa += GUEST_BLOCK)
		mem->absent[gpa >> GUEST_BLOCK_SHIFT] = 1;
	return 0;
}

int guest_mem_alloc(struct guest_mem *mem, u64 bytes, u64 max_bytes, struct error *err)
{
	u64 size = max_bytes + ALIGNMENT;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return error_errno(err, "cannot get %llu MiB of memory for the guest (-m)",
				   (unsigned long long)(max_bytes >> 20));
	mem->mapping = p;
	mem->mapping_bytes = size;
	mem->host = (u8 *)(((uintptr_t)p + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
	mem->bytes = max_bytes;
	mem->boot_bytes = bytes;
	madvise(mem->host, max_bytes, MADV_HUGEPAGE);
	/*
	 * A child would share it: each page is then copied when the guest next writes to it, large
	 * pages in small pieces, and Linux's KVM can't go on with those under an entry for a large
	 * one.
	 */
	madvise(mem->host, max_bytes, MADV_DONTFORK);
	return bytes == max_bytes ? 0 : note_absent(mem, err);
}

void guest_mem_free(struct guest_mem *mem)
{
	if (mem->mapping)
		munmap(mem->mapping, mem->mapping_bytes);
	free(mem->absent);
	memset(mem, 0, sizeof(*mem));
}

void guest_mem_clear(struct guest_mem *mem)
{
	u64 area = mem->area_bytes;

	/* A shared file's pages come back with what they held, unless the file loses them. */
	if (area && madvise(mem->host, area, MADV_REMOVE))
		memset(mem->host, 0, area);
	madvise(mem->host + area, mem->bytes - area, MADV_DONTNEED);
}

void guest_mem_has_area(struct guest_mem *mem, u64 bytes)
{
	mem->area_bytes = bytes;
	madvise(mem->host, bytes, MADV_DONTFORK);
}

void guest_mem_set_block(struct guest_mem *mem, u64 gpa, bool present)
{
	__atomic_store_n(&mem->absent[gpa >> GUEST_BLOCK_SHIFT], !present, __ATOMIC_RELEASE);
}

void guest_mem_clear_block(struct guest_mem *mem, u64 gpa)
{
	madvise(mem->host + gpa, GUEST_BLOCK, MADV_DONTNEED);
}

/* Pages of a shared file's go only with what it holds. */
static bool give_back(struct guest_mem *mem, u64 gpa, u64 end, int advice)
{
	u64 page = sysconf(_SC_PAGESIZE), first = (gpa + page - 1) & ~(page - 1);

	end &= ~(page - 1);
	return first < end && !madvise(mem->host + first, end - first, advice);
}

bool guest_mem_give_back(struct guest_mem *mem, u64 gpa, u64 bytes)
{
	u64 end = gpa + bytes, area = mem->area_bytes;
	u64 area_end = end < area ? end : area, begin = gpa > area ? gpa : area;
	bool some = gpa < area_end && give_back(mem, gpa, area_end, MADV_REMOVE);

	return (begin < end && give_back(mem, begin, end, MADV_DONTNEED)) || some;
}

u64 guest_mem_present(const struct guest_mem *mem)
{
	u64 bytes = mem->boot_bytes;

	for (u64 gpa = bytes; gpa < mem->bytes; gpa += GUEST_BLOCK)
		if (!guest_is_absent(mem, gpa))
			bytes += GUEST_BLOCK;
	return bytes;
}
