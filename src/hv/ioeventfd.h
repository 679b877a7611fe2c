/* SPDX-License-Identifier: Apache-2.0 */
/* Stores of the guest that tell an eventfd, instead of leaving to the client (KVM_IOEVENTFD). */
#ifndef PAPYR_HV_IOEVENTFD_H
#define PAPYR_HV_IOEVENTFD_H

#include <papyr/kvm.h>
#include "base/bits.h"

struct hv_vm;

/*
 * KVM_IOEVENTFD; <papyr/kvm.h> has the errors. When it returns, no vcpu can still tell what was
 * taken away. Any thread that isn't in KVM_RUN, no lock of the hypervisor's.
 */
int hv_ioeventfd(struct hv_vm *vm, const struct kvm_ioeventfd *args);

/*
 * A store of @size bytes at @gpa, where there is no memory: has it told an eventfd? @data: the
 * bytes, in the guest's order. By a vcpu that is in the guest.
 */
bool hv_ioeventfd_store(struct hv_vm *vm, u64 gpa, unsigned size, const void *data);

/* With the VM. */
void hv_ioeventfd_free(struct hv_vm *vm);

#endif
