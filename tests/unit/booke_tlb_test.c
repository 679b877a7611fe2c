/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLBs of BookE processors: random programs of writes, invalidations, searches and misses, held
 * against a list of pages that the test keeps for itself, in its own terms.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/booke/tlb.h"
#include "cpu/isa/isa.h"
#include "fpu_operands.h"

#define STEPS	  20000
#define MAX_PAGES (BOOKE_TLB0_MAX + BOOKE_TLB1_MAX)

/* A page as the supervisor thinks of it. */
struct known {
	bool valid, protect, space, little;
	u64 ea, kib, real;
	unsigned tid;
	bool ur, uw, ux, sr, sw, sx;
};

static struct known known[MAX_PAGES];

static unsigned below(unsigned n)
{
	return (unsigned)(random64() % n);
}

static bool chance(unsigned percent)
{
	return below(100) < percent;
}

/* Few addresses and process numbers, so that programs meet their own pages. */
static u64 some_address(void)
{
	static const u32 bases[] = {0, 0x10000000, 0xc0000000, 0xfffff000};

	return (u32)(bases[below(4)] +
		     (chance(50) ? random64() & 0x3ffff : random64() & 0xfffffff));
}

static unsigned some_tid(void)
{
	return chance(40) ? 0 : below(4) + (chance(10) ? 252 : 0);
}

static struct known some_page(u64 kib)
{
	u64 bytes = kib * 1024;

	return (struct known){
	    .valid = chance(90),
	    .space = chance(30),
	    .little = chance(10),
	    .ea = some_address() / bytes * bytes,
	    .kib = kib,
	    .real = random64() % (1ull << 36) / bytes * bytes,
	    .tid = some_tid(),
	    .ur = chance(50),
	    .uw = chance(50),
	    .ux = chance(50),
	    .sr = chance(50),
	    .sw = chance(50),
	    .sx = chance(50),
	};
}

static bool covers(const struct known *k, u64 ea)
{
	return k->valid && ea >= k->ea && ea < k->ea + k->kib * 1024;
}

static bool serves(const struct known *k, u64 ea, bool space, const u64 *pids, unsigned n)
{
	bool his = k->tid == 0;

	for (unsigned i = 0; i < n; i++)
		his |= k->tid == pids[i];
	return covers(k, ea) && k->space == space && his;
}

static unsigned bits(bool read, bool write, bool execute)
{
	return (read ? 1 : 0) + (write ? 2 : 0) + (execute ? 4 : 0);
}

static void assert_page_is(const struct booke_tlb *tlb, unsigned i)
{
	const struct known *k = &known[i];
	struct booke_page page;

	assert_int_equal(booke_tlb_page(tlb, i, &page), k->valid);
	if (!k->valid)
		return;
	assert_int_equal(page.ea, k->ea);
	assert_int_equal(page.bytes, k->kib * 1024);
	assert_int_equal(page.real, k->real);
	assert_int_equal(page.tid, k->tid);
	assert_int_equal(page.space, k->space);
	assert_int_equal(page.little, k->little);
	assert_int_equal(page.user, bits(k->ur, k->uw, k->ux));
	assert_int_equal(page.supervisor, bits(k->sr, k->sw, k->sx));
}

/* A search finds what the list has, and nothing where it has nothing. Returns what it found. */
static int find_checked(const struct booke_tlb *tlb, u64 ea, bool space, const u64 *pids,
			unsigned n)
{
	int found = booke_tlb_find(tlb, (u32)ea, space, pids, n);

	if (found >= 0) {
		assert_true((unsigned)found < tlb->entries);
		assert_true(serves(&known[found], ea, space, pids, n));
		assert_page_is(tlb, (unsigned)found);
		return found;
	}
	for (unsigned i = 0; i < tlb->entries; i++)
		assert_false(serves(&known[i], ea, space, pids, n));
	return found;
}

static void probe(const struct booke_tlb *tlb)
{
	u64 pids[3] = {some_tid(), some_tid(), some_tid()};

	find_checked(tlb, some_address(), chance(30), pids, chance(50) ? 1 : 3);
}

/* --- 440 --- */

static const u64 sizes_440[] = {1, 4, 16, 64, 256, 1024, 16384, 262144};
static const u32 codes_440[] = {0, 1, 2, 3, 4, 5, 7, 9};

