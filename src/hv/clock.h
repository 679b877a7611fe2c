/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks that run only while the vcpu does: clock.c. */
#ifndef PAPYR_HV_CLOCK_H
#define PAPYR_HV_CLOCK_H

#include "base/bits.h"

struct hv_vcpu;

/* What a vcpu's timebase is an offset to. */
u64 hv_timebase(void);

/* As the vcpu enters and leaves the guest. */
void hv_clocks_start(struct hv_vcpu *vcpu);
void hv_clocks_stop(struct hv_vcpu *vcpu);

#endif
