/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals of the client while its thread is in KVM_RUN.
 *
 * On POWER hardware a signal ends KVM_RUN, and its handler runs afterwards. Here the guest runs in
 * the client's own thread, so that thread blocks all signals while it is in KVM_RUN, looks now and
 * then whether one is pending that the client lets through, and leaves if so. Signals that tell of
 * a fault of the program itself stay as they are. Changing the mask takes two system calls; a
 * client that keeps all signals blocked anyway can say so (vcpu->signals_blocked) and spare them.
 *
 * Sets are the kernel's: 64 bits, signal n in bit n - 1.
 */
#ifndef PAPYR_HV_SIGNALS_H
#define PAPYR_HV_SIGNALS_H

#include <signal.h>
#include "base/bits.h"

struct hv_vcpu;

/* As the vcpu's thread enters and leaves KVM_RUN. */
void hv_signals_block(struct hv_vcpu *vcpu);
void hv_signals_restore(struct hv_vcpu *vcpu);

/* Is a signal pending that must end KVM_RUN? The vcpu's thread, between the two. */
bool hv_vcpu_signalled(const struct hv_vcpu *vcpu);

/* The client's promise that the threads of @vcpu have all signals blocked. */
void hv_signals_promised(struct hv_vcpu *vcpu, bool blocked);

/* KVM_SET_SIGNAL_MASK; NULL takes it away. */
int hv_vcpu_set_sigmask(struct hv_vcpu *vcpu, const u64 *mask);

/* What libc takes. */
sigset_t hv_sigset(u64 signals);

#endif
