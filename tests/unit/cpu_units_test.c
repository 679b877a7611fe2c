/* SPDX-License-Identifier: Apache-2.0 */
/* The first translation cache by units of 64 KiB: what one entry serves, and when it can't. */
#include "cpu/mmu/tlb.h"
#include "cpu_fixture.h"

#define CODE	0x100000ull
#define EA	0x200000ull
#define GPA	0x300000ull
#define OTHER	0x3c0000ull
#define VSID	0x1234ull
#define SLB_64K (SLB_VSID_L | 0x10)
#define LD	0xe8640000u /* ld r3, 0(r4) */
#define STD	0xf8640000u /* std r3, 0(r4) */

static unsigned asked, units_stored;
static u64 broken; /* a unit in which something is missing */

static struct cpu_ram counting_ram(struct cpu *cpu, u64 gpa, enum cpu_ram_use use)
{
	struct cpu_ram ram = fixture_ram(cpu, gpa, use);

	if (gpa >= GPA)
		asked++;
	units_stored += use == CPU_RAM_STORE_UNIT;
	ram.whole = gpa / CPU_UNIT_BYTES * CPU_UNIT_BYTES != broken;
	return ram;
}

static u64 map_large(struct fixture *f, u64 ea, u64 gpa)
{
	struct hpt_va va = hpt_va_of_ea(VSID << 12 | SLB_64K, ea);
	u64 slot, group = hpt_hash(va, 16) & hpt_pteg_mask(f->hpt);

	assert_int_equal(hpt_enter(f->hpt, group << 3, 0, hpt_avpn(va, 16) | HPT_V_LARGE,
				   gpa | 1ull << HPT_R_LP_SHIFT | 0x12, &slot),
			 0);
	return slot;
}

/* Fetches in real mode; two pages of 64 KiB of data, which don't follow each other in memory. */
static struct fixture *wide(struct cpu_host *host, u64 *index)
{
	struct fixture *f = fixture_new_wide();

	*host = *f->cpu.host;
	host->ram = counting_ram;
	f->cpu.host = host;
	cpu_set_msr(&f->cpu, MSR_SF | MSR_ME | MSR_RI | MSR_DR);
	map_segment(f, 0, 0, VSID, SLB_64K);
	*index = map_large(f, EA, GPA);
	map_large(f, EA + CPU_UNIT_BYTES, OTHER);
	for (u64 at = 0; at < 2 * CPU_UNIT_BYTES; at += 8)
		store_be64(f->ram + GPA + at, at);
	store_be64(f->ram + OTHER, 0x1122334455667788);
	asked = units_stored = 0;
	broken = ~0ull;
	return f;
}

static void run(struct fixture *f, u32 insn, u64 ea)
{
	f->cpu.gpr[4] = ea;
	step_insn(f, CODE, CODE, insn);
	assert_int_equal(f->cpu.nip, CODE + 4);
}

static u64 load(struct fixture *f, u64 ea)
{
	run(f, LD, ea);
	return f->cpu.gpr[3];
}

static void one_entry_serves_a_unit(void **state)
{
	struct cpu_host host;
	u64 index;
	struct fixture *f = wide(&host, &index);

	for (u64 at = 0; at < CPU_UNIT_BYTES; at += 0x7f8)
		assert_int_equal(load(f, EA + at), at);
	assert_int_equal(load(f, EA + CPU_UNIT_BYTES - 8), CPU_UNIT_BYTES - 8);
	assert_int_equal(asked, 1);
	/* The last bytes of one and the first of the other. */
	assert_int_equal(load(f, EA + CPU_UNIT_BYTES - 4), (CPU_UNIT_BYTES - 8) << 32 | 0x11223344);
	assert_int_equal(asked, 3);
	cpu_flush_page(&f->cpu, (VSID << 28) + EA, 16);
	assert_int_equal(load(f, EA + 0x9000), 0x9000);
	assert_int_equal(asked, 4);
	fixture_free(f);
}

static void stores_are_told_by_units(void **state)
{
	struct cpu_host host;
	u64 index;
	struct fixture *f = wide(&host, &index);

	run(f, STD, EA + 0x2000);
	run(f, STD, EA + 0xf000);
	assert_int_equal(units_stored, 1);
	cpu_protect_page(&f->cpu, GPA + 0x8000);
	run(f, STD, EA + 0x2000);
	assert_int_equal(units_stored, 2);
	fixture_free(f);
}

/* Where there is code in a unit, stores to its other pages ask each time, and are carried out. */
static void code_keeps_stores_out(void **state)
{
	struct cpu_host host;
	u64 index;
	struct fixture *f = wide(&host, &index);

	run(f, STD, EA);
	fixture_code_read(&f->cpu, GPA + 0x3000, 4);
	f->cpu.gpr[3] = 77;
	for (unsigned i = 0; i < 3; i++)
		run(f, STD, EA + 0x8000);
	assert_int_equal(units_stored, 4);
	assert_int_equal(load(f, EA + 0x8000), 77);
	assert_int_equal(f->code_writes, 0);
	assert_int_equal(f->cpu.tlbs->narrow, 3);
	run(f, STD, EA + 0x3008);
	assert_int_equal(f->code_writes, 1);
	run(f, STD, EA + 0x3008);
	run(f, STD, EA + 0x8000);
	assert_int_equal(units_stored, 6); /* it holds none any more */
	fixture_free(f);
}

/* A small page, and one that isn't memory as a whole, are never kept, until units are small. */
static void what_is_smaller_asks_each_time(void **state)
{
	struct cpu_host host;
	u64 index;
	struct fixture *f = wide(&host, &index);

	map_segment(f, 1, 1, VSID + 1, 0);
	map_page(f, VSID + 1, 0x10000000, OTHER, 0x12);
	broken = GPA;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(load(f, EA + 8), 8);
		assert_int_equal(load(f, 0x10000000), 0x1122334455667788);
	}
	assert_int_equal(asked, 6);
	assert_int_equal(f->cpu.tlbs->narrow, 6);
	tlb_tick(&f->cpu);
	assert_int_equal(f->cpu.tlbs->narrow, 0); /* so few are borne */
	assert_int_equal(f->cpu.unit_shift, CPU_UNIT_SHIFT);
	for (unsigned i = 0; f->cpu.unit_shift == CPU_UNIT_SHIFT && i < 1u << 20; i++) {
		load(f, EA + 8);
		if (i % 1000 == 0)
			tlb_tick(&f->cpu);
	}
	assert_int_equal(f->cpu.unit_shift, CPU_PAGE_SHIFT);
	asked = 0;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(load(f, EA + 8), 8);
		assert_int_equal(load(f, 0x10000000), 0x1122334455667788);
	}
	assert_int_equal(asked, 2);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_entry_serves_a_unit),
	    cmocka_unit_test(stores_are_told_by_units),
	    cmocka_unit_test(code_keeps_stores_out),
	    cmocka_unit_test(what_is_smaller_asks_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
