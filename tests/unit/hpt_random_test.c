/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random operations on a table and on a naive model of it, with readers that come and go; and the
 * same with threads, where at the end every reader's copy must be the table.
 */
#include <pthread.h>
#include "hpt_stream.h"

#define N (1u << 14)

static u64 model_v[N], model_r[N]; /* the guest's view */

/* One random operation on both; returns the entry it was about. */
static u64 random_step(struct hpt *hpt, u64 *seed)
{
	u64 i = next_random(seed) % N, v, r, slot, was_v, was_r;
	u64 bits = next_random(seed) & (HPT_R_R | HPT_R_C);
	bool used;

	if (next_random(seed) % 4)
		i %= 512;
	used = model_v[i] != 0;
	v = (next_random(seed) & HPT_V_AVPN) | (next_random(seed) & HPT_V_BOLTED) | HPT_V_VALID;
	r = page(next_random(seed) % 4096 << 12);
	was_v = model_v[i];
	was_r = model_r[i];

	switch (next_random(seed) % 8) {
	case 0:
		assert_int_equal(hpt_enter(hpt, i, HPT_EXACT, v, r, NULL), used ? -ENOSPC : 0);
		if (!used) {
			model_v[i] = v;
			model_r[i] = r;
		}
		break;
	case 1: {
		u64 first = i & ~7ull, free_at = first;

		while (free_at < first + 8 && model_v[free_at])
			free_at++;
		if (free_at == first + 8) {
			assert_int_equal(hpt_enter(hpt, i, 0, v, r, &slot), -ENOSPC);
			break;
		}
		assert_int_equal(hpt_enter(hpt, i, 0, v, r, &slot), 0);
		assert_int_equal(slot, free_at);
		model_v[free_at] = v;
		model_r[free_at] = r;
		break;
	}
	case 2:
	case 3:
		assert_int_equal(hpt_remove(hpt, i, ALWAYS, 0, &v, &r), used ? 0 : -ENOENT);
		if (used) {
			assert_int_equal(v, was_v);
			assert_int_equal(r, was_r);
		}
		model_v[i] = model_r[i] = 0;
		break;
	case 4:
		assert_int_equal(hpt_protect(hpt, i, 1u << HPT_IF_AVPN, was_v & HPT_V_CMP,
					     HPT_R_PP | HPT_R_N, r >> 12, NULL, NULL),
				 used ? 0 : -ENOENT);
		if (used)
			model_r[i] = (was_r & ~7ull) | (r >> 12 & 7);
		break;
	case 5:
		assert_int_equal(hpt_clear_rc(hpt, i, bits, NULL, NULL), used ? 0 : -ENOENT);
		model_r[i] &= ~bits;
		break;
	case 6:
		if (!used)
			break;
		if (hpt_load_v(&hpt->entries[i]) & HPT_V_ABSENT)
			assert_true(hpt_make_live(hpt, i, (was_v & ~HPT_V_VALID) | HPT_V_ABSENT));
		assert_true(hpt_set_rc(hpt, i, was_v, was_r, bits));
		model_r[i] |= bits;
		break;
	case 7:
		hpt_rmap_make_absent(hpt, next_random(seed) % 4096 << 12, 4096);
		break;
	}
	return i;
}

