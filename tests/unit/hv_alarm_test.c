/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alarms of sleeping vcpus, many of them for each of the host's processors: how many a second wake
 * one, asked for directly and by guests that do nothing but sleep for a moment.
 */
#include <pthread.h>
#include <sched.h>
#include "hv/alarm.h"
#include "hv_guest.h"

#define A_SECOND 2000u /* of one host processor */
#define GAP	 (TIMEBASE_HZ / A_SECOND)
#define FEW	 8
#define MANY	 20
#define SLEEPS	 50u

#define VEC_DECREMENTER 0x900

/* r5 ticks of sleep, CTR times. */
static const u32 program[] = {
    0x7cb603a6, /* mtdec r5 */
    0x386000e0, /* li r3, H_CEDE */
    0x44000022, /* sc 1 */
    0x48000000, /* b . */
};

static const u32 handler[] = {
    0x42002700, /* bdnz GUEST_CODE */
    0x7cc33378, /* mr r3, r6 */
    0x44000022, /* sc 1 */
};

static struct hv_vcpu *prepare(struct hv_vm *vm, unsigned id)
{
	struct hv_vcpu *vcpu = guest_vcpu(vm, id);

	vcpu->cpu.ctr = SLEEPS;
	vcpu->cpu.gpr[5] = TIMEBASE_HZ / 20000;
	return vcpu;
}

/* The VM that is made next has one of the host's processors. */
static void stay_on_one(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* Returns how many alarms of @n vcpus were put off while each slept SLEEPS times. */
static u64 put_off(unsigned n)
{
	struct hv_vcpu *vcpu[MANY];
	pthread_t thread[MANY];
	struct hv_vm *vm;
	u8 *memory;
	u64 sum = 0;

	stay_on_one();
	vm = new_vm();
	memory = guest_memory(vm);
	guest_put(memory, GUEST_CODE, program, ARRAY_SIZE(program));
	guest_put(memory, VEC_DECREMENTER, handler, ARRAY_SIZE(handler));
	for (unsigned i = 0; i < n; i++)
		vcpu[i] = prepare(vm, i);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, guest_run, vcpu[i]), 0);
	for (unsigned i = 0; i < n; i++) {
		pthread_join(thread[i], NULL);
		guest_has_ended(vcpu[i]);
		assert_int_equal(vcpu[i]->cpu.ctr, 0);
		sum += vcpu[i]->stats->alarms_put_off;
	}
	guest_free(vm, memory);
	return sum;
}

static void guests_that_sleep(void **state)
{
	assert_int_equal(put_off(FEW), 0);
	assert_true(put_off(MANY) > 0);
}

struct vm {
	struct hv_vm vm;
	struct hv_vcpu vcpu;
};

static struct vm *vm_of(unsigned vcpus)
{
	struct vm *v = calloc(1, sizeof(*v));

	v->vm.alarms = (struct hv_alarms){.vcpus = FEW, .gap = GAP};
	v->vm.nr_vcpus = vcpus;
	v->vcpu.vm = &v->vm;
	v->vcpu.stats = &v->vcpu.own_stats;
	return v;
}

static void few_have_no_limit(void **state)
{
	struct vm *v = vm_of(FEW);

	for (unsigned i = 0; i < 1000; i++)
		assert_true(hv_alarm(&v->vcpu) <= host_timebase());
	assert_int_equal(v->vcpu.stats->alarms_put_off, 0);
	free(v);
}

static void many_have_turns(void **state)
{
	struct vm *v = vm_of(MANY);
	unsigned at_once = HV_ALARM_BURST / GAP + 1;
	u64 from = host_timebase(), at = 0;

	for (unsigned i = 0; i < at_once + MANY; i++)
		at = hv_alarm(&v->vcpu);
	/* One after the other, but for those that may come at once. */
	assert_true(at >= from + MANY * GAP);
	assert_in_range(v->vcpu.stats->alarms_put_off, 1, MANY);
	free(v);
}

/* However many turns were lost. */
static void nobody_waits_for_ever(void **state)
{
	struct vm *v = vm_of(MANY);
	u64 at = 0;

	for (unsigned i = 0; i < 10000; i++)
		at = hv_alarm(&v->vcpu);
	assert_true(at <= host_timebase() + MANY * GAP);
	free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(few_have_no_limit),
	    cmocka_unit_test(many_have_turns),
	    cmocka_unit_test(nobody_waits_for_ever),
	    cmocka_unit_test(guests_that_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
