/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables from outside: streams of both byte orders, migrations of QEMU, what is wrong with a table,
 * what is different between two. The hypervisor's own arithmetic is the second opinion.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hpt/hpt.h"
#include "inspect/diff.h"
#include "inspect/load.h"
#include "inspect/stat.h"
#include "inspect/stream.h"
#include "inspect/verify.h"

#define ORDER	21
#define ENTRIES (1u << (ORDER - 4))

static u64 seed = 0x123456789abcdefull;

static u64 random64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* ---- Bytes ---- */

struct bytes {
	u8 data[1 << 16];
	size_t len;
};

static void put(struct bytes *b, const void *p, size_t n)
{
	assert_true(b->len + n <= sizeof(b->data));
	memcpy(b->data + b->len, p, n);
	b->len += n;
}

static void put_byte(struct bytes *b, u8 v)
{
	put(b, &v, 1);
}

static void put_be32(struct bytes *b, u32 v)
{
	u8 p[4];

	store_be32(p, v);
	put(b, p, 4);
}

static void put_be64(struct bytes *b, u64 v)
{
	u8 p[8];

	store_be64(p, v);
	put(b, p, 8);
}

static void put_name(struct bytes *b, const char *name)
{
	put_byte(b, strlen(name));
	put(b, name, strlen(name));
}

static void put_header(struct bytes *b, u32 index, u16 valid, u16 invalid, enum htab_order order)
{
	u8 h[HTAB_RECORD_HEADER];

	htab_record_encode(h, (struct htab_record){index, valid, invalid}, order);
	put(b, h, sizeof(h));
}

/* A 4K entry of a 1T segment that belongs at @index. */
static u64 good_v(u64 index, bool secondary)
{
	return ENTRY_V_VALID | 1ull << 62 | 0x1234ull << 24 | (secondary ? ENTRY_V_SECONDARY : 0);
}

/* All groups' first entries told, then invalid ones, to the table's end. */
static void put_table(struct bytes *b, enum htab_order order)
{
	put_header(b, 0, 2, 65535, order);
	put_be64(b, good_v(0, false));
	put_be64(b, 0x1000 | ENTRY_R_R);
	put_be64(b, good_v(1, true));
	put_be64(b, 0x2000 | ENTRY_R_C);
	for (u32 at = 65537; at < ENTRIES;) {
		u32 n = ENTRIES - at > 65535 ? 65535 : ENTRIES - at;

		put_header(b, at, 0, n, order);
		at += n;
	}
}

/* ---- Entries ---- */

static void entries_agree_with_hpt(void **state)
{
	for (unsigned i = 0; i < 100000; i++) {
		u64 v = random64() & ~ENTRY_V_B, r = random64(), index = random64() & 0xffffffff;
		unsigned base, actual, base2, actual2;
		struct entry_va va;
		struct hpt_va va2;

		if (i & 1)
			v |= 1ull << 62;
		if (i & 2)
			r &= ~0xc0000ull; /* small size codes are likelier so */
		assert_int_equal(entry_page_shifts(v, r, &base, &actual),
				 hpt_page_shifts(v, r, &base2, &actual2));
		if (!entry_page_shifts(v, r, &base, &actual))
			continue;
		assert_int_equal(base, base2);
		assert_int_equal(actual, actual2);
		va = entry_va(index, v, base);
		va2 = hpt_entry_va(index, v, base);
		assert_int_equal(va.vsid, va2.vsid);
		assert_int_equal(va.offset, va2.offset);
		assert_int_equal(va.is_1t, va2.is_1t);
		assert_int_equal(entry_hash(va, base) & 0x7fffffffffull,
				 hpt_hash(va2, base) & 0x7fffffffffull);
	}
}

/* ---- Streams ---- */

