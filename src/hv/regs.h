/* SPDX-License-Identifier: Apache-2.0 */
/* Registers as clients set and get them: regs.c, one_reg.c. */
#ifndef PAPYR_HV_REGS_H
#define PAPYR_HV_REGS_H

#include <papyr/kvm.h>
#include "base/bits.h"
#include "cpu/cpu.h"

struct hv_vcpu;

/* A register that the client set to more than the processor has room for (regs.c). */
struct hv_kept {
	u64 real, rest;
};

/* The SLB as KVM_SET_SREGS listed it, in the array's order. */
struct hv_slb_pair {
	u64 slbe, slbv;
};

struct hv_slb_list {
	unsigned nr;
	struct hv_slb_pair entry[CPU_SLB_MAX];
};

/* @value is of the size that @id says, in the host's byte order. */
void hv_get_regs(struct hv_vcpu *vcpu, struct kvm_regs *regs);
void hv_set_regs(struct hv_vcpu *vcpu, const struct kvm_regs *regs);
void hv_get_sregs(struct hv_vcpu *vcpu, struct kvm_sregs *sregs);
int hv_set_sregs(struct hv_vcpu *vcpu, const struct kvm_sregs *sregs);
int hv_get_one_reg(struct hv_vcpu *vcpu, u64 id, void *value);
int hv_set_one_reg(struct hv_vcpu *vcpu, u64 id, const void *value);

#endif
