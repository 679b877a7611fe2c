/* SPDX-License-Identifier: Apache-2.0 */
/* What the benches' programs share that run on Linux, in a guest or on the host. */
#ifndef PAPYR_BENCH_GUESTS_COMMON_H
#define PAPYR_BENCH_GUESTS_COMMON_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Ends the program, for what errno says. */
static inline void die(const char *what)
{
	perror(what);
	exit(1);
}

#endif
