/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks that run only while the vcpu does: clock.c. */
#ifndef PAPYR_HV_CLOCK_H
#define PAPYR_HV_CLOCK_H

struct hv_vcpu;

/* As the vcpu enters and leaves the guest. */
void hv_clocks_start(struct hv_vcpu *vcpu);
void hv_clocks_stop(struct hv_vcpu *vcpu);

#endif
