/* SPDX-License-Identifier: Apache-2.0 */
/* The areas that a guest registers for a vcpu: hcall/vpa.c. */
#ifndef PAPYR_HV_VPA_H
#define PAPYR_HV_VPA_H

#include "hv/hv.h"

enum hv_area { HV_AREA_VPA, HV_AREA_SLB, HV_AREA_DTL };

/* KVM_REG_PPC_VPA_ADDR, _SLB, _DTL. -EINVAL: <papyr/kvm.h> says when. */
void hv_vpa_get(struct hv_vcpu *vcpu, enum hv_area area, u64 *gpa, u64 *len);
int hv_vpa_set(struct hv_vcpu *vcpu, enum hv_area area, u64 gpa, u64 len);

/* Takes newly registered areas into use; vpa_lock held, the vcpu's thread. */
void hv_vpa_refresh(struct hv_vcpu *vcpu);

#endif
