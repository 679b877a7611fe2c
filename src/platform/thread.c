/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/thread.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "base/bits.h"

int thread_start(pthread_t *thread, int also, void *(*fn)(void *), void *arg)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	sigset_t mask, old;
	int error;

	sigfillset(&mask);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		sigdelset(&mask, faults[i]);
	if (also)
		sigdelset(&mask, also);
	pthread_sigmask(SIG_SETMASK, &mask, &old);
	error = pthread_create(thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!error)
		return 0;
	errno = error;
	return -1;
}
