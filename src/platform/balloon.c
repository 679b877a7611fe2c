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

int balloon_look(struct machine *m, struct balloon_look *look, struct error *err)
{
	if (has_balloon(m, err))
		return -1;
	lock_acquire(&m->lock);
	if (machine_may_run(m))
		m->balloon->ops->ask(m->balloon);
	m->balloon->ops->look(m->balloon, look);
	lock_release(&m->lock);
	look->memory = guest_mem_present(&m->mem);
	return 0;
}
