/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entering, removing, protecting, R and C: one entry at a time.
 */
#include "hpt_common.h"

#define AVPN 0x123456789abcd80ull

static void creating(void **state)
{
	struct hpt *hpt;

	assert_int_equal(hpt_create(&hpt, 17), -EINVAL);
	assert_int_equal(hpt_create(&hpt, 47), -EINVAL);
	hpt = new_table(24);
	assert_int_equal(hpt_order(hpt), 24);
	assert_int_equal(hpt_entries(hpt), 1 << 20);
	assert_int_equal(hpt_pteg_mask(hpt), (1 << 17) - 1);
	hpt_destroy(hpt);
	hpt_destroy(NULL);
	/* 64 TiB of table plus as much beside it: an address space may have room, or not. */
	if (hpt_create(&hpt, 46) == 0)
		hpt_destroy(hpt);
}

static void entering(void **state)
{
	struct hpt *hpt = new_table(18);
	u64 v, r, slot;

	/* A free slot is searched from the group's start, wherever in the group one asks. */
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(hpt_enter(hpt, 43, 0, AVPN, page(0x1000), &slot), 0);
		assert_int_equal(slot, 40 + i);
	}
	assert_int_equal(hpt_enter(hpt, 43, 0, AVPN, page(0x1000), &slot), -ENOSPC);
	assert_int_equal(hpt_enter(hpt, 43, HPT_EXACT, AVPN, page(0x1000), &slot), -ENOSPC);
	assert_int_equal(hpt_remove(hpt, 45, ALWAYS, 0, NULL, NULL), 0);
	assert_int_equal(hpt_enter(hpt, 40, 0, AVPN, page(0x1000), &slot), 0);
	assert_int_equal(slot, 45);

	/* Software bits and TS don't get in, others do. */
	assert_int_equal(hpt_enter(hpt, 100, HPT_EXACT, AVPN | 0x78, ~0ull & ~HPT_R_LP, NULL), 0);
	hpt_read(hpt, 100, &v, &r);
	assert_int_equal(v, AVPN | HPT_V_BOLTED | HPT_V_SW_LOCK | HPT_V_VALID);
	assert_int_equal(r, ~HPT_R_TS & ~HPT_R_LP);

	assert_int_equal(hpt_enter(hpt, 101, HPT_EXACT, AVPN | HPT_V_LARGE, page(0xf000), NULL),
			 -EINVAL);
	assert_int_equal(hpt_enter_check(hpt, AVPN | HPT_V_LARGE, page(0xf000)), -EINVAL);
	assert_int_equal(hpt_enter(hpt, 101, HPT_EXACT, AVPN | 2ull << 62, page(0), NULL), -EINVAL);
	assert_int_equal(hpt_enter(hpt, 101, HPT_EXACT, AVPN | 3ull << 62, page(0), NULL), -EINVAL);
	hpt_read(hpt, 101, &v, &r);
	assert_int_equal(v | r, 0);
	hpt_destroy(hpt);
}

static void entering_by_backing(void **state)
{
	struct test_ops ops = {.ram_end = 0x1010000};
	struct hpt *hpt = new_table(18);
	u64 v, r;

	hpt_set_ops(hpt, &test_ops, &ops);
	/* 16M at 16M sticks out of memory's end: refused. */
	assert_int_equal(hpt_enter(hpt, 1, HPT_EXACT, AVPN | HPT_V_LARGE, page(0x1000000), NULL),
			 -EPERM);
	assert_int_equal(hpt_enter_check(hpt, AVPN | HPT_V_LARGE, page(0x1000000)), -EPERM);
	assert_int_equal(hpt_entries(hpt), 1 << 14);
	hpt_read(hpt, 1, &v, &r);
	assert_int_equal(v | r, 0);
	/* No memory: absent inside, valid to guests, counted as used. */
	enter_at(hpt, 1, AVPN, page(0x5000000));
	assert_int_equal(hpt->entries[1].v, AVPN | HPT_V_ABSENT);
	hpt_read(hpt, 1, &v, &r);
	assert_int_equal(v, AVPN | HPT_V_VALID);
	assert_int_equal(hpt_enter(hpt, 1, HPT_EXACT, AVPN, page(0), NULL), -ENOSPC);
	/* Nothing to invalidate there. */
	assert_int_equal(hpt_protect(hpt, 1, ALWAYS, 0, HPT_R_PP, 3, NULL, NULL), 0);
	assert_int_equal(hpt_remove(hpt, 1, ALWAYS, 0, &v, &r), 0);
	assert_int_equal(v, AVPN | HPT_V_VALID);
	assert_int_equal(r, page(0x5000000) | 3);
	assert_int_equal(ops.invalidated, 0);
	hpt_destroy(hpt);
}

static void replacing(void **state)
{
	struct test_ops ops = {.ram_end = 0x1000000};
	struct hpt *hpt = new_table(18);
	u64 v, r;

	hpt_set_ops(hpt, &test_ops, &ops);
	enter_at(hpt, 9, AVPN, page(0x1000));
	assert_int_equal(
	    hpt_enter(hpt, 9, HPT_EXACT | HPT_REPLACE, AVPN ^ 0x80, page(0x2000), NULL), 0);
	assert_int_equal(ops.invalidated, 1);
	assert_int_equal(ops.last_index, 9);
	assert_int_equal(ops.last_v, AVPN | HPT_V_VALID);
	assert_int_equal(ops.last_r, page(0x1000));
	hpt_read(hpt, 9, &v, &r);
	assert_int_equal(v, (AVPN ^ 0x80) | HPT_V_VALID);
	assert_int_equal(hpt_rmap_make_absent(hpt, 0x1000, 0x1000), 0);
	assert_int_equal(hpt_rmap_make_absent(hpt, 0x2000, 0x1000), 1);
	hpt_destroy(hpt);
}

