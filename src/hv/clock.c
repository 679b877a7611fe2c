/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks that run only while the vcpu does: PURR, SPURR and the virtual timebase. */
#include "hv/clock.h"
#include "hv/vcpu.h"

u64 hv_timebase(void)
{
	return host_timebase();
}

void hv_clocks_start(struct hv_vcpu *vcpu)
{
	u64 now = cpu_guest_time(&vcpu->cpu);

	vcpu->cpu.purr_offset = vcpu->purr - now;
	vcpu->cpu.spurr_offset = vcpu->spurr - now;
	vcpu->cpu.vtb_offset = vcpu->vtb - now;
	cpu_pmu_start(&vcpu->cpu);
}

void hv_clocks_stop(struct hv_vcpu *vcpu)
{
	u64 now = cpu_guest_time(&vcpu->cpu);

	vcpu->purr = vcpu->cpu.purr_offset + now;
	vcpu->spurr = vcpu->cpu.spurr_offset + now;
	vcpu->vtb = vcpu->cpu.vtb_offset + now;
	cpu_pmu_stop(&vcpu->cpu);
}
