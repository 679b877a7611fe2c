/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the descriptor's stream, rule by rule (docs/htab-descriptor.md names these tests). */
#include "hpt/convert.h"
#include "hpt_stream.h"

static u8 buf[2 << 20];

static struct htab_record header_at(size_t offset)
{
	struct htab_record h;

	memcpy(&h, buf + offset, sizeof(h));
	return h;
}

static void assert_header(size_t offset, u64 index, unsigned n_valid, unsigned n_invalid)
{
	struct htab_record h = header_at(offset);

	assert_int_equal(h.index, index);
	assert_int_equal(h.n_valid, n_valid);
	assert_int_equal(h.n_invalid, n_invalid);
}

static void first_pass_tells_all(void **state)
{
	struct hpt *hpt = new_table(18);
	struct hpt_reader *rd = new_reader(hpt, 0, 0);
	struct replica rep;

	replica_init(&rep, hpt_entries(hpt));
	for (u64 i = 0; i < rep.n; i += 1 + i % 7)
		enter_at(hpt, i, AVPN(i), page(i << 12));
	/* One read ends at the table's end, and short. */
	assert_true((size_t)replica_read(&rep, rd, buf, sizeof(buf)) < sizeof(buf));
	for (u64 i = 0; i < rep.n; i++)
		assert_int_equal(rep.told[i], 1);
	replica_equals(&rep, hpt);
	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 0);
	hpt_reader_destroy(rd);
	replica_free(&rep);
	hpt_destroy(hpt);
}

static void first_pass_from_start_index(void **state)
{
	struct hpt *hpt = new_table(18);
	u64 n = hpt_entries(hpt);
	struct hpt_reader *rd = new_reader(hpt, 0, 1000);

	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 8);
	assert_header(0, 1000, 0, (unsigned)n - 1000);
	/* Later passes know no start. */
	enter_at(hpt, 3, AVPN(3), page(0x3000));
	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 24);
	assert_header(0, 3, 1, 0);
	hpt_reader_destroy(rd);

	/* Beyond the table: the first pass is empty. */
	rd = new_reader(hpt, 0, n);
	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 0);
	enter_at(hpt, 4, AVPN(4), page(0x3000));
	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 24);
	hpt_reader_destroy(rd);
	rd = new_reader(hpt, 0, ~0ull);
	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 0);
	hpt_reader_destroy(rd);
	hpt_destroy(hpt);
}

static void bolted_only(void **state)
{
	struct hpt *hpt = new_table(18);
	u64 n = hpt_entries(hpt);
	struct hpt_reader *rd = new_reader(hpt, HPT_READ_BOLTED_ONLY, 0);

	enter_at(hpt, 10, AVPN(1) | HPT_V_BOLTED, page(0x1000));
	enter_at(hpt, 11, AVPN(2), page(0x2000));
	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 8 + 8 + 16);
	assert_header(0, 0, 0, 10);
	assert_header(8, 10, 1, (unsigned)n - 11);
	/* A changed entry that is not bolted counts as invalid in later passes too. */
	hpt_protect(hpt, 11, ALWAYS, 0, HPT_R_PP, 1, NULL, NULL);
	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 8);
	assert_header(0, 11, 0, 1);
	hpt_reader_destroy(rd);

	for (u64 i = 0; i < n; i++)
		hpt_enter(hpt, i, HPT_EXACT | HPT_REPLACE, AVPN(i) | (i % 64 ? HPT_V_BOLTED : 0),
			  page(i << 12), NULL);
	rd = new_reader(hpt, HPT_READ_BOLTED_ONLY, 0);
	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), n / 64 * (63 * 16 + 8) + 8);
	hpt_reader_destroy(rd);
	hpt_destroy(hpt);
}

/* After each of these the entry is told again; what is told is compared at the same time. */
static void each_change_is_told(void **state)
{
	struct test_ops ops = {.ram_end = 1ull << 32};
	struct hpt *hpt = new_table(18);
	struct hpt_reader *rd = new_reader(hpt, 0, 0);
	u64 v = AVPN(77) | HPT_V_VALID, r = page(0x77000);

	hpt_set_ops(hpt, &test_ops, &ops);
	while (hpt_reader_read(rd, buf, sizeof(buf)))
		;
#define TOLD(change, n_valid)                                                                      \
	do {                                                                                       \
		change;                                                                            \
		assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 8 + 16 * (n_valid));       \
		assert_header(0, 77, n_valid, 1 - (n_valid));                                      \
		if (n_valid) {                                                                     \
			assert_int_equal(load_be64(buf + 8), v);                                   \
			assert_int_equal(load_be64(buf + 16), r);                                  \
		}                                                                                  \
		assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 0);                        \
	} while (0)
