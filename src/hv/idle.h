/* SPDX-License-Identifier: Apache-2.0 */
/* Sleeping in H_CEDE, and what ends it: idle.c. */
#ifndef PAPYR_HV_IDLE_H
#define PAPYR_HV_IDLE_H

#include "base/bits.h"

struct hv_vcpu;

/*
 * Sleeps while vcpu->ceded, until an interrupt can be taken, somebody prods, or KVM_RUN
 * must end. True: awake, no longer ceded, go on. False: a signal, immediate_exit or CPU_REQ_EXIT
 * wants KVM_RUN to return; still ceded. The caller is the vcpu's thread, in or out of the guest;
 * while it sleeps shoot-downs don't wait for it.
 */
bool hv_vcpu_idle(struct hv_vcpu *vcpu);
/*
 * The vcpu's thread, in the guest, between two blocks: lets others have the host's processor. While
 * they do, shoot-downs don't wait for it.
 */
void hv_vcpu_yield(struct hv_vcpu *vcpu);
/* Makes @vcpu look around if it sleeps (any thread). */
void hv_vcpu_wake(struct hv_vcpu *vcpu);

#endif
