/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches the guest's own clock: how long did this program, more urgent than all others, not run?
 *
 *     gap
 *
 * Prints "gap N us" four times a second: the longest time between two looks since the last line. It
 * sleeps half a millisecond between looks, which is taken off.
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
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

int main(void)
{
	struct sched_param urgent = {.sched_priority = 50};
	const struct timespec nap = {.tv_nsec = NAP_NS};
	uint64_t beat = now_ns(), last = beat, longest = 0;
	char line[64];

	if (sched_setscheduler(0, SCHED_FIFO, &urgent) || mlockall(MCL_CURRENT | MCL_FUTURE))
		perror("gap");
	for (;;) {
		uint64_t now;

		nanosleep(&nap, NULL);
		now = now_ns();
		if (now - last > NAP_NS && now - last - NAP_NS > longest)
			longest = now - last - NAP_NS;
		last = now;
		if (now - beat < BEAT_NS)
			continue;
		if (write(1, line,
			  snprintf(line, sizeof(line), "gap %llu us\n",
				   (unsigned long long)longest / 1000)) < 0)
			return 1;
		beat = now;
		longest = 0;
		/* The line's own time is no gap. */
		last = now_ns();
	}
}
