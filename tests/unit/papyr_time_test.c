/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr_timebase(): a guest reads it plus TB_OFFSET, and a client can move a guest by it without
 * time going back or jumping.
 */
#include <time.h>
#include "papyr_guest.h"

/* Tells its timebase. */
static const u32 tells[] = {
    0x7c8c42a6, /* 1: mftb r4 */
    0x44000022, /*    sc 1 */
    0x4bfffff8, /*    b 1b */
};

static void is_the_clock(void **state)
{
	struct timespec t;
	u64 before = papyr_timebase(), after, clock;

	clock_gettime(CLOCK_MONOTONIC, &t);
	after = papyr_timebase();
	clock = (u64)t.tv_sec * PAPYR_TIMEBASE_HZ + (u64)t.tv_nsec * 512 / 1000;
	assert_in_range(clock, before, after);
}

static void is_what_the_guest_reads(void **state)
{
	static const u64 offsets[] = {0, 1, 0x123456789abcdef, -(1ull << 40)};
	u64 before, told;
	struct guest g;

	guest_new(&g, tells, ARRAY_SIZE(tells));
	for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
		guest_set(&g, KVM_REG_PPC_PAPYR_TB_OFFSET, offsets[i]);
		before = papyr_timebase();
		told = guest_told(&g);
		/* What it stood still, on a loaded host, is in the offset. */
		assert_in_range(told - guest_get(&g, KVM_REG_PPC_TB_OFFSET), before,
				papyr_timebase());
	}
	guest_free(&g);
}

/* As a client does that moves a guest. */
static void time_goes_on_elsewhere(void **state)
{
	u64 stopped, last, first, began;
	struct guest from, to;

	guest_new(&from, tells, ARRAY_SIZE(tells));
	guest_set(&from, KVM_REG_PPC_PAPYR_TB_OFFSET, 77777);
	last = guest_told(&from);
	stopped = papyr_timebase() + guest_get(&from, KVM_REG_PPC_TB_OFFSET);
	guest_free(&from);

	guest_new(&to, tells, ARRAY_SIZE(tells));
	began = papyr_timebase();
	guest_set(&to, KVM_REG_PPC_PAPYR_TB_OFFSET, stopped - began);
	first = guest_told(&to);
	assert_true(last <= stopped);
	assert_in_range(first - stopped, 0, papyr_timebase() - began);
	guest_free(&to);
}

/* A guest that isn't let run for long has no time meanwhile, and the client can tell. */
static void time_stands_still_with_the_guest(void **state)
{
	u64 last, first, before;
	struct guest g;

	guest_new(&g, tells, ARRAY_SIZE(tells));
	guest_set(&g, KVM_REG_PPC_PAPYR_TB_OFFSET, 0);
	last = guest_told(&g);
	usleep(3000000);
	before = papyr_timebase();
	first = guest_told(&g);
	assert_in_range(first - last, 0, PAPYR_TIMEBASE_HZ);
	assert_in_range(first - guest_get(&g, KVM_REG_PPC_TB_OFFSET), before, papyr_timebase());
	guest_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_the_clock),
	    cmocka_unit_test(is_what_the_guest_reads),
	    cmocka_unit_test(time_goes_on_elsewhere),
	    cmocka_unit_test(time_stands_still_with_the_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