static void stream_of_either_order(void **state)
{
	for (unsigned order = HTAB_LITTLE; order <= HTAB_BIG; order++) {
		struct bytes b = {.len = 0};
		struct table_stat s;
		struct error err;
		struct table t;

		put_table(&b, order);
		/* A later pass: entry 1 is gone, 9 is new. */
		put_header(&b, 1, 0, 1, order);
		put_header(&b, 9, 1, 0, order);
		put_be64(&b, good_v(9, false) | ENTRY_V_BOLTED);
		put_be64(&b, 0x3000);
		assert_int_equal(load_bytes(&t, b.data, b.len, 0, &err), 0);
		assert_int_equal(t.order, ORDER);
		assert_non_null(strstr(t.source, order == HTAB_BIG ? "big" : "little"));
		assert_non_null(table_at(&t, 0));
		assert_null(table_at(&t, 1));
		t.mem_bytes = 0x3000;
		table_count(&t, &s);
		assert_int_equal(s.valid, 2);
		assert_int_equal(s.bolted, 1);
		assert_int_equal(s.secondary, 0);
		assert_int_equal(s.absent, 1);
		assert_int_equal(s.in_1t, 2);
		assert_int_equal(s.groups_with[1], 2);
		assert_int_equal(s.groups_with[0], ENTRIES / 8 - 2);
		table_free(&t);
	}
}

static void cut_streams(void **state)
{
	struct bytes b = {.len = 0};
	struct error err;
	struct table t;

	put_table(&b, HTAB_BIG);
	for (size_t len = 0; len < 40; len++)
		assert_int_equal(load_bytes(&t, b.data, len, 0, &err), -1);
	assert_int_equal(load_bytes(&t, b.data, b.len, 18, &err), -1); /* a smaller table */
	assert_int_equal(load_bytes(&t, b.data, b.len, 17, &err), -1);
	assert_int_equal(load_bytes(&t, b.data, b.len, 22, &err), 0);
	assert_int_equal(t.order, 22);
	table_free(&t);
}

/* ---- QEMU ---- */

static void put_section(struct bytes *b, u8 mark, u32 id, const char *name)
{
	put_byte(b, mark);
	put_be32(b, id);
	if (!name)
		return;
	put_name(b, name);
	put_be32(b, 0);
	put_be32(b, 1);
}

static void put_footer(struct bytes *b, u32 id)
{
	put_byte(b, 0x7e);
	put_be32(b, id);
}

static void put_records_end(struct bytes *b)
{
	put_header(b, 0, 0, 0, HTAB_BIG);
}

static void put_qemu_ram(struct bytes *b)
{
	u8 page[4096] = {0x7e, 0, 0, 0, 2};

	put_section(b, 1, 2, "ram");
	put_be64(b, 0x200000 | 0x04);
	put_name(b, "ppc_spapr.ram");
	put_be64(b, 0x1f0000);
	put_name(b, "other");
	put_be64(b, 0x10000);
	put_be64(b, 0x10);
	put_footer(b, 2);
	put_section(b, 2, 2, NULL);
	put_be64(b, 0x0000 | 0x08);
	put_name(b, "ppc_spapr.ram");
	put(b, page, sizeof(page));
	put_be64(b, 0x1000 | 0x02 | 0x20);
	put_byte(b, 0);
	put_be64(b, 0x2000 | 0x40 | 0x20);
	put_byte(b, 1);
	put(b, "\0\3abc", 5);
	put_be64(b, 0x10);
	put_footer(b, 2);
}

static void put_qemu(struct bytes *b, u32 shift)
{
	put_be32(b, 0x5145564d);
	put_be32(b, 3);
	put_byte(b, 7);
	put_be32(b, 7);
	put(b, "pseries", 7);
	put_byte(b, 5);
	put_name(b, "configuration/capabilities");
	put_be32(b, 1);
	put_be32(b, 1);
	put_name(b, "x-colo");
	/* Something unknown whose data has what looks like its end in it. */
	put_section(b, 4, 1, "stranger");
	put_footer(b, 1);
	put(b, "\xff\xff", 2);
	put_footer(b, 1);
	put_qemu_ram(b);
	put_section(b, 1, 3, "spapr/htab");
	put_be32(b, shift);
	put_footer(b, 3);
	put_section(b, 2, 3, NULL);
	put_be32(b, 0);
	put_table(b, HTAB_BIG);
	put_records_end(b);
	put_footer(b, 3);
	put_section(b, 3, 3, NULL);
	put_be32(b, 0);
	put_header(b, 0, 0, 1, HTAB_BIG);
	put_records_end(b);
	put_footer(b, 3);
	put_byte(b, 0);
}

