/* SPDX-License-Identifier: Apache-2.0 */
/* Eventfds of the client that raise interrupts (KVM_IRQFD). */
#ifndef PAPYR_HV_IRQFD_H
#define PAPYR_HV_IRQFD_H

#include <papyr/kvm.h>
#include "base/bits.h"

struct hv_vm;

/*
 * KVM_IRQFD; <papyr/kvm.h> has the errors. The first one starts the VM's thread that watches them.
 * When one was deassigned, it raises nothing any more. Any thread, no lock of the hypervisor's.
 */
int hv_irqfd(struct hv_vm *vm, const struct kvm_irqfd *args);

/*
 * The guest has ended interrupt @irq (H_EOI): its line goes down if it is resampled, and those who
 * may want it up again are told. Any thread.
 */
void hv_irqfd_eoi(struct hv_vm *vm, u32 irq);

/* All are deassigned, and the thread ends. The VM's descriptor is closed, or the VM goes. */
void hv_irqfd_end(struct hv_vm *vm);

#endif
