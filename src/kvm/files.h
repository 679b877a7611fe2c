/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of descriptors, and how each is made. All return a descriptor number or a negative
 * errno value. */
#ifndef PAPYR_KVM_FILES_H
#define PAPYR_KVM_FILES_H

#include <papyr/kvm.h>
#include "base/bits.h"
#include "kvm/fdtable.h"

struct hv_vm;
struct hv_vcpu;

/* system.c */
int system_file_new(bool cloexec);

/* caps.c: KVM_CHECK_EXTENSION, of a VM or (NULL) of all. */
long check_extension(struct hv_vm *vm, unsigned long cap);

/* vm.c. Takes over the caller's reference to @vm. */
int vm_file_new(struct hv_vm *vm);
/* papyr_trace(), of any descriptor. -EBADF: not a VM's. */
int vm_file_trace(struct file *file, unsigned events, int fd);
/* papyr_wrote(), of any descriptor. -EBADF: not a VM's. */
int vm_file_wrote(struct file *file, u64 gpa, u64 bytes);

/* vcpu.c: KVM_CREATE_VCPU. */
int vcpu_file_new(struct hv_vm *vm, u32 id);
size_t vcpu_mmap_bytes(void);

/* htab_fd.c: KVM_PPC_GET_HTAB_FD. */
int htab_file_new(struct hv_vm *vm, const struct kvm_get_htab_fd *ghf);

/* tce_fd.c: KVM_CREATE_SPAPR_TCE_64. */
int tce_file_new(struct hv_vm *vm, const struct kvm_create_spapr_tce_64 *args);

/* rma_fd.c: KVM_ALLOCATE_RMA; @args is filled in. */
int rma_file_new(struct hv_vm *vm, struct kvm_allocate_rma *args);

/* stats_fd.c: KVM_GET_STATS_FD; of a vcpu under its mutex. */
int stats_file_of_vm(struct hv_vm *vm);
int stats_file_of_vcpu(struct hv_vcpu *vcpu);

/* device.c: KVM_CREATE_DEVICE; the number goes to @cd->fd. */
int device_create(struct hv_vm *vm, struct kvm_create_device *cd);
/* KVM_CAP_IRQ_XICS: makes @vcpu server @server of the device behind @device_fd. */
int device_connect_xics(struct hv_vcpu *vcpu, unsigned long device_fd, unsigned long server);

#endif
