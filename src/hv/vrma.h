/* SPDX-License-Identifier: Apache-2.0 */
/* Real mode, and LPCR that says how: vrma.c. */
#ifndef PAPYR_HV_VRMA_H
#define PAPYR_HV_VRMA_H

#include "base/bits.h"

struct hv_vm;

/*
 * Before the first run: real mode by the area that is mapped in the first slot (rma.h), or through
 * entries of the table. -EINVAL: there is no first slot. -EPERM: the processor needs an area.
 */
int hv_real_mode_setup(struct hv_vm *vm);
/* The stream's writer saw the first VRMA entry: @slb_lp is its page size's SLB encoding (L, LP). */
void hv_vrma_restore(struct hv_vm *vm, u64 slb_lp);
void hv_set_lpcr(struct hv_vm *vm, u64 value, u64 mask);

#endif
