/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine's own files share and nobody else calls.
 */
#ifndef PAPYR_PLATFORM_INTERNAL_H
#define PAPYR_PLATFORM_INTERNAL_H

#include "base/bits.h"
#include "platform/machine.h"

struct machine;

/* Tells who listens, the control socket. Main thread. */
void machine_tell(struct machine *m, enum machine_event event);
/* Waits until every vcpu that has a thread is parked; with m->lock held. */
void machine_wait_parked(struct machine *m);
/* Ends the vcpus' threads, if they haven't ended. */
void machine_end_threads(struct machine *m);
/* Gives the first @bytes of the guest's memory to KVM, or takes all away: 0. */
int machine_set_slot(struct machine *m, u64 bytes, u32 flags);

#endif