static void qemu_migration(void **state)
{
	struct bytes b = {.len = 0};
	struct table_stat s;
	struct error err;
	struct table t;

	put_qemu(&b, ORDER);
	assert_int_equal(load_bytes(&t, b.data, b.len, 0, &err), 0);
	assert_int_equal(t.order, ORDER);
	assert_int_equal(t.mem_bytes, 0x1f0000);
	table_count(&t, &s);
	assert_int_equal(s.valid, 1);
	assert_non_null(table_at(&t, 1));
	table_free(&t);
	/* The table is whole at its end section; all before that is missed. */
	for (size_t len = 0; len < b.len - 20; len++)
		assert_int_equal(load_bytes(&t, b.data, len, 0, &err), -1);
}

static void qemu_with_radix(void **state)
{
	struct bytes b = {.len = 0};
	struct error err;
	struct table t;

	put_qemu(&b, 0xffffffff);
	assert_int_equal(load_bytes(&t, b.data, b.len, 0, &err), -1);
	assert_non_null(strstr(err.text, "radix"));
}

/* Whatever single byte is wrong, nothing worse happens than a refusal. */
static void qemu_flipped(void **state)
{
	struct bytes b = {.len = 0};
	struct error err;
	struct table t;

	put_qemu(&b, ORDER);
	for (size_t i = 0; i < b.len; i++) {
		u8 old = b.data[i];

		b.data[i] ^= 1 << random64() % 8;
		if (!load_bytes(&t, b.data, b.len, 0, &err))
			table_free(&t);
		b.data[i] = old;
	}
}

/* ---- Verify ---- */

struct found {
	enum violation kind;
	u64 index, other;
	unsigned n;
};

static void find(void *opaque, enum violation kind, u64 index, u64 v, u64 r, u64 other)
{
	struct found *f = opaque;

	*f = (struct found){kind, index, other, f->n + 1};
}

static struct found verify(const struct table *t, struct table_check *check)
{
	struct found f = {0};

	table_verify(t, find, &f, check);
	return f;
}

static void put_page(struct table *t, struct hpt_va va, unsigned slot, bool secondary, u64 r)
{
	u64 hash = hpt_hash(va, 12);

	if (secondary)
		hash = ~hash;
	table_set(t, (hash & (table_groups(t) - 1)) * 8 + slot,
		  hpt_avpn(va, 12) | ENTRY_V_VALID | (secondary ? ENTRY_V_SECONDARY : 0), r);
}

static void verify_finds(void **state)
{
	struct hpt_va va = {.vsid = 0x12345, .offset = 0x7654000, .is_1t = false};
	struct table_check check;
	struct error err;
	struct table t;
	struct found f;
	u64 index = 0;

	assert_int_equal(table_init(&t, ORDER, &err), 0);
	t.mem_bytes = 0x100000;
	put_page(&t, va, 3, false, 0x5000);
	va.is_1t = true;
	va.offset = 0x7fedcba000;
	put_page(&t, va, 0, true, 0x200000);
	assert_int_equal(verify(&t, &check).n, 0);
	assert_int_equal(check.entries, 2);
	assert_int_equal(check.without_memory, 1);

	put_page(&t, va, 1, false, 0x6000);
	f = verify(&t, &check);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.kind, VIOLATION_DUPLICATE);
	table_clear(&t, 0, table_entries(&t));

	/* In the next group, with its secondary bit turned, in a table of half the size. */
	va.offset = 0x7fedcba000;
	put_page(&t, va, 0, false, 0x6000);
	table_next(&t, &index);
	table_set(&t, index, table_at(&t, index)->v ^ ENTRY_V_SECONDARY, 0x6000);
	f = verify(&t, &check);
	assert_int_equal(f.kind, VIOLATION_GROUP);
	assert_int_equal(f.index, index);
	table_clear(&t, index, 1);

	table_set(&t, 8, ENTRY_V_VALID | ENTRY_V_LARGE, 0x02 << 12);
	assert_int_equal(verify(&t, &check).kind, VIOLATION_SIZE);
	table_set(&t, 8, ENTRY_V_VALID | 2ull << 62, 0);
	assert_int_equal(verify(&t, &check).kind, VIOLATION_SEGMENT);
	table_set(&t, 8, ENTRY_V_VALID | ENTRY_V_LARGE | 1ull << 62, 0);
	t.mem_bytes = 0x800000;
	assert_true(verify(&t, &check).n >= 1);
	assert_int_equal(check.by_kind[VIOLATION_MEMORY], 1);
	table_clear(&t, 8, 1);
	table_set(&t, 8, 0, 0);
	assert_int_equal(verify(&t, &check).n >= 1 && check.by_kind[VIOLATION_NOT_VALID], 1);
	table_free(&t);
}