static void against_model(void **state)
{
	static u8 buf[4096];
	struct hpt *hpt = new_table(18);
	struct hpt_reader *rd[3] = {NULL};
	struct replica rep[3];
	u64 seed = 2024;

	for (unsigned k = 0; k < 3; k++)
		replica_init(&rep[k], N);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned k = next_random(&seed) % 3;

		for (unsigned n = 0; n < next_random(&seed) % 16; n++)
			random_step(hpt, &seed);
		if (!rd[k]) {
			assert_int_equal(hpt_reader_create(&rd[k], hpt, 0, 0), 0);
		} else if (next_random(&seed) % 256 == 0) {
			hpt_reader_destroy(rd[k]);
			rd[k] = NULL;
		} else if (next_random(&seed) % 64 == 0) {
			replica_catch_up(&rep[k], rd[k], sizeof(buf));
			assert_memory_equal(rep[k].v, model_v, sizeof(model_v));
			assert_memory_equal(rep[k].r, model_r, sizeof(model_r));
		} else {
			replica_read(&rep[k], rd[k], buf,
				     24 + next_random(&seed) % (sizeof(buf) - 24));
		}
	}
	for (unsigned k = 0; k < 3; k++) {
		hpt_reader_destroy(rd[k]);
		replica_free(&rep[k]);
	}
	hpt_destroy(hpt);
}

/* ---- threads --------------------------------------------------------------------------------- */

#define CHANGERS 2
#define CHANGES	 300000u

static struct hpt *shared;
static u32 running;

/*
 * Any change, on a few entries, so that threads meet. The two words of an entry always agree:
 * the AVPN is the page's number, so a torn read is seen.
 */
static void *changer(void *arg)
{
	u64 seed = (u64)(uintptr_t)arg;

	for (unsigned n = 0; n < CHANGES; n++) {
		u64 i = next_random(&seed) % 256, number = next_random(&seed) % 65536, v, r;

		switch (next_random(&seed) % 6) {
		case 0:
		case 1:
			hpt_enter(shared, i, next_random(&seed) % 2, number << HPT_V_AVPN_SHIFT,
				  page(number << 12), NULL);
			break;
		case 2:
			hpt_enter(shared, i, HPT_EXACT | HPT_REPLACE, number << HPT_V_AVPN_SHIFT,
				  page(number << 12), NULL);
			break;
		case 3:
			hpt_remove(shared, i, ALWAYS, 0, NULL, NULL);
			break;
		case 4:
			hpt_read(shared, i, &v, &r);
			if (v)
				hpt_set_rc(shared, i, v, r, HPT_R_R | (number % 2 ? HPT_R_C : 0));
			break;
		case 5:
			hpt_clear_rc(shared, i, HPT_R_R | HPT_R_C, NULL, NULL);
			break;
		}
	}
	__atomic_fetch_sub(&running, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void words_agree(const struct replica *rep)
{
	for (u64 i = 0; i < 256; i++)
		assert_int_equal(rep->v[i] >> HPT_V_AVPN_SHIFT, (rep->r[i] & HPT_R_RPN) >> 12);
}

static void *follower(void *arg)
{
	u8 *buf = malloc(4096);
	u64 seed = (u64)(uintptr_t)arg + 100;
	struct hpt_reader *rd;
	struct replica rep;

	replica_init(&rep, N);
	assert_int_equal(hpt_reader_create(&rd, shared, 0, 0), 0);
	while (__atomic_load_n(&running, __ATOMIC_SEQ_CST)) {
		replica_read(&rep, rd, buf, 24 + next_random(&seed) % 4000);
		words_agree(&rep);
		if (next_random(&seed) % 1024 == 0) {
			hpt_reader_destroy(rd);
			assert_int_equal(hpt_reader_create(&rd, shared, 0, 0), 0);
		}
	}
	replica_catch_up(&rep, rd, 4096);
	replica_equals(&rep, shared);
	hpt_reader_destroy(rd);
	replica_free(&rep);
	free(buf);
	return NULL;
}

static void with_threads(void **state)
{
	pthread_t threads[CHANGERS + 2];

	shared = new_table(18);
	running = CHANGERS;
	for (unsigned k = 0; k < CHANGERS + 2; k++)
		pthread_create(&threads[k], NULL, k < CHANGERS ? changer : follower,
			       (void *)(uintptr_t)(k + 1));
	for (unsigned k = 0; k < CHANGERS + 2; k++)
		pthread_join(threads[k], NULL);
	hpt_destroy(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(against_model),
	    cmocka_unit_test(with_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
