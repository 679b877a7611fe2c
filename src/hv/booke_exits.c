/* SPDX-License-Identifier: Apache-2.0 */
/* What a Book E guest does that its client has to know of, or that it waits after. */
#include "hv/booke.h"
#include "hv/vcpu.h"

/* Device control registers are all the client's. */
bool hv_booke_dcr(struct cpu *cpu, unsigned dcr, bool write, unsigned gpr)
{
	struct hv_vcpu *vcpu = hv_vcpu_of(cpu);
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_DCR;
	run->dcr.dcrn = dcr;
	run->dcr.data = write ? (u32)cpu->gpr[gpr] : 0;
	run->dcr.is_write = write;
	vcpu->pending = write ? HV_PENDING_NOTHING : HV_PENDING_DCR;
	vcpu->dcr_gpr = gpr;
	return false;
}

/* As H_CEDE does it: until something is pending. */
void hv_booke_waits(struct cpu *cpu)
{
	hv_vcpu_of(cpu)->ceded = true;
}

void hv_booke_enable_watchdog(struct hv_vcpu *vcpu)
{
	vcpu->watchdog = true;
}

#define DBCR0_RST 0x30000000u

void hv_booke_reset(struct cpu *cpu)
{
	struct hv_vcpu *vcpu = hv_vcpu_of(cpu);
	struct kvm_run *run = vcpu->run;

	/* Whom the client knows of already is asked for again and again. */
	if (vcpu->pending != HV_PENDING_NONE)
		return;
	if (cpu->booke.dbcr[0] & DBCR0_RST) {
		cpu->booke.dbcr[0] &= ~(u64)DBCR0_RST;
		run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
		run->system_event.type = KVM_SYSTEM_EVENT_RESET;
		run->system_event.ndata = 0;
	} else if ((cpu->booke.timers.tsr & TSR_WRS) && vcpu->watchdog && !vcpu->watchdog_told) {
		vcpu->watchdog_told = true;
		run->exit_reason = KVM_EXIT_WATCHDOG;
	} else {
		return;
	}
	vcpu->pending = HV_PENDING_NOTHING;
	cpu->leave = true;
}
