/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/thread.h"

#include <errno.h>
#include <stddef.h>

#include "base/bits.h"

sigset_t thread_blocked_signals(void)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS};
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		sigdelset(&set, faults[i]);
	return set;
}

int thread_start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	sigset_t mask = thread_blocked_signals(), old;
	int error;

	pthread_sigmask(SIG_SETMASK, &mask, &old);
	error = pthread_create(thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!error)
		return 0;
	errno = error;
	return -1;
}