#define NOT_TOLD(change)                                                                           \
	do {                                                                                       \
		change;                                                                            \
		assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 0);                        \
	} while (0)

	TOLD(enter_at(hpt, 77, v, r), 1);
	TOLD(assert_true(hpt_set_rc(hpt, 77, v, r, HPT_R_R)); r |= HPT_R_R, 1);
	NOT_TOLD(assert_true(hpt_set_rc(hpt, 77, v, r, HPT_R_R)));
	NOT_TOLD(assert_true(hpt_set_rc(hpt, 77, v, r & ~HPT_R_R, HPT_R_R)));
	TOLD(assert_true(hpt_set_rc(hpt, 77, v, r, HPT_R_C)); r |= HPT_R_C, 1);
	TOLD(hpt_protect(hpt, 77, ALWAYS, 0, HPT_R_PP, 3, NULL, NULL); r |= 3, 1);
	TOLD(hpt_clear_rc(hpt, 77, HPT_R_C, NULL, NULL); r &= ~HPT_R_C, 1);
	NOT_TOLD(hpt_clear_rc(hpt, 77, HPT_R_C, NULL, NULL));
	TOLD(hpt_rmap_clear_rc(hpt, 0x77000, 0x1000, HPT_R_R); r &= ~HPT_R_R, 1);
	NOT_TOLD(hpt_remove(hpt, 77, 1u << HPT_IF_AVPN, 0, NULL, NULL));
	NOT_TOLD(hpt_enter(hpt, 77, HPT_EXACT, v, r, NULL));
	/* The slot goes: the guest's view stays, yet it is a change. */
	TOLD(assert_int_equal(hpt_rmap_make_absent(hpt, 0x77000, 1), 1), 1);
	NOT_TOLD(assert_true(hpt_make_live(hpt, 77, (v & ~HPT_V_VALID) | HPT_V_ABSENT)));
	TOLD(hpt_remove(hpt, 77, ALWAYS, 0, NULL, NULL), 0);
	NOT_TOLD(hpt_remove(hpt, 77, ALWAYS, 0, NULL, NULL));
	TOLD(enter_at(hpt, 77, v, r), 1);
	TOLD(hpt_clear(hpt), 0);
	/* Came and went: told as invalid. */
	TOLD(enter_at(hpt, 77, v, r); hpt_remove(hpt, 77, ALWAYS, 0, NULL, NULL), 0);
	hpt_reader_destroy(rd);
	hpt_destroy(hpt);
}

static void later_passes_tell_changes_only(void **state)
{
	struct hpt *hpt = new_table(18);
	struct hpt_reader *rd = new_reader(hpt, 0, 0);
	u64 n = hpt_entries(hpt);

	for (u64 i = 0; i < n; i++)
		enter_at(hpt, i, AVPN(i), page(i << 12));
	while (hpt_reader_read(rd, buf, sizeof(buf)))
		;
	/* A run, broken by an unchanged entry; a valid run followed by an invalid one. */
	for (u64 i = 60; i < 70; i++)
		if (i != 65)
			hpt_protect(hpt, i, ALWAYS, 0, HPT_R_PP, 3, NULL, NULL);
	hpt_remove(hpt, 70, ALWAYS, 0, NULL, NULL);
	hpt_remove(hpt, 71, ALWAYS, 0, NULL, NULL);
	hpt_protect(hpt, 72, ALWAYS, 0, HPT_R_PP, 3, NULL, NULL);
	hpt_remove(hpt, n - 1, ALWAYS, 0, NULL, NULL);
	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 4 * 8 + 10 * 16);
	assert_header(0, 60, 5, 0);
	assert_header(88, 66, 4, 2);
	assert_header(88 + 72, 72, 1, 0);
	assert_header(88 + 72 + 24, n - 1, 0, 1);
	hpt_reader_destroy(rd);
	hpt_destroy(hpt);
}

/* A change behind the cursor is told in the next pass, one ahead of it in this one, once. */
static void changes_around_the_cursor(void **state)
{
	struct hpt *hpt = new_table(18);
	struct hpt_reader *rd = new_reader(hpt, 0, 0);
	u64 n = hpt_entries(hpt);

	for (u64 i = 0; i < n; i++)
		enter_at(hpt, i, AVPN(i), page(i << 12));
	assert_int_equal(hpt_reader_read(rd, buf, 8 + 100 * 16), 8 + 100 * 16);
	assert_header(0, 0, 100, 0);
	hpt_remove(hpt, 99, ALWAYS, 0, NULL, NULL);
	hpt_remove(hpt, 100, ALWAYS, 0, NULL, NULL);
	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 8 + 8 + (n - 101) * 16);
	assert_header(0, 100, 0, 1);
	assert_header(8, 101, (unsigned)n - 101, 0);
	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 8);
	assert_header(0, 99, 0, 1);
	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 0);
	hpt_reader_destroy(rd);
	hpt_destroy(hpt);
}

