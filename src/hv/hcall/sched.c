/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls by which the vcpus of a guest give up and hand on the processor (PAPR 14.11.3). */
#include "hv/hcall/hcall.h"
#include "hv/idle.h"
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "hv/vpa.h"

/*
 * H_CEDE - nothing to do until an interrupt, or a prod, comes.
 *
 * External interrupts are enabled by it: what ends the wait is taken on the way back. Sleeping
 * itself is done by KVM_RUN's loop (idle.c), which goes on with it should KVM_RUN be ended by a
 * signal meanwhile.
 *
 * Returns H_SUCCESS.
 */
long h_cede(struct hv_vcpu *vcpu, u64 *gpr)
{
	vcpu->cpu.msr |= MSR_EE;
	vcpu->ceded = true;
	/* What came before us: a prod is remembered, and used up by this. */
	if (atomic_exchange(&vcpu->prodded, false) || cpu_has_pending(&vcpu->cpu))
		vcpu->ceded = false;
	return H_SUCCESS;
}

/*
 * H_PROD - wakes a vcpu that ceded, or keeps its next H_CEDE from sleeping.
 *
 * @gpr[4]: vcpu id
 *
 * Returns H_SUCCESS, H_PARAMETER (no such vcpu).
 */
long h_prod(struct hv_vcpu *vcpu, u64 *gpr)
{
	struct hv_vcpu *target = hv_vcpu_by_id(vcpu->vm, gpr[4]);

	if (!target)
		return H_PARAMETER;
	target->prodded = true;
	hv_vcpu_wake(target);
	return H_SUCCESS;
}

#define CONFER_TO_ALL (~0ull)

/*
 * H_CONFER - gives the processor to a vcpu that doesn't run, say one that holds a lock.
 *
 * @gpr[4]: its id, or -1 for any
 * @gpr[5]: its dispatch count as the caller saw it: if it has changed since, it ran and there is no
 *          need
 *
 * Returns H_SUCCESS, H_PARAMETER (no such vcpu).
 */
long h_confer(struct hv_vcpu *vcpu, u64 *gpr)
{
	if (gpr[4] != CONFER_TO_ALL) {
		struct hv_vcpu *target = hv_vcpu_by_id(vcpu->vm, gpr[4]);

		if (!target)
			return H_PARAMETER;
		if (hv_vpa_yield_count(target) != (u32)gpr[5])
			return H_SUCCESS;
	}
	hv_vcpu_yield(vcpu);
	return H_SUCCESS;
}
