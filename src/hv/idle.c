/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sleeping in H_CEDE.
 *
 * Lost wake-ups: who has news for a vcpu makes them visible (pending interrupt, prod, request) and
 * then looks at vcpu->asleep; the vcpu sets asleep and then looks for news. One of the two sees the
 * other. wake_fd keeps its count, so that it doesn't matter whether the vcpu already waits.
 *
 * Signals: the thread has them all blocked (signals.h) but while ppoll() waits, which lets those of
 * the client through; its handler runs then, and KVM_RUN ends. Those of KVM_SET_SIGNAL_MASK stay
 * blocked and pending; signal_fd tells of them without taking them.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>
#include "hv/idle.h"
#include "hv/shootdown.h"
#include "hv/signals.h"
#include "hv/vcpu.h"

void hv_vcpu_wake(struct hv_vcpu *vcpu)
{
	u64 one = 1;

	/* It fails only when it would overflow, and then it wakes as well. */
	if (vcpu->asleep && write(vcpu->wake_fd, &one, sizeof(one)) < 0)
		return;
}

static bool has_event(struct hv_vcpu *vcpu)
{
	return atomic_exchange(&vcpu->prodded, false) || cpu_has_pending(&vcpu->cpu);
}

static bool must_leave(struct hv_vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->run->immediate_exit, __ATOMIC_SEQ_CST) ||
	       (__atomic_load_n(&vcpu->cpu.request, __ATOMIC_SEQ_CST) & CPU_REQ_EXIT) ||
	       hv_vcpu_signalled(vcpu);
}

/* Until the decrementer passes zero, for the first time or once more: it has 32 bits. */
static s64 ticks_left(struct cpu *cpu)
{
	s64 ticks = cpu->dec_expires - cpu_timebase(cpu);

	if (ticks < 0)
		ticks = (s32)ticks < 0 ? 0 : (s32)ticks;
	return ticks < (s64)(60 * TIMEBASE_HZ) ? ticks : (s64)(60 * TIMEBASE_HZ);
}

/* How long to wait at most; says so to those who wonder whether the guest's time goes on. */
static struct timespec time_left(struct hv_vcpu *vcpu)
{
	s64 ticks = ticks_left(&vcpu->cpu);

	vcpu->sleeps_until = host_timebase() + ticks;
	return (struct timespec){
	    .tv_sec = ticks / TIMEBASE_HZ,
	    .tv_nsec = ticks % TIMEBASE_HZ * 125 / 64,
	};
}

/* One wait; false: interrupted by a signal. */
static bool wait(struct hv_vcpu *vcpu)
{
	struct pollfd fds[2] = {{vcpu->wake_fd, POLLIN, 0}, {vcpu->signal_fd, POLLIN, 0}};
	sigset_t client_mask = hv_sigset(vcpu->client_mask);
	struct timespec left = time_left(vcpu);
	u64 count;

	if (ppoll(fds, vcpu->sigmask_set ? 2 : 1, &left,
		  vcpu->sigmask_set ? NULL : &client_mask) < 0)
		return errno != EINTR;
	if ((fds[0].revents & POLLIN) && read(vcpu->wake_fd, &count, sizeof(count)) < 0)
		return true; /* a wake-up of an earlier sleep, read meanwhile */
	return true;
}

static bool sleep_until_event(struct hv_vcpu *vcpu)
{
	for (;;) {
		if (has_event(vcpu))
			return true;
		if (must_leave(vcpu) || !wait(vcpu))
			return false;
	}
}

bool hv_vcpu_idle(struct hv_vcpu *vcpu)
{
	bool was_in_guest = vcpu->in_guest, awake = has_event(vcpu);

	if (!awake) {
		vcpu->in_guest = false;
		cpu_pmu_stop(&vcpu->cpu);
		vcpu->sleeps_until = host_timebase();
		vcpu->asleep = true;
		vcpu->stats->blocking = 1;
		awake = sleep_until_event(vcpu);
		vcpu->asleep = false;
		cpu_pmu_start(&vcpu->cpu);
		vcpu->stats->blocking = 0;
		if (was_in_guest)
			hv_guest_enter(vcpu);
	}
	if (awake)
		vcpu->ceded = false;
	return awake;
}

void hv_vcpu_yield(struct hv_vcpu *vcpu)
{
	hv_guest_leave(vcpu);
	sched_yield();
	hv_guest_enter(vcpu);
}