/* Zero means that the whole table has nothing new, never just the rest of it. */
static void zero_means_all_was_looked_at(void **state)
{
	struct hpt *hpt = new_table(18);
	struct hpt_reader *rd = new_reader(hpt, 0, 0);

	while (hpt_reader_read(rd, buf, sizeof(buf)))
		;
	enter_at(hpt, 5000, AVPN(1), page(0));
	enter_at(hpt, 6000, AVPN(1), page(0));
	assert_int_equal(hpt_reader_read(rd, buf, 24), 24);
	assert_header(0, 5000, 1, 0);
	enter_at(hpt, 10, AVPN(1), page(0));
	assert_int_equal(hpt_reader_read(rd, buf, 24), 24);
	assert_header(0, 6000, 1, 0);
	assert_int_equal(hpt_reader_read(rd, buf, 24), 24);
	assert_header(0, 10, 1, 0);
	assert_int_equal(hpt_reader_read(rd, buf, 24), 0);
	hpt_reader_destroy(rd);
	hpt_destroy(hpt);
}

static void buffer_sizes(void **state)
{
	struct hpt *hpt = new_table(18);
	struct hpt_reader *rd = new_reader(hpt, 0, 0);

	for (size_t bytes = 0; bytes < 24; bytes++)
		assert_int_equal(hpt_reader_read(rd, buf, bytes), -EINVAL);
	enter_at(hpt, 0, AVPN(0), page(0));
	enter_at(hpt, 1, AVPN(1), page(0x1000));
	/* One that fits exactly one record is used, a tail too small for an entry is not. */
	assert_int_equal(hpt_reader_read(rd, buf, 24), 24);
	assert_header(0, 0, 1, 0);
	assert_int_equal(hpt_reader_read(rd, buf, 39), 24);
	assert_header(0, 1, 1, (unsigned)hpt_entries(hpt) - 2);
	hpt_reader_destroy(rd);
	hpt_destroy(hpt);
}

/* Whatever the size, and at odd addresses, the records say the same in the end. */
static void any_buffer_size(void **state)
{
	struct hpt *hpt = new_table(18);
	struct replica rep;
	u64 seed = 99;

	replica_init(&rep, hpt_entries(hpt));
	for (u64 i = 0; i < rep.n; i++)
		if (next_random(&seed) % 5 > 1)
			enter_at(hpt, i, AVPN(i), page(i << 12));
	for (size_t bytes = 24; bytes < 3000; bytes += 1 + bytes / 4) {
		struct hpt_reader *rd = new_reader(hpt, 0, 0);

		replica_forget(&rep);
		memset(rep.v, 0xff, rep.n * sizeof(u64));
		while (replica_read(&rep, rd, buf + 1, bytes))
			;
		for (u64 i = 0; i < rep.n; i++)
			assert_int_equal(rep.told[i], 1);
		replica_equals(&rep, hpt);
		hpt_reader_destroy(rd);
	}
	replica_free(&rep);
	hpt_destroy(hpt);
}

/* 131,072 entries: counts stop at 65,535, and the next record goes on. */
static void runs_of_65535(void **state)
{
	struct hpt *hpt = new_table(21);
	struct hpt_reader *rd = new_reader(hpt, 0, 0);
	u64 n = hpt_entries(hpt);
	size_t full = 8 + 65535 * 16;
	u8 *big = malloc(4 << 20);

	assert_int_equal(n, 131072);
	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 24);
	assert_header(0, 0, 0, 65535);
	assert_header(8, 65535, 0, 65535);
	assert_header(16, 131070, 0, 2);

	for (u64 i = 0; i < n; i++)
		enter_at(hpt, i, AVPN(i), page(i << 12));
	for (unsigned pass = 0; pass < 2; pass++) {
		assert_int_equal(hpt_reader_read(rd, big, 4 << 20), 2 * full + 8 + 2 * 16);
		memcpy(buf, big, 8);
		memcpy(buf + 8, big + full, 8);
		memcpy(buf + 16, big + 2 * full, 8);
		assert_header(0, 0, 65535, 0);
		assert_header(8, 65535, 65535, 0);
		assert_header(16, 131070, 2, 0);
		hpt_reader_destroy(rd);
		rd = new_reader(hpt, 0, 0); /* again as a first pass */
	}
	while (hpt_reader_read(rd, big, 4 << 20))
		;
	/* Both counts at their end in one record. */
	for (u64 i = 65535; i < n; i++)
		hpt_remove(hpt, i, ALWAYS, 0, NULL, NULL);
	for (u64 i = 0; i < 65535; i++)
		hpt_protect(hpt, i, ALWAYS, 0, HPT_R_PP, 1, NULL, NULL);
	assert_int_equal(hpt_reader_read(rd, big, 4 << 20), full + 8);
	memcpy(buf, big, 8);
	memcpy(buf + 8, big + full, 8);
	assert_header(0, 0, 65535, 65535);
	assert_header(8, 131070, 0, 2);
	hpt_reader_destroy(rd);
	free(big);
	hpt_destroy(hpt);
}

