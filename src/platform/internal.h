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
/* May a vcpu enter the guest? With m->lock held. */
bool machine_may_run(const struct machine *m);
/*
 * The request that waits for the main thread, with every vcpu parked for it; it waits on until its
 * end is said.
 */
enum machine_request machine_take_request(struct machine *m);
void machine_end_request(struct machine *m);

/* ---- machine.c ---- */

/* Ends the vcpus' threads, if they haven't ended. */
void machine_end_threads(struct machine *m);
/* Gives the first @bytes of the guest's memory to KVM, or takes all away: 0. */
int machine_set_slot(struct machine *m, u64 bytes, u32 flags);

#endif
