/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads on two processors that wake each other, by turns: what an interrupt from one
 * processor to the other costs, with the sleep and the waking that go with it.
 *
 *     talk ROUNDS
 *
 * Prints "talk asleep NANOSECONDS" for a round in which both sleep until they are waked, and "talk
 * awake NANOSECONDS" for one in which both look all the time; then "done". A round is there and
 * back.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "common.h"

static atomic_int turn;
static bool asleep;
static unsigned rounds;

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

static void wait_for_turn(int mine)
{
	while (turn != mine)
		if (asleep)
			syscall(SYS_futex, &turn, FUTEX_WAIT, !mine, NULL, NULL, 0);
}

static void pass_on(int other)
{
	turn = other;
	if (asleep)
		syscall(SYS_futex, &turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void *partner(void *unused)
{
	(void)unused;
	stay_on(1);
	for (unsigned i = 0; i < rounds; i++) {
		wait_for_turn(1);
		pass_on(0);
	}
	return NULL;
}

static void talk(const char *name, bool sleeping)
{
	pthread_t thread;
	uint64_t from;

	asleep = sleeping;
	turn = 0;
	if (pthread_create(&thread, NULL, partner, NULL))
		die("pthread_create");
	usleep(100000);
	from = now_ns();
	for (unsigned i = 0; i < rounds; i++) {
		pass_on(1);
		wait_for_turn(0);
	}
	printf("talk %s %llu\n", name, (unsigned long long)(now_ns() - from) / rounds);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	if (!rounds) {
		fputs("talk ROUNDS\n", stderr);
		return 1;
	}
	stay_on(0);
	talk("asleep", true);
	talk("awake", false);
	puts("done");
	return 0;
}
