/* SPDX-License-Identifier: Apache-2.0 */
/* Eventfds for the conformance programs that speak of them. */
#ifndef TESTS_KVM_EVENTS_H
#define TESTS_KVM_EVENTS_H

#include "machine.h"
#include <sys/eventfd.h>

static inline int new_eventfd(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd < 0)
		die("eventfd");
	return fd;
}

/* What was told since the last time. */
static inline u64 told(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) < 0 ? 0 : count;
}

static inline void write_to(int fd, u64 count)
{
	uint64_t value = count;

	if (write(fd, &value, sizeof(value)) < 0)
		die("writing to an eventfd");
}

static inline void must(int error, const char *what)
{
	errno = error;
	if (error)
		die("%s", what);
}

static inline void say_error(const char *text, int error)
{
	say("%s = %s", text, errno_name(error));
}

#endif
