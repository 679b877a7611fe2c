/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many alarms of sleeping vcpus the host stands.
 *
 * While Linux boots, each of its processors has a tick every 4 ms, idle or not: 64,000 a second of
 * 256 vcpus. Each costs a thread being waked, and a walk through code and data that are in nobody's
 * cache any more. When ticks take all of the host's time, the vcpu that has work to do is one of
 * hundreds with the same share, and the guest stands still. Sleepers lose little when their ticks
 * come late, as the host had no time for them anyway; so alarms are given turns, one after the
 * other, that leave most of the host's time to those who don't sleep.
 *
 * A turn that isn't used, since something else waked the vcpu, is lost. So that lost ones don't add
 * up nobody waits longer than all vcpus of the VM would take.
 */
#include <sched.h>
#include "hv/alarm.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

#define HOST_ALARMS 2000 /* a second for each of the host's processors */
#define HOST_VCPUS  8	 /* for each of the host's processors, without a limit */

static unsigned host_processors(void)
{
	cpu_set_t set;

	/* It fails on hosts with more of them than a set has room for. */
	return sched_getaffinity(0, sizeof(set), &set) ? CPU_SETSIZE : CPU_COUNT(&set);
}

void hv_alarms_init(struct hv_alarms *alarms)
{
	unsigned host = host_processors();

	alarms->vcpus = HOST_VCPUS * host;
	alarms->gap = TIMEBASE_HZ / HOST_ALARMS / host;
}

/* The first turn that is free from @now on; @most: at the latest. */
static u64 take_turn(struct hv_alarms *alarms, u64 now, u64 most)
{
	u64 next = atomic_load(&alarms->next), turn;

	do {
		turn = next > now ? next : now;
		if (turn > most)
			turn = most;
	} while (!atomic_compare_exchange_weak(&alarms->next, &next, turn + alarms->gap));
	return turn;
}

u64 hv_alarm(struct hv_vcpu *vcpu)
{
	struct hv_alarms *alarms = &vcpu->vm->alarms;
	unsigned vcpus = vcpu->vm->nr_vcpus;
	u64 now = host_timebase(), turn;

	if (vcpus <= alarms->vcpus)
		return now;
	turn = take_turn(alarms, now, now + HV_ALARM_BURST + vcpus * alarms->gap);
	if (turn <= now + HV_ALARM_BURST)
		return now;
	vcpu->stats->alarms_put_off++;
	return turn - HV_ALARM_BURST;
}
