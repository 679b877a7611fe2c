/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's count of its instructions (IC) and KVM_REG_PPC_IC are one register: what one side
 * sees or sets the other goes on from.
 */
#include "papyr_guest.h"

static const u32 tells[] = {
    0x7c90d2a6, /* 1: mfspr r4, IC */
    0x44000022, /*    sc 1 */
    0x4bfffff8, /*    b 1b */
};

#define FEW 100 /* more than the guest executes between two looks */

static void client_sees_what_the_guest_counted(void **state)
{
	u64 told, last = 0;
	struct guest g;

	guest_new(&g, tells, ARRAY_SIZE(tells));
	for (unsigned i = 0; i < 1000; i++) {
		told = guest_told(&g);
		assert_true(told > last);
		assert_in_range(guest_get(&g, KVM_REG_PPC_IC), told, told + FEW);
		last = told;
	}
	/* Three instructions a round. */
	assert_in_range(last, 3 * 999, 3 * 1000 + FEW);
	guest_free(&g);
}

static void guest_goes_on_from_what_the_client_set(void **state)
{
	static const u64 values[] = {0, 0x123456789abcdef, 5, ~0ull - FEW};
	struct guest g;

	guest_new(&g, tells, ARRAY_SIZE(tells));
	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		guest_told(&g);
		guest_set(&g, KVM_REG_PPC_IC, values[i]);
		assert_int_equal(guest_get(&g, KVM_REG_PPC_IC), values[i]);
		assert_in_range(guest_told(&g), values[i] + 1, values[i] + FEW);
	}
	guest_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(client_sees_what_the_guest_counted),
	    cmocka_unit_test(guest_goes_on_from_what_the_client_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
