/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KVM's own statistics of a vcpu (KVM_GET_STATS_FD), where it has them.
 */
#ifndef PAPYR_PLATFORM_KVM_STATS_H
#define PAPYR_PLATFORM_KVM_STATS_H

#include "platform/vcpu.h"

/*
 * Opens the descriptor, once; on the vcpu's own thread, since KVM answers only while it isn't in
 * the guest.
 */
void kvm_stats_open(struct vcpu *vcpu);
void kvm_stats_close(struct vcpu *vcpu);

/* Calls @fn for each count that is one number. Any thread. Nothing where there are none. */
void kvm_stats_each(const struct vcpu *vcpu, void (*fn)(void *opaque, const char *name, u64 value),
		    void *opaque);

#endif
