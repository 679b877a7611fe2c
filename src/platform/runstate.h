/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May the guest run, and where is it? Any vcpu runs only while nobody paused the machine, nobody holds
 * it, the guest is here, and no request waits for the main thread.
 */
#ifndef PAPYR_PLATFORM_RUNSTATE_H
#define PAPYR_PLATFORM_RUNSTATE_H

#include <stdbool.h>

/* Why the guest stands still for good, or will start again. */
enum machine_request {
	REQUEST_NONE,
	REQUEST_POWEROFF, /* the guest powered off */
	REQUEST_RESET,	  /* the guest, or the user, wants to start again */
	REQUEST_PANIC,	  /* ibm,os-term */
	REQUEST_ERROR,	  /* the hypervisor can't go on; m->failure says why */
	REQUEST_QUIT,	  /* the user wants no more of it */
};

/* A live migration takes a guest from one process to another. */
enum machine_place {
	PLACE_HERE,
	PLACE_COMING,	 /* not here yet: it must not run */
	PLACE_LEAVING,	 /* it stands still to be handed over */
	PLACE_UNCERTAIN, /* the other side may have started it; a person decides */
	PLACE_GONE,	 /* the other side runs it: here again only if a person insists */
};

struct machine;

/* Main thread only: returns with every vcpu parked; idempotent. */
void machine_pause(struct machine *m);
/* False: the guest isn't here (m->place), and nothing changes. */
bool machine_resume(struct machine *m);

/*
 * The vcpus parked for a while, without anybody being told: any thread but a vcpu's. Holds add up;
 * the guest runs when there is none and it isn't paused.
 */
void machine_hold(struct machine *m);
void machine_unhold(struct machine *m);
/* Ends a hold with the guest paused instead, and says where it is. */
void machine_unhold_at(struct machine *m, enum machine_place place);
void machine_set_place(struct machine *m, enum machine_place place);

/* Any thread. The main thread acts on it; a calling vcpu parks after its exit is handled. */
void machine_request(struct machine *m, enum machine_request request);
void machine_fail(struct machine *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

const char *machine_status(struct machine *m); /* "running", "paused", "shutdown": QMP's words */

#endif
