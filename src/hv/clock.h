/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks that run only while the vcpu does: clock.c. */
#ifndef PAPYR_HV_CLOCK_H
#define PAPYR_HV_CLOCK_H

#include <pthread.h>
#include "base/bits.h"

struct cpu;
struct hv_vcpu;

/* What a vcpu's timebase is an offset to. */
u64 hv_timebase(void);

/* Where a vcpu's clocks were last compared with its thread's; its own thread only. */
struct hv_steal {
	pthread_t thread;
	u64 ran;     /* the thread's processor time then, in ticks */
	u64 looked;  /* when, by the guest's time */
	u64 inside;  /* ticks in the guest since then, up to the last exit */
	u64 entered; /* when it last entered, or was looked at */
	u64 owed;    /* found stolen, and still to be taken off */
};

/* As the vcpu enters and leaves the guest. */
void hv_clocks_start(struct hv_vcpu *vcpu);
void hv_clocks_stop(struct hv_vcpu *vcpu);
/* In the guest: makes the clocks what they should be. struct cpu_host's clocks_read. */
void hv_clocks_look(struct cpu *cpu);

#endif
