/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page sizes, hashes, virtual addresses, and the processor's search.
 */
#include "hpt_common.h"

static u64 slb_256m(u64 vsid, u64 llp)
{
	return vsid << HPT_SLB_VSID_SHIFT | llp;
}

static u64 slb_1t(u64 vsid, u64 llp)
{
	return HPT_SLB_B_1T | vsid << HPT_SLB_VSID_SHIFT_1T | llp;
}

static void page_size_codes(void **state)
{
	static const struct {
		u64 large, lp;
		unsigned base, actual; /* 0: no such code */
	} codes[] = {
	    {0, 0x00, 12, 12},
	    {0, 0x38, 12, 12},
	    {4, 0x00, 24, 24},
	    {4, 0x01, 16, 16},
	    {4, 0xf1, 16, 16},
	    {4, 0x07, 12, 16},
	    {4, 0xa7, 12, 16},
	    {4, 0x08, 16, 24},
	    {4, 0x38, 12, 24},
	    {4, 0x03, 34, 34},
	    {4, 0x10, 0, 0} /* 16M needs 0 */,
	    {4, 0x18, 0, 0},
	    {4, 0x13, 0, 0},
	    {4, 0x02, 0, 0},
	    {4, 0x04, 0, 0},
	    {4, 0x0f, 0, 0},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
		unsigned base = 0, actual = 0;
		bool ok = hpt_page_shifts(codes[i].large | HPT_V_VALID,
					  codes[i].lp << HPT_R_LP_SHIFT, &base, &actual);

		assert_int_equal(ok, codes[i].base != 0);
		assert_int_equal(base, codes[i].base);
		assert_int_equal(actual, codes[i].actual);
	}
}

/* What KVM_PPC_GET_SMMU_INFO tells must be what the decoder understands. */
static void smmu_info_agrees(void **state)
{
	for (unsigned i = 0; i < HPT_BASE_SIZES; i++) {
		const struct hpt_base_size *b = &hpt_base_sizes[i];

		assert_int_equal(hpt_slb_page_shift(b->slb_enc), b->page_shift);
		for (unsigned j = 0; j < b->count; j++) {
			unsigned base, actual;
			u64 v = b->actual[j].page_shift > 12 ? HPT_V_LARGE : 0;

			assert_true(hpt_page_shifts(v, (u64)b->actual[j].pte_enc << HPT_R_LP_SHIFT,
						    &base, &actual));
			assert_int_equal(base, b->page_shift);
			assert_int_equal(actual, b->actual[j].page_shift);
		}
	}
	assert_int_equal(hpt_slb_page_shift(0x120), 34);
	assert_int_equal(hpt_slb_page_shift(0x130), 0);
}

/* By hand: the xor of segment number and page number. */
static void hashes_by_hand(void **state)
{
	struct hpt_va va = hpt_va_of_ea(slb_256m(0x123456789, 0), 0xc00000000abcd123);

	assert_int_equal(va.vsid, 0x123456789);
	assert_int_equal(va.offset, 0x0abcd123);
	assert_false(va.is_1t);
	assert_int_equal(hpt_hash(va, 12), 0x123456789 ^ 0xabcd);
	assert_int_equal(hpt_hash(va, 16), 0x123456789 ^ 0xabc);
	assert_int_equal(hpt_hash(va, 24), 0x123456789 ^ 0xa);
	/* VA = vsid << 28 | offset; the AVPN is VA >> 23, at bit 7. */
	assert_int_equal(hpt_avpn(va, 12), ((0x123456789ull << 5) | (0x0abcd123 >> 23)) << 7);
	assert_int_equal(hpt_avpn(va, 24), ((0x123456789ull << 5) | (0x0a000000 >> 23)) << 7);

	/* The VRMA's segment hashes to ones: 0x1ffffff in bits 24:0 and again in 49:25. */
	va = hpt_va_of_ea(slb_1t(HPT_VRMA_VSID, 0x100), 0xff03000000ull);
	assert_true(va.is_1t);
	assert_int_equal(va.offset, 0xff03000000ull);
	assert_int_equal(hpt_hash(va, 24), 0x3ffffffffffff ^ 0xff03);
	assert_int_equal(hpt_avpn(va, 24), 0x4000000000000000ull | ((0x1ffffffull << 17) | 0x1fe06)
								       << 7);
	assert_true(hpt_is_vrma(hpt_avpn(va, 24) | HPT_V_LARGE | HPT_V_BOLTED | HPT_V_VALID));
	assert_false(hpt_is_vrma(hpt_avpn(hpt_va_of_ea(slb_1t(0x1fffffe, 0), 0), 12)));
}

