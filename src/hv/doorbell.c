/* SPDX-License-Identifier: Apache-2.0 */
/* DPDES is kept in pieces: a thread's bit is its processor's pending interrupt. */
#include "hv/doorbell.h"

#include "hv/idle.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

/* Thread @thread of @vcpu's core; NULL: there is none. */
static struct hv_vcpu *sibling(struct hv_vcpu *vcpu, unsigned thread)
{
	unsigned smt = vcpu->vm->smt;

	return thread < smt ? hv_vcpu_by_id(vcpu->vm, vcpu->id / smt * smt + thread) : NULL;
}

static void ring(struct hv_vcpu *vcpu)
{
	cpu_irq_set(&vcpu->cpu, CPU_IRQ_DOORBELL);
	hv_vcpu_wake(vcpu);
}

void hv_doorbell(struct cpu *cpu, unsigned thread)
{
	struct hv_vcpu *target = sibling(hv_vcpu_of(cpu), thread);

	if (target)
		ring(target);
}

u64 hv_doorbells(struct cpu *cpu)
{
	struct hv_vcpu *vcpu;
	u64 waiting = 0;

	for (unsigned t = 0; t < HV_SMT_MAX; t++) {
		vcpu = sibling(hv_vcpu_of(cpu), t);
		if (vcpu &&
		    __atomic_load_n(&vcpu->cpu.pending, __ATOMIC_RELAXED) & CPU_IRQ_DOORBELL)
			waiting |= 1ull << t;
	}
	return waiting;
}

u64 hv_get_dpdes(struct hv_vcpu *vcpu)
{
	return vcpu->dpdes_of_none | hv_doorbells(&vcpu->cpu);
}

void hv_set_dpdes(struct hv_vcpu *vcpu, u64 dpdes)
{
	struct hv_vcpu *thread[HV_SMT_MAX];
	u64 of_none = dpdes;

	for (unsigned t = 0; t < HV_SMT_MAX; t++) {
		thread[t] = sibling(vcpu, t);
		if (thread[t])
			of_none &= ~(1ull << t);
	}
	for (unsigned t = 0; t < HV_SMT_MAX; t++) {
		if (!thread[t])
			continue;
		thread[t]->dpdes_of_none = of_none;
		if (dpdes >> t & 1)
			ring(thread[t]);
		else
			cpu_irq_clear(&thread[t]->cpu, CPU_IRQ_DOORBELL);
	}
}
