/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest whose host didn't let it go on (a stopped or frozen process, a debugger, a pause by the
 * client) is not told that: its kernel would take it for its own processors' fault that nothing was
 * done for half a minute. Its timebase stands still meanwhile.
 *
 * There is no thread that watches. A vcpu that computes looks at the clock all the time, and so
 * does one that sleeps when its time is over. So when the clock is read again and was not for
 * longer than can be, the guest stood still:
 *
 * - with a vcpu in the guest, since it was last seen alive;
 * - with vcpus that sleep, since the first of them should have waked up;
 * - with none in KVM_RUN, since it was last seen alive too: the client doesn't let it run.
 *
 * Less than a second is none: then time goes on as on a busy host. CPU_TIME_SURE after it was seen
 * alive it may have been read (cpu_guest_time), so nothing before that is taken off.
 */
#include "hv/standstill.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

#define STANDSTILL TIMEBASE_HZ

/* When the clock should have been read at the latest, by the host's timebase. */
static u64 expected(struct hv_vm *vm, u64 now)
{
	u64 sure = vm->time.alive + CPU_TIME_SURE, first = ~0ull;
	struct hv_vcpu *vcpu;

	hv_for_each_vcpu(vcpu, vm) {
		if (vcpu->in_guest)
			return sure;
		if (vcpu->asleep && vcpu->sleeps_until < first)
			first = vcpu->sleeps_until;
	}
	if (first == ~0ull || first < sure)
		return sure;
	return first < now ? first : now;
}

/* With time_lock held. */
static void is_alive(struct hv_vm *vm, u64 now)
{
	__atomic_store_n(&vm->time.alive, now, __ATOMIC_RELEASE);
}

/* Takes off what it stood still; with time_lock held. */
static void look(struct hv_vm *vm)
{
	u64 now = host_timebase(), since;

	/* Somebody may have looked a moment ago, and his clock may be ahead by a tick or two. */
	if ((s64)(now - vm->time.alive) <= (s64)CPU_TIME_SURE)
		return;
	since = now - expected(vm, now);
	if (since > STANDSTILL)
		__atomic_store_n(&vm->time.lag, vm->time.lag + since, __ATOMIC_RELEASE);
	is_alive(vm, now);
}

void hv_was_alive(struct cpu *cpu)
{
	struct hv_vm *vm = hv_vcpu_of(cpu)->vm;

	lock_acquire(&vm->time_lock);
	look(vm);
	lock_release(&vm->time_lock);
}

u64 hv_time_lag(struct hv_vm *vm)
{
	u64 lag;

	lock_acquire(&vm->time_lock);
	look(vm);
	lag = vm->time.lag;
	lock_release(&vm->time_lock);
	return lag;
}

u64 hv_time_is_set(struct hv_vm *vm)
{
	u64 lag;

	lock_acquire(&vm->time_lock);
	is_alive(vm, host_timebase());
	lag = vm->time.lag;
	lock_release(&vm->time_lock);
	return lag;
}