static u64 entry_v(u64 slb, struct hpt_va va)
{
	return hpt_avpn(va, hpt_slb_page_shift(slb)) | (slb & HPT_SLB_L ? HPT_V_LARGE : 0) |
	       HPT_V_VALID;
}

/* Group and AVPN give the address back, for any segment, page size and table size. */
static void entry_to_address(void **state)
{
	static const u64 encodings[] = {0, 0x110, 0x100, 0x120};
	u64 seed = 1;

	for (unsigned n = 0; n < 20000; n++) {
		u64 slb = next_random(&seed) % 2 ? slb_1t(next_random(&seed) >> 26, 0)
						 : slb_256m(next_random(&seed) >> 14, 0);
		unsigned order = HPT_ORDER_MIN + next_random(&seed) % 29;
		u64 mask = (1ull << (order - 7)) - 1, v, index;
		struct hpt_va va, back;
		unsigned shift;

		slb |= encodings[next_random(&seed) % ((slb & HPT_SLB_B) ? 4 : 3)];
		shift = hpt_slb_page_shift(slb);
		va = hpt_va_of_ea(slb, next_random(&seed));
		v = entry_v(slb, va);
		index = (hpt_hash(va, shift) & mask) << 3 | next_random(&seed) % 8;
		if (next_random(&seed) % 2) {
			index = (~hpt_hash(va, shift) & mask) << 3;
			v |= HPT_V_SECONDARY;
		}
		back = hpt_entry_va(index, v, shift);
		assert_int_equal(back.vsid, va.vsid);
		assert_int_equal(back.is_1t, va.is_1t);
		assert_int_equal(back.offset, va.offset & ~((1ull << shift) - 1));
	}
}

/* Enters a page in the primary or the secondary group, where the processor will look. */
static u64 enter_for(struct hpt *hpt, u64 slb, u64 ea, bool secondary, u64 v, u64 r)
{
	unsigned shift = hpt_slb_page_shift(slb);
	u64 hash = hpt_hash(hpt_va_of_ea(slb, ea), shift), slot;

	v |= hpt_avpn(hpt_va_of_ea(slb, ea), shift) | (secondary ? HPT_V_SECONDARY : 0);
	hash = (secondary ? ~hash : hash) & hpt_pteg_mask(hpt);
	assert_int_equal(hpt_enter(hpt, hash << 3, 0, v, r, &slot), 0);
	return slot;
}

static void search_finds(void **state)
{
	struct hpt *hpt = new_table(18);
	u64 slb = slb_256m(0xabcdef, 0), index;
	struct hpt_hit hit;

	assert_false(hpt_search(hpt, slb, 0x1234567, &hit));
	index = enter_for(hpt, slb, 0x1234567, false, 0, page(0x5000));
	assert_true(hpt_search(hpt, slb, 0x1234abc, &hit));
	assert_int_equal(hit.index, index);
	assert_int_equal(hit.r, page(0x5000));
	assert_int_equal(hit.base_shift, 12);
	assert_int_equal(hit.actual_shift, 12);
	assert_true(hit.v & HPT_V_VALID);
	/* Not in another segment, page, or page size. */
	assert_false(hpt_search(hpt, slb, 0x1235567, &hit));
	assert_false(hpt_search(hpt, slb ^ 1 << HPT_SLB_VSID_SHIFT, 0x1234567, &hit));
	assert_false(hpt_search(hpt, slb | 0x110, 0x1234567, &hit));
	/* L||LP of a size that isn't supported. */
	assert_false(hpt_search(hpt, slb | 0x130, 0x1234567, &hit));

	index = enter_for(hpt, slb, 0x7654321, true, 0, page(0x6000));
	assert_true(hpt_search(hpt, slb, 0x7654321, &hit));
	assert_int_equal(hit.index, index);
	assert_true(hit.v & HPT_V_SECONDARY);
	assert_int_equal(hpt_remove(hpt, index, ALWAYS, 0, NULL, NULL), 0);
	assert_false(hpt_search(hpt, slb, 0x7654321, &hit));

	/* A primary entry in the secondary group is not found, nor the other way round. */
	enter_at(hpt, index, hpt_avpn(hpt_va_of_ea(slb, 0x7654321), 12), page(0x6000));
	assert_false(hpt_search(hpt, slb, 0x7654321, &hit));
	hpt_destroy(hpt);
}

