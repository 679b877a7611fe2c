/* SPDX-License-Identifier: Apache-2.0 */
/* Requests about a Book E vcpu's TLBs; all with the vcpu locked. */
#ifndef PAPYR_KVM_TLB_H
#define PAPYR_KVM_TLB_H

struct hv_vcpu;

/* PAPYR_GET_TLB, PAPYR_SET_TLB, PAPYR_MAP */
long tlb_get(struct hv_vcpu *vcpu, unsigned long arg);
long tlb_set(struct hv_vcpu *vcpu, unsigned long arg);
long tlb_map(struct hv_vcpu *vcpu, unsigned long arg);
/* KVM_TRANSLATE, KVM_CAP_SW_TLB, KVM_DIRTY_TLB */
long tlb_translate(struct hv_vcpu *vcpu, unsigned long arg);
long tlb_config(struct hv_vcpu *vcpu, unsigned long arg);
long tlb_dirty(struct hv_vcpu *vcpu, unsigned long arg);
/* KVM_RUN returns: the client's array is as the guest left its TLBs. 0 or -EFAULT. */
long tlb_share(struct hv_vcpu *vcpu);

#endif
