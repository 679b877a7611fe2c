/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May the guest run, and where is it? One answer, kept here and nowhere else: a vcpu runs only
 * while the guest is here, nobody paused it, nobody holds it, no request waits for the main thread,
 * and no debugger has the vcpu stand still.
 *
 *	place    where the guest lives, for all that this process knows: changed by places.def only
 *	paused   a person wants it to stand still
 *	holds    so do others, for a while and without anybody being told
 *	request  the guest, or a person, wants it to end or to start again
 *	halted   a debugger's wish, for each vcpu: debug.h
 *
 * Unless said otherwise these are for any thread but a vcpu's, without m->lock.
 */
#ifndef PAPYR_PLATFORM_RUNSTATE_H
#define PAPYR_PLATFORM_RUNSTATE_H

#include <stdbool.h>

#include "base/bits.h"
#include "platform/error.h"

struct machine;

/* A live migration takes a guest from one process to another. */
enum machine_place {
	PLACE_HERE,
	PLACE_COMING,	 /* not here yet: it must not run */
	PLACE_LEAVING,	 /* it stands still to be handed over */
	PLACE_UNCERTAIN, /* the other side may have started it; a person decides */
	PLACE_GONE,	 /* the other side runs it: here again only if a person insists */
	PLACES
};

/* What can be done with a guest; where, and what comes of it, is in places.def. */
enum machine_move {
	MOVE_USE,	/* run it, reset it, save it */
	MOVE_CLAIM,	/* the same, of a person who has just looked at the other side */
	MOVE_FORCE,	/* the same, of a person who knows that it ended there */
	MOVE_EXPECT,	/* it is to come by a migration */
	MOVE_HAND_OVER, /* it is to be handed over */
	MOVE_ARRIVE,	/* all of it came, and its source has let go of it */
	MOVE_TAKE_BACK, /* the other side hasn't got it, and never will */
	MOVE_DOUBT,	/* the other side may have it */
	MOVE_LET_GO,	/* the other side said that it runs there */
	MOVES
};

/* Where a guest is after @move, which needn't be allowed: false then. */
bool machine_place_after(enum machine_place place, enum machine_move move,
			 enum machine_place *after);

enum machine_place machine_where(struct machine *m);

/* ---- Standing still ---- */

/* Main thread only: returns with every vcpu parked; idempotent. */
void machine_pause(struct machine *m);
/* False: the guest isn't here (USE), and nothing changes. Main thread only. */
bool machine_resume(struct machine *m);
bool machine_is_paused(struct machine *m);

/*
 * The vcpus parked for a while, without anybody being told. Holds add up; the guest runs when there
 * is none and it isn't paused.
 */
void machine_hold(struct machine *m);
void machine_unhold(struct machine *m);

/* ---- Coming and going: false or -1, and nothing changes, where places.def doesn't have it ---- */

/*
 * May the guest be started, saved or reset here? It is here from now on if the answer is
 * PLACE_HERE, else where the answer says. @how: USE; CLAIM, which an uncertain guest refuses as
 * long as the other side may still start it; FORCE.
 */
enum machine_place machine_claim(struct machine *m, enum machine_move how);
/* Seconds until an uncertain guest can be claimed, rounded up. 0: at once, or it isn't that. */
u32 machine_claim_seconds(struct machine *m);

/* EXPECT: nothing runs until the guest has come. */
bool machine_expect(struct machine *m);
/*
 * ARRIVE: it runs, unless it was paused at the source (@paused), or is here already: then *@paused
 * is true afterwards.
 */
bool machine_arrive(struct machine *m, bool *paused);

/*
 * HAND_OVER, which wants a hold for as long as the guest is on its way. -1 also if the guest ends
 * or starts anew, which wouldn't be in what is sent. *@was_running: it wasn't paused, and stood
 * still for no debugger.
 */
int machine_hand_over(struct machine *m, bool *was_running, struct error *err);
/* TAKE_BACK: it runs on when the hold ends. */
bool machine_take_back(struct machine *m);
/*
 * DOUBT, LET_GO: it is paused, and not even a person who resumes it has it run before a
 * machine_claim(). What was seen on the other side before @until_ns, by CLOCK_MONOTONIC, can change
 * yet: it may start the guest until then, and never will afterwards.
 */
bool machine_doubt(struct machine *m, u64 until_ns);
bool machine_let_go(struct machine *m);

/* ---- Ending and starting again ---- */

/* Why the guest stands still for good, or will start again. */
enum machine_request {
	REQUEST_NONE,
	REQUEST_POWEROFF, /* the guest powered off */
	REQUEST_RESET,	  /* the guest, or the user, wants to start again */
	REQUEST_PANIC,	  /* ibm,os-term */
	REQUEST_ERROR,	  /* the hypervisor can't go on; machine_failure() says why */
	REQUEST_QUIT,	  /* the user wants no more of it */
};

/*
 * Any thread. The main thread acts on the first one; a calling vcpu parks after its exit is
 * handled.
 */
void machine_request(struct machine *m, enum machine_request request);
void machine_fail(struct machine *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The guest can't go on, and says why: printable, a line; maybe nothing. */
void machine_panic(struct machine *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Why the machine failed, or the guest panicked; empty if neither. Main thread, or after
 * machine_run(). */
const struct error *machine_failure(const struct machine *m);

/* "running", "paused", "debug", "shutdown": QMP's words. */
const char *machine_status(struct machine *m);

#endif
