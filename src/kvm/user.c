/* SPDX-License-Identifier: Apache-2.0 */
#include "kvm/user.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/prefault.h"
#include "kvm/fdtable.h"

/*
 * The kernel copies within our own process. Some sandboxes forbid the call; there a bad pointer
 * costs the client its life, as it does in any library.
 */
static int forbidden(void)
{
	return errno == ENOSYS || errno == EPERM;
}

int user_read(void *to, unsigned long from, size_t bytes)
{
	struct iovec local = {to, bytes}, remote = {(void *)from, bytes};

	if (!bytes || process_vm_readv(file_process(), &local, 1, &remote, 1, 0) == (ssize_t)bytes)
		return 0;
	if (!from || !forbidden())
		return -EFAULT;
	memcpy(to, (const void *)from, bytes);
	return 0;
}

int user_write(unsigned long to, const void *from, size_t bytes)
{
	struct iovec local = {(void *)from, bytes}, remote = {(void *)to, bytes};

	if (!bytes || process_vm_writev(file_process(), &local, 1, &remote, 1, 0) == (ssize_t)bytes)
		return 0;
	if (!to || !forbidden())
		return -EFAULT;
	memcpy((void *)to, from, bytes);
	return 0;
}

/* Before Linux 5.14: writes a byte of each page back to itself. */
static int touch(unsigned long start, unsigned long end, unsigned long page)
{
	for (unsigned long a = start; a < end; a += page) {
		char byte;

		if (user_read(&byte, a, 1) || user_write(a, &byte, 1))
			return -EFAULT;
	}
	return 0;
}

int user_populate(unsigned long addr, size_t bytes)
{
	unsigned long page = getpagesize();
	unsigned long start = addr & ~(page - 1);
	unsigned long end;

	if (!bytes)
		return 0;
	if (__builtin_add_overflow(addr, bytes, &end) || end > ULONG_MAX - page)
		return -EFAULT;
	end = (end + page - 1) & ~(page - 1);
	if (!prefault_write((void *)start, end - start))
		return 0;
	if (errno != EINVAL)
		return -EFAULT;
	return touch(start, end, page);
}
