/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All connectors of a machine, for the two that know them: hotplug.c, which has what is behind them
 * and what the guest shall have, and hotplug_guest.c, the guest's side. With m->lock held.
 */
#ifndef PAPYR_PLATFORM_CONNECTORS_H
#define PAPYR_PLATFORM_CONNECTORS_H

#include "platform/device.h"
#include "platform/hotplug.h"

struct drc_row {
	struct drc *drcs;
	unsigned n;
	unsigned goal; /* so many shall be offered, and not be leaving */
};

struct hotplug {
	struct machine_device dev;
	struct drc_row rows[HOTPLUG_KINDS];
};

extern const struct drc_ops hotplug_drc_ops[HOTPLUG_KINDS]; /* opaque: the machine */

/* Is there something that the guest is still to be told? */
bool hotplug_has_event(const struct hotplug *h);
/* After the goal or the guest's doing changed: offers what is missing, asks back what is more. */
void hotplug_pursue(struct machine *m, enum hotplug_kind kind);

#endif
