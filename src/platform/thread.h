/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads beside the main one. Signals meant for the process are the main thread's: none of the
 * others may take one, for there they would end the process at once instead of the guest in order.
 */
#ifndef PAPYR_PLATFORM_THREAD_H
#define PAPYR_PLATFORM_THREAD_H

#include <pthread.h>
#include <signal.h>

/* As pthread_create(), with every signal blocked but those of faults. 0, or -1 with errno. */
int thread_start(pthread_t *thread, void *(*fn)(void *), void *arg);

/* The signals that these threads have blocked. */
sigset_t thread_blocked_signals(void);

#endif
