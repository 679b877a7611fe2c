/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that is slowed down: how much of its time it loses, and that it gets all of it back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "fake_machine.h"
#include "migration/live/throttle.h"

#define LOOKS 400
#define PATIENCE_MS 60000

static struct machine *m;
static unsigned count; /* what the guest did */

static int setup(void **state)
{
	struct machine_config cfg = fake_config(1);

	m = fake_machine_new(&cfg, fake_guest_counts, &count);
	fake_machine_boot(m);
	fake_machine_start(m);
	return 0;
}

static int teardown(void **state)
{
	machine_free(m);
	return 0;
}

static void sleep_ms(unsigned ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l};

	nanosleep(&t, NULL);
}

static bool is_held(void)
{
	bool held;

	lock_acquire(&m->lock);
	held = m->vcpus[0].parked;
	lock_release(&m->lock);
	return held;
}

/* In how many of LOOKS looks the guest was held. */
static unsigned held(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < LOOKS; i++) {
		n += is_held();
		sleep_ms(1);
	}
	return n;
}

/* It does something yet. */
static void assert_goes_on(void)
{
	unsigned before = __atomic_load_n(&count, __ATOMIC_SEQ_CST);

	for (unsigned ms = 0; ms < PATIENCE_MS; ms++) {
		if (__atomic_load_n(&count, __ATOMIC_SEQ_CST) != before)
			return;
		sleep_ms(1);
	}
	fail_msg("the guest stands still");
}

static void assert_is_let_go(void)
{
	unsigned ms = 0;

	while (is_held()) {
		assert_true(ms++ < PATIENCE_MS);
		sleep_ms(1);
	}
}

/* Nothing is taken before it is set; the more is set the more is taken, and never all. */
static void takes_time(void **state)
{
	struct throttle *t = throttle_new(m);
	unsigned half, nearly_all;

	assert_non_null(t);
	assert_goes_on();
	assert_int_equal(held(), 0);
	throttle_set(t, 50);
	half = held();
	throttle_set(t, 99);
	nearly_all = held();
	assert_in_range(half, LOOKS / 10, LOOKS * 9 / 10);
	assert_in_range(nearly_all, half + 1, LOOKS);
	assert_true(nearly_all > LOOKS / 2);
	assert_goes_on();
	/* What can't be meant as that. */
	throttle_set(t, 100);
	assert_goes_on();
	throttle_free(t);
	assert_is_let_go();
}

/* All of it is given back, whenever in a period that is said. */
static void gives_back(void **state)
{
	struct throttle *t = throttle_new(m);

	assert_non_null(t);
	for (unsigned i = 0; i < 20; i++) {
		throttle_set(t, 99);
		sleep_ms(i);
		throttle_set(t, 0);
		assert_is_let_go();
	}
	assert_int_equal(held(), 0);
	assert_goes_on();
	throttle_free(t);
	throttle_free(NULL);
}

/* Others' holds are theirs. */
static void leaves_others_alone(void **state)
{
	struct throttle *t;

	machine_hold(m);
	t = throttle_new(m);
	assert_non_null(t);
	throttle_set(t, 80);
	sleep_ms(20);
	throttle_free(t);
	assert_int_equal(held(), LOOKS);
	machine_unhold(m);
	assert_goes_on();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(takes_time, setup, teardown),
	    cmocka_unit_test_setup_teardown(gives_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(leaves_others_alone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
