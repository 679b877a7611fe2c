/* SPDX-License-Identifier: Apache-2.0 */
/* A TLB as a client fills it: whole, and by "map this". */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cpu/booke/set.h"

#define ALL (BOOKE_READ | BOOKE_WRITE | BOOKE_EXECUTE)

static struct booke_tlb tlb;

static int map(u64 ea, u64 real, u64 bytes)
{
	struct booke_page page = {.ea = ea, .real = real, .bytes = bytes, .supervisor = ALL};

	return booke_tlb_map(&tlb, &page, 0, false);
}

static void check_page(int i, u64 ea, u64 real, u64 bytes)
{
	struct booke_page page;

	assert_true(i >= 0);
	assert_true(booke_tlb_page(&tlb, i, &page));
	assert_true(page.ea == ea && page.real == real && page.bytes == bytes);
	assert_int_equal(page.supervisor, ALL);
	assert_int_equal(page.user, 0);
	assert_false(page.space || page.little || page.tid);
}

/* Each size that there is can be mapped, and no other. */
static void sizes(unsigned which, const u64 *bytes, unsigned n)
{
	for (unsigned shift = 0; shift < 40; shift++) {
		u64 size = 1ull << shift;
		bool there = false;
		int i;

		for (unsigned k = 0; k < n; k++)
			there |= bytes[k] == size;
		booke_tlb_clear(&tlb);
		i = map(0, size & 0xfffffffffull, size);
		if (there && size >> 36 == 0)
			check_page(i, 0, size, size);
		else
			assert_int_equal(i, -EINVAL);
	}
	assert_int_equal(map(0, 0, 4097), -EINVAL);
	assert_int_equal(map(0, 0, 0), -EINVAL);
	assert_int_equal(map(0x800, 0, 0x1000), -EINVAL);
	assert_int_equal(map(0, 0x800, 0x1000), -EINVAL);
	assert_int_equal(map(1ull << 32, 0, 0x1000), -EINVAL);
	assert_int_equal(map(0, 1ull << 36, 0x1000), -EINVAL);
	assert_int_equal(tlb.kind, which);
}

static void sizes_of_a_440(void **state)
{
	static const u64 bytes[] = {1ull << 10, 1ull << 12, 1ull << 14, 1ull << 16,
				    1ull << 18, 1ull << 20, 1ull << 24, 1ull << 28};

	assert_int_equal(booke_tlb_init(&tlb, BOOKE_440), 0);
	sizes(BOOKE_440, bytes, ARRAY_SIZE(bytes));
	booke_tlb_fini(&tlb);
}

static void sizes_of_an_e500v2(void **state)
{
	u64 bytes[11];

	for (unsigned i = 0; i < ARRAY_SIZE(bytes); i++)
		bytes[i] = 4096ull << 2 * i;
	assert_int_equal(booke_tlb_init(&tlb, BOOKE_E500V2), 0);
	sizes(BOOKE_E500V2, bytes, ARRAY_SIZE(bytes));
	booke_tlb_fini(&tlb);
}

static void full_and_twice(enum booke_kind kind, unsigned first, unsigned n)
{
	struct booke_page other = {
	    .ea = 0x1000, .bytes = 0x1000, .space = true, .user = BOOKE_READ};

	assert_int_equal(booke_tlb_init(&tlb, kind), 0);
	for (unsigned i = 0; i < n - 1; i++)
		assert_int_equal(map(i * 0x10000, i * 0x10000, 0x10000), first + i);
	assert_int_equal(map(0x1000, 0, 0x1000), -EEXIST);
	/* A process of its own sees what all see. */
	other.space = false;
	other.tid = 7;
	assert_int_equal(booke_tlb_map(&tlb, &other, 0, false), -EEXIST);
	/* The other address space is another world. */
	other.space = true;
	assert_int_equal(booke_tlb_map(&tlb, &other, BOOKE_LITTLE | BOOKE_UNCACHED, true),
			 first + n - 1);
	assert_true(booke_tlb_page(&tlb, first + n - 1, &other));
	assert_true(other.space && other.little && other.tid == 7);
	assert_int_equal(other.user, BOOKE_READ);
	assert_int_equal(other.supervisor, 0);
	assert_int_equal(map(0x10000000, 0, 0x1000), -ENOSPC);
	booke_tlb_fini(&tlb);
}

static void full(void **state)
{
	full_and_twice(BOOKE_440, 0, 64);
	full_and_twice(BOOKE_E500V2, 512, 16);
}

static void protected_ones_stay(void **state)
{
	struct booke_page page = {.bytes = 1ull << 24, .supervisor = ALL};

	assert_int_equal(booke_tlb_init(&tlb, BOOKE_E500V2), 0);
	assert_int_equal(booke_tlb_map(&tlb, &page, 0, true), 512);
	assert_int_equal(map(1ull << 24, 0, 4096), 513);
	tlb_e500_flash(&tlb, MMUCSR0_TLB1_FI, NULL, NULL);
	assert_true(booke_tlb_page(&tlb, 512, &page));
	assert_false(booke_tlb_page(&tlb, 513, &page));
	booke_tlb_fini(&tlb);
}

static union booke_entry random_entry(const struct booke_tlb *t, unsigned i)
{
	union booke_entry e;

	for (unsigned k = 0; k < 4; k++)
		e.ppc440.word[k % 3] = (u32)rand() << 16 ^ (u32)rand();
	e.ppc440.tid = rand();
	if (t->kind == BOOKE_E500V2 && i < t->tlb0_entries && rand() % 4)
		/* In its set. */
		e.e500.mas2 = (e.e500.mas2 & 0xfff) |
			      i / t->tlb0_ways % (t->tlb0_entries / t->tlb0_ways) << 12;
	return e;
}

/*
 * What was set is there, less bits without a place; and setting what one got changes nothing, which
 * saving and restoring rest on.
 */
static void got_and_set_again(void **state)
{
	for (unsigned seed = 0; seed < 200; seed++) {
		union booke_entry before[BOOKE_TLB0_MAX + BOOKE_TLB1_MAX];

		srand(seed);
		assert_int_equal(booke_tlb_init(&tlb, seed & 1 ? BOOKE_440 : BOOKE_E500V2), 0);
		for (unsigned i = 0; i < tlb.entries; i++) {
			union booke_entry e = random_entry(&tlb, i);
			u64 changes = tlb.changes;

			booke_tlb_set(&tlb, i, &e);
			assert_true(tlb.changes > changes);
			if (tlb.kind == BOOKE_440)
				assert_int_equal(tlb.e[i].ppc440.word[0] & TLB440_V,
						 e.ppc440.word[0] & TLB440_V);
		}
		memcpy(before, tlb.e, tlb.entries * sizeof(*tlb.e));
		for (unsigned i = 0; i < tlb.entries; i++)
			booke_tlb_set(&tlb, i, &before[i]);
		assert_memory_equal(before, tlb.e, tlb.entries * sizeof(*tlb.e));
		booke_tlb_fini(&tlb);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sizes_of_a_440),
	    cmocka_unit_test(sizes_of_an_e500v2),
	    cmocka_unit_test(full),
	    cmocka_unit_test(protected_ones_stay),
	    cmocka_unit_test(got_and_set_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
