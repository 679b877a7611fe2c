/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches the guest's own clock: how long did this program, more urgent than all others, not run?
 *
 *     gap
 *
 * Prints "gap N us" four times a second: the longest time between two looks since the last line. It
 * sleeps half a millisecond between looks, which is taken off. Behind it, as T:N, the timebase at
 * the end and the length in microseconds of each that was longer than that; if they are many, of
 * the first ones.
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/platform/ppc.h>
#include <time.h>
#include <unistd.h>

#define NAP_NS	500000
#define BEAT_NS 250000000ull

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The gaps since the last line. */
struct beat {
	uint64_t longest;
	size_t used;
	char text[4096];
};

static void note(struct beat *b, uint64_t ns)
{
	if (ns > b->longest)
		b->longest = ns;
	if (ns > NAP_NS && sizeof(b->text) - b->used > 48)
		b->used += sprintf(b->text + b->used, " %llu:%llu",
				   (unsigned long long)__ppc_get_timebase(),
				   (unsigned long long)ns / 1000);
}

static int print(int out, struct beat *b)
{
	char line[sizeof(b->text) + 64];
	int n = sprintf(line, "gap %llu us%.*s\n", (unsigned long long)b->longest / 1000,
			(int)b->used, b->text);

	*b = (struct beat){0};
	return write(out, line, n) == n ? 0 : -1;
}

/* Writing to a console takes its time: a child does it, less urgent. Returns the pipe to it. */
static int start_printer(void)
{
	char text[4096];
	int ends[2];
	ssize_t n;

	if (pipe(ends))
		return -1;
	if (fork())
		return ends[1];
	close(ends[1]);
	while ((n = read(ends[0], text, sizeof(text))) > 0)
		if (write(1, text, n) != n)
			break;
	_exit(0);
}

int main(void)
{
	struct sched_param urgent = {.sched_priority = 50};
	const struct timespec nap = {.tv_nsec = NAP_NS};
	uint64_t begin = now_ns(), last = begin;
	struct beat beat = {0};
	int out = start_printer();

	if (sched_setscheduler(0, SCHED_FIFO, &urgent) || mlockall(MCL_CURRENT | MCL_FUTURE))
		perror("gap");
	for (;;) {
		uint64_t now;

		nanosleep(&nap, NULL);
		now = now_ns();
		if (now - last > NAP_NS)
			note(&beat, now - last - NAP_NS);
		last = now;
		if (now - begin < BEAT_NS)
			continue;
		if (print(out, &beat))
			return 1;
		begin = now;
	}
}