/* ---- Diff ---- */

static unsigned what_changed;

static void note(void *opaque, enum difference kind, u64 index, const struct table_word_pair *a,
		 const struct table_word_pair *b, unsigned what)
{
	assert_int_equal(!a, kind == DIFFERENCE_ADDED);
	assert_int_equal(!b, kind == DIFFERENCE_REMOVED);
	what_changed |= what;
}

static void differences(void **state)
{
	struct table a, b;
	struct table_diff d;
	struct error err;

	assert_int_equal(table_init(&a, ORDER, &err), 0);
	assert_int_equal(table_init(&b, ORDER, &err), 0);
	table_compare(&a, &b, note, NULL, &d);
	assert_int_equal(d.same, 0);
	table_set(&a, 5, good_v(5, false), 0x1000);
	table_set(&b, 5, good_v(5, false) | 0x40, 0x1000);
	table_set(&a, 700, good_v(7, false), 0x1000);
	table_set(&b, 701, good_v(7, false), 0x1000);
	table_set(&a, 60000, good_v(7, false), 0x1000);
	table_set(&b, 60000, good_v(7, false) | ENTRY_V_BOLTED, 0x1000 | ENTRY_R_C | 2);
	table_compare(&a, &b, note, NULL, &d);
	assert_int_equal(d.same, 1);
	assert_int_equal(d.by_kind[DIFFERENCE_ADDED], 1);
	assert_int_equal(d.by_kind[DIFFERENCE_REMOVED], 1);
	assert_int_equal(d.by_kind[DIFFERENCE_CHANGED], 1);
	assert_int_equal(what_changed, DIFF_BOLTED | DIFF_C | DIFF_PROTECT);
	table_free(&a);
	table_free(&b);
}

/* ---- Tables ---- */

static void table_holds_what_was_set(void **state)
{
	u8 *is_set = calloc(ENTRIES, 1);
	struct error err;
	struct table t;
	u64 n = 0, seen = 0;

	assert_int_equal(table_init(&t, ORDER, &err), 0);
	for (unsigned i = 0; i < 2000; i++) {
		u64 at = random64() % ENTRIES, some = random64() % 300;

		if (i % 4) {
			table_set(&t, at, ENTRY_V_VALID, at);
			is_set[at] = 1;
		} else {
			if (some > ENTRIES - at)
				some = ENTRIES - at;
			table_clear(&t, at, some);
			memset(is_set + at, 0, some);
		}
	}
	for (u64 i = 0; i < ENTRIES; i++) {
		n += is_set[i];
		assert_int_equal(table_at(&t, i) != NULL, is_set[i]);
	}
	for (u64 i = 0; table_next(&t, &i); i++) {
		assert_true(is_set[i]);
		seen++;
	}
	assert_int_equal(seen, n);
	table_free(&t);
	free(is_set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(entries_agree_with_hpt),
	    cmocka_unit_test(table_holds_what_was_set),
	    cmocka_unit_test(stream_of_either_order),
	    cmocka_unit_test(cut_streams),
	    cmocka_unit_test(qemu_migration),
	    cmocka_unit_test(qemu_with_radix),
	    cmocka_unit_test(qemu_flipped),
	    cmocka_unit_test(verify_finds),
	    cmocka_unit_test(differences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
