/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gets processors going again whose decrementer was forgotten when their guest was moved.
 *
 *     wake </dev/console
 *
 * A kernel sets the decrementer to its next timer. When that interrupt never comes, the timer stays
 * the next one for ever, and nothing that waits for the clock runs any more on that processor. A
 * timer that ought to have rung long before all others makes the kernel set the decrementer anew:
 * so a process on each processor waits for one whenever a line comes on standard input, which needs
 * no clock to be told of.
 */
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define CPUS_MAX 16

static void run_child(int cpu, int in)
{
	struct sched_param urgent = {.sched_priority = 60};
	const struct timespec long_ago = {.tv_nsec = 1};
	cpu_set_t set;
	char c;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) || sched_setscheduler(0, SCHED_FIFO, &urgent) ||
	    mlockall(MCL_CURRENT | MCL_FUTURE))
		perror("wake");
	while (read(in, &c, 1) == 1)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &long_ago, NULL);
	_exit(0);
}

int main(void)
{
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), out[CPUS_MAX];
	struct sched_param urgent = {.sched_priority = 60};
	char line[64];

	if (cpus > CPUS_MAX)
		cpus = CPUS_MAX;
	for (int i = 0; i < cpus; i++) {
		int ends[2];

		if (pipe(ends)) {
			perror("wake");
			return 1;
		}
		if (!fork())
			run_child(i, ends[0]);
		out[i] = ends[1];
	}
	if (sched_setscheduler(0, SCHED_FIFO, &urgent))
		perror("wake");
	while (read(0, line, sizeof(line)) > 0)
		for (int i = 0; i < cpus; i++)
			if (write(out[i], "", 1) != 1)
				return 1;
	return 0;
}
