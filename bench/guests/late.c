/* SPDX-License-Identifier: Apache-2.0 */
/*
 * late SECONDS: how late a process of the highest priority wakes that sleeps for a millisecond
 * again and again, while the processor has nothing else to do, computes, forks and maps, or copies
 * memory. Prints "late LOAD LIMIT COUNT" for each class of delays up to LIMIT microseconds, 0
 * standing for all that is longer, and "longest LOAD MICROSECONDS".
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common.h"

#define PERIOD_NS 1000000

static const unsigned limits[] = {10, 20, 30, 50, 70, 100, 150, 200, 500, 1000, 0};
#define CLASSES (sizeof(limits) / sizeof(limits[0]))

static void nothing(void)
{
	for (;;)
		pause();
}

static void compute(void)
{
	volatile uint64_t sum = 1;

	for (;;)
		sum = sum * 31 + 7;
}

static void fork_and_map(void)
{
	for (;;) {
		size_t bytes = 1 << 20;
		char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		pid_t pid = fork();

		if (p == MAP_FAILED || pid < 0)
			die("fork or mmap");
		memset(p, 1, bytes);
		if (!pid)
			_exit(0);
		munmap(p, bytes);
		waitpid(pid, NULL, 0);
	}
}

static void copy(void)
{
	size_t bytes = 16 << 20;
	char *a = calloc(1, bytes), *b = calloc(1, bytes);

	if (!a || !b)
		die("calloc");
	for (;;) {
		memcpy(a, b, bytes);
		__asm__ volatile("" ::: "memory");
	}
}

static const struct load {
	const char *name;
	void (*run)(void);
} loads[] = {{"idle", nothing}, {"computing", compute}, {"forking", fork_and_map},
	     {"copying", copy}};

static int64_t ns_of(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static void measure(const char *name, unsigned seconds)
{
	unsigned counts[CLASSES] = {0};
	struct timespec due, now;
	int64_t longest = 0, end;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end = ns_of(&now) + (int64_t)seconds * 1000000000;
	while (ns_of(&now) < end) {
		unsigned class = 0;
		int64_t us;

		/* From now, so that one that is late doesn't make the next late. */
		clock_gettime(CLOCK_MONOTONIC, &due);
		due.tv_nsec += PERIOD_NS;
		if (due.tv_nsec >= 1000000000) {
			due.tv_nsec -= 1000000000;
			due.tv_sec++;
		}
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
			;
		clock_gettime(CLOCK_MONOTONIC, &now);
		us = (ns_of(&now) - ns_of(&due)) / 1000;
		if (us > longest)
			longest = us;
		while (limits[class] && us >= limits[class])
			class++;
		counts[class]++;
	}
	for (unsigned i = 0; i < CLASSES; i++)
		printf("late %s %u %u\n", name, limits[i], counts[i]);
	printf("longest %s %lld\n", name, (long long)longest);
	fflush(stdout);
}

static void under(const struct load *load, unsigned seconds)
{
	struct sched_param urgent = {.sched_priority = 50}, usual = {0};
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		if (sched_setscheduler(0, SCHED_OTHER, &usual) || setpgid(0, 0))
			die("sched_setscheduler");
		load->run();
	}
	if (sched_setscheduler(0, SCHED_FIFO, &urgent))
		die("sched_setscheduler");
	measure(load->name, seconds);
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	sched_setscheduler(0, SCHED_OTHER, &usual);
}

int main(int argc, char **argv)
{
	unsigned seconds = argc > 1 ? atoi(argv[1]) : 1;

	if (mlockall(MCL_CURRENT))
		die("mlockall");
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		under(&loads[i], seconds);
	puts("done");
	return 0;
}
