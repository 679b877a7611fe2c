/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decrementers of vcpus that sleep, where the host's processors are far fewer: so many a second
 * wake a vcpu, and the rest have to wait for their turn. alarm.c says why.
 */
#ifndef PAPYR_HV_ALARM_H
#define PAPYR_HV_ALARM_H

#include <stdatomic.h>
#include "base/bits.h"

struct hv_vcpu;

struct hv_alarms {
	unsigned vcpus;	  /* a VM of as many has no limit */
	u64 gap;	  /* ticks from one alarm to the next */
	_Atomic u64 next; /* the first turn that nobody has, by the host's timebase */
};

#define HV_ALARM_BURST (TIMEBASE_HZ / 100) /* alarms of so long may come at once */

/* Of a new VM, by the processors that the calling thread may use. */
void hv_alarms_init(struct hv_alarms *alarms);

/*
 * The decrementer of the vcpu, which sleeps, is due. Returns when it may wake it, by the host's
 * timebase: mostly now. Once for each time that it is due; the vcpu's thread.
 */
u64 hv_alarm(struct hv_vcpu *vcpu);

#endif
