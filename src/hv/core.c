/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual cores.
 *
 * Threads of a core enter and leave the guest when they like: each has a thread of the host's, and
 * there is no context that they'd have to share. What is the core's is its clock, the virtual
 * timebase, which runs while one of them is in the guest. Who enters first starts it, who leaves
 * last stops it. That who is in and what the clock says change as one is for one word to guarantee,
 * presence:
 *
 *	nobody in	the ticks that the core has run
 *	somebody in	the same, less the guest's time: adding that makes the ticks of any moment
 *
 * So a thread that joins while another is on its way out either is counted before, and the clock
 * goes on, or after, and starts it afresh at where it stopped. Who enters has looked at the word
 * before at the time: if others came and went since, it changed, and the time is looked at again.
 * Else what they ran would be counted twice.
 */
#include <stdlib.h>
#include "hv/core.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

#define THREADS_SHIFT 56
#define TICKS	      ((1ull << THREADS_SHIFT) - 1)

static u64 bit(const struct hv_vcpu *vcpu)
{
	return 1ull << (THREADS_SHIFT + vcpu->cpu.tir);
}

/* Of presence @word: the ticks at @now. */
static u64 ticks(u64 word, u64 now)
{
	return (word & ~TICKS ? word + now : word) & TICKS;
}

struct hv_core *hv_core_of_new(struct hv_vm *vm, unsigned id)
{
	struct hv_core **core = &vm->cores[id / vm->smt];

	if (!*core)
		*core = calloc(1, sizeof(**core));
	return *core;
}

u64 hv_core_look(const struct hv_vcpu *vcpu)
{
	return atomic_load(&vcpu->core->presence);
}

void hv_core_enter(struct hv_vcpu *vcpu, u64 old, u64 now)
{
	struct hv_core *core = vcpu->core;

	while (!atomic_compare_exchange_strong(
	    &core->presence, &old, (old & ~TICKS ? old : (old - now) & TICKS) | bit(vcpu)))
		now = cpu_guest_time(&vcpu->cpu);
	if (old & ~TICKS)
		vcpu->stats->core_joins++;
	else
		vcpu->stats->core_entries++;
}

void hv_core_leave(struct hv_vcpu *vcpu, u64 now)
{
	struct hv_core *core = vcpu->core;
	u64 old = atomic_load(&core->presence), new;

	do {
		new = old & ~bit(vcpu);
		if (new & ~TICKS)
			atomic_store(&core->seen, ticks(old, now));
		else
			new = ticks(old, now);
	} while (!atomic_compare_exchange_weak(&core->presence, &old, new));
}

void hv_core_stolen(struct hv_vcpu *vcpu, u64 now, u64 stolen)
{
	struct hv_core *core = vcpu->core;
	u64 old = atomic_load(&core->presence), since, new;

	do {
		if ((old & ~TICKS) != bit(vcpu))
			return;
		since = (ticks(old, now) - atomic_load(&core->seen)) & TICKS;
		new = bit(vcpu) | ((old - (stolen < since ? stolen : since)) & TICKS);
	} while (!atomic_compare_exchange_weak(&core->presence, &old, new));
}

bool hv_core_others_run(struct hv_vcpu *vcpu)
{
	return atomic_load(&vcpu->core->presence) & ~TICKS & ~bit(vcpu);
}

u64 hv_get_vtb(struct hv_vcpu *vcpu)
{
	struct hv_core *core = vcpu->core;

	return core->vtb_base + ticks(core->presence, cpu_guest_time(&vcpu->cpu));
}

void hv_set_vtb(struct hv_vcpu *vcpu, u64 vtb)
{
	struct hv_core *core = vcpu->core;

	core->vtb_base = vtb - ticks(core->presence, cpu_guest_time(&vcpu->cpu));
}

u64 hv_virtual_time(struct cpu *cpu)
{
	return hv_get_vtb(hv_vcpu_of(cpu));
}
