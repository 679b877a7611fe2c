/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sleeping in H_CEDE.
 *
 * Vcpus that talk to each other wait for moments, and a thread that sleeps and is waked takes
 * longer than that. So a vcpu looks for news itself for a while before it sleeps: for longer each
 * time that it would have been enough, not at all after a wait that was long.
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
#include "base/pause.h"
#include "hv/alarm.h"
#include "hv/core.h"
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

/* Where what there is for the vcpu to do is counted; NULL: nothing. A prod is used up by this. */
static u64 *event(struct hv_vcpu *vcpu)
{
	struct hv_vcpu_stats *s = vcpu->stats;
	u32 pending;

	if (atomic_exchange(&vcpu->prodded, false))
		return &s->wakes_prod;
	if (!cpu_has_pending(&vcpu->cpu))
		return NULL;
	pending = __atomic_load_n(&vcpu->cpu.pending, __ATOMIC_RELAXED);
	return pending & CPU_IRQ_EXTERNAL   ? &s->wakes_ext
	       : pending & CPU_IRQ_DOORBELL ? &s->wakes_dbell
	       : pending & CPU_IRQ_PERFMON  ? &s->wakes_pmu
					    : &s->wakes_dec;
}

static bool must_leave(struct hv_vcpu *vcpu)
{
	return vcpu->pending != HV_PENDING_NONE || /* looking at the clock made an exit */
	       __atomic_load_n(&vcpu->run->immediate_exit, __ATOMIC_SEQ_CST) ||
	       (__atomic_load_n(&vcpu->cpu.request, __ATOMIC_SEQ_CST) & CPU_REQ_EXIT) ||
	       hv_vcpu_signalled(vcpu);
}

/* Until the decrementer passes zero, for the first time or once more: it has 32 bits. */
static s64 ticks_left(struct cpu *cpu)
{
	s64 ticks = (cpu_is_booke(cpu) ? cpu->booke.timers.next : cpu->dec_expires) -
		    cpu_timebase(cpu);

	if (ticks < 0)
		ticks = (s32)ticks < 0 ? 0 : (s32)ticks;
	return ticks < (s64)(60 * TIMEBASE_HZ) ? ticks : (s64)(60 * TIMEBASE_HZ);
}

/* Of the decrementer, which is due: true: it may not wake the vcpu yet. */
static bool is_put_off(struct hv_vcpu *vcpu)
{
	if (!vcpu->rings_at)
		vcpu->rings_at = hv_alarm(vcpu);
	return host_timebase() < vcpu->rings_at;
}

static s64 ticks_until_alarm(struct hv_vcpu *vcpu)
{
	s64 ticks = vcpu->rings_at - host_timebase();

	return ticks < 0 ? 0 : ticks;
}

/* How long to wait at most; says so to those who wonder whether the guest's time goes on. */
static struct timespec time_left(struct hv_vcpu *vcpu)
{
	s64 ticks = vcpu->rings_at ? ticks_until_alarm(vcpu) : ticks_left(&vcpu->cpu);

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

	if (ppoll(fds, vcpu->sigmask_set ? 2 : 1, &left, vcpu->sigmask_set ? NULL : &client_mask) <
	    0)
		return errno != EINTR;
	if ((fds[0].revents & POLLIN) && read(vcpu->wake_fd, &count, sizeof(count)) < 0)
		return true; /* a wake-up of an earlier sleep, read meanwhile */
	return true;
}

static bool sleep_until_event(struct hv_vcpu *vcpu)
{
	for (;;) {
		u64 *reason = event(vcpu);

		if (reason && !(reason == &vcpu->stats->wakes_dec && is_put_off(vcpu))) {
			(*reason)++;
			return true;
		}
		if (must_leave(vcpu) || !wait(vcpu)) {
			vcpu->stats->wakes_client++;
			return false;
		}
	}
}

#define POLL_FIRST (TIMEBASE_HZ / 100000)
#define POLL_MOST  (TIMEBASE_HZ / 10000)

#define LOOKS_BEFORE_YIELD 64

/* Others may want the host's processor more. */
static bool poll_for_event(struct hv_vcpu *vcpu, u64 since)
{
	for (unsigned looks = 1; host_timebase() - since < vcpu->poll_ticks; looks++) {
		u64 *reason = event(vcpu);

		if (reason) {
			(*reason)++;
			return true;
		}
		if (looks % LOOKS_BEFORE_YIELD)
			spin_pause();
		else if (sched_yield() || must_leave(vcpu))
			return false;
	}
	return false;
}

/* What the wait that is over, of @ticks, says of the next one. */
static void learn(struct hv_vcpu *vcpu, u64 ticks)
{
	if (ticks > POLL_MOST)
		vcpu->poll_ticks = 0;
	else if (ticks > vcpu->poll_ticks)
		vcpu->poll_ticks = vcpu->poll_ticks ? 2 * vcpu->poll_ticks : POLL_FIRST;
}

static u64 ns_since(u64 since)
{
	return (host_timebase() - since) * 125 / 64;
}

static bool poll_in_host(struct hv_vcpu *vcpu, u64 since)
{
	struct hv_vcpu_stats *s = vcpu->stats;
	bool awake;

	if (!vcpu->poll_ticks)
		return false;
	s->halt_attempted_poll++;
	awake = poll_for_event(vcpu, since);
	s->halt_successful_poll += awake;
	*(awake ? &s->halt_poll_success_ns : &s->halt_poll_fail_ns) += ns_since(since);
	return awake;
}

static void count_sleep(struct hv_vcpu *vcpu, u64 ns, bool awake)
{
	struct hv_vcpu_stats *s = vcpu->stats;
	unsigned bucket = ns ? 64 - __builtin_clzll(ns) : 0;

	s->halt_wait_ns += ns;
	s->halt_wait_hist[bucket < HV_STATS_BUCKETS ? bucket : HV_STATS_BUCKETS - 1]++;
	s->halt_successful_wait += awake;
}

static bool sleep_in_host(struct hv_vcpu *vcpu)
{
	u64 since = host_timebase();
	bool awake;

	vcpu->sleeps_until = since;
	vcpu->rings_at = 0;
	vcpu->asleep = true;
	vcpu->stats->blocking = 1;
	awake = sleep_until_event(vcpu);
	vcpu->asleep = false;
	vcpu->stats->blocking = 0;
	count_sleep(vcpu, ns_since(since), awake);
	return awake;
}

static bool wait_in_host(struct hv_vcpu *vcpu)
{
	u64 since = host_timebase(), took;
	bool awake;

	if (hv_core_others_run(vcpu))
		vcpu->stats->core_naps++;
	else
		vcpu->stats->core_blocks++;
	awake = poll_in_host(vcpu, since) || sleep_in_host(vcpu);
	took = host_timebase() - since;
	learn(vcpu, took);
	vcpu->sampled += took; /* only what it computes is sampled */
	return awake;
}

bool hv_vcpu_idle(struct hv_vcpu *vcpu)
{
	bool awake = event(vcpu);

	if (!awake) {
		cpu_pmu_stop(&vcpu->cpu);
		awake = wait_in_host(vcpu);
		cpu_pmu_start(&vcpu->cpu);
	}
	if (awake)
		vcpu->ceded = false;
	return awake;
}

void hv_vcpu_yield(struct hv_vcpu *vcpu)
{
	u64 since = host_timebase();

	hv_guest_leave(vcpu);
	sched_yield();
	hv_guest_enter(vcpu);
	vcpu->stats->yields++;
	vcpu->stats->yield_ns += ns_since(since);
}
