/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/balloon.h"

#include "platform/internal.h"
#include "platform/machine.h"

static int has_balloon(const struct machine *m, struct error *err)
{
	return m->balloon ? 0
			  : error_set(err, "%s has no balloon: it was started without --balloon",
				      m->cfg.name);
}

int balloon_want(struct machine *m, u64 bytes, struct error *err)
{
	u64 memory = guest_mem_present(&m->mem);
	bool here;

	if (has_balloon(m, err))
		return -1;
	if (!bytes)
		return error_set(err, "a guest can't do without memory");
	lock_acquire(&m->lock);
	/* Its state isn't being written just now. */
	here = machine_may_change(m);
	if (here)
		m->balloon->ops->want(m->balloon, bytes < memory ? memory - bytes : 0);
	lock_release(&m->lock);
	return here ? 0 : error_set(err, "the guest is on its way, or elsewhere: ask it there");
}

void balloon_moved(struct machine *m)
{
	__atomic_store_n(&m->balloon->news, true, __ATOMIC_RELEASE);
	machine_wake(m);
}

bool balloon_take_news(struct machine *m)
{
	return m->balloon && __atomic_exchange_n(&m->balloon->news, false, __ATOMIC_ACQ_REL);
}

static void see(struct machine *m, bool ask, struct balloon_look *look)
{
	lock_acquire(&m->lock);
	if (ask && machine_may_run(m))
		m->balloon->ops->ask(m->balloon);
	m->balloon->ops->look(m->balloon, look);
	lock_release(&m->lock);
	look->memory = guest_mem_present(&m->mem);
	look->actual = look->given_up < look->memory ? look->memory - look->given_up : 0;
}

int balloon_look(struct machine *m, struct balloon_look *look, struct error *err)
{
	if (has_balloon(m, err))
		return -1;
	see(m, true, look);
	return 0;
}

u64 balloon_actual(struct machine *m)
{
	struct balloon_look look;

	see(m, false, &look);
	return look.actual;
}
