/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BookE processors, a step at a time: what protection, small and little-endian pages do to
 * accesses, which interrupts are taken and what they leave, and what another process forgets.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "booke_insns.h"
#include "cpu_fixture.h"

#define CODE	0x2000u
#define IVPR	0x120000u
#define IVOR(n) (0x1000u + 0x10u * (n))
#define VEC(n)	(IVPR + IVOR(n))
#define EA	0x40000000u
#define REAL	0x200000u

static struct fixture *machine(const struct cpu_model *model)
{
	struct fixture *f = fixture_of_model(model);

	f->cpu.hpt = NULL;
	f->cpu.booke.ivpr = IVPR;
	for (unsigned i = 0; i < 16; i++)
		f->cpu.booke.ivor[i] = IVOR(i);
	return f;
}

/* A 440's entry @i: @code of its size, @w2 its attributes and access. */
static void map440(struct fixture *f, unsigned i, u32 ea, u32 real, u32 code, u32 w2, u32 tid)
{
	tlb440_write(f->cpu.booke.tlb, i, 0, ea | 0x200 | code << 4, tid);
	tlb440_write(f->cpu.booke.tlb, i, 1, real, 0);
	tlb440_write(f->cpu.booke.tlb, i, 2, w2, 0);
	cpu_booke_changed(&f->cpu);
}

/* A 440 with its code and vectors, for everybody, in entry 63. */
static struct fixture *machine440(void)
{
	struct fixture *f = machine(&cpu_model_440);

	map440(f, 63, 0, 0, 7, 0x3f, 0);
	return f;
}

static void step(struct fixture *f, u64 msr, u32 insn)
{
	cpu_set_msr(&f->cpu, msr);
	step_insn(f, CODE, CODE, insn);
}

/* It was interrupted at @insn: vector @n, and MSR as it was is kept. */
static void assert_taken(struct fixture *f, u64 msr, unsigned n)
{
	assert_int_equal(f->cpu.nip, VEC(n));
	assert_int_equal(f->cpu.srr1, msr);
	assert_int_equal(f->cpu.msr, msr & (MSR_CE | MSR_ME | MSR_DE));
}

static void assert_data(struct fixture *f, u64 msr, unsigned n, u32 ea, u32 esr)
{
	assert_taken(f, msr, n);
	assert_int_equal(f->cpu.srr0, CODE);
	assert_int_equal(f->cpu.booke.dear, ea);
	assert_int_equal(f->cpu.booke.esr, esr);
}

#define UX 0x20u
#define UW 0x10u
#define UR 0x08u
#define SX 0x04u
#define SW 0x02u
#define SR 0x01u

static void protection(void **state)
{
	const u64 msr = MSR_EE | MSR_CE | MSR_ME;
	struct fixture *f = machine440();

	(void)state;
	f->cpu.gpr[4] = EA;
	store_be32(f->ram + REAL, 77);
	map440(f, 0, EA, REAL, 1, SR | UW | UX, 0);
	step(f, msr, LWZ(3, 0, 4));
	assert_int_equal(f->cpu.gpr[3], 77);
	step(f, msr, STW(3, 0, 4));
	assert_data(f, msr, 2, EA, ESR_ST);
	step(f, msr | MSR_PR, STW(3, 4, 4));
	assert_int_equal(f->cpu.nip, CODE + 4);
	assert_int_equal(load_be32(f->ram + REAL + 4), 77);
	step(f, msr | MSR_PR, LWZ(3, 0, 4));
	assert_data(f, msr | MSR_PR, 2, EA, 0);

	/* A fetch: users may, the supervisor may not. */
	put_insn(f, REAL, LI(3, 5));
	cpu_set_msr(&f->cpu, MSR_PR);
	f->cpu.nip = EA;
	cpu_step(&f->cpu);
	assert_int_equal(f->cpu.gpr[3], 5);
	cpu_set_msr(&f->cpu, 0);
	f->cpu.nip = EA;
	cpu_step(&f->cpu);
	assert_taken(f, 0, 3);
	assert_int_equal(f->cpu.srr0, EA);
	assert_int_equal(f->cpu.booke.esr, 0);
	fixture_free(f);
}

