/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libpapyr-preload: a program that opens /dev/kvm finds Papyr behind it.
 *
 * Stands in for libc's wrappers of the system calls that reach a descriptor of KVM. What is not
 * ours goes on to the next library. The library itself calls these too, with descriptors of its
 * own: for those that lookup costs one load.
 */
/* The two families, with and without 64, are defined side by side here: the headers must not make
 * one of the other. */
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <papyr/kvm.h>
#include <papyr/papyr.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/bits.h"
#include "kvm/fdtable.h"
#include "kvm/preload_path.h"
#include "kvm/preload_trace.h"

#define API	 __attribute__((visibility("default")))

/* The wrappers that we stand in for; libc's headers would declare some of them with fortified
 * bodies. */
#undef open
#undef read

static bool needs_mode(int flags)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

#define MODE_OF(flags)                                                                             \
	({                                                                                         \
		mode_t mode_ = 0;                                                                  \
		if (needs_mode(flags)) {                                                           \
			va_list ap_;                                                               \
			va_start(ap_, flags);                                                      \
			mode_ = va_arg(ap_, int);                                                  \
			va_end(ap_);                                                               \
		}                                                                                  \
		mode_;                                                                             \
	})

/* Straight to the kernel: these wrappers do nothing else in libc, and work before and while dlsym()
 * does. */
static int real_openat(int dir, const char *path, int flags, mode_t mode)
{
	return syscall(SYS_openat, dir, path, flags, mode);
}

static int do_openat(int dir, const char *path, int flags, mode_t mode)
{
	return path_is_kvm(dir, path) ? papyr_open(KVM_PATH, flags)
				      : real_openat(dir, path, flags, mode);
}

API int open(const char *path, int flags, ...)
{
	return do_openat(AT_FDCWD, path, flags, MODE_OF(flags));
}

API int open64(const char *path, int flags, ...)
{
	return do_openat(AT_FDCWD, path, flags | O_LARGEFILE, MODE_OF(flags));
}

API int openat(int dir, const char *path, int flags, ...)
{
	return do_openat(dir, path, flags, MODE_OF(flags));
}

API int openat64(int dir, const char *path, int flags, ...)
{
	return do_openat(dir, path, flags | O_LARGEFILE, MODE_OF(flags));
}

/* What programs compiled with _FORTIFY_SOURCE call. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);

API int __open_2(const char *path, int flags)
{
	return do_openat(AT_FDCWD, path, flags, 0);
}

API int __open64_2(const char *path, int flags)
{
	return do_openat(AT_FDCWD, path, flags | O_LARGEFILE, 0);
}

API int __openat_2(int dir, const char *path, int flags)
{
	return do_openat(dir, path, flags, 0);
}

API int __openat64_2(int dir, const char *path, int flags)
{
	return do_openat(dir, path, flags | O_LARGEFILE, 0);
}

/* libc's own open its file by no wrapper: those that lead here are opened for them. */
static FILE *open_stream(const char *path, const char *mode)
{
	int flags = strchr(mode, '+') ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;
	int fd = papyr_open(path, flags | (strchr(mode, 'e') ? O_CLOEXEC : 0));
	FILE *f = fd < 0 ? NULL : fdopen(fd, mode);

	if (fd >= 0 && !f)
		papyr_close(fd);
	return f;
}

typedef FILE *fopen_fn(const char *, const char *);

API FILE *fopen(const char *path, const char *mode)
{
	static fopen_fn *next;

	if (path_is_kvm(AT_FDCWD, path))
		return open_stream(KVM_PATH, mode);
	if (!next)
		next = (fopen_fn *)dlsym(RTLD_NEXT, "fopen");
	return next(path, mode);
}

API FILE *fopen64(const char *path, const char *mode)
{
	static fopen_fn *next;

	if (path_is_kvm(AT_FDCWD, path))
		return open_stream(KVM_PATH, mode);
	if (!next)
		next = (fopen_fn *)dlsym(RTLD_NEXT, "fopen64");
	return next(path, mode);
}

static int do_ioctl(int fd, unsigned long request, unsigned long arg)
{
	int ret = papyr_ioctl(fd, request, arg);

	if ((unsigned)request == KVM_CREATE_VM && ret >= 0)
		preload_trace(ret);
	return ret;
}

API int ioctl(int fd, unsigned long request, ...)
{
	unsigned long arg;
	va_list ap;

	va_start(ap, request);
	arg = va_arg(ap, unsigned long);
	va_end(ap);
	if (file_maybe(fd) && papyr_is_fd(fd))
		return do_ioctl(fd, request, arg);
	return syscall(SYS_ioctl, fd, request, arg);
}

/*
 * read, write and close are where threads can be cancelled, so they go on by way of libc. Found
 * when the library is loaded, before the program's threads are.
 */
static ssize_t (*next_read)(int, void *, size_t);
static ssize_t (*next_write)(int, const void *, size_t);
static int (*next_close)(int);
static int (*next_fcntl)(int, int, ...);

