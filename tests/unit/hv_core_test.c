/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual cores: the clock that their threads share. */
#include "hv_common.h"
#include <pthread.h>
#include <string.h>
#include "hv/core.h"

#define THREADS 4
#define ROUNDS	20000

struct setup {
	struct hv_vm *vm;
	struct hv_vcpu *vcpu[THREADS + 1]; /* the last is of another core */
};

static int prepare(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	s->vm = new_vm();
	assert_int_equal(hv_vm_set_smt(s->vm, THREADS, 0), 0);
	for (unsigned i = 0; i <= THREADS; i++)
		s->vcpu[i] = new_vcpu(s->vm, i);
	*state = s;
	return 0;
}

static int finish(void **state)
{
	struct setup *s = *state;

	hv_vm_put(s->vm);
	free(s);
	return 0;
}

static void enter(struct hv_vcpu *vcpu, u64 now)
{
	hv_core_enter(vcpu, hv_core_look(vcpu), now);
}

/* With nobody in it hv_get_vtb() doesn't look at the time. */
static void runs_while_one_is_in(void **state)
{
	struct setup *s = *state;

	enter(s->vcpu[0], 1000);
	assert_false(hv_core_others_run(s->vcpu[0]));
	assert_true(hv_core_others_run(s->vcpu[1]));
	enter(s->vcpu[2], 1100);
	hv_core_leave(s->vcpu[0], 1300);
	hv_core_leave(s->vcpu[2], 1400);
	assert_int_equal(hv_get_vtb(s->vcpu[3]), 400);
	enter(s->vcpu[1], 5000);
	hv_core_leave(s->vcpu[1], 5001);
	assert_int_equal(hv_get_vtb(s->vcpu[0]), 401);
	assert_int_equal(hv_get_vtb(s->vcpu[THREADS]), 0);
	assert_int_equal(s->vcpu[2]->stats->core_joins, 1);
	assert_int_equal(s->vcpu[1]->stats->core_entries, 1);
}

static void is_set_for_all(void **state)
{
	struct setup *s = *state;

	hv_set_vtb(s->vcpu[1], ~0ull - 5);
	assert_int_equal(hv_get_vtb(s->vcpu[3]), ~0ull - 5);
	enter(s->vcpu[0], 100);
	hv_core_leave(s->vcpu[0], 110);
	assert_int_equal(hv_get_vtb(s->vcpu[2]), 4);
}

/* What a thread was robbed of is taken off its core's clock when it was alone, and never so that
 * the clock goes back behind what another thread may have read. */
static void stolen_time(void **state)
{
	struct setup *s = *state;

	enter(s->vcpu[0], 1000);
	hv_core_stolen(s->vcpu[0], 2000, 300);
	hv_core_leave(s->vcpu[0], 2000);
	assert_int_equal(hv_get_vtb(s->vcpu[0]), 700);
	enter(s->vcpu[0], 3000);
	enter(s->vcpu[1], 3000);
	hv_core_stolen(s->vcpu[0], 3500, 300);
	hv_core_leave(s->vcpu[1], 3500);
	hv_core_stolen(s->vcpu[0], 3600, 300);
	hv_core_leave(s->vcpu[0], 3600);
	assert_int_equal(hv_get_vtb(s->vcpu[0]), 700 + 500);
}

static void *come_and_go(void *arg)
{
	struct hv_vcpu *vcpu = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		u64 seen = hv_core_look(vcpu), vtb, later;

		hv_core_enter(vcpu, seen, cpu_guest_time(&vcpu->cpu));
		vtb = hv_get_vtb(vcpu);
		later = hv_get_vtb(vcpu);
		assert_true(later >= vtb);
		hv_core_leave(vcpu, cpu_guest_time(&vcpu->cpu));
	}
	return NULL;
}

/* Whoever starts and stops it, it never goes back, runs no longer than the time does, and stands
 * when all are gone. */
static void many_threads(void **state)
{
	struct setup *s = *state;
	u64 began = cpu_guest_time(&s->vcpu[0]->cpu), end;
	pthread_t thread[THREADS];

	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, come_and_go, s->vcpu[i]), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	end = hv_get_vtb(s->vcpu[0]);
	assert_true(end > 0 && end <= cpu_guest_time(&s->vcpu[0]->cpu) - began);
	assert_int_equal(hv_get_vtb(s->vcpu[1]), end);
	for (unsigned i = 0; i < THREADS; i++) {
		struct hv_vcpu_stats *stats = s->vcpu[i]->stats;

		assert_int_equal(stats->core_entries + stats->core_joins, ROUNDS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(runs_while_one_is_in, prepare, finish),
	    cmocka_unit_test_setup_teardown(is_set_for_all, prepare, finish),
	    cmocka_unit_test_setup_teardown(stolen_time, prepare, finish),
	    cmocka_unit_test_setup_teardown(many_threads, prepare, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
