/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to a machine, told to whoever above it wants to know. All of it on the main thread.
 */
#ifndef PAPYR_PLATFORM_EVENTS_H
#define PAPYR_PLATFORM_EVENTS_H

struct machine;

enum machine_event {
	EVENT_STOP,
	EVENT_RESUME,
	EVENT_RESET_OR_END, /* one of the next two comes: m->ended_by has why; vcpus are parked */
	EVENT_RESET,
	EVENT_SHUTDOWN,
	EVENT_POWERDOWN,
	EVENT_BALLOON, /* the guest has more memory than before, or less: balloon.h */
	EVENT_DEBUG,   /* a vcpu met what the debugger waits for: debug.h; vcpus are parked */
};

/* Belongs to who observes, and stays where it is from machine_on() to machine_off(). */
struct machine_observer {
	void (*fn)(struct machine *m, enum machine_event event, void *opaque);
	void *opaque;
	struct machine_observer *next; /* the machine's */
};

void machine_on(struct machine *m, struct machine_observer *o);
/* Also one that never was on. */
void machine_off(struct machine *m, struct machine_observer *o);
/* Tells all of them, in no order. */
void machine_tell(struct machine *m, enum machine_event event);

#endif
