/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/device.h"

#include "platform/internal.h"
#include "platform/machine.h"
#include "platform/xics.h"

int machine_add_device(struct machine *m, struct machine_device *d, struct error *err)
{
	struct machine_device **at = &m->devices;

	d->m = m;
	d->next = NULL;
	d->index = 0;
	while (*at) {
		at = &(*at)->next;
		d->index++;
	}
	*at = d;
	if (d->index == DEVICES_MAX)
		return error_set(err, "a machine can have %u devices", DEVICES_MAX);
	return xics_add_sources(m, 1, d->level, &d->irq, err);
}

void machine_free_devices(struct machine *m)
{
	while (m->devices) {
		struct machine_device **at = &m->devices, *last;

		while ((*at)->next)
			at = &(*at)->next;
		last = *at;
		*at = NULL;
		last->ops->free(last);
	}
}

void machine_reset_devices(struct machine *m)
{
	for (struct machine_device *d = m->devices; d; d = d->next)
		d->ops->reset(d);
}

int machine_start_devices(struct machine *m, struct error *err)
{
	for (struct machine_device *d = m->devices; d; d = d->next)
		if (d->ops->start && d->ops->start(d, err))
			return -1;
	return 0;
}

void machine_leave_devices(struct machine *m)
{
	for (struct machine_device *d = m->devices; d; d = d->next)
		if (d->ops->leave)
			d->ops->leave(d);
}

void machine_come_devices(struct machine *m)
{
	for (struct machine_device *d = m->devices; d; d = d->next)
		if (d->ops->come)
			d->ops->come(d);
}

bool machine_device_hcall(struct machine *m, u64 number, u64 *args, s64 *ret)
{
	for (struct machine_device *d = m->devices; d; d = d->next)
		if (d->ops->hcall && d->ops->hcall(d, number, args, ret))
			return true;
	return false;
}

void machine_io_begin(struct machine *m)
{
	lock_acquire(&m->lock);
	m->io_pending++;
	lock_release(&m->lock);
}

bool machine_io_enter(struct machine *m)
{
	bool runs;

	lock_acquire(&m->lock);
	while (!m->quit && !machine_may_run(m))
		lock_wait(&m->lock, &m->changed);
	runs = !m->quit;
	if (runs)
		m->io_pending++;
	lock_release(&m->lock);
	return runs;
}

void machine_io_end(struct machine *m)
{
	lock_acquire(&m->lock);
	if (!--m->io_pending)
		pthread_cond_broadcast(&m->changed);
	lock_release(&m->lock);
}