static void misses(void **state)
{
	struct fixture *f = machine440();

	(void)state;
	f->cpu.gpr[4] = EA;
	step(f, MSR_EE, LWZ(3, 8, 4));
	assert_data(f, MSR_EE, 13, EA + 8, 0);
	step(f, MSR_DE, STW(3, 8, 4));
	assert_data(f, MSR_DE, 13, EA + 8, ESR_ST);
	/* The other address space has nothing, nor what there is for another process. */
	map440(f, 0, EA, REAL, 1, 0x3f, 3);
	f->cpu.booke.pid[0] = 2;
	cpu_booke_changed(&f->cpu);
	step(f, 0, LWZ(3, 0, 4));
	assert_data(f, 0, 13, EA, 0);
	f->cpu.booke.pid[0] = 3;
	cpu_booke_changed(&f->cpu);
	step(f, 0, LWZ(3, 0, 4));
	assert_int_equal(f->cpu.nip, CODE + 4);
	step(f, MSR_DS, LWZ(3, 0, 4));
	assert_data(f, MSR_DS, 13, EA, 0);

	cpu_set_msr(&f->cpu, MSR_EE);
	f->cpu.nip = 0x50000000;
	cpu_step(&f->cpu);
	assert_taken(f, MSR_EE, 14);
	assert_int_equal(f->cpu.srr0, 0x50000000);
	fixture_free(f);
}

/* An e500's miss makes MAS ready for tlbwe. */
static void misses_of_e500(void **state)
{
	struct booke_mas mas = {.mas0 = 1u << 28, .mas1 = 0xc0000700, .mas3 = 0x3f};
	struct fixture *f = machine(&cpu_model_e500v2);

	(void)state;
	tlb_e500_write(f->cpu.booke.tlb, &mas);
	cpu_booke_changed(&f->cpu);
	f->cpu.booke.pid[0] = 9;
	f->cpu.booke.mas[4] = 0x104; /* 4 KiB in TLB0, of PID0, M */
	f->cpu.gpr[4] = EA;
	step(f, 0, STW(3, 0x10, 4));
	assert_data(f, 0, 13, EA + 0x10, ESR_ST);
	assert_int_equal(f->cpu.booke.mas[1], 0x80090100);
	assert_int_equal(f->cpu.booke.mas[2], EA | 4);
	assert_int_equal(f->cpu.booke.mas[6], 9u << 16);
	f->cpu.booke.mas[3] = REAL | 0x3f;
	step(f, 0, TLBWE);
	f->cpu.gpr[3] = 0x1234;
	step(f, 0, STW(3, 0x10, 4));
	assert_int_equal(load_be32(f->ram + REAL + 0x10), 0x1234);
	/* It is told what there is, and takes it away. */
	f->cpu.booke.mas[1] = f->cpu.booke.mas[3] = 0;
	step(f, 0, TLBRE);
	assert_int_equal(f->cpu.booke.mas[1], 0x80090100);
	assert_int_equal(f->cpu.booke.mas[3], REAL | 0x3f);
	step(f, 0, TLBIVAX(0, 4));
	step(f, 0, STW(3, 0x10, 4));
	assert_data(f, 0, 13, EA + 0x10, ESR_ST);
	fixture_free(f);
}

/* Lines are locked by users where they may, and taken away where one may store. */
static void cache_lines(void **state)
{
	struct booke_mas mas = {.mas0 = 1u << 28, .mas1 = 0xc0000700, .mas3 = 0x3f};
	struct fixture *f = machine(&cpu_model_e500v2);

	(void)state;
	tlb_e500_write(f->cpu.booke.tlb, &mas);
	cpu_booke_changed(&f->cpu);
	f->cpu.gpr[4] = EA;
	step(f, MSR_PR, DCBTLS(0, 4));
	assert_taken(f, MSR_PR, 2);
	assert_int_equal(f->cpu.booke.esr, ESR_DLK);
	step(f, MSR_PR, ICBTLS(0, 4));
	assert_taken(f, MSR_PR, 2);
	assert_int_equal(f->cpu.booke.esr, ESR_ILK);
	step(f, MSR_PR | MSR_UCLE, ICBTLS(0, 4));
	assert_int_equal(f->cpu.nip, CODE + 4);
	step(f, 0, DCBI(0, 4));
	assert_data(f, 0, 13, EA, ESR_ST);
	mas = (struct booke_mas){
	    .mas0 = 1u << 28 | 1u << 16, .mas1 = 0xc0000100, .mas2 = EA, .mas3 = REAL | SR};
	tlb_e500_write(f->cpu.booke.tlb, &mas);
	cpu_booke_changed(&f->cpu);
	step(f, 0, DCBI(0, 4));
	assert_data(f, 0, 2, EA, ESR_ST);
	fixture_free(f);
}