static void conditions(void **state)
{
	struct hpt *hpt = new_table(18);
	unsigned if_avpn = 1u << HPT_IF_AVPN, if_and = 1u << HPT_IF_AND_ZERO;
	u64 v = 1, r = 2;

	assert_int_equal(hpt_remove(hpt, 5, ALWAYS, 0, &v, &r), -ENOENT);
	assert_int_equal(hpt_protect(hpt, 5, ALWAYS, 0, ~0ull, 0, &v, &r), -ENOENT);
	assert_int_equal(hpt_clear_rc(hpt, 5, HPT_R_R, &v, &r), -ENOENT);
	assert_int_equal(v, 1);
	assert_int_equal(r, 2);

	enter_at(hpt, 5, AVPN | HPT_V_BOLTED, page(0x7000));
	assert_int_equal(hpt_remove(hpt, 5, if_avpn, AVPN ^ 0x80, &v, &r), -ENOENT);
	assert_int_equal(hpt_remove(hpt, 5, if_and, HPT_V_BOLTED, &v, &r), -ENOENT);
	assert_int_equal(hpt_remove(hpt, 5, if_and, HPT_V_VALID, &v, &r), -ENOENT);
	assert_int_equal(hpt_remove(hpt, 5, if_and | if_avpn, AVPN, &v, &r), -ENOENT);
	assert_int_equal(hpt_protect(hpt, 5, if_avpn, AVPN, HPT_R_PP | HPT_R_RPN, ~0ull, &v, &r),
			 0);
	assert_int_equal(v, AVPN | HPT_V_BOLTED | HPT_V_VALID);
	assert_int_equal(r, page(0x7000));
	assert_int_equal(hpt_remove(hpt, 5, if_and, HPT_V_SECONDARY, &v, &r), 0);
	assert_int_equal(r, page(0x7000) | 3); /* and the page's number is as it was */
	hpt_read(hpt, 5, &v, &r);
	assert_int_equal(v | r, 0);
	hpt_destroy(hpt);
}

static void reference_and_change(void **state)
{
	struct test_ops ops = {.ram_end = 0x1000000};
	struct hpt *hpt = new_table(18);
	u64 v, r;

	hpt_set_ops(hpt, &test_ops, &ops);
	enter_at(hpt, 5, AVPN, page(0x7000));
	assert_true(hpt_set_rc(hpt, 5, AVPN | HPT_V_VALID, page(0x7000), HPT_R_R));
	assert_true(hpt_set_rc(hpt, 5, AVPN | HPT_V_VALID, page(0x7000), HPT_R_R | HPT_R_C));
	hpt_read(hpt, 5, &v, &r);
	assert_int_equal(r, page(0x7000) | HPT_R_R | HPT_R_C);
	/* Other words than the search saw: another page, other rights, another entry. */
	assert_false(hpt_set_rc(hpt, 5, AVPN | HPT_V_VALID, page(0x8000), HPT_R_R));
	assert_false(hpt_set_rc(hpt, 5, AVPN | HPT_V_VALID, page(0x7000) ^ 1, HPT_R_R));
	assert_false(hpt_set_rc(hpt, 5, AVPN | HPT_V_ABSENT, page(0x7000), HPT_R_R));
	assert_false(hpt_set_rc(hpt, 6, AVPN | HPT_V_VALID, page(0x7000), HPT_R_R));

	assert_int_equal(ops.invalidated, 0);
	assert_int_equal(hpt_clear_rc(hpt, 5, HPT_R_R, &v, &r), 0);
	assert_int_equal(r, page(0x7000) | HPT_R_R | HPT_R_C);
	assert_int_equal(ops.invalidated, 1);
	assert_int_equal(hpt_clear_rc(hpt, 5, HPT_R_R, &v, &r), 0);
	assert_int_equal(r, page(0x7000) | HPT_R_C);
	assert_int_equal(ops.invalidated, 1);
	hpt_destroy(hpt);
}

static void clearing(void **state)
{
	struct hpt *hpt = new_table(18);
	u64 v, r;

	for (u64 i = 0; i < hpt_entries(hpt); i += 3)
		enter_at(hpt, i, AVPN, page(i << 12));
	hpt_clear(hpt);
	for (u64 i = 0; i < hpt_entries(hpt); i++) {
		hpt_read(hpt, i, &v, &r);
		assert_int_equal(v | r, 0);
	}
	assert_int_equal(hpt_rmap_make_absent(hpt, 0, ~0ull), 0);
	hpt_destroy(hpt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(creating),
	    cmocka_unit_test(entering),
	    cmocka_unit_test(entering_by_backing),
	    cmocka_unit_test(replacing),
	    cmocka_unit_test(conditions),
	    cmocka_unit_test(reference_and_change),
	    cmocka_unit_test(clearing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
