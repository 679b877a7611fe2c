/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To be preloaded: memory that is refused once. PAPYR_FAIL_FILE names a file with two 32-bit
 * numbers. While the first isn't zero, each request for memory takes one off it, and that which
 * finds 1 is refused and counted in the second. The vcpus' threads have all the memory they want:
 * what they do goes on whether or not anybody saves or moves the guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

/* The C library's own, below those that it lets others replace. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t align, size_t size);

static struct {
	atomic_uint left, refused;
} *orders;

static __attribute__((constructor)) void find_orders(void)
{
	const char *path = getenv("PAPYR_FAIL_FILE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		orders = p;
}

static bool is_vcpu(void)
{
	char name[16] = "";

	prctl(PR_GET_NAME, name);
	return !strncmp(name, "vcpu", 4);
}

static bool refuse(void)
{
	unsigned left;

	if (!orders)
		return false;
	left = atomic_load(&orders->left);
	if (!left || is_vcpu())
		return false;
	while (left && !atomic_compare_exchange_weak(&orders->left, &left, left - 1))
		;
	if (left != 1)
		return false;
	atomic_fetch_add(&orders->refused, 1);
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return refuse() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return refuse() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return refuse() ? NULL : __libc_realloc(p, size);
}

void *memalign(size_t align, size_t size)
{
	return refuse() ? NULL : __libc_memalign(align, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	return memalign(align, size);
}

int posix_memalign(void **p, size_t align, size_t size)
{
	void *got = memalign(align, size);

	if (!got)
		return ENOMEM;
	*p = got;
	return 0;
}