/* Words as the manual draws them; the EPN's bits below the page's size are whatever they are. */
static void words_440(const struct known *k, u32 code, u32 *w)
{
	u32 below_page = (u32)(random64() & (k->kib * 1024 - 1)) & 0xfffffc00;

	w[0] =
	    (u32)k->ea | below_page | (k->valid ? 0x200 : 0) | (k->space ? 0x100 : 0) | code << 4;
	w[1] = (u32)(k->real & 0xfffffc00) | (u32)(k->real >> 32);
	w[2] = (k->little ? 0x80 : 0) | (k->ux ? 0x20 : 0) | (k->uw ? 0x10 : 0) | (k->ur ? 8 : 0) |
	       (k->sx ? 4 : 0) | (k->sw ? 2 : 0) | (k->sr ? 1 : 0);
}

static void write_440(struct booke_tlb *tlb)
{
	unsigned i = below(TLB440_ENTRIES), which = below(ARRAY_SIZE(sizes_440));
	struct known k = some_page(sizes_440[which]);
	u32 w[3];

	words_440(&k, codes_440[which], w);
	for (unsigned word = 0; word < 3; word++)
		tlb440_write(tlb, i, word, w[word], word ? ~0u : k.tid);
	for (unsigned word = 0; word < 3; word++)
		assert_int_equal(tlb440_read(tlb, i, word), w[word]);
	known[i] = k;
	assert_page_is(tlb, i);
}

static void test_440(void **state)
{
	struct booke_tlb tlb;
	u64 changes;

	(void)state;
	memset(known, 0, sizeof(known));
	assert_int_equal(booke_tlb_init(&tlb, BOOKE_440), 0);
	assert_int_equal(tlb.entries, 64);
	assert_int_equal(booke_tlb_configure(&tlb, 512, 4, 16), -EINVAL);
	for (unsigned step = 0; step < STEPS; step++) {
		changes = tlb.changes;
		if (chance(20)) {
			write_440(&tlb);
			assert_true(tlb.changes > changes);
		} else {
			probe(&tlb);
			assert_int_equal(tlb.changes, changes);
		}
	}
	booke_tlb_clear(&tlb);
	memset(known, 0, sizeof(known));
	probe(&tlb);
	booke_tlb_fini(&tlb);
}

/* --- e500 --- */

/* The set of TLB0 that an address falls in. */
static unsigned set_at(const struct booke_tlb *tlb, u64 ea)
{
	return (unsigned)(ea / 4096 % (tlb->tlb0_entries / tlb->tlb0_ways));
}

static struct booke_mas mas_of(const struct known *k, bool tlb1, unsigned esel, unsigned tsize)
{
	return (struct booke_mas){
	    .mas0 = (tlb1 ? 1u << 28 : 0) | esel << 16,
	    .mas1 = (k->valid ? 1u << 31 : 0) | (k->protect ? 1u << 30 : 0) | k->tid << 16 |
		    (k->space ? 0x1000 : 0) | tsize << 8,
	    .mas2 = (u32)k->ea | (k->little ? 1 : 0),
	    .mas3 = (u32)(k->real & 0xfffff000) | (k->ux ? 0x20 : 0) | (k->sx ? 0x10 : 0) |
		    (k->uw ? 8 : 0) | (k->sw ? 4 : 0) | (k->ur ? 2 : 0) | (k->sr ? 1 : 0),
	    .mas7 = (u32)(k->real >> 32),
	};
}

static void write_e500(struct booke_tlb *tlb)
{
	bool tlb1 = chance(30);
	unsigned tsize = tlb1 ? 1 + below(11) : 1, way = below(tlb->tlb0_ways), i;
	struct known k = some_page(1ull << 2 * tsize);
	struct booke_mas mas, back;

	k.protect = tlb1 && chance(30);
	i = tlb1 ? tlb->tlb0_entries + below(tlb->tlb1_entries)
		 : set_at(tlb, k.ea) * tlb->tlb0_ways + way;
	mas = mas_of(&k, tlb1, tlb1 ? i - tlb->tlb0_entries : way, tsize);
	mas.mas0 |= way; /* NV */
	assert_int_equal(tlb_e500_write(tlb, &mas), i);
	if (!tlb1)
		assert_int_equal(tlb->victim, way);
	known[i] = k;
	assert_page_is(tlb, i);

	back = (struct booke_mas){.mas0 = mas.mas0, .mas2 = mas.mas2};
	tlb_e500_read(tlb, &back);
	assert_int_equal(back.mas1, mas.mas1);
	assert_int_equal(back.mas2, mas.mas2);
	assert_int_equal(back.mas3, mas.mas3);
	assert_int_equal(back.mas7, mas.mas7);
}

