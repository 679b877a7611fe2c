/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the descriptor's stream, rule by rule (docs/htab-descriptor.md names these tests). */
#include "hpt_stream.h"

static u8 buf[2 << 20];

static size_t put_header(size_t at, u64 index, unsigned n_valid, unsigned n_invalid)
{
	struct htab_record h = {(u32)index, (u16)n_valid, (u16)n_invalid};

	memcpy(buf + at, &h, sizeof(h));
	return at + sizeof(h);
}

static size_t put_entry(size_t at, u64 v, u64 r)
{
	store_be64(buf + at, v);
	store_be64(buf + at + 8, r);
	return at + 16;
}

static void assert_entry(struct hpt *hpt, u64 index, u64 v, u64 r)
{
	u64 now_v, now_r;

	hpt_read(hpt, index, &now_v, &now_r);
	assert_int_equal(now_v, v);
	assert_int_equal(now_r, r);
}

static void writing(void **state)
{
	struct test_ops ops = {.ram_end = 0x100000};
	struct hpt *hpt = new_table(18);
	struct hpt_writer w = {.hpt = hpt};
	size_t at = 0;

	hpt_set_ops(hpt, &test_ops, &ops);
	enter_at(hpt, 11, AVPN(5), page(0x5000));
	enter_at(hpt, 13, AVPN(6), page(0x6000));
	at = put_header(at, 10, 2, 2);
	at = put_entry(at, AVPN(1) | HPT_V_VALID | HPT_V_BOLTED, page(0x1000) | HPT_R_R | HPT_R_C);
	at = put_entry(at, AVPN(2) | HPT_V_VALID | HPT_V_OURS, page(0x200000) | HPT_R_TS);
	at = put_header(at, 16383, 0, 1);
	assert_int_equal(hpt_writer_write(&w, buf, at), at);
	assert_entry(hpt, 10, AVPN(1) | HPT_V_VALID | HPT_V_BOLTED,
		     page(0x1000) | HPT_R_R | HPT_R_C);
	assert_entry(hpt, 11, AVPN(2) | HPT_V_VALID, page(0x200000));
	assert_true(hpt->entries[11].v & HPT_V_ABSENT);
	assert_entry(hpt, 13, 0, 0);
	assert_int_equal(ops.invalidated, 2); /* what was at 11 and 13 */
	hpt_destroy(hpt);
}

static void partial_record_is_left(void **state)
{
	struct hpt *hpt = new_table(18);
	struct hpt_writer w = {.hpt = hpt};
	size_t first, end;

	first = put_entry(put_header(0, 1, 1, 0), AVPN(1) | HPT_V_VALID, page(0));
	end = put_header(first, 7, 2, 0);
	end = put_entry(end, AVPN(2) | HPT_V_VALID, page(0));
	end = put_entry(end, AVPN(3) | HPT_V_VALID, page(0));
	for (size_t bytes = 0; bytes < first; bytes++)
		assert_int_equal(hpt_writer_write(&w, buf, bytes), 0);
	for (size_t bytes = first; bytes < end; bytes++)
		assert_int_equal(hpt_writer_write(&w, buf, bytes), first);
	assert_entry(hpt, 7, 0, 0);
	assert_int_equal(hpt_writer_write(&w, buf + first, end - first), end - first);
	assert_entry(hpt, 8, AVPN(3) | HPT_V_VALID, page(0));
	hpt_destroy(hpt);
}

static void bad_records(void **state)
{
	struct test_ops ops = {.ram_end = 0x1010000};
	struct hpt *hpt = new_table(18);
	struct hpt_writer w = {.hpt = hpt};
	u64 n = hpt_entries(hpt);
	size_t at;

	hpt_set_ops(hpt, &test_ops, &ops);
	/* Beyond the table: the index itself, or where the counts lead; even with no entries. */
	put_header(0, n, 0, 0);
	assert_int_equal(hpt_writer_write(&w, buf, 8), -EINVAL);
	put_header(0, 0xffffffff, 0, 0xffff);
	assert_int_equal(hpt_writer_write(&w, buf, 8), -EINVAL);
	put_header(0, n - 1, 0, 2);
	assert_int_equal(hpt_writer_write(&w, buf, 8), -EINVAL);
	put_header(0, n - 1, 0, 1);
	assert_int_equal(hpt_writer_write(&w, buf, 8), 8);
	at = put_entry(put_header(0, n - 1, 1, 1), AVPN(0) | HPT_V_VALID, page(0));
	assert_int_equal(hpt_writer_write(&w, buf, at), -EINVAL);

	/* Checked whole: the good entry before the bad one is not made. */
	at = put_entry(put_header(0, 20, 2, 0), AVPN(0) | HPT_V_VALID, page(0));
	at = put_entry(at, AVPN(0), page(0));
	assert_int_equal(hpt_writer_write(&w, buf, at), -EINVAL);
	assert_entry(hpt, 20, 0, 0);
	at = put_entry(at - 16, AVPN(0) | HPT_V_VALID | HPT_V_LARGE, page(0xf000));
	assert_int_equal(hpt_writer_write(&w, buf, at), -EINVAL);
	assert_entry(hpt, 20, 0, 0);
	at = put_entry(at - 16, AVPN(0) | HPT_V_VALID | 2ull << 62, page(0));
	assert_int_equal(hpt_writer_write(&w, buf, at), -EIO);
	assert_entry(hpt, 20, 0, 0);
	at = put_entry(at - 16, AVPN(0) | HPT_V_VALID | HPT_V_LARGE, page(0x1000000));
	assert_int_equal(hpt_writer_write(&w, buf, at), -EIO);
	assert_entry(hpt, 20, 0, 0);
	hpt_destroy(hpt);
}

