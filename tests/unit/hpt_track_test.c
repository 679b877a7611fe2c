/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Change bits: found in order, each once, none lost between threads.
 */
#include <pthread.h>
#include "hpt_common.h"

/* Takes every bit there is, and checks that groups come in order. */
static u64 take_all(struct hpt_tracker *t, u8 *seen)
{
	u64 group = 0, words, total = 0;

	for (; (words = hpt_track_take_group(t, &group)); group++) {
		for (; words; words &= words - 1) {
			u64 word =
			    (group << HPT_TRACK_GROUP_SHIFT) + (unsigned)__builtin_ctzll(words);
			u64 bits = hpt_track_take(t, word, ~0ull);

			for (; bits; bits &= bits - 1, total++)
				seen[word * 64 + (unsigned)__builtin_ctzll(bits)]++;
		}
	}
	return total;
}

static void each_bit_once(void **state)
{
	static const u64 sizes[] = {1 << 14, 1 << 16, 1 << 18, 1 << 20};

	for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++) {
		u64 n = sizes[s], seed = s + 1;
		u8 *seen = calloc(n, 1), *expect = calloc(n, 1);
		struct hpt_trackers ts;
		struct hpt_tracker *t;

		hpt_trackers_init(&ts, n);
		hpt_track_mark(&ts, 5); /* nobody listens */
		t = hpt_tracker_get(&ts);
		assert_int_equal(take_all(t, seen), 0);
		for (unsigned round = 0; round < 20; round++) {
			memset(seen, 0, n);
			memset(expect, 0, n);
			for (unsigned k = 0; k < 1u << round % 12; k++) {
				u64 i = next_random(&seed) % n;

				if (k == 0)
					i = 0;
				if (k == 1)
					i = n - 1;
				hpt_track_mark(&ts, i);
				expect[i] = 1;
			}
			take_all(t, seen);
			assert_memory_equal(seen, expect, n);
			assert_int_equal(take_all(t, seen), 0);
		}
		/* Nothing anywhere, so nothing to look at. */
		for (unsigned l = 0; l < t->levels; l++)
			for (u64 w = 0; w < t->words[l]; w++)
				assert_int_equal(t->level[l][w], 0);
		hpt_tracker_put(&ts, t);
		assert_int_equal(ts.n_active, 0);
		hpt_trackers_destroy(&ts);
		free(seen);
		free(expect);
	}
}

static void given_back(void **state)
{
	struct hpt_trackers ts;
	struct hpt_tracker *t;
	u64 group = 0;

	hpt_trackers_init(&ts, 1 << 14);
	t = hpt_tracker_get(&ts);
	hpt_track_mark(&ts, 64 * 70 + 3);
	hpt_track_mark(&ts, 64 * 70 + 9);
	assert_int_equal(hpt_track_take_group(t, &group), 1ull << (70 - 64));
	assert_int_equal(group, 1);
	assert_int_equal(hpt_track_take(t, 70, ~0ull << 5), 1 << 9);
	hpt_track_give_back(t, 70, 0); /* bit 3 is left, and must be found again */
	group = 0;
	assert_int_equal(hpt_track_take_group(t, &group), 1ull << (70 - 64));
	assert_int_equal(hpt_track_take(t, 70, ~0ull), 1 << 3);
	hpt_track_give_back(t, 70, 1 << 3);
	group = 0;
	assert_int_equal(hpt_track_take_group(t, &group), 1ull << (70 - 64));
	assert_int_equal(hpt_track_peek(t, 70), 1 << 3);
	hpt_tracker_put(&ts, t);
	/* Used again, and empty. */
	assert_ptr_equal(hpt_tracker_get(&ts), t);
	group = 0;
	assert_int_equal(hpt_track_take_group(t, &group), 0);
	assert_ptr_not_equal(hpt_tracker_get(&ts), t);
	assert_int_equal(ts.n_active, 2);
	hpt_trackers_destroy(&ts);
}

/* ---- threads --------------------------------------------------------------------------------- */

#define MARKERS 2
#define MARKS	200000u

static struct hpt_trackers shared;
static u64 numbers[1 << 14]; /* counts marks of an entry; a reader must see the last */
static u32 done;

static void *marker(void *arg)
{
	u64 seed = (u64)(uintptr_t)arg;

	for (unsigned k = 0; k < MARKS; k++) {
		u64 i = next_random(&seed) % ARRAY_SIZE(numbers);

		/*
		 * As an entry's change: visible before the mark is, at the latest when it is taken.
		 */
		__atomic_fetch_add(&numbers[i], 1, __ATOMIC_SEQ_CST);
		hpt_track_mark(&shared, i);
	}
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *taker(void *arg)
{
	struct hpt_tracker *t = arg;
	u64 *copy = calloc(ARRAY_SIZE(numbers), sizeof(u64)), total;

	do {
		bool last = __atomic_load_n(&done, __ATOMIC_SEQ_CST) == MARKERS;
		u8 *seen = calloc(ARRAY_SIZE(numbers), 1);

		total = take_all(t, seen);
		for (u64 i = 0; i < ARRAY_SIZE(numbers); i++)
			if (seen[i])
				copy[i] = __atomic_load_n(&numbers[i], __ATOMIC_SEQ_CST);
		free(seen);
		total += !last;
	} while (total);
	assert_memory_equal(copy, numbers, sizeof(numbers));
	free(copy);
	return NULL;
}

static void none_lost(void **state)
{
	pthread_t threads[MARKERS + 2];

	hpt_trackers_init(&shared, ARRAY_SIZE(numbers));
	for (unsigned i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, taker, hpt_tracker_get(&shared));
	for (unsigned i = 0; i < MARKERS; i++)
		pthread_create(&threads[2 + i], NULL, marker, (void *)(uintptr_t)(i + 1));
	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	hpt_trackers_destroy(&shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_bit_once),
	    cmocka_unit_test(given_back),
	    cmocka_unit_test(none_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
