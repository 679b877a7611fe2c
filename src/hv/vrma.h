/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual real-mode area, and LPCR that says so: vrma.c. */
#ifndef PAPYR_HV_VRMA_H
#define PAPYR_HV_VRMA_H

#include "base/bits.h"

struct hv_vm;
struct hv_vcpu;

/* Puts the real-mode area's entries into the table before the first run. */
int hv_vrma_setup(struct hv_vcpu *vcpu);
/* The stream's writer saw the first VRMA entry: @slb_lp is its page size's SLB encoding (L, LP). */
void hv_vrma_restore(struct hv_vm *vm, u64 slb_lp);
void hv_set_lpcr(struct hv_vm *vm, u64 value, u64 mask);

#endif
