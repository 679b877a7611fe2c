/* SPDX-License-Identifier: Apache-2.0 */
/* The library's calls: <papyr/papyr.h> is their manual. */
#include <errno.h>
#include <fcntl.h>
#include <papyr/papyr.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "hv/clock.h"
#include "kvm/fdtable.h"
#include "kvm/files.h"

#define API __attribute__((visibility("default")))

static long result(long value)
{
	if (value >= 0)
		return value;
	errno = -value;
	return -1;
}

API int papyr_open(const char *path, int flags)
{
	if (!path || strcmp(path, "/dev/kvm"))
		return result(-ENOENT);
	return result(system_file_new(flags & O_CLOEXEC));
}

API int papyr_ioctl(int fd, unsigned long request, ...)
{
	struct file *file = file_get(fd);
	unsigned long arg;
	va_list ap;
	long ret;

	va_start(ap, request);
	arg = va_arg(ap, unsigned long);
	va_end(ap);

	if (!file)
		return result(-EBADF);
	/* The upper half is none of a request; some clients pass an int, sign and all. */
	ret = file_is_foreign(file) ? -EIO : file->ops->ioctl(file, (unsigned)request, arg);
	file_put(file);
	return result(ret);
}

/* The system call, whoever stands in for libc's function. */
static ssize_t plain_read(int fd, void *buf, size_t count)
{
	ssize_t got = syscall(SYS_read, fd, buf, count);

	return got < 0 ? -errno : got;
}

API ssize_t papyr_read(int fd, void *buf, size_t count)
{
	struct file *file = file_get(fd);
	ssize_t ret = -EINVAL;

	if (!file)
		return result(-EBADF);
	if (file_is_foreign(file))
		ret = -EIO;
	else if (file->ops->plain)
		ret = plain_read(fd, buf, count);
	else if (file->ops->read)
		ret = file->ops->read(file, (unsigned long)buf, count);
	file_put(file);
	return result(ret);
}

API ssize_t papyr_write(int fd, const void *buf, size_t count)
{
	struct file *file = file_get(fd);
	ssize_t ret = -EINVAL;

	if (!file)
		return result(-EBADF);
	if (file_is_foreign(file))
		ret = -EIO;
	else if (file->ops->plain)
		ret = -EBADF;
	else if (file->ops->write)
		ret = file->ops->write(file, (unsigned long)buf, count);
	file_put(file);
	return result(ret);
}

API void *papyr_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
	struct file *file = file_get_checked(fd);
	void *map = MAP_FAILED;
	int err = ENODEV;

	if (!file) {
		errno = EBADF;
		return MAP_FAILED;
	}
	if (file->ops->mappable) {
		map = mmap(addr, length, prot, flags, fd, offset);
		err = errno;
	}
	file_put(file);
	if (map == MAP_FAILED)
		errno = err;
	return map;
}

API int papyr_close(int fd)
{
	return result(file_close(fd));
}

API bool papyr_is_fd(int fd)
{
	int err = errno;
	struct file *file = file_get_checked(fd);

	if (file)
		file_put(file);
	errno = err;
	return file;
}

API int papyr_trace(int vm, unsigned events, int fd)
{
	struct file *file = file_get(vm);
	long ret;

	if (!file)
		return result(-EBADF);
	ret = file_is_foreign(file) ? -EIO : vm_file_trace(file, events, fd);
	file_put(file);
	return result(ret);
}

API int papyr_wrote(int vm, uint64_t gpa, uint64_t bytes)
{
	struct file *file = file_get(vm);
	long ret;

	if (!file)
		return result(-EBADF);
	ret = file_is_foreign(file) ? -EIO : vm_file_wrote(file, gpa, bytes);
	file_put(file);
	return result(ret);
}

API uint64_t papyr_timebase(void)
{
	return hv_timebase();
}

API const char *papyr_version(void)
{
	return PAPYR_VERSION;
}