/* Pages of 1 KiB lie elsewhere each, also for an access to two of them, and for code. */
static void small_pages(void **state)
{
	struct fixture *f = machine440();

	(void)state;
	f->cpu.gpr[4] = EA;
	map440(f, 0, EA, REAL + 0xc00, 0, 0x3f, 0);
	map440(f, 1, EA + 0x400, REAL + 0x3000, 0, 0x3f, 0);
	store_be32(f->ram + REAL + 0xffc, 0x11112222);
	store_be32(f->ram + REAL + 0x3000, 0x33334444);
	step(f, 0, LWZ(3, 0x3fe, 4));
	assert_int_equal(f->cpu.gpr[3], 0x22223333);
	step(f, 0, STW(4, 0x3fe, 4));
	assert_int_equal(load_be32(f->ram + REAL + 0xffc), 0x11114000);
	assert_int_equal(load_be32(f->ram + REAL + 0x3000), 0x00004444);
	step(f, 0, LWZ(3, 0x7fe, 4)); /* the third is none */
	assert_data(f, 0, 13, EA + 0x800, 0);
	put_insn(f, REAL + 0xffc, LI(5, 1));
	put_insn(f, REAL + 0x3000, LI(6, 2));
	cpu_set_msr(&f->cpu, 0);
	f->cpu.nip = EA + 0x3fc;
	cpu_step(&f->cpu);
	cpu_step(&f->cpu);
	assert_int_equal(f->cpu.gpr[5], 1);
	assert_int_equal(f->cpu.gpr[6], 2);
	fixture_free(f);
}

static void little_endian_pages(void **state)
{
	struct fixture *f = machine440();

	(void)state;
	f->cpu.gpr[4] = EA;
	map440(f, 0, EA, REAL, 3, 0x3f | TLB440_E, 0);
	store_be32(f->ram + REAL, 0x01020304);
	step(f, 0, LWZ(3, 0, 4));
	assert_int_equal(f->cpu.gpr[3], 0x04030201);
	step(f, 0, LHZ(3, 2, 4));
	assert_int_equal(f->cpu.gpr[3], 0x0403);
	f->cpu.gpr[3] = 0xa0b0c0d0;
	step(f, 0, STW(3, 0xffe, 4));
	assert_int_equal(load_be32(f->ram + REAL + 0xffc), 0x0000d0c0);
	assert_int_equal(load_be32(f->ram + REAL + 0x1000), 0xb0a00000);
	/* What isn't one access of a register, and code, is refused. */
	step(f, 0, LMW(28, 0, 4));
	assert_data(f, 0, 2, EA, ESR_BO);
	step(f, 0, LWARX(3, 0, 4));
	assert_data(f, 0, 2, EA, ESR_BO);
	cpu_set_msr(&f->cpu, 0);
	f->cpu.nip = EA;
	cpu_step(&f->cpu);
	assert_taken(f, 0, 3);
	assert_int_equal(f->cpu.booke.esr, ESR_BO);
	fixture_free(f);
}

static void program_interrupts(void **state)
{
	static const struct {
		u32 insn;
		u64 msr;
		u32 esr;
	} cases[] = {{ILLEGAL, 0, ESR_PIL},
		     {TRAP, MSR_CE, ESR_PTR},
		     {RFI, MSR_PR, ESR_PPR},
		     {TLBWE440(3, 4, 3), 0, ESR_PIL},
		     {0xe8640000 /* ld */, 0, ESR_PIL}};
	struct fixture *f = machine440();

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		step(f, cases[i].msr, cases[i].insn);
		assert_taken(f, cases[i].msr, 6);
		assert_int_equal(f->cpu.srr0, CODE);
		assert_int_equal(f->cpu.booke.esr, cases[i].esr);
	}
	step(f, MSR_PR | MSR_EE, SC);
	assert_taken(f, MSR_PR | MSR_EE, 8);
	assert_int_equal(f->cpu.srr0, CODE + 4);
	fixture_free(f);
}

