/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processors and memory that come and go while the guest runs. A machine that may get more than it
 * starts with has a connector (drc.h) for each core and for each block of memory behind what is
 * always there. Somebody says how much the guest shall have; it is told by events, one for each
 * connector, and takes or gives back what it can.
 *
 * The vcpus of all cores are made with the machine. One whose core the guest doesn't have is
 * stopped, and can't be started. Memory is a slot of KVM's as long as the guest has it.
 *
 * m->lock guards the connectors.
 */
#ifndef PAPYR_PLATFORM_HOTPLUG_H
#define PAPYR_PLATFORM_HOTPLUG_H

#include "platform/drc.h"
#include "platform/error.h"
#include "platform/machine.h"

enum hotplug_kind { HOTPLUG_CPUS, HOTPLUG_MEMORY, HOTPLUG_KINDS };

/* Can a machine be so? */
int hotplug_check(const struct machine_config *c, struct error *err);
/* Makes m->hotplug, if the machine's config lets anything come. It is one of the devices. */
int hotplug_new(struct machine *m, struct error *err);

/* ---- For who says what the guest shall have: main thread ---- */

/*
 * The guest shall have @amount, vcpus or bytes, of which it is told; it answers when it likes. -1:
 * it can't have that much, or so little, or no such number.
 */
int hotplug_want(struct machine *m, enum hotplug_kind kind, u64 amount, struct error *err);

/* In vcpus or bytes. Of any machine, by any thread without m->lock. */
struct hotplug_look {
	u64 now;     /* the guest has it */
	u64 online;  /* ... and uses it: of vcpus, those that it has started */
	u64 wanted;  /* it shall have */
	u64 max;     /* it could have */
	u64 pending; /* of which it was told, and which it hasn't taken, started or given back */
};
void hotplug_look(struct machine *m, enum hotplug_kind kind, struct hotplug_look *look);

/* ---- For the device tree and RTAS: with m->lock held, or while nothing runs ---- */

/* Of any machine: has the guest the core of @vcpu? */
bool hotplug_has_vcpu(const struct machine *m, const struct vcpu *vcpu);
/* Of any machine: @vcpu runs. */
void hotplug_started(struct machine *m, const struct vcpu *vcpu);

struct hotplug_event {
	enum hotplug_kind kind;
	enum drc_event event;
	u32 index;
};
/* What the guest is told next. False: nothing. */
bool hotplug_next_event(struct machine *m, struct hotplug_event *e);

/*
 * The connector of a core or of a block of memory, by number; by the guest's word for it, with what
 * it is: NULL if there is none.
 */
u32 hotplug_irq(const struct machine *m); /* 0: of a machine that has none */
unsigned hotplug_cores(const struct machine *m);
unsigned hotplug_blocks(const struct machine *m);
const struct drc *hotplug_core(const struct machine *m, unsigned core);
const struct drc *hotplug_block(const struct machine *m, unsigned block);
struct drc *hotplug_find(struct machine *m, u32 index, enum hotplug_kind *kind, unsigned *number);

/* What the guest does with a connector: the call's status. */
s32 hotplug_isolate(struct machine *m, u32 index, u32 state);
s32 hotplug_allocate(struct machine *m, u32 index, u32 state);

#endif
