/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that may never be wanted, and memory that will be wanted in a hurry: the host finds it,
 * and clears it, as it is touched, or beforehand. A huge page takes a millisecond, which a guest
 * that has just been moved here would otherwise stand still for.
 */
#ifndef PAPYR_BASE_PREFAULT_H
#define PAPYR_BASE_PREFAULT_H

#include <stddef.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

/*
 * Zeroes, in pages of which none exists before it is touched; NULL with errno. munmap() frees them.
 * @flags: more of mmap()'s.
 */
static inline void *pages_untouched(size_t bytes, int flags)
{
	void *p =
	    mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/*
 * As if every page of [@at, @at + @bytes), @at the beginning of one, were written or read. 0, or -1
 * with errno: EINVAL from a kernel before 5.14, which is no harm.
 */
static inline int prefault_write(void *at, size_t bytes)
{
	return madvise(at, bytes, MADV_POPULATE_WRITE);
}

static inline int prefault_read(void *at, size_t bytes)
{
	return madvise(at, bytes, MADV_POPULATE_READ);
}

#endif
