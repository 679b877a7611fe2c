/* SPDX-License-Identifier: Apache-2.0 */
/* What the translation caches keep, and what each way of taking things out of them takes. */
#include "cpu/engine/block.h"
#include "cpu/mmu/tlb.h"
#include "cpu_fixture.h"

#define CODE   0x100000ull
#define EA     0x200000ull
#define PAGE_A 0x300000ull
#define PAGE_B 0x301000ull
#define VSID   0x1234ull
#define LD     0xe8640000u /* ld r3, 0(r4) */
#define STD    0xf8640000u /* std r3, 0(r4) */

static unsigned asked, asked_to_store;

static struct cpu_ram counting_ram(struct cpu *cpu, u64 gpa, enum cpu_ram_use use)
{
	if (gpa != CODE) {
		asked++;
		asked_to_store += use != CPU_RAM_LOAD;
	}
	return fixture_ram(cpu, gpa, use);
}

/* Fetches in real mode, data through the table: EA is page A. */
static struct fixture *translating(struct cpu_host *host, u64 *index)
{
	struct fixture *f = fixture_new();

	*host = *f->cpu.host;
	host->ram = counting_ram;
	f->cpu.host = host;
	cpu_set_msr(&f->cpu, MSR_SF | MSR_ME | MSR_RI | MSR_DR);
	map_segment(f, 0, 0, VSID, 0);
	*index = map_page(f, VSID, EA, PAGE_A, 0x12);
	store_be64(f->ram + PAGE_A, 0xa);
	store_be64(f->ram + PAGE_B, 0xb);
	f->cpu.gpr[4] = EA;
	asked = asked_to_store = 0;
	return f;
}

static void run(struct fixture *f, u32 insn)
{
	step_insn(f, CODE, CODE, insn);
	assert_int_equal(f->cpu.nip, CODE + 4);
}

static u64 loaded(struct fixture *f)
{
	run(f, LD);
	return f->cpu.gpr[3];
}

/* Puts page B where A was, and tells the processor nothing. */
static void remap(struct fixture *f, u64 index)
{
	u64 v, r;

	assert_int_equal(hpt_remove(f->hpt, index, 0, 0, &v, &r), 0);
	map_page(f, VSID, EA, PAGE_B, 0x12);
}

static void flushing_all_takes_both_levels(void **state)
{
	struct cpu_host host;
	u64 index;
	struct fixture *f = translating(&host, &index);

	assert_int_equal(loaded(f), 0xa);
	remap(f, index);
	assert_int_equal(loaded(f), 0xa);
	cpu_slb_changed(&f->cpu); /* the second level stays */
	assert_int_equal(loaded(f), 0xa);
	cpu_flush_all(&f->cpu);
	assert_int_equal(loaded(f), 0xb);
	fixture_free(f);
}

static void flushing_a_page_takes_it_from_both_levels(void **state)
{
	struct cpu_host host;
	u64 index;
	struct fixture *f = translating(&host, &index);

	assert_int_equal(loaded(f), 0xa);
	remap(f, index);
	cpu_flush_page(&f->cpu, (VSID << 28) + EA + CPU_PAGE_SIZE, 12);
	assert_int_equal(loaded(f), 0xa);
	cpu_flush_page(&f->cpu, (VSID << 28) + EA, 12);
	assert_int_equal(loaded(f), 0xb);
	fixture_free(f);
}

/* What was kept under a number must not come back with it. */
static void generations_begin_anew(void **state)
{
	struct cpu_host host;
	u64 index;
	struct fixture *f = translating(&host, &index);

	f->cpu.tlbs->virt_gen = 1;
	assert_int_equal(loaded(f), 0xa);
	remap(f, index);
	f->cpu.tlbs->virt_gen = ~0u;
	cpu_flush_all(&f->cpu);
	assert_int_equal(f->cpu.tlbs->virt_gen, 1);
	assert_int_equal(loaded(f), 0xb);
	fixture_free(f);
}

/* Another page for which all entries are looked at if they are for @gpa (struct writers). */
#define SAME_HASH(gpa) ((gpa) ^ 0x10001ull << CPU_PAGE_SHIFT)