/* Every page that goes is told of, once, and what it said. */
static void on_gone(void *of, const struct booke_page *page)
{
	unsigned *told = of;

	assert_true(page->bytes >= 4096);
	(*told)++;
}

static unsigned forget(unsigned first, unsigned end, bool all, u64 ea)
{
	unsigned gone = 0;

	for (unsigned i = first; i < end; i++)
		if (known[i].valid && !known[i].protect && (all || covers(&known[i], ea))) {
			known[i].valid = false;
			gone++;
		}
	return gone;
}

static void invalidate_e500(struct booke_tlb *tlb)
{
	bool tlb1 = chance(50), all = chance(5);
	u64 ea = some_address() & ~0xfffull;
	unsigned told = 0, first = tlb1 ? tlb->tlb0_entries : 0;
	unsigned end = tlb1 ? tlb->entries : tlb->tlb0_entries;

	tlb_e500_invalidate(tlb, (u32)ea | (tlb1 ? 8 : 0) | (all ? 4 : 0), on_gone, &told);
	assert_int_equal(told, forget(first, end, all, ea));
}

static void flash_e500(struct booke_tlb *tlb)
{
	unsigned told = 0, gone = 0, which = below(4);

	tlb_e500_flash(tlb, which << 1, on_gone, &told);
	if (which & 2)
		gone += forget(0, tlb->tlb0_entries, true, 0);
	if (which & 1)
		gone += forget(tlb->tlb0_entries, tlb->entries, true, 0);
	assert_int_equal(told, gone);
}

/* What MAS4 says of a new page: which TLB, whose, how large, and its attributes. */
static struct booke_mas some_defaults(void)
{
	return (struct booke_mas){
	    .mas2 = 0x12345000,
	    .mas3 = ~0u,
	    .mas4 =
		(chance(50) ? 1u << 28 : 0) | below(4) << 16 | (1 + below(11)) << 8 | below(128),
	    .mas7 = 15,
	};
}

static void assert_proposes(const struct booke_tlb *tlb, const struct booke_mas *mas)
{
	bool tlb1 = mas->mas4 >> 28;

	assert_int_equal(mas->mas0 >> 28, tlb1);
	assert_int_equal(mas->mas0 >> 16 & 0xfff, tlb1 ? 0 : tlb->victim);
	assert_int_equal(mas->mas0 & 0xfff, (tlb->victim + 1) % tlb->tlb0_ways);
	assert_int_equal(mas->mas1 & 0xf00, mas->mas4 & 0xf00);
	assert_int_equal(mas->mas2 & 0x7f, mas->mas4 & 0x7f);
	assert_int_equal(mas->mas3, 0x3c0);
	assert_int_equal(mas->mas7, 0);
}

static void search_e500(struct booke_tlb *tlb)
{
	struct booke_mas mas = some_defaults();
	u64 ea = some_address(), pid = some_tid();
	bool space = chance(30);
	int found = find_checked(tlb, ea, space, &pid, 1);

	mas.mas6 = (u32)pid << 16 | space;
	tlb_e500_search(tlb, &mas, (u32)ea);
	if (found < 0) {
		assert_proposes(tlb, &mas);
		assert_int_equal(mas.mas1 & 0xfffff0ff, pid << 16 | (space ? 0x1000 : 0));
		assert_int_equal(mas.mas2 & 0xfffff000, 0x12345000);
		return;
	}
	assert_int_equal(tlb_e500_named(tlb, &mas), found);
	assert_true(mas.mas1 >> 31);
	assert_int_equal(((u64)mas.mas7 << 32 | mas.mas3) & ~0xfffull, known[found].real);
}