static void several_readers(void **state)
{
	struct hpt *hpt = new_table(18);
	struct hpt_reader *a = new_reader(hpt, 0, 0), *b = new_reader(hpt, 0, 0), *c;

	while (hpt_reader_read(a, buf, sizeof(buf)))
		;
	enter_at(hpt, 42, AVPN(0), page(0));
	assert_int_equal(hpt_reader_read(a, buf, sizeof(buf)), 24);
	assert_int_equal(hpt_reader_read(a, buf, sizeof(buf)), 0);
	assert_int_equal(hpt_reader_read(b, buf, sizeof(buf)), 8 + 24);
	assert_int_equal(hpt_reader_read(b, buf, sizeof(buf)), 0);
	c = new_reader(hpt, 0, 0);
	hpt_reader_destroy(a);
	hpt_remove(hpt, 42, ALWAYS, 0, NULL, NULL);
	assert_int_equal(hpt_reader_read(b, buf, sizeof(buf)), 8);
	assert_int_equal(hpt_reader_read(c, buf, sizeof(buf)), 8);
	hpt_reader_destroy(b);
	hpt_reader_destroy(c);
	/* Nobody left, nothing recorded. */
	assert_int_equal(hpt->trackers.n_active, 0);
	hpt_destroy(hpt);
}

/* LOCK and ABSENT don't show, and an absent entry is valid. */
static void software_bits_never_show(void **state)
{
	struct test_ops ops = {.ram_end = 0};
	struct hpt *hpt = new_table(18);
	u64 n = hpt_entries(hpt);
	struct hpt_reader *rd = new_reader(hpt, 0, 0);
	struct replica rep;

	replica_init(&rep, n);
	hpt_set_ops(hpt, &test_ops, &ops);
	for (u64 i = 0; i < n; i++)
		enter_at(hpt, i, AVPN(i) | HPT_V_BOLTED | HPT_V_SW_LOCK, page(i << 12));
	replica_catch_up(&rep, rd, sizeof(buf));
	assert_int_equal(rep.told_valid, n);
	for (u64 i = 0; i < n; i++)
		assert_int_equal(rep.v[i], AVPN(i) | HPT_V_BOLTED | HPT_V_SW_LOCK | HPT_V_VALID);
	replica_free(&rep);
	hpt_reader_destroy(rd);
	hpt_destroy(hpt);
}

static void conversions_agree(void **state)
{
#if defined(__x86_64__)
	u64 seed = 5;

	if (!__builtin_cpu_supports("avx2"))
		skip();
	for (unsigned round = 0; round < 5000; round++) {
		struct hpt_entry from[64];
		unsigned n = round % 65;
		u8 a[1024], b[1025];

		for (unsigned i = 0; i < 64; i++) {
			from[i].v = next_random(&seed) & ~(round % 3 ? HPT_V_LOCK : 0);
			from[i].r = next_random(&seed);
			if (round % 5)
				from[i].v |= i % 2 ? HPT_V_ABSENT : HPT_V_VALID;
		}
		assert_int_equal(hpt_convert_portable(a, from, n),
				 hpt_convert_x86_64(b + 1, from, n));
		assert_memory_equal(a, b + 1, n * 16);
	}
#else
	skip();
#endif
}

static void rebinding(void **state)
{
	struct hpt *small = new_table(18), *large = new_table(19);
	struct hpt_reader *rd = new_reader(small, 0, 0);

	while (hpt_reader_read(rd, buf, sizeof(buf)))
		;
	assert_int_equal(hpt_reader_rebind(rd, large), 0);
	hpt_destroy(small);
	assert_int_equal(hpt_reader_read(rd, buf, sizeof(buf)), 8);
	assert_header(0, 0, 0, 32768);
	hpt_reader_destroy(rd);
	hpt_destroy(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(first_pass_tells_all),
	    cmocka_unit_test(first_pass_from_start_index),
	    cmocka_unit_test(bolted_only),
	    cmocka_unit_test(each_change_is_told),
	    cmocka_unit_test(later_passes_tell_changes_only),
	    cmocka_unit_test(changes_around_the_cursor),
	    cmocka_unit_test(zero_means_all_was_looked_at),
	    cmocka_unit_test(buffer_sizes),
	    cmocka_unit_test(any_buffer_size),
	    cmocka_unit_test(runs_of_65535),
	    cmocka_unit_test(several_readers),
	    cmocka_unit_test(software_bits_never_show),
	    cmocka_unit_test(conversions_agree),
	    cmocka_unit_test(rebinding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
