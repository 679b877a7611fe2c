/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks that run only while the vcpu does, PURR and SPURR, or while its core does: the virtual
 * timebase (core.c). Linux's watchdogs and its accounting go by them.
 *
 * The vcpu is in the guest, but its thread may wait for a processor of the host's. Now and then the
 * time in the guest is compared with the processor time that the thread had meanwhile; what is
 * missing was stolen, is taken off these clocks, and told to the guest (hv_vpa_stolen).
 *
 * They never go back. Who reads one within LOOK after a look is not made to look again, so of what
 * a look finds only that is taken off which leaves the clocks LOOK after where they were at the
 * last one; the rest the next time.
 */
#include "hv/clock.h"
#include "hv/core.h"
#include "hv/vcpu.h"
#include "hv/vpa.h"

#define LOOK (TIMEBASE_HZ / 1000)

u64 hv_timebase(void)
{
	return host_timebase();
}

static void look_afresh(struct hv_steal *s, u64 now)
{
	s->thread = pthread_self();
	s->looked = now;
	s->ran = host_thread_time();
	s->inside = 0;
}

/* What to take off the clocks, after @inside in the guest since the last look. */
static u64 look(struct hv_steal *s, u64 now, u64 inside)
{
	u64 ran = host_thread_time(), had = ran - s->ran, off;

	if (inside > had)
		s->owed += inside - had;
	off = s->owed < inside - LOOK ? s->owed : inside - LOOK;
	s->owed -= off;
	s->looked = now;
	s->ran = ran;
	s->inside = 0;
	return off;
}

static void look_if_due(struct hv_vcpu *vcpu, u64 now)
{
	struct hv_steal *s = &vcpu->steal;
	u64 inside = s->inside + now - s->entered, off;

	if (inside <= LOOK)
		return;
	off = look(s, now, inside);
	s->entered = now;
	if (!off)
		return;
	vcpu->cpu.purr_offset -= off;
	vcpu->cpu.spurr_offset -= off;
	hv_core_stolen(vcpu, now, off);
	hv_vpa_stolen(vcpu, off);
}

void hv_clocks_look(struct cpu *cpu)
{
	look_if_due(hv_vcpu_of(cpu), cpu_guest_time(cpu));
}

void hv_clocks_start(struct hv_vcpu *vcpu)
{
	struct hv_steal *s = &vcpu->steal;
	u64 core = hv_core_look(vcpu), now = cpu_guest_time(&vcpu->cpu);

	vcpu->cpu.purr_offset = vcpu->purr - now;
	vcpu->cpu.spurr_offset = vcpu->spurr - now;
	hv_core_enter(vcpu, core, now);
	s->entered = now;
	if (now - s->looked > LOOK || !pthread_equal(s->thread, pthread_self()))
		look_afresh(s, now);
	cpu_pmu_start(&vcpu->cpu);
}

void hv_clocks_stop(struct hv_vcpu *vcpu)
{
	u64 now = cpu_guest_time(&vcpu->cpu);

	look_if_due(vcpu, now);
	vcpu->steal.inside += now - vcpu->steal.entered;
	vcpu->purr = vcpu->cpu.purr_offset + now;
	vcpu->spurr = vcpu->cpu.spurr_offset + now;
	hv_core_leave(vcpu, now);
	cpu_pmu_stop(&vcpu->cpu);
}
