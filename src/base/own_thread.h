/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads of the library's own in a client's process, in which none of the client's handlers are
 * called but those of faults and of profilers.
 */
#ifndef PAPYR_BASE_OWN_THREAD_H
#define PAPYR_BASE_OWN_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/bits.h"

#define SIGNAL_BIT(signal) (1ull << ((signal)-1))

/* The program's own faults, and the two signals by which libc's threads talk (32, 33). */
#define SIGNALS_NEVER_BLOCKED                                                                      \
	(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGFPE) |      \
	 SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGABRT) | SIGNAL_BIT(SIGSYS) | SIGNAL_BIT(SIGPROF) |    \
	 SIGNAL_BIT(32) | SIGNAL_BIT(33))

/* Straight to the kernel: libc's sets are larger, and looked through at each call. */
static inline void signals_change_mask(int how, u64 set, u64 *old)
{
	syscall(SYS_rt_sigprocmask, how, &set, old, sizeof(set));
}

/* 0 or -errno. @name: 15 characters at most. */
static inline int own_thread_start(pthread_t *thread, const char *name, void *(*fn)(void *),
				   void *arg)
{
	u64 old;
	int ret;

	/* The new thread has the mask of who makes it. */
	signals_change_mask(SIG_SETMASK, ~SIGNALS_NEVER_BLOCKED, &old);
	ret = -pthread_create(thread, NULL, fn, arg);
	signals_change_mask(SIG_SETMASK, old, NULL);
	if (!ret)
		pthread_setname_np(*thread, name);
	return ret;
}

#endif
