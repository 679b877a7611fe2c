/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine's own files share and nobody else calls.
 */
#ifndef PAPYR_PLATFORM_INTERNAL_H
#define PAPYR_PLATFORM_INTERNAL_H

#include "base/bits.h"
#include "platform/machine.h"

/* ---- runstate.c ---- */

struct runstate *runstate_new(void);
void runstate_free(struct runstate *r);
/* May vcpus enter the guest, as far as it is about all of them? With m->lock held. */
bool machine_may_run(const struct machine *m);
/*
 * Waits for who holds the guest, a second at most. True: nobody does, it is here, and nothing of it
 * has been handed over. With m->lock held.
 */
bool machine_may_change(struct machine *m);
/*
 * Until every vcpu is parked, for which there is a reason; devices may still be at work. With
 * m->lock held.
 */
void machine_wait_parked(struct machine *m);
/* Has the main thread look at what is new. Any thread. */
void machine_wake(struct machine *m);
/*
 * The request that waits for the main thread, with every vcpu parked for it; it waits on until its
 * end is said.
 */
enum machine_request machine_take_request(struct machine *m);
void machine_end_request(struct machine *m);

/* ---- debug.c ---- */

/* Is there an EVENT_DEBUG to be told? Then every vcpu is parked. */
bool machine_debug_take_news(struct machine *m);

/* ---- machine.c ---- */

/* Ends the vcpus' threads, if they haven't ended. */
void machine_end_threads(struct machine *m);
/*
 * The guest's memory as KVM has it: a slot for what the guest starts with, and one for each block
 * that may come, the first of which is 1. What the slot @i is for; false: there is none.
 */
bool machine_slot(const struct machine *m, u32 i, u64 *gpa, u64 *bytes);
/* Gives a slot to KVM, with KVM_MEM_... or takes it away: @bytes is 0. */
int machine_set_slot(struct machine *m, u32 i, u64 gpa, u64 bytes, u32 flags);
/* All that are there now. -1: errno, and those before are given or taken. */
int machine_set_slots(struct machine *m, bool give, u32 flags);

#endif