/* A 4K segment has entries of three sizes, a 64K segment of two. */
static void search_mixed_sizes(void **state)
{
	static const struct {
		u64 llp, lp;
		unsigned base, actual;
	} sizes[] = {{0, 0x07, 12, 16},	    {0, 0x38, 12, 24},	{0x110, 0x01, 16, 16},
		     {0x110, 0x08, 16, 24}, {0x100, 0, 24, 24}, {0x120, 3, 34, 34}};
	struct hpt *hpt = new_table(20);

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 slb = slb_1t(0x100 + i, sizes[i].llp), ea = 0x31abcd4567ull;
		struct hpt_hit hit;

		enter_for(hpt, slb, ea, i & 1, HPT_V_LARGE, page(sizes[i].lp << HPT_R_LP_SHIFT));
		assert_true(hpt_search(hpt, slb, ea, &hit));
		assert_int_equal(hit.base_shift, sizes[i].base);
		assert_int_equal(hit.actual_shift, sizes[i].actual);
		/* Each base page of it needs an entry of its own. */
		assert_false(hpt_search(hpt, slb, ea + (1ull << sizes[i].base), &hit));
		for (unsigned j = 0; j < HPT_BASE_SIZES; j++) {
			u64 other = slb_1t(0x100 + i, hpt_base_sizes[j].slb_enc);

			if (hpt_base_sizes[j].page_shift != sizes[i].base)
				assert_false(hpt_search(hpt, other, ea, &hit));
		}
	}
	hpt_destroy(hpt);
}

static void search_absent(void **state)
{
	struct test_ops ops = {.ram_end = 0x100000};
	struct hpt *hpt = new_table(18);
	u64 slb = slb_256m(7, 0);
	struct hpt_hit hit;

	hpt_set_ops(hpt, &test_ops, &ops);
	enter_for(hpt, slb, 0x3000, false, 0, page(0x200000));
	assert_true(hpt_search(hpt, slb, 0x3000, &hit));
	assert_true(hit.v & HPT_V_ABSENT);
	assert_false(hit.v & HPT_V_VALID);
	/* The slot comes: next use makes it live. */
	assert_false(hpt_make_live(hpt, hit.index, hit.v));
	ops.ram_end = 0x300000;
	assert_false(hpt_make_live(hpt, hit.index, hit.v ^ HPT_V_BOLTED));
	assert_true(hpt_make_live(hpt, hit.index, hit.v));
	assert_true(hpt_search(hpt, slb, 0x3000, &hit));
	assert_true(hit.v & HPT_V_VALID);
	assert_false(hit.v & HPT_V_ABSENT);
	assert_int_equal(ops.invalidated, 0);
	hpt_destroy(hpt);
}

/* The eighth and last entry of both groups is looked at, and a full group passed by. */
static void search_full_groups(void **state)
{
	struct hpt *hpt = new_table(18);
	u64 slb = slb_256m(0x42, 0x110), ea = 0x5550000, slot;
	struct hpt_hit hit;

	for (unsigned i = 0; i < 7; i++)
		enter_for(hpt, slb_256m(0x42 + (0x800u << i), 0x110), ea, false, HPT_V_LARGE,
			  page(0x1000));
	slot = enter_for(hpt, slb, ea, false, HPT_V_LARGE, page(0x1000));
	assert_int_equal(slot & 7, 7);
	assert_true(hpt_search(hpt, slb, ea, &hit));
	assert_int_equal(hit.index, slot);
	assert_int_equal(hpt_enter(hpt, slot, 0, HPT_V_LARGE, page(0x1000), &slot), -ENOSPC);
	hpt_destroy(hpt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(page_size_codes), cmocka_unit_test(smmu_info_agrees),
	    cmocka_unit_test(hashes_by_hand),  cmocka_unit_test(entry_to_address),
	    cmocka_unit_test(search_finds),    cmocka_unit_test(search_mixed_sizes),
	    cmocka_unit_test(search_absent),   cmocka_unit_test(search_full_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