__attribute__((constructor)) static void prepare(void)
{
	/* Descriptors are also closed by ways that don't lead through here, fclose() for one. */
	file_distrust();
	next_read = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
	next_write = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
	next_close = (int (*)(int))dlsym(RTLD_NEXT, "close");
	next_fcntl = (int (*)(int, int, ...))dlsym(RTLD_NEXT, "fcntl64");
	if (!next_fcntl)
		next_fcntl = (int (*)(int, int, ...))dlsym(RTLD_NEXT, "fcntl");
}

API ssize_t read(int fd, void *buf, size_t count)
{
	if (file_maybe(fd) && papyr_is_fd(fd))
		return papyr_read(fd, buf, count);
	return next_read ? next_read(fd, buf, count) : syscall(SYS_read, fd, buf, count);
}

ssize_t __read_chk(int fd, void *buf, size_t count, size_t size);

API ssize_t __read_chk(int fd, void *buf, size_t count, size_t size)
{
	if (count > size)
		abort();
	return read(fd, buf, count);
}

API ssize_t write(int fd, const void *buf, size_t count)
{
	if (file_maybe(fd) && papyr_is_fd(fd))
		return papyr_write(fd, buf, count);
	return next_write ? next_write(fd, buf, count) : syscall(SYS_write, fd, buf, count);
}

static void *do_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
#ifdef SYS_mmap2
	return (void *)syscall(SYS_mmap2, addr, length, prot, flags, fd, offset >> 12);
#else
	return (void *)syscall(SYS_mmap, addr, length, prot, flags, fd, offset);
#endif
}

API void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
	if (!(flags & MAP_ANONYMOUS) && file_maybe(fd) && file_unmappable(fd)) {
		errno = ENODEV;
		return MAP_FAILED;
	}
	return do_mmap(addr, length, prot, flags, fd, offset);
}

API void *mmap64(void *addr, size_t length, int prot, int flags, int fd, off64_t offset)
{
	return mmap(addr, length, prot, flags, fd, offset);
}

static int real_close(int fd)
{
	return next_close ? next_close(fd) : (int)syscall(SYS_close, fd);
}

/* The library's own close() of a number that it has forgotten just before comes out here. */
API int close(int fd)
{
	if (file_maybe(fd) && papyr_is_fd(fd))
		return papyr_close(fd);
	return real_close(fd);
}

API int close_range(unsigned first, unsigned last, int flags)
{
	int ret = syscall(SYS_close_range, first, last, flags);

	if (!ret && !(flags & (int)CLOSE_RANGE_CLOEXEC))
		file_forget_range(first, last);
	return ret;
}

API void closefrom(int first)
{
	close_range(first < 0 ? 0 : first, ~0u, 0);
}

API int dup(int fd)
{
	int to = syscall(SYS_dup, fd);

	if (to >= 0 && file_maybe(fd))
		file_duplicated(fd, to);
	return to;
}

static int dup_to(int fd, int to, int ret)
{
	if (ret < 0 || fd == to)
		return ret;
	/* What @to was before is gone. */
	file_forget(to);
	if (file_maybe(fd))
		file_duplicated(fd, to);
	return ret;
}

API int dup2(int fd, int to)
{
	/* dup3() refuses equal numbers, dup2() only looks whether they are open. */
	if (fd == to)
		return fcntl(fd, F_GETFD) < 0 ? -1 : to;
	return dup_to(fd, to, syscall(SYS_dup3, fd, to, 0));
}

API int dup3(int fd, int to, int flags)
{
	return dup_to(fd, to, syscall(SYS_dup3, fd, to, flags));
}

static int do_fcntl(int fd, int cmd, void *arg)
{
	int ret = next_fcntl ? next_fcntl(fd, cmd, arg) : (int)syscall(SYS_fcntl, fd, cmd, arg);

	if (ret >= 0 && (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC) && file_maybe(fd))
		file_duplicated(fd, ret);
	return ret;
}

API int fcntl(int fd, int cmd, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	return do_fcntl(fd, cmd, arg);
}

int fcntl64(int fd, int cmd, ...);

API int fcntl64(int fd, int cmd, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	return do_fcntl(fd, cmd, arg);
}

/* Programs that look before they open: /dev/kvm is there, and may be used. */
API int access(const char *path, int mode)
{
	if (path_is_kvm(AT_FDCWD, path) && !(mode & X_OK))
		return 0;
	return syscall(SYS_faccessat, AT_FDCWD, path, mode);
}

API int faccessat(int dir, const char *path, int mode, int flags)
{
	static int (*next)(int, const char *, int, int);

	if (path_is_kvm(dir, path) && !(mode & X_OK))
		return 0;
	if (!next)
		next = (int (*)(int, const char *, int, int))dlsym(RTLD_NEXT, "faccessat");
	return next(dir, path, mode, flags);
}
