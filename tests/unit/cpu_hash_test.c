/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks by guest real address and mode: far more than a bucket holds, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "cpu/engine/cache.h"

#define LINE	     0x12340ull
#define ARENA	     (16u << 10)
#define BLOCKS	     100u
#define BLOCK_BYTES  128u
#define ROOM_OF_LINE (BUCKETS_MAX * BUCKET_REFS)

static struct code_cache cache;
static u8 memory[BLOCKS * BLOCK_BYTES * 2] __attribute__((aligned(16)));

/* The one of @kind, which may differ from others in its mode only; none is at place 0. */
static struct block *block(enum code_kind kind, unsigned n)
{
	return (struct block *)(cache.arena[kind].at + n * BLOCK_BYTES + 16);
}

static int start(void **state)
{
	size_t half = sizeof(memory) / 2;

	cache = (struct code_cache){
	    .arena = {[KEPT] = {memory, half, 0}, [COLD] = {memory + half, half, 0}}};
	for (unsigned n = 0; n < BLOCKS - 1; n++)
		for (enum code_kind kind = KEPT; kind < KINDS; kind++)
			*block(kind, n) = (struct block){.gpa = LINE + n % 16 * 4, .mode = (u16)n};
	return hash_init(&cache, ARENA);
}

static int stop(void **state)
{
	hash_fini(&cache);
	return 0;
}

static bool has(const struct block *b)
{
	struct block *found[KINDS];

	hash_look(&cache, b->gpa, b->mode, found);
	assert_ptr_equal(hash_find(&cache, kind_of(&cache, b), b->gpa, b->mode),
			 found[kind_of(&cache, b)]);
	return found[kind_of(&cache, b)] == b;
}

static void add(struct block *b)
{
	struct block *old = hash_in_the_way(&cache, b);

	if (old)
		hash_remove(&cache, old);
	hash_add(&cache, b);
	assert_true(has(b));
}

/* What a line begins is found, cold and kept, as far as several buckets hold it. */
static void full_buckets(void **state)
{
	for (unsigned n = 0; n < ROOM_OF_LINE / 2; n++) {
		assert_null(hash_in_the_way(&cache, block(KEPT, n)));
		add(block(KEPT, n));
		assert_null(hash_in_the_way(&cache, block(COLD, n)));
		add(block(COLD, n));
	}
	for (unsigned n = 0; n < BLOCKS - 1; n++)
		for (enum code_kind kind = KEPT; kind < KINDS; kind++)
			assert_int_equal(has(block(kind, n)), n < ROOM_OF_LINE / 2);
	assert_non_null(hash_in_the_way(&cache, block(KEPT, BLOCKS - 2)));
}

/* Those behind a bucket are found when what was before them has gone. */
static void removed(void **state)
{
	for (unsigned n = 0; n < ROOM_OF_LINE; n++)
		add(block(KEPT, n));
	for (unsigned n = 0; n < ROOM_OF_LINE; n += 2)
		hash_remove(&cache, block(KEPT, n));
	for (unsigned n = 0; n < ROOM_OF_LINE; n++)
		assert_int_equal(has(block(KEPT, n)), n % 2);
	hash_forget_cold(&cache);
	assert_true(has(block(KEPT, ROOM_OF_LINE - 1)));
	hash_forget_all(&cache);
	assert_false(has(block(KEPT, ROOM_OF_LINE - 1)));
}

static void only_cold_go(void **state)
{
	for (unsigned n = 0; n < ROOM_OF_LINE / 2; n++) {
		add(block(COLD, n));
		add(block(KEPT, n));
	}
	hash_forget_cold(&cache);
	for (unsigned n = 0; n < ROOM_OF_LINE / 2; n++) {
		assert_false(has(block(COLD, n)));
		assert_true(has(block(KEPT, n)));
	}
}

/* Where kept blocks have filled all, cold ones stay until as many others came. */
static void cold_ones_stay(void **state)
{
	for (unsigned n = 0; n < ROOM_OF_LINE; n++)
		add(block(KEPT, n));
	for (unsigned n = 0; n < BLOCKS - 1; n++) {
		add(block(COLD, n));
		for (unsigned before = 0; before < n && before < ROOM_OF_LINE; before++)
			assert_true(has(block(COLD, n - before)));
	}
}

#define HASH_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HASH_TEST(full_buckets),
	    HASH_TEST(removed),
	    HASH_TEST(only_cold_go),
	    HASH_TEST(cold_ones_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
