/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What programs of experiments share: each experiment is prepared, done by four threads at the same
 * time, and judged; all of them in turn, until the time is over.
 */
#ifndef TOGETHER_H
#define TOGETHER_H

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS 4
#define APART	__attribute__((aligned(128))) /* in a cache line of its own */

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

struct experiment {
	const char *name;
	void (*prepare)(void);
	void (*work)(int me);
	void (*judge)(void);
};

static _Atomic u64 checks, wrongs;
static const struct experiment *current;
static pthread_barrier_t all;

static inline void wrong(const char *format, ...)
{
	va_list args;

	if (atomic_fetch_add(&wrongs, 1) >= 20)
		return;
	flockfile(stdout);
	printf("WRONG: %s: ", current->name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	funlockfile(stdout);
}

static inline void same(const char *what, u64 is, u64 should)
{
	atomic_fetch_add_explicit(&checks, 1, memory_order_relaxed);
	if (is != should)
		wrong("%s is 0x%llx instead of 0x%llx", what, (unsigned long long)is,
		      (unsigned long long)should);
}

/* Waits for all others. */
static inline void meet(void)
{
	pthread_barrier_wait(&all);
}

/* Where a loop waits for another thread. */
static inline void wait_a_bit(void)
{
	__asm__ volatile("or 1,1,1\n\tor 2,2,2" ::: "memory");
}

static inline u64 next_random(u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static inline void *start_thread(void *me)
{
	meet();
	current->work((int)(intptr_t)me);
	return NULL;
}

static inline void run_experiment(const struct experiment *e)
{
	pthread_t thread[THREADS];

	current = e;
	if (e->prepare)
		e->prepare();
	for (intptr_t i = 0; i < THREADS; i++) {
		if (pthread_create(&thread[i], NULL, start_thread, (void *)i)) {
			printf("WRONG: no thread can be made\n");
			exit(2);
		}
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	if (e->judge)
		e->judge();
}

/*
 * Runs them in turn for argv[1] seconds, those alone that argv[2] names if it is there, and returns
 * the exit status. Every line that it prints but the last has the name and how often so far.
 */
static inline int run_experiments(int argc, char **argv, const struct experiment *e, size_t n)
{
	double begin = now(), seconds = argc > 1 ? atof(argv[1]) : 5, told = begin;
	u64 rounds = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	pthread_barrier_init(&all, NULL, THREADS);
	do {
		for (size_t i = 0; i < n; i++)
			if (argc < 3 || !strcmp(argv[2], e[i].name))
				run_experiment(&e[i]);
		rounds++;
		if (now() - told > 5) {
			told = now();
			printf("after %.0f s: %llu rounds\n", told - begin,
			       (unsigned long long)rounds);
		}
	} while (now() - begin < seconds && !wrongs);
	printf("ended: %llu rounds, %llu checks, %llu wrong\n", (unsigned long long)rounds,
	       (unsigned long long)checks, (unsigned long long)wrongs);
	return wrongs != 0;
}

#endif
