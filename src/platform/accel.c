/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/accel.h"

#include <errno.h>
#include <fcntl.h>
#include <papyr/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef PAPYR_NO_SOFTWARE
#include <papyr/papyr.h>

static int soft_open(void)
{
	return papyr_open("/dev/kvm", O_RDWR | O_CLOEXEC);
}

static int soft_ioctl(int fd, unsigned long request, void *arg)
{
	return papyr_ioctl(fd, request, arg);
}

static void *soft_mmap(size_t bytes, int prot, int flags, int fd)
{
	return papyr_mmap(NULL, bytes, prot, flags, fd, 0);
}

static const struct accel accel_papyr = {
    .name = "papyr",
    .open = soft_open,
    .ioctl = soft_ioctl,
    .read = papyr_read,
    .write = papyr_write,
    .mmap = soft_mmap,
    .munmap = munmap,
    .close = papyr_close,
    .trace = papyr_trace,
    .wrote = papyr_wrote,
    .timebase = papyr_timebase,
};
#endif

#ifdef __powerpc64__
static int sys_open(void)
{
	return open("/dev/kvm", O_RDWR | O_CLOEXEC);
}

static int sys_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg);
}

static void *sys_mmap(size_t bytes, int prot, int flags, int fd)
{
	return mmap(NULL, bytes, prot, flags, fd, 0);
}

static u64 sys_timebase(void)
{
	return __builtin_ppc_get_timebase();
}

static const struct accel accel_kvm = {
    .name = "kvm",
    .open = sys_open,
    .ioctl = sys_ioctl,
    .read = read,
    .write = write,
    .mmap = sys_mmap,
    .munmap = munmap,
    .close = close,
    .timebase = sys_timebase,
    .one_reader = true,
    .one_record = true,
};
#endif

const struct accel *accel_find(const char *name, struct error *err)
{
#ifndef PAPYR_NO_SOFTWARE
	if (!strcmp(name, "papyr"))
		return &accel_papyr;
#endif
	if (!strcmp(name, "kvm")) {
#ifdef __powerpc64__
		return &accel_kvm;
#else
		error_set(
		    err,
		    "--accel kvm needs a POWER host; leave it out to use Papyr's own processor");
		return NULL;
#endif
	}
	error_set(err, "no accelerator is called '%s'; there are papyr and kvm", name);
	return NULL;
}
