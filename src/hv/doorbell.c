/* SPDX-License-Identifier: Apache-2.0 */
/* DPDES is kept in pieces: a thread's bit is its processor's pending interrupt. */
#include "hv/doorbell.h"
#include "hv/core.h"
#include "hv/idle.h"
#include "hv/vcpu.h"

static void ring(struct hv_vcpu *vcpu)
{
	cpu_irq_set(&vcpu->cpu, CPU_IRQ_DOORBELL);
	hv_vcpu_wake(vcpu);
}

void hv_doorbell(struct cpu *cpu, unsigned thread)
{
	struct hv_core *core = hv_vcpu_of(cpu)->core;
	struct hv_vcpu *target = thread < HV_SMT_MAX ? core->thread[thread] : NULL;

	if (target)
		ring(target);
}

u64 hv_doorbells(struct cpu *cpu)
{
	struct hv_core *core = hv_vcpu_of(cpu)->core;
	u64 waiting = 0;

	for (unsigned t = 0; t < HV_SMT_MAX; t++) {
		struct hv_vcpu *vcpu = core->thread[t];

		if (vcpu &&
		    __atomic_load_n(&vcpu->cpu.pending, __ATOMIC_RELAXED) & CPU_IRQ_DOORBELL)
			waiting |= 1ull << t;
	}
	return waiting;
}

u64 hv_get_dpdes(struct hv_vcpu *vcpu)
{
	return vcpu->core->dpdes_of_none | hv_doorbells(&vcpu->cpu);
}

void hv_set_dpdes(struct hv_vcpu *vcpu, u64 dpdes)
{
	struct hv_core *core = vcpu->core;
	u64 of_none = dpdes;

	for (unsigned t = 0; t < HV_SMT_MAX; t++) {
		struct hv_vcpu *thread = core->thread[t];

		if (!thread)
			continue;
		of_none &= ~(1ull << t);
		if (dpdes >> t & 1)
			ring(thread);
		else
			cpu_irq_clear(&thread->cpu, CPU_IRQ_DOORBELL);
	}
	core->dpdes_of_none = of_none;
}