static void miss_e500(struct booke_tlb *tlb)
{
	struct booke_mas mas = some_defaults();
	u64 ea = some_address(), pids[3] = {some_tid(), some_tid(), some_tid()};
	unsigned whose = mas.mas4 >> 16 & 3;
	bool space = chance(30);

	tlb_e500_miss(tlb, &mas, (u32)ea, space, pids);
	assert_proposes(tlb, &mas);
	assert_int_equal(mas.mas1 & 0xfffff0ff, 1u << 31 |
						    (whose < 3 ? (u32)pids[whose] << 16 : 0) |
						    (space ? 0x1000 : 0));
	assert_int_equal(mas.mas2 & 0xfffff000, ea & 0xfffff000);
	assert_int_equal(mas.mas6, (u32)pids[0] << 16 | space);
}

static void run_e500(struct booke_tlb *tlb)
{
	memset(known, 0, sizeof(known));
	for (unsigned step = 0; step < STEPS; step++) {
		u64 changes = tlb->changes;
		unsigned dice = below(100);

		if (dice < 25)
			write_e500(tlb);
		else if (dice < 28)
			invalidate_e500(tlb);
		else if (dice == 28 && chance(20))
			flash_e500(tlb);
		else if (dice < 40)
			search_e500(tlb);
		else if (dice < 50)
			miss_e500(tlb);
		else
			probe(tlb);
		assert_true(dice < 28 ? tlb->changes > changes : tlb->changes >= changes);
	}
}

static void test_e500(void **state)
{
	struct booke_tlb tlb;

	(void)state;
	assert_int_equal(booke_tlb_init(&tlb, BOOKE_E500V2), 0);
	assert_int_equal(tlb.entries, 528);
	assert_int_equal(tlb_e500_config(&tlb, 0), 0x04110200);
	assert_int_equal(tlb_e500_config(&tlb, 1), 0x101bc010);
	assert_int_equal(tlb_e500_mmucfg(), 0x19c4);
	run_e500(&tlb);
	booke_tlb_fini(&tlb);
}

/* Other numbers of entries, and those that can't be. */
static void test_configured(void **state)
{
	static const unsigned bad[][3] = {{0, 1, 16}, {512, 0, 16}, {512, 3, 16},  {500, 4, 16},
					  {4, 8, 16}, {512, 4, 0},  {8192, 4, 16}, {512, 4, 65}};
	static const unsigned good[][3] = {{1, 1, 1}, {64, 64, 64}, {256, 2, 16}, {4096, 4, 33}};
	struct booke_tlb tlb;

	(void)state;
	assert_int_equal(booke_tlb_init(&tlb, BOOKE_E500V2), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(booke_tlb_configure(&tlb, bad[i][0], bad[i][1], bad[i][2]),
				 -EINVAL);
		assert_int_equal(tlb.entries, 528);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(booke_tlb_configure(&tlb, good[i][0], good[i][1], good[i][2]), 0);
		assert_int_equal(tlb.entries, good[i][0] + good[i][2]);
		run_e500(&tlb);
	}
	assert_int_equal(tlb_e500_config(&tlb, 0), 0x04110000); /* 4096 have no place there */
	assert_int_equal(tlb_e500_config(&tlb, 1), 0x211bc021);
	booke_tlb_fini(&tlb);
}

/* What each processor has of the instruction table. */
static void test_levels(void **state)
{
	static const struct {
		u32 insn;
		bool ppc440, e500, power8;
	} rows[] = {
	    {0x38630001, true, true, true},   /* addi */
	    {0x5463083c, true, true, true},   /* rlwinm */
	    {0x7c0802a6, true, true, true},   /* mflr */
	    {0x7c64281e, true, true, true},   /* isel */
	    {0x7c6404aa, true, false, true},  /* lswi */
	    {0xfc22182a, true, false, true},  /* fadd */
	    {0xfc20182c, false, false, true}, /* fsqrt */
	    {0xe8640000, false, false, true}, /* ld */
	    {0x7863f00e, false, false, true}, /* rldimi */
	    {0x7c23002e, true, true, true},   /* lwzx */
	    {0x7c0003e4, false, false, true}, /* slbia */
	    {0x10611800, false, false, true}, /* vaddubm */
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(isa_lookup(rows[i].insn, ISA_440) != NULL, rows[i].ppc440);
		assert_int_equal(isa_lookup(rows[i].insn, ISA_E500) != NULL, rows[i].e500);
		assert_int_equal(isa_lookup(rows[i].insn, ISA_207) != NULL, rows[i].power8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_440),
	    cmocka_unit_test(test_e500),
	    cmocka_unit_test(test_configured),
	    cmocka_unit_test(test_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
