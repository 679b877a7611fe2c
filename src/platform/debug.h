/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A debugger outside of the guest, one at a time: it has vcpus stand still, run or step, and is
 * told by EVENT_DEBUG when one of them met what it waits for.
 *
 * This is a reason of its own for the guest to stand still, beside those of runstate.h: a vcpu runs
 * only if none of them speaks against it. Who pauses, saves or moves the guest needn't care what
 * the debugger wants, and the debugger needn't ask whether the guest is paused: what it let go
 * starts when the others let it go too.
 *
 * Main thread only, where nothing else is said.
 */
#ifndef PAPYR_PLATFORM_DEBUG_H
#define PAPYR_PLATFORM_DEBUG_H

#include <papyr/kvm.h>
#include <stdbool.h>

#include "base/bits.h"
#include "platform/error.h"

struct machine;
struct vcpu;

/* Of struct machine; under its lock. */
struct machine_debug {
	bool attached;
	bool stopped; /* no vcpu runs, for the debugger or for one that is to come */
	bool news;    /* that it stopped has yet to be told */
};

enum debug_why { DEBUG_NOTHING, DEBUG_STEP, DEBUG_BREAK, DEBUG_READ, DEBUG_WRITE };

/* Why a vcpu stopped. */
struct debug_stop {
	enum debug_why why;
	u64 address; /* of the point that it met; where it stands, for a step */
};

/* What a vcpu shall stop for. Compared as it lies in memory: what isn't used is 0. */
#define DEBUG_BREAKS 256
struct debug_wish {
	struct kvm_guest_debug kvm;
	u64 n_breaks, breaks[DEBUG_BREAKS];
};

/* Before the guest runs: it begins when a debugger lets it go. */
void machine_debug_wait(struct machine *m);
/* It begins without one, if none is there. */
void machine_debug_wait_no_longer(struct machine *m);
/* The guest stands still from now on. -1: another debugger has it. */
int machine_debug_attach(struct machine *m, struct error *err);
/* Nothing of the debugger's is left, and the guest goes on. Also without one: nothing happens. */
void machine_debug_detach(struct machine *m);

/* Returns with every vcpu parked. Devices finish what they are at, as hardware's do. */
void machine_debug_halt(struct machine *m);
/*
 * KVM_SET_GUEST_DEBUG for a vcpu that stands still: points and steps from when it runs again; with
 * breakpoints besides, where KVM has PAPYR_CAP_BREAKPOINTS. 0, or -1 with errno.
 */
int machine_debug_set(struct vcpu *vcpu, const struct debug_wish *wish);
/* The vcpus go on for which @run, an array of theirs, isn't 0. The others stand still. */
void machine_debug_go(struct machine *m, const u8 *run);

/*
 * Why a vcpu stopped, until that is forgotten; DEBUG_NOTHING: it didn't. To be asked after
 * EVENT_DEBUG, and again before the guest goes on: several may stop at once.
 */
struct debug_stop machine_debug_stop_of(struct vcpu *vcpu);
void machine_debug_forget_stop(struct vcpu *vcpu);

/* Does a debugger have the guest stand still? Any thread. */
bool machine_debug_holds(struct machine *m);

/*
 * Runs @fn, which looks at registers and memory, or changes them, while all stands still: with
 * m->lock held. For a change (@change) it waits for who holds the guest, and fails where that takes
 * longer than a second or the guest isn't here (any more): what has been handed over must not
 * change.
 */
int machine_debug_access(struct vcpu *vcpu, bool change, int (*fn)(struct vcpu *vcpu, void *arg),
			 void *arg);

#endif
