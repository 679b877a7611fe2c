/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/jit/orders.h"
#include <sched.h>
#include <sys/mman.h>
#include "base/lock.h"
#include "base/own_thread.h"
#include "base/pause.h"
#include "base/prefault.h"

#define ORDERS 64u
/* Looks for news before the thread sleeps: some ten microseconds. */
#define LOOKS 256u
/* It is woken for so many orders, or for what waited for so many looks at the clock. */
#define WAKE_ORDERS 16u
#define WAKE_TICKS  4u
/* After so many, a millisecond or two, the processor's thread does the work. */
#define PATIENCE 64u
/* So many at a time: interrupts wait meanwhile. */
#define HELPS 4u

struct orders {
	struct jit *jit;
	u32 processors; /* the host's */
	struct lock lock;
	pthread_cond_t news;
	pthread_t thread;
	bool started, ends;
	/* The processor's thread writes these: */
	u32 ordered __attribute__((aligned(64)));
	u32 taken, seen, ticks;
	/* Who has the lock these: */
	u32 done __attribute__((aligned(64)));
	bool asleep;
	struct jit_order ring[ORDERS] __attribute__((aligned(64)));
};

static bool has_orders(const struct orders *o)
{
	return __atomic_load_n(&o->ordered, __ATOMIC_ACQUIRE) !=
	       __atomic_load_n(&o->done, __ATOMIC_RELAXED);
}

/* Has the lock. */
static void carry_out(struct orders *o)
{
	struct jit_order *order = &o->ring[o->done % ORDERS];
	u64 from = order->timed ? host_timebase() : 0;

	jit_compile_order(o->jit, order);
	order->ticks = order->timed ? host_timebase() - from : 0;
	__atomic_store_n(&o->done, o->done + 1, __ATOMIC_RELEASE);
}

/* Has the lock, but for a while. */
static void look_for_news(struct orders *o)
{
	lock_release(&o->lock);
	for (unsigned i = 0; i < LOOKS && !has_orders(o); i++)
		spin_pause();
	lock_acquire(&o->lock);
}

static void *translate_orders(void *arg)
{
	struct orders *o = arg;

	lock_acquire(&o->lock);
	while (!o->ends) {
		if (has_orders(o))
			carry_out(o);
		look_for_news(o);
		if (has_orders(o) || o->ends)
			continue;
		__atomic_store_n(&o->asleep, true, __ATOMIC_RELAXED);
		lock_wait(&o->lock, &o->news);
		__atomic_store_n(&o->asleep, false, __ATOMIC_RELAXED);
	}
	lock_release(&o->lock);
	return NULL;
}

/* Threads in cpu_run(), of all machines of the process. */
static u32 running;

void orders_begin_run(void)
{
	__atomic_fetch_add(&running, 1, __ATOMIC_RELAXED);
}

void orders_end_run(void)
{
	__atomic_fetch_sub(&running, 1, __ATOMIC_RELAXED);
}

static u32 host_processors(void)
{
	cpu_set_t set;

	/* It fails where there are more than a set has room for. */
	return sched_getaffinity(0, sizeof(set), &set) ? CPU_SETSIZE : (u32)CPU_COUNT(&set);
}

bool orders_pay(const struct orders *o)
{
	return o && __atomic_load_n(&running, __ATOMIC_RELAXED) < o->processors;
}

struct orders *orders_new(struct jit *jit)
{
	u32 processors = host_processors();
	struct orders *o = processors > 1 ? pages_untouched(sizeof(*o), 0) : NULL;

	if (!o)
		return NULL;
	o->jit = jit;
	o->processors = processors;
	lock_init(&o->lock, LOCK_ORDERS);
	pthread_cond_init(&o->news, NULL);
	return o;
}

/* Who has the lock is awake, or will look what there is; the clock is looked at again, too. */
static void wake(struct orders *o)
{
	if (!lock_try(&o->lock))
		return;
	pthread_cond_signal(&o->news);
	lock_release(&o->lock);
}

void orders_free(struct orders *o)
{
	if (!o)
		return;
	lock_acquire(&o->lock);
	o->ends = true;
	pthread_cond_signal(&o->news);
	lock_release(&o->lock);
	if (o->started)
		pthread_join(o->thread, NULL);
	pthread_cond_destroy(&o->news);
	lock_destroy(&o->lock);
	munmap(o, sizeof(*o));
}

struct jit_order *orders_room(struct orders *o)
{
	return o->ordered - o->taken < ORDERS ? &o->ring[o->ordered % ORDERS] : NULL;
}

void orders_add(struct orders *o)
{
	/* Without a thread, orders_tick() does its work. */
	if (!o->started)
		o->started = !own_thread_start(&o->thread, "translator", translate_orders, o);
	__atomic_store_n(&o->ordered, o->ordered + 1, __ATOMIC_RELEASE);
}

bool orders_have(const struct orders *o, u64 gpa, u32 mode)
{
	for (u32 i = o->taken; i != o->ordered; i++) {
		const struct block *b = o->ring[i % ORDERS].block;

		if (b->mode == mode && gpa - b->gpa < b->count * 4u)
			return true;
	}
	return false;
}

const struct jit_order *orders_done(struct orders *o)
{
	return __atomic_load_n(&o->done, __ATOMIC_ACQUIRE) != o->taken ? &o->ring[o->taken % ORDERS]
								       : NULL;
}

void orders_take(struct orders *o)
{
	o->taken++;
}

void orders_cancel(struct orders *o)
{
	if (!o)
		return;
	lock_acquire(&o->lock);
	o->taken = o->ordered;
	__atomic_store_n(&o->done, o->ordered, __ATOMIC_RELEASE);
	lock_release(&o->lock);
}

static void do_its_work(struct orders *o)
{
	if (!lock_try(&o->lock))
		return;
	for (unsigned i = 0; i < HELPS && has_orders(o); i++)
		carry_out(o);
	lock_release(&o->lock);
}

void orders_tick(struct orders *o)
{
	u32 done = __atomic_load_n(&o->done, __ATOMIC_RELAXED), waiting = o->ordered - done;

	if (!waiting || done != o->seen)
		o->ticks = 0;
	o->seen = done;
	if (!waiting)
		return;
	o->ticks++;
	if (o->ticks >= PATIENCE)
		do_its_work(o);
	else if ((waiting >= WAKE_ORDERS || o->ticks >= WAKE_TICKS) &&
		 __atomic_load_n(&o->asleep, __ATOMIC_RELAXED))
		wake(o);
}
