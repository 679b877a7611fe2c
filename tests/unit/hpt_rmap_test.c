/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reverse map, against a walk over the whole table.
 */
#include <pthread.h>
#include "hpt_common.h"

struct seen {
	u64 count;
	u8 *times; /* an entry */
};

static void see(void *ctx, u64 index, u64 v, u64 r)
{
	struct seen *s = ctx;

	s->count++;
	s->times[index]++;
}

/* Random pages of all sizes in 64 GiB, so that many share frames and chains. */
static void random_entry(u64 *seed, u64 *v, u64 *r)
{
	static const struct {
		u64 large, lp;
		unsigned shift;
	} sizes[] = {{0, 0, 12},    {0, 0, 12},	   {4, 0x07, 16}, {4, 0x01, 16},
		     {4, 0x38, 24}, {4, 0x08, 24}, {4, 0, 24},	  {4, 3, 34}};
	unsigned k = next_random(seed) % 8;
	u64 gpa = (next_random(seed) % (1ull << 36)) >> sizes[k].shift << sizes[k].shift;

	if (next_random(seed) % 4 == 0)
		gpa &= 0xffffff;
	*v = (next_random(seed) & HPT_V_AVPN) | sizes[k].large;
	*r = gpa | sizes[k].lp << HPT_R_LP_SHIFT | HPT_R_M | 2;
}

static bool overlaps(u64 v, u64 r, u64 gpa, u64 bytes)
{
	unsigned base, actual;

	assert_true(hpt_page_shifts(v, r, &base, &actual));
	return hpt_entry_gpa(r, actual) < gpa + bytes &&
	       hpt_entry_gpa(r, actual) + (1ull << actual) > gpa;
}

static void random_ranges(void **state)
{
	struct hpt *hpt = new_table(18);
	u64 n = hpt_entries(hpt), seed = 12345, v, r;
	struct seen s = {0, calloc(n, 1)};

	for (u64 i = 0; i < n; i++) {
		random_entry(&seed, &v, &r);
		if (next_random(&seed) % 2)
			enter_at(hpt, i, v, r);
	}
	for (unsigned round = 0; round < 300; round++) {
		u64 gpa = next_random(&seed) % (1ull << 36);
		u64 bytes = 1 + next_random(&seed) % (1ull << (12 + next_random(&seed) % 25));
		u64 expect = 0;

		if (round % 3 == 0)
			gpa &= 0xffffff;
		memset(s.times, 0, n);
		s.count = 0;
		hpt_rmap_walk(hpt, gpa, bytes, see, &s);
		for (u64 i = 0; i < n; i++) {
			hpt_read(hpt, i, &v, &r);
			if (!(v & HPT_V_VALID) || !overlaps(v, r, gpa, bytes)) {
				assert_int_equal(s.times[i], 0);
				continue;
			}
			expect++;
			assert_int_equal(s.times[i], 1);
		}
		assert_int_equal(s.count, expect);
		/* Some come and go. */
		for (unsigned k = 0; k < 500; k++) {
			u64 i = next_random(&seed) % n;

			random_entry(&seed, &v, &r);
			if (hpt_remove(hpt, i, ALWAYS, 0, NULL, NULL) == -ENOENT)
				enter_at(hpt, i, v, r);
		}
	}
	free(s.times);
	hpt_destroy(hpt);
}

static void long_chain(void **state)
{
	struct hpt *hpt = new_table(18);
	struct test_ops ops = {.ram_end = 1ull << 40};
	u64 n = 5000, v, r;

	hpt_set_ops(hpt, &test_ops, &ops);
	for (u64 i = 0; i < n; i++)
		enter_at(hpt, i, i << HPT_V_AVPN_SHIFT, page(0x4000) | HPT_R_R);
	enter_at(hpt, n, 0, page(0x5000) | HPT_R_R);
	assert_int_equal(hpt_rmap_clear_rc(hpt, 0x4321, 1, HPT_R_R | HPT_R_C), HPT_R_R);
	assert_int_equal(ops.invalidated, n);
	assert_int_equal(hpt_rmap_clear_rc(hpt, 0x4000, 0x1000, HPT_R_R | HPT_R_C), 0);
	hpt_read(hpt, n, &v, &r);
	assert_int_equal(r, page(0x5000) | HPT_R_R);
	assert_int_equal(hpt_rmap_make_absent(hpt, 0x4000, 0x1000), n);
	assert_int_equal(ops.invalidated, 2 * n);
	assert_int_equal(hpt_rmap_make_absent(hpt, 0x4000, 0x1000), 0);
	hpt_read(hpt, 7, &v, &r);
	assert_int_equal(v, 7 << HPT_V_AVPN_SHIFT | HPT_V_VALID);
	assert_int_equal(r, page(0x4000));
	hpt_destroy(hpt);
}

/* ---- slots that come and go while entries are entered ---------------------------------------- */

static volatile bool stop;

struct racer {
	struct hpt *hpt;
	u64 seed, first;
};

static void *enter_and_remove(void *arg)
{
	struct racer *x = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		u64 i = x->first + next_random(&x->seed) % 64;

		if (hpt_remove(x->hpt, i, ALWAYS, 0, NULL, NULL))
			hpt_enter(x->hpt, i, HPT_EXACT, 0, page((i & 15) << 12), NULL);
	}
	return NULL;
}

static u64 slot_gone;

static enum hpt_backing classify_slot(void *ctx, u64 gpa, u64 bytes)
{
	return __atomic_load_n(&slot_gone, __ATOMIC_SEQ_CST) ? HPT_MMIO : HPT_RAM;
}

/* Once the slot is gone and its entries were made absent, none is valid, whoever enters some. */
static void slot_race(void **state)
{
	static const struct hpt_ops ops = {classify_slot, NULL};
	struct hpt *hpt = new_table(18);
	struct racer racers[2] = {{hpt, 1, 0}, {hpt, 2, 64}};
	pthread_t threads[2];

	hpt_set_ops(hpt, &ops, NULL);
	stop = false;
	for (unsigned i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, enter_and_remove, &racers[i]);
	for (unsigned round = 0; round < 3000; round++) {
		__atomic_store_n(&slot_gone, 1, __ATOMIC_SEQ_CST);
		hpt_rmap_make_absent(hpt, 0, 16 << 12);
		/*
		 * One that is being removed is off its chain, but shows VALID until the lock goes.
		 */
		for (u64 i = 0; i < 128; i++)
			assert_int_not_equal(
			    hpt_load_v(&hpt->entries[i]) & (HPT_V_VALID | HPT_V_LOCK), HPT_V_VALID);
		__atomic_store_n(&slot_gone, 0, __ATOMIC_SEQ_CST);
		if (round % 16 == 0)
			sched_yield();
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	hpt_destroy(hpt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_ranges),
	    cmocka_unit_test(long_chain),
	    cmocka_unit_test(slot_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