/* Critical ones have MSR[CE] and registers of their own, and come first. */
static void pending_interrupts(void **state)
{
	const u64 msr = MSR_CE | MSR_EE | MSR_ME | MSR_PR;
	struct fixture *f = machine440();
	struct cpu *cpu = &f->cpu;

	(void)state;
	cpu->nip = CODE;
	cpu_irq_set(cpu, CPU_IRQ_CRITICAL | CPU_IRQ_EXTERNAL);
	cpu_set_msr(cpu, MSR_ME);
	assert_false(cpu_take_pending(cpu));
	cpu_set_msr(cpu, msr);
	assert_true(cpu_take_pending(cpu));
	assert_int_equal(cpu->nip, VEC(0));
	assert_int_equal(cpu->booke.csrr0, CODE);
	assert_int_equal(cpu->booke.csrr1, msr);
	assert_int_equal(cpu->msr, MSR_ME);
	cpu_irq_clear(cpu, CPU_IRQ_CRITICAL);
	cpu_step_insn(cpu, RFCI);
	assert_int_equal(cpu->nip, CODE);
	assert_int_equal(cpu->msr, msr);
	assert_true(cpu_take_pending(cpu));
	assert_taken(f, msr, 4);
	/* Level: it is there until its source takes it back. */
	cpu_step_insn(cpu, WRTEEI(1u));
	assert_true(cpu->msr & MSR_EE);
	assert_true(cpu_take_pending(cpu));
	cpu_irq_clear(cpu, CPU_IRQ_EXTERNAL);
	cpu_step_insn(cpu, WRTEEI(1u));
	assert_false(cpu_take_pending(cpu));
	/* Where servers have what traces each instruction, there are other bits. */
	cpu_set_msr(cpu, MSR_DE | MSR_DWE);
	assert_int_equal(cpu->traced_msr, 0);
	fixture_free(f);
}

static void words_of_440(void **state)
{
	struct fixture *f = machine440();

	(void)state;
	f->cpu.gpr[4] = EA | 0x210;
	f->cpu.gpr[5] = 17 + 64; /* the number is of six bits */
	f->cpu.booke.mmucr = 0xab;
	step(f, 0, TLBWE440(4, 5, 0));
	f->cpu.booke.mmucr = 0x10000;
	step(f, 0, TLBRE440(3, 5, 0));
	assert_int_equal(f->cpu.gpr[3], EA | 0x210);
	assert_int_equal(f->cpu.booke.mmucr, 0x100ab);
	/* In which space, and whose, is MMUCR's. */
	step(f, 0, TLBSX_RC(6, 0, 4));
	assert_int_equal(f->cpu.cr[0], 0);
	f->cpu.booke.mmucr = 0xab;
	step(f, 0, TLBSX_RC(6, 0, 4));
	assert_int_equal(f->cpu.cr[0], 2);
	assert_int_equal(f->cpu.gpr[6], 17);
	fixture_free(f);
}

/* Another process: what is everybody's is still at hand, what was the other's isn't. */
static void process_changes(void **state)
{
	struct fixture *f = machine440();
	const struct cpu_counts *n = &f->cpu.counts;
	u64 before;

	(void)state;
	map440(f, 0, EA, REAL, 1, 0x3f, 1);
	map440(f, 1, EA, REAL + 0x1000, 1, 0x3f, 2);
	map440(f, 2, EA + 0x1000, REAL + 0x2000, 1, 0x3f, 0);
	store_be32(f->ram + REAL, 1);
	store_be32(f->ram + REAL + 0x1000, 2);
	f->cpu.gpr[4] = EA;
	for (unsigned pid = 1; pid < 3; pid++) {
		f->cpu.gpr[5] = pid;
		step(f, 0, MTSPR(PID, 5));
		step(f, 0, LWZ(3, 0, 4));
		assert_int_equal(f->cpu.gpr[3], pid);
		step(f, 0, LWZ(3, 0x1000, 4));
	}
	before = n->table_searches;
	f->cpu.gpr[5] = 1;
	step(f, 0, MTSPR(PID, 5));
	step(f, 0, LWZ(3, 0x1000, 4));
	assert_int_equal(n->table_searches, before);
	step(f, 0, LWZ(3, 0, 4));
	assert_int_equal(f->cpu.gpr[3], 1);
	assert_int_equal(n->table_searches, before + 1);
	/* An entry that is overwritten takes along what was read by it, and nothing else. */
	f->cpu.gpr[5] = 0;
	f->cpu.gpr[6] = 0;
	step(f, 0, TLBWE440(6, 5, 0));
	step(f, 0, LWZ(3, 0x1000, 4));
	assert_int_equal(n->table_searches, before + 1);
	step(f, 0, LWZ(3, 0, 4));
	assert_data(f, 0, 13, EA, 0);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(protection),	   cmocka_unit_test(misses),
	    cmocka_unit_test(misses_of_e500),	   cmocka_unit_test(small_pages),
	    cmocka_unit_test(little_endian_pages), cmocka_unit_test(program_interrupts),
	    cmocka_unit_test(pending_interrupts),  cmocka_unit_test(words_of_440),
	    cmocka_unit_test(process_changes),	   cmocka_unit_test(cache_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
