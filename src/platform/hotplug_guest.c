/* SPDX-License-Identifier: Apache-2.0 */
/* Connectors as the guest has them: in its device tree, in events, in RTAS calls. */
#include "platform/connectors.h"
#include "platform/internal.h"
#include "platform/rtas.h"
#include "platform/vcpu.h"
#include "platform/xics.h"

bool hotplug_has_vcpu(const struct machine *m, const struct vcpu *vcpu)
{
	const struct drc_row *r;

	if (!m->hotplug)
		return true;
	r = &m->hotplug->rows[HOTPLUG_CPUS];
	return drc_may_configure(&r->drcs[vcpu->index / m->cfg.threads]);
}

/* A core runs when all of it does. */
void hotplug_started(struct machine *m, const struct vcpu *vcpu)
{
	unsigned core = vcpu->index / m->cfg.threads;

	if (!m->hotplug)
		return;
	for (unsigned i = 0; i < m->cfg.threads; i++)
		if (!m->vcpus[core * m->cfg.threads + i].online)
			return;
	drc_started(&m->hotplug->rows[HOTPLUG_CPUS].drcs[core]);
}

/* What goes, goes from the top; the guest is told in the order in which it was asked for. */
static struct drc *next_with_event(struct drc_row *r)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->drcs[i].event == DRC_ADD)
			return &r->drcs[i];
	for (unsigned i = r->n; i-- > 0;)
		if (r->drcs[i].event == DRC_REMOVE)
			return &r->drcs[i];
	return NULL;
}

bool hotplug_next_event(struct machine *m, struct hotplug_event *e)
{
	struct drc *d = NULL;

	for (unsigned k = 0; m->hotplug && k < HOTPLUG_KINDS && !d; k++) {
		e->kind = k;
		d = next_with_event(&m->hotplug->rows[k]);
	}
	if (!d)
		return false;
	e->event = d->event;
	e->index = d->index;
	d->event = DRC_NO_EVENT;
	if (hotplug_has_event(m->hotplug))
		xics_pulse(m, m->hotplug->dev.irq);
	return true;
}

u32 hotplug_irq(const struct machine *m)
{
	return m->hotplug ? m->hotplug->dev.irq : 0;
}

unsigned hotplug_cores(const struct machine *m)
{
	return m->hotplug ? m->hotplug->rows[HOTPLUG_CPUS].n : 0;
}

unsigned hotplug_blocks(const struct machine *m)
{
	return m->hotplug ? m->hotplug->rows[HOTPLUG_MEMORY].n : 0;
}

const struct drc *hotplug_core(const struct machine *m, unsigned core)
{
	return &m->hotplug->rows[HOTPLUG_CPUS].drcs[core];
}

const struct drc *hotplug_block(const struct machine *m, unsigned block)
{
	return &m->hotplug->rows[HOTPLUG_MEMORY].drcs[block];
}

struct drc *hotplug_find(struct machine *m, u32 index, enum hotplug_kind *kind, unsigned *number)
{
	for (unsigned k = 0; m->hotplug && k < HOTPLUG_KINDS; k++)
		for (unsigned i = 0; i < m->hotplug->rows[k].n; i++)
			if (m->hotplug->rows[k].drcs[i].index == index) {
				*kind = k;
				*number = i;
				return &m->hotplug->rows[k].drcs[i];
			}
	return NULL;
}

s32 hotplug_isolate(struct machine *m, u32 index, u32 state)
{
	enum hotplug_kind kind;
	unsigned number;
	struct drc *d;
	s32 r = RTAS_NO_INDICATOR;

	lock_acquire(&m->lock);
	d = hotplug_find(m, index, &kind, &number);
	if (d) {
		r = drc_set_isolation(d, state, &hotplug_drc_ops[kind], m);
		hotplug_pursue(m, kind);
	}
	lock_release(&m->lock);
	return r;
}

/* The guest gives back another block of memory than the one that it was to: it chooses. */
static void exchange(struct drc_row *r, struct drc *given)
{
	for (unsigned i = 0; i < r->n && given->state == DRC_ISOLATED && !given->leaving; i++)
		if (r->drcs[i].leaving && r->drcs[i].event == DRC_NO_EVENT) {
			drc_leave_alone(&r->drcs[i]);
			given->leaving = true;
		}
}

static s32 allocate(struct machine *m, u32 index, u32 state)
{
	enum hotplug_kind kind;
	unsigned number;
	struct drc *d;
	s32 r = RTAS_NO_INDICATOR;

	lock_acquire(&m->lock);
	d = hotplug_find(m, index, &kind, &number);
	/* A migration has to know all of memory, from its beginning to its end. */
	if (d && kind == HOTPLUG_MEMORY && m->log_kept) {
		r = RTAS_BUSY_FOR_100MS;
	} else if (d) {
		if (kind == HOTPLUG_MEMORY && state != DRC_USABLE)
			exchange(&m->hotplug->rows[kind], d);
		r = drc_set_allocation(d, state, &hotplug_drc_ops[kind], m);
		hotplug_pursue(m, kind);
	}
	lock_release(&m->lock);
	return r;
}

/* Who has KVM's record of written pages may be waiting for this vcpu. */
s32 hotplug_allocate(struct machine *m, u32 index, u32 state)
{
	s32 r;

	if (!lock_try(&m->log_lock))
		return RTAS_BUSY;
	r = allocate(m, index, state);
	lock_release(&m->log_lock);
	return r;
}