static void protecting_takes_stores_alone(void **state)
{
	struct cpu_host host;
	u64 index;
	struct fixture *f = translating(&host, &index);

	run(f, STD);
	run(f, STD);
	assert_int_equal(asked, 1);
	assert_int_equal(asked_to_store, 1);
	cpu_protect_all(&f->cpu);
	run(f, LD);
	assert_int_equal(asked, 1);
	run(f, STD);
	run(f, STD);
	assert_int_equal(asked_to_store, 2);
	cpu_protect_page(&f->cpu, PAGE_B);
	run(f, STD);
	assert_int_equal(asked_to_store, 2);
	cpu_protect_page(&f->cpu, PAGE_A);
	run(f, STD);
	assert_int_equal(asked_to_store, 3);
	cpu_protect_page(&f->cpu, SAME_HASH(PAGE_A));
	run(f, STD);
	assert_int_equal(asked_to_store, 3);
	cpu_protect_page(&f->cpu, PAGE_A);
	run(f, STD);
	assert_int_equal(asked_to_store, 4);
	fixture_free(f);
}

static bool jump_is_kept(struct fixture *f, u64 ea)
{
	return jump_slot(&f->cpu, ea)->ea == ea && jump_slot(&f->cpu, ea)->key == f->cpu.jump_key;
}

static void jumps_go_with_their_page(void **state)
{
	static const struct op op;
	struct cpu_host host;
	u64 index, last = ~0ull << 16; /* the last page that there is */
	struct fixture *f = translating(&host, &index);

	cpu_set_msr(&f->cpu, MSR_SF | MSR_ME | MSR_IR | MSR_DR);
	map_segment(f, 1, last >> 28, VSID + 1, 0);
	jumps_add(&f->cpu, EA, &op, NULL);
	jumps_add(&f->cpu, last, &op, NULL);
	cpu_flush_page(&f->cpu, (VSID << 28) + EA + 0x10000, 16);
	cpu_flush_page(&f->cpu, (VSID << 28) + EA + 0x20000, 12);
	assert_true(jump_is_kept(f, EA) && jump_is_kept(f, last));
	cpu_flush_page(&f->cpu, (VSID << 28) + EA, 16);
	assert_false(jump_is_kept(f, EA));
	jumps_add(&f->cpu, last, &op, NULL);
	cpu_flush_page(&f->cpu, (VSID + 1) << 28 | (last & 0xfffffff), 16);
	assert_false(jump_is_kept(f, last));
	fixture_free(f);
}

static bool told(struct cpu *cpu)
{
	return true;
}

/* What was written there and nobody told of is found, unless somebody would have told. */
static void pages_mapped_anew_are_compared(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct cpu_host host;
		u64 index;
		struct fixture *f = translating(&host, &index);

		host.is_told = i ? told : NULL;
		cpu_set_msr(&f->cpu, MSR_SF | MSR_ME | MSR_RI | MSR_IR | MSR_DR);
		put_insn(f, PAGE_A + 4, 0x44000022); /* sc 1: leaves */
		for (u32 by = 1; by < 4; by++) {
			put_insn(f, PAGE_A, 0x38600000 | by); /* li r3, by */
			if (by == 2)
				cpu_flush_page(&f->cpu, (VSID << 28) + EA, 12);
			if (by == 3)
				cpu_code_recheck(&f->cpu);
			f->cpu.nip = EA;
			cpu_run(&f->cpu);
			assert_int_equal(f->cpu.nip, EA + 8);
			assert_int_equal(f->cpu.gpr[3], by == 2 && i ? 1 : by);
		}
		fixture_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flushing_all_takes_both_levels),
	    cmocka_unit_test(flushing_a_page_takes_it_from_both_levels),
	    cmocka_unit_test(generations_begin_anew),
	    cmocka_unit_test(jumps_go_with_their_page),
	    cmocka_unit_test(protecting_takes_stores_alone),
	    cmocka_unit_test(pages_mapped_anew_are_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
