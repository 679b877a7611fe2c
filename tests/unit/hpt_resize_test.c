/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Into a table of another order: what goes along is found there by its address, and nothing else.
 */
#include "hpt_common.h"

struct segment {
	u64 slb, pte_lp;
	unsigned base_shift, actual_shift;
};

static const struct segment segments[] = {
    {0, 0, 12, 12},
    {HPT_SLB_L | 0x10, 0x01, 16, 16},
    {HPT_SLB_L, 0x00, 24, 24},
    {HPT_SLB_L | 0x10, 0x08, 16, 24},
    {HPT_SLB_L | 0x20, 0x03, 34, 34},
};

struct sample {
	u64 slb_vsid, ea, r;
	bool bolted, entered;
};

#define SAMPLES 3000

/* A random page, entered where its hash says, if there is room. */
static void add(struct hpt *hpt, struct sample *s, u64 *seed)
{
	const struct segment *g = &segments[next_random(seed) % ARRAY_SIZE(segments)];
	bool is_1t = g->base_shift == 34 || next_random(seed) % 2;
	u64 vsid = next_random(seed) & (is_1t ? 0xffffff : 0xfffffff), v, group, slot;
	bool secondary = next_random(seed) % 4 == 0;
	struct hpt_va va;

	s->slb_vsid = g->slb | (is_1t ? HPT_SLB_B_1T | vsid << HPT_SLB_VSID_SHIFT_1T
				      : vsid << HPT_SLB_VSID_SHIFT);
	s->ea = next_random(seed) & ~((1ull << g->base_shift) - 1);
	va = hpt_va_of_ea(s->slb_vsid, s->ea);
	group = hpt_hash(va, g->base_shift);
	group = (secondary ? ~group : group) & hpt_pteg_mask(hpt);
	s->bolted = next_random(seed) % 2;
	v = hpt_avpn(va, g->base_shift) | (g->slb ? HPT_V_LARGE : 0) |
	    (secondary ? HPT_V_SECONDARY : 0) | (s->bolted ? HPT_V_BOLTED : 0);
	s->r = (next_random(seed) % (1ull << 38)) >> g->actual_shift << g->actual_shift |
	       g->pte_lp << HPT_R_LP_SHIFT | HPT_R_M | 2 |
	       (next_random(seed) & (HPT_R_R | HPT_R_C));
	if (next_random(seed) % 8 == 0)
		s->r |= 1ull << 40; /* where there is no memory */
	s->entered = !hpt_enter(hpt, group << HPT_GROUP_SHIFT, 0, v, s->r, &slot);
}

static u64 used(struct hpt *hpt)
{
	u64 n = 0, v, r;

	for (u64 i = 0; i < hpt_entries(hpt); i++) {
		hpt_read(hpt, i, &v, &r);
		n += v & HPT_V_VALID;
	}
	return n;
}

static void count(void *ctx, u64 index, u64 v, u64 r)
{
	++*(u64 *)ctx;
}

/*
 * Every bolted page is found, with all its words, and on its reverse map's chain if it has memory.
 */
static void check(struct hpt *hpt, const struct sample *samples, bool all)
{
	u64 bolted = 0;

	for (unsigned i = 0; i < SAMPLES; i++) {
		const struct sample *s = &samples[i];
		struct hpt_hit hit;
		u64 chained = 0;

		if (!s->entered || !(all || s->bolted))
			continue;
		bolted++;
		assert_true(hpt_search(hpt, s->slb_vsid, s->ea, &hit));
		assert_int_equal(hit.r, s->r);
		assert_int_equal(!!(hit.v & HPT_V_ABSENT), s->r >> 40 & 1);
		hpt_rmap_walk(hpt, hpt_entry_gpa(hit.r, hit.actual_shift), 1, count, &chained);
		assert_int_equal(chained > 0, hit.v & HPT_V_VALID);
	}
	assert_int_equal(used(hpt), bolted);
}

