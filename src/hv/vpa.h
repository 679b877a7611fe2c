/* SPDX-License-Identifier: Apache-2.0 */
/* The areas that a guest registers for a vcpu: hcall/vpa.c. */
#ifndef PAPYR_HV_VPA_H
#define PAPYR_HV_VPA_H

#include "base/bits.h"

struct hv_vcpu;

/*
 * An area that the guest registered (H_REGISTER_VPA). Other vcpus of the guest may register for
 * this one, while it runs: hv_vcpu.vpa_lock guards the structs. Its memory is looked up at each
 * use: slots come and go.
 */
struct hv_vpa {
	u64 gpa; /* 0: none is registered */
	u32 len;
	bool fresh; /* since the vcpu last looked */
};

enum hv_area { HV_AREA_VPA, HV_AREA_SLB, HV_AREA_DTL };

/* KVM_REG_PPC_VPA_ADDR, _SLB, _DTL. -EINVAL: <papyr/kvm.h> says when. */
void hv_vpa_get(struct hv_vcpu *vcpu, enum hv_area area, u64 *gpa, u64 *len);
int hv_vpa_set(struct hv_vcpu *vcpu, enum hv_area area, u64 gpa, u64 len);

/* Takes newly registered areas into use; vpa_lock held, the vcpu's thread. */
void hv_vpa_refresh(struct hv_vcpu *vcpu);

/* The dispatch count, as the vcpu enters and leaves the guest. */
void hv_vpa_dispatch(struct hv_vcpu *vcpu);
void hv_vpa_preempt(struct hv_vcpu *vcpu);
/* The host let others run for so many ticks, while the vcpu was in the guest. */
void hv_vpa_stolen(struct hv_vcpu *vcpu, u64 ticks);
/* The dispatch count, 0 without a VPA (any vcpu's thread). */
u32 hv_vpa_yield_count(struct hv_vcpu *vcpu);

#endif
