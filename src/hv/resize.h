/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of another order for a guest that goes on: resize.c. */
#ifndef PAPYR_HV_RESIZE_H
#define PAPYR_HV_RESIZE_H

#include <papyr/kvm.h>

struct hv_vm;

/*
 * KVM_PPC_RESIZE_HPT_PREPARE: 0, the table is ready, or was given up; > 0: ask again in so many
 * milliseconds; -EINVAL; -ENOMEM: there will be none, and asking again tries again.
 */
long hv_resize_prepare(struct hv_vm *vm, const struct kvm_ppc_resize_hpt *args);

/*
 * KVM_PPC_RESIZE_HPT_COMMIT: 0, the guest has the table that was prepared. -EINVAL; -EIO: no vcpu
 * ran yet; -ENXIO: none of that order is being prepared; -EBUSY: it isn't ready; -ENOMEM, as the
 * preparation; -ENOSPC: it hasn't room for what is bolted. On an error the guest keeps the table
 * that it has, and what was prepared is given up. Any thread that isn't in KVM_RUN.
 */
long hv_resize_commit(struct hv_vm *vm, const struct kvm_ppc_resize_hpt *args);

/* With the VM. */
void hv_resize_end(struct hv_vm *vm);

#endif