/* Up and down, but never further down than where each had a place of its own. */
static void go_along(void **state)
{
	static const unsigned orders[] = {22, 20, 26, 20, 20, 24};
	static struct sample samples[SAMPLES];
	struct test_ops ops = {.ram_end = 1ull << 40};
	struct hpt *hpt = new_table(20), *next;
	u64 seed = 4711;

	hpt_set_ops(hpt, &test_ops, &ops);
	for (unsigned i = 0; i < SAMPLES; i++)
		add(hpt, &samples[i], &seed);
	check(hpt, samples, true);
	for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
		next = new_table(orders[i]);
		hpt_set_ops(next, &test_ops, &ops);
		assert_int_equal(hpt_rehash(hpt, next), 0);
		hpt_destroy(hpt);
		hpt = next;
		check(hpt, samples, false);
	}
	assert_int_equal(ops.invalidated, 0);
	hpt_destroy(hpt);
}

/* Pages whose groups differ in the larger table only, in the same place of each. */
static void no_room(void **state)
{
	struct hpt *large = new_table(19), *small = new_table(18);
	u64 v, r, group = hpt_hash((struct hpt_va){0x1234, 0, false}, 12) & hpt_pteg_mask(large);
	u64 other = group ^ 1 << 11;

	v = hpt_avpn((struct hpt_va){0x1234, 0, false}, 12) | HPT_V_BOLTED;
	enter_at(large, group << 3 | 5, v, page(0x1000));
	v = hpt_avpn((struct hpt_va){0x1234 ^ 1 << 11, 0, false}, 12) | HPT_V_BOLTED;
	enter_at(large, other << 3 | 5, v, page(0x2000));
	assert_int_equal(hpt_rehash(large, small), -ENOSPC);
	hpt_destroy(small);
	/* The old one is as it was, and does when there is room. */
	hpt_read(large, other << 3 | 5, &v, &r);
	assert_int_equal(r, page(0x2000));
	assert_int_equal(used(large), 2);
	assert_int_equal(hpt_remove(large, other << 3 | 5, ALWAYS, 0, NULL, NULL), 0);
	small = new_table(18);
	assert_int_equal(hpt_rehash(large, small), 0);
	hpt_read(small, (group & hpt_pteg_mask(small)) << 3 | 5, &v, &r);
	assert_int_equal(r, page(0x1000));
	hpt_destroy(small);
	hpt_destroy(large);
}

/* A page that reached beyond memory's end since: refused to the guest now, but it had it before. */
static void half_gone(void **state)
{
	struct test_ops ops = {.ram_end = 1ull << 24};
	struct hpt *hpt = new_table(18), *next = new_table(19);
	struct hpt_va va = {0x1234, 0, false};
	u64 index = (hpt_hash(va, 24) & hpt_pteg_mask(hpt)) << 3, v, r;

	hpt_set_ops(hpt, &test_ops, &ops);
	hpt_set_ops(next, &test_ops, &ops);
	enter_at(hpt, index, hpt_avpn(va, 24) | HPT_V_LARGE | HPT_V_BOLTED, page(0));
	ops.ram_end = 1 << 20;
	assert_int_equal(hpt_rmap_make_absent(hpt, 1 << 20, 15 << 20), 1);
	assert_int_equal(hpt_rehash(hpt, next), 0);
	hpt_read(next, (hpt_hash(va, 24) & hpt_pteg_mask(next)) << 3, &v, &r);
	assert_true(v & HPT_V_VALID);
	assert_int_equal(r, page(0));
	assert_false(hpt_make_live(next, (hpt_hash(va, 24) & hpt_pteg_mask(next)) << 3,
				   (v & ~HPT_V_VALID) | HPT_V_ABSENT));
	hpt_destroy(hpt);
	hpt_destroy(next);
}

static void populate(void **state)
{
	atomic_bool stop = false;
	struct hpt *hpt = new_table(22);

	assert_int_equal(hpt_populate(hpt, &stop), 0);
	assert_int_equal(used(hpt), 0);
	stop = true;
	assert_int_equal(hpt_populate(hpt, &stop), -ECANCELED);
	hpt_destroy(hpt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(go_along),
	    cmocka_unit_test(no_room),
	    cmocka_unit_test(half_gone),
	    cmocka_unit_test(populate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
