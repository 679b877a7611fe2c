/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/events.h"

#include "platform/machine.h"

void machine_on(struct machine *m, struct machine_observer *o)
{
	o->next = m->observers;
	m->observers = o;
}

void machine_off(struct machine *m, struct machine_observer *o)
{
	for (struct machine_observer **at = &m->observers; *at; at = &(*at)->next)
		if (*at == o) {
			*at = o->next;
			return;
		}
}

void machine_tell(struct machine *m, enum machine_event event)
{
	for (struct machine_observer *o = m->observers; o; o = o->next)
		o->fn(m, event, o->opaque);
}
