/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs the guest: libpapyr, or the kernel's own KVM. Both speak the same interface, so all that
 * differs is which functions the requests go through.
 */
#ifndef PAPYR_PLATFORM_ACCEL_H
#define PAPYR_PLATFORM_ACCEL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/bits.h"
#include "platform/error.h"

struct accel {
	const char *name;
	/* Opens the system descriptor, -1 with errno. */
	int (*open)(void);
	/* As the system calls of the same name: -1 with errno. */
	int (*ioctl)(int fd, unsigned long request, void *arg);
	ssize_t (*read)(int fd, void *buf, size_t bytes);
	ssize_t (*write)(int fd, const void *buf, size_t bytes);
	void *(*mmap)(size_t bytes, int prot, int flags, int fd);
	int (*munmap)(void *addr, size_t bytes);
	int (*close)(int fd);
	/*
	 * papyr_trace(), of @vm. NULL: it tells nothing of what it does.
	 */
	int (*trace)(int vm, unsigned events, int fd);
	/* papyr_wrote(), of @vm. NULL: nobody need tell. */
	int (*wrote)(int vm, u64 gpa, u64 bytes);
	/* The timebase that KVM_REG_PPC_TB_OFFSET is relative to. */
	u64 (*timebase)(void);
	/* A change of the hash table is told to whichever of its descriptors is read first. */
	bool one_reader;
	/* A write to one of them may hold one record only: behind that it loses its place. */
	bool one_record;
};

/* Finds "papyr" or "kvm"; NULL with @err set if there is no such thing, or not in this build. */
const struct accel *accel_find(const char *name, struct error *err);

/* A request whose argument is a number. */
static inline int accel_ioctl_val(const struct accel *a, int fd, unsigned long request,
				  unsigned long val)
{
	return a->ioctl(fd, request, (void *)val);
}

#endif
