/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A storm of changes to one address space: threads that map, touch, protect, move and unmap memory
 * of their own without end. What the guest's kernel does for it is take translations and rights
 * away, on all of its processors.
 *
 *     mm SECONDS [THREADS]...
 *
 * Prints "mm THREADS ROUNDS NANOSECONDS FAILED" for each number of threads, then "done". FAILED
 * counts contents that got lost, and accesses that should have been refused or should not.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "common.h"

#define THREADS_MAX 16
#define PAGES	    16

struct worker {
	pthread_t thread;
	char *home, *away; /* PAGES of address space each, of nobody else */
	uint64_t rounds, failed;
} __attribute__((aligned(128)));

static struct worker workers[THREADS_MAX];
static atomic_bool stop;
static size_t page;
static int zeroes;

static volatile uint64_t *word(char *at, unsigned i)
{
	return (volatile uint64_t *)(at + i * page);
}

static void fill(char *at, uint64_t x)
{
	for (unsigned i = 0; i < PAGES; i++)
		*word(at, i) = x + i;
}

static void check(struct worker *w, char *at, uint64_t x)
{
	for (unsigned i = 0; i < PAGES; i++)
		w->failed += *word(at, i) != x + i;
}

/* The kernel is asked to write there, which tells without a signal. */
static void check_refused(struct worker *w, char *at)
{
	w->failed += read(zeroes, (void *)word(at, PAGES / 2), 8) != -1 || errno != EFAULT;
}

static void protect(char *at, int prot)
{
	if (mprotect(at, PAGES * page, prot))
		die("mprotect");
}

static void one_round(struct worker *w, uint64_t x)
{
	size_t bytes = PAGES * page;

	if (mmap(w->home, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		 -1, 0) != w->home)
		die("mmap");
	fill(w->home, x);
	protect(w->home, PROT_READ);
	check(w, w->home, x);
	check_refused(w, w->home);
	protect(w->home, PROT_READ | PROT_WRITE);
	fill(w->home, ~x);
	if (mremap(w->home, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, w->away) != w->away)
		die("mremap");
	check_refused(w, w->home);
	check(w, w->away, ~x);
	fill(w->away, x);
	check(w, w->away, x);
	if (munmap(w->away, bytes))
		die("munmap");
	check_refused(w, w->away);
}

static void *run(void *arg)
{
	struct worker *w = arg;

	while (!stop) {
		one_round(w, w->rounds << 32 | (w - workers) << 16);
		w->rounds++;
	}
	return NULL;
}

static char *reserve(void)
{
	char *at = mmap(NULL, PAGES * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		die("mmap");
	return at;
}

static void storm(unsigned threads, unsigned seconds)
{
	uint64_t rounds = 0, failed = 0, from;

	stop = false;
	for (unsigned i = 0; i < threads; i++)
		workers[i] = (struct worker){.home = reserve(), .away = reserve()};
	from = now_ns();
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&workers[i].thread, NULL, run, &workers[i]))
			die("pthread_create");
	sleep(seconds);
	stop = true;
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		rounds += workers[i].rounds;
		failed += workers[i].failed;
	}
	printf("mm %u %llu %llu %llu\n", threads, (unsigned long long)rounds,
	       (unsigned long long)(now_ns() - from), (unsigned long long)failed);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	page = sysconf(_SC_PAGESIZE);
	zeroes = open("/dev/zero", O_RDONLY);
	if (argc < 3 || zeroes < 0) {
		fprintf(stderr, "mm SECONDS THREADS..., with /dev/zero\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		unsigned threads = atoi(argv[i]);

		storm(threads < THREADS_MAX ? threads : THREADS_MAX, atoi(argv[1]));
	}
	puts("done");
	return 0;
}
