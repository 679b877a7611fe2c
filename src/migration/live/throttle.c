/* SPDX-License-Identifier: Apache-2.0 */
#include "migration/live/throttle.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/lock.h"

/*
 * Short enough that the guest's timers notice little. A guest always gets the least part of it that
 * is worth starting the vcpus for: near 100 % the period gets longer, so that 99 % is slow and no
 * standstill.
 */
#define PERIOD_MS  4.0
#define RUNNING_MS 0.5

struct throttle {
	struct machine *m;
	pthread_t thread;
	struct lock lock;
	pthread_cond_t changed;
	unsigned percent; /* under lock */
	bool quit;	  /* under lock */
};

/* With the lock held; ends early when there is something new. */
static void wait_ms(struct throttle *t, double ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms * 1e6;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	lock_wait_until(&t->lock, &t->changed, &until);
}

static void *throttle_main(void *arg)
{
	struct throttle *t = arg;

	lock_acquire(&t->lock);
	while (!t->quit) {
		double running = PERIOD_MS * (100 - t->percent) / 100, parked;

		if (!t->percent) {
			lock_wait(&t->lock, &t->changed);
			continue;
		}
		if (running < RUNNING_MS)
			running = RUNNING_MS;
		parked = running * t->percent / (100 - t->percent);
		lock_release(&t->lock);
		machine_hold(t->m);
		lock_acquire(&t->lock);
		if (!t->quit)
			wait_ms(t, parked);
		machine_unhold(t->m);
		if (!t->quit)
			wait_ms(t, running);
	}
	lock_release(&t->lock);
	return NULL;
}

static void release(struct throttle *t)
{
	pthread_cond_destroy(&t->changed);
	lock_destroy(&t->lock);
	free(t);
}

struct throttle *throttle_new(struct machine *m)
{
	struct throttle *t = calloc(1, sizeof(*t));
	pthread_condattr_t attr;

	if (!t)
		return NULL;
	t->m = m;
	lock_init(&t->lock, LOCK_THROTTLE);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (!pthread_create(&t->thread, NULL, throttle_main, t))
		return t;
	release(t);
	return NULL;
}

void throttle_set(struct throttle *t, unsigned percent)
{
	lock_acquire(&t->lock);
	t->percent = percent > 99 ? 99 : percent;
	pthread_cond_broadcast(&t->changed);
	lock_release(&t->lock);
}

void throttle_free(struct throttle *t)
{
	if (!t)
		return;
	lock_acquire(&t->lock);
	t->quit = true;
	pthread_cond_broadcast(&t->changed);
	lock_release(&t->lock);
	pthread_join(t->thread, NULL);
	release(t);
}