static void error_comes_with_the_next_write(void **state)
{
	struct hpt *hpt = new_table(18);
	struct hpt_writer w = {.hpt = hpt};
	size_t good, at;

	good = put_entry(put_header(0, 20, 1, 0), AVPN(0) | HPT_V_VALID, page(0));
	at = put_entry(put_header(good, 30, 1, 0), AVPN(0), page(0));
	assert_int_equal(hpt_writer_write(&w, buf, at), good);
	assert_entry(hpt, 20, AVPN(0) | HPT_V_VALID, page(0));
	/* The next takes nothing, and after it all is forgotten. */
	put_header(0, 20, 0, 1);
	assert_int_equal(hpt_writer_write(&w, buf, 8), -EINVAL);
	assert_entry(hpt, 20, AVPN(0) | HPT_V_VALID, page(0));
	assert_int_equal(hpt_writer_write(&w, buf, 8), 8);
	assert_entry(hpt, 20, 0, 0);
	hpt_destroy(hpt);
}

static u64 vrma_index;

static void entered(void *ctx, u64 index, u64 v, u64 r)
{
	if (hpt_is_vrma(v) && !*(u64 *)ctx) {
		*(u64 *)ctx = v;
		vrma_index = index;
	}
}

static void vrma_entry_is_reported(void **state)
{
	struct hpt *hpt = new_table(18);
	u64 vrma_v = 0;
	struct hpt_writer w = {.hpt = hpt, .entered = entered, .ctx = &vrma_v};
	u64 v = HPT_V_B_1T | HPT_VRMA_VSID << 24 | HPT_V_LARGE | HPT_V_BOLTED | HPT_V_VALID;
	size_t at;

	at = put_header(0, 20, 2, 0);
	at = put_entry(at, AVPN(0) | HPT_V_VALID, page(0));
	at = put_entry(at, v, page(0));
	assert_int_equal(hpt_writer_write(&w, buf, at), at);
	assert_int_equal(vrma_v, v);
	assert_int_equal(vrma_index, 21);
	hpt_destroy(hpt);
}

/* A table read and written elsewhere, and read there, is the same stream. */
static void round_trip(void **state)
{
	struct hpt *from = new_table(18), *to = new_table(18);
	struct hpt_writer w = {.hpt = to};
	struct hpt_reader *rd;
	struct replica rep;
	u64 seed = 4;
	ssize_t got;

	replica_init(&rep, hpt_entries(from));
	for (u64 i = 0; i < rep.n; i++) {
		if (next_random(&seed) % 3)
			enter_at(from, i, next_random(&seed) & ~(2ull << 62 | HPT_V_LARGE),
				 next_random(&seed));
		if (next_random(&seed) % 3)
			enter_at(to, i, next_random(&seed) & ~(2ull << 62 | HPT_V_LARGE),
				 next_random(&seed));
	}
	rd = new_reader(from, 0, 0);
	while ((got = hpt_reader_read(rd, buf, 5000)) > 0)
		assert_int_equal(hpt_writer_write(&w, buf, (size_t)got), got);
	hpt_reader_destroy(rd);
	rd = new_reader(to, 0, 0);
	replica_catch_up(&rep, rd, 5000);
	replica_equals(&rep, from);
	hpt_reader_destroy(rd);
	replica_free(&rep);
	hpt_destroy(from);
	hpt_destroy(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writing),
	    cmocka_unit_test(partial_record_is_left),
	    cmocka_unit_test(bad_records),
	    cmocka_unit_test(error_comes_with_the_next_write),
	    cmocka_unit_test(vrma_entry_is_reported),
	    cmocka_unit_test(round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
