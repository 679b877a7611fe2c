/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug events of BookE processors: a program runs with DBCR0 set, and its handler of debug
 * interrupts writes down where each came and what DBSR said, clears that and goes on, with what
 * the test wants in DBCR0 from then on.
 */
#include <stddef.h>
#include <stdlib.h>

#include "booke_insns.h"
#include "cpu_fixture.h"

#define CODE	0x2000u
#define IVPR	0x120000u
#define IVOR(n) (0x1000u + 0x40u * (n))
#define VEC(n)	(IVPR + IVOR(n))
#define LOG	0x200000u
#define OUT	0x40000000u /* where no memory is: the end */
#define NO_RAM	0x08000000u

#define CSRR0 58u
#define DBSR  304u
#define DBCR0 308u

#define IDM   0x40000000u
#define ICMP  0x08000000u
#define BRT   0x04000000u
#define IRPT  0x02000000u
#define TRAPS 0x01000000u
#define IAC1  0x00800000u
#define IAC2  0x00400000u
#define RET   0x00008000u
#define IDE   0x80000000u

static void map(struct fixture *f, unsigned i, u32 ea, u32 real)
{
	tlb440_write(f->cpu.booke.tlb, i, 0, ea | 0x200 | 7 << 4, 0);
	tlb440_write(f->cpu.booke.tlb, i, 1, real, 0);
	tlb440_write(f->cpu.booke.tlb, i, 2, 0x3f, 0);
	cpu_booke_changed(&f->cpu);
}

/* r30: where the log goes on; r23: DBCR0 afterwards. */
static const u32 handler[] = {MFSPR(20, CSRR0), MFSPR(21, DBSR),  STW(20, 0, 30),  STW(21, 4, 30),
			      ADDI(30, 30, 8),	MTSPR(DBCR0, 23), MTSPR(DBSR, 21), RFCI};

static struct fixture *machine(void)
{
	struct fixture *f = fixture_of_model(&cpu_model_440);

	f->cpu.hpt = NULL;
	f->cpu.booke.ivpr = IVPR;
	for (unsigned i = 0; i < 16; i++)
		f->cpu.booke.ivor[i] = IVOR(i);
	map(f, 0, 0, 0);
	map(f, 1, OUT, NO_RAM);
	for (unsigned i = 0; i < ARRAY_SIZE(handler); i++)
		put_insn(f, VEC(15) + 4 * i, handler[i]);
	/* Program interrupts end it. */
	put_insn(f, VEC(6), 0x4e800420); /* bctr */
	f->cpu.gpr[30] = LOG;
	f->cpu.ctr = OUT;
	return f;
}

static void run(struct fixture *f, u64 msr, u32 dbcr0, u32 afterwards)
{
	f->cpu.booke.dbcr[0] = dbcr0;
	f->cpu.gpr[23] = afterwards;
	f->cpu.nip = CODE;
	cpu_set_msr(&f->cpu, msr);
	assert_int_equal(cpu_run(&f->cpu), CPU_EXIT_HOST);
	assert_int_equal(f->cpu.nip, OUT);
}

/* Entry @i of the log; past the last one @at is 0. */
static void assert_logged(const struct fixture *f, unsigned i, u32 at, u32 dbsr)
{
	assert_int_equal(load_be32(f->ram + LOG + 8 * i), at);
	assert_int_equal(load_be32(f->ram + LOG + 8 * i + 4), dbsr);
}

#define BCTR 0x4e800420u

static void put_program(struct fixture *f, const u32 *insns, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		put_insn(f, CODE + 4 * i, insns[i]);
	put_insn(f, CODE + 4 * n, BCTR);
}

static void every_instruction(void **state)
{
	static const u32 program[] = {LI(3, 1), B(2), LI(3, 2), ADDI(3, 3, 5)};
	struct fixture *f = machine();

	put_program(f, program, ARRAY_SIZE(program));
	run(f, MSR_DE, IDM | ICMP, IDM | ICMP);
	assert_logged(f, 0, CODE + 4, ICMP);
	assert_logged(f, 1, CODE + 12, ICMP);
	assert_logged(f, 2, CODE + 16, ICMP);
	assert_logged(f, 3, OUT, ICMP);
	assert_logged(f, 4, 0, 0);
	assert_int_equal(f->cpu.gpr[3], 6);
	/* Not without MSR[DE], nor without internal debug mode. */
	f->cpu.gpr[30] = LOG + 32;
	run(f, 0, IDM | ICMP, 0);
	run(f, MSR_DE, ICMP, 0);
	assert_logged(f, 4, 0, 0);
	assert_int_equal(f->cpu.booke.dbsr, 0);
	fixture_free(f);
}

static void by_address(void **state)
{
	static const u32 program[] = {LI(3, 1), ADDI(3, 3, 1), ADDI(3, 3, 1), ADDI(3, 3, 1)};
	struct fixture *f = machine();

	put_program(f, program, ARRAY_SIZE(program));
	f->cpu.booke.iac[0] = CODE + 8;
	run(f, MSR_DE | MSR_ME, IDM | IAC1, IDM);
	/* Before it began; the interrupt is a critical one. */
	assert_logged(f, 0, CODE + 8, IAC1);
	assert_logged(f, 1, 0, 0);
	assert_int_equal(f->cpu.booke.csrr1, MSR_DE | MSR_ME);
	assert_int_equal(f->cpu.gpr[3], 4);

	/* Without MSR[DE] it is noted, and comes when MSR[DE] does. */
	run(f, 0, IDM | IAC1, IDM);
	assert_logged(f, 1, 0, 0);
	assert_int_equal(f->cpu.booke.dbsr, IAC1 | IDE);
	run(f, MSR_DE, IDM, IDM);
	assert_logged(f, 1, CODE, IAC1 | IDE);

	/* IAC1 up to IAC2, exclusively, and for users only, which this isn't. */
	f->cpu.booke.iac[1] = CODE + 12;
	f->cpu.booke.dbcr[1] = 2u << 22;
	run(f, MSR_DE, IDM | IAC2, IDM);
	assert_logged(f, 2, CODE + 8, IAC2);
	f->cpu.booke.dbcr[1] = 3u << 22;
	run(f, MSR_DE, IDM | IAC1, IDM);
	/* The handler is outside of it too. */
	assert_logged(f, 3, CODE, IAC1 | IDE);
	f->cpu.booke.dbcr[1] = 3u << 30;
	run(f, MSR_DE, IDM | IAC1, IDM);
	assert_logged(f, 4, 0, 0);
	f->cpu.booke.dbcr[1] = 2u << 30;
	run(f, MSR_DE, IDM | IAC1, IDM);
	assert_logged(f, 4, CODE + 8, IAC1);
	fixture_free(f);
}

static void branches_taken(void **state)
{
	static const u32 program[] = {CMPWI(3, 5), BEQ(2), CMPWI(3, 0), BEQ(2), LI(4, 1), LI(5, 1)};
	struct fixture *f = machine();

	put_program(f, program, ARRAY_SIZE(program));
	run(f, MSR_DE, IDM | BRT, IDM);
	assert_logged(f, 0, CODE + 12, BRT);
	assert_logged(f, 1, 0, 0);
	assert_int_equal(f->cpu.gpr[4], 0);
	assert_int_equal(f->cpu.gpr[5], 1);
	fixture_free(f);
}

static void traps(void **state)
{
	static const u32 program[] = {LI(3, 1), TRAP};
	struct fixture *f = machine();

	put_program(f, program, ARRAY_SIZE(program));
	/* In place of the program interrupt, which comes when the handler goes back to it. */
	run(f, MSR_DE, IDM | TRAPS, IDM);
	assert_logged(f, 0, CODE + 4, TRAPS);
	assert_logged(f, 1, 0, 0);
	assert_int_equal(f->cpu.srr0, CODE + 4);
	run(f, 0, IDM | TRAPS, IDM);
	assert_logged(f, 1, 0, 0);
	assert_int_equal(f->cpu.booke.dbsr, TRAPS | IDE);
	fixture_free(f);
}

static void interrupts_and_returns(void **state)
{
	static const u32 program[] = {SC, LI(4, 7)};
	struct fixture *f = machine();

	put_program(f, program, ARRAY_SIZE(program));
	put_insn(f, VEC(8), LI(3, 3));
	put_insn(f, VEC(8) + 4, RFI);
	run(f, MSR_DE, IDM | IRPT, IDM);
	assert_logged(f, 0, VEC(8), IRPT);
	run(f, MSR_DE, IDM | RET, IDM);
	assert_logged(f, 1, VEC(8) + 4, RET);
	assert_logged(f, 2, 0, 0);
	assert_int_equal(f->cpu.gpr[3], 3);
	assert_int_equal(f->cpu.gpr[4], 7);
	fixture_free(f);
}

/* A program that asks for them itself, in blocks that lead to each other. */
static void asked_for_by_the_guest(void **state)
{
	static const u32 program[] = {MTSPR(DBCR0, 5), ISYNC, B(1), LI(3, 1), B(1), LI(3, 2)};
	struct fixture *f = machine();

	put_program(f, program, ARRAY_SIZE(program));
	f->cpu.gpr[5] = IDM | IAC1;
	f->cpu.booke.iac[0] = CODE + 20;
	run(f, MSR_DE, 0, IDM);
	assert_logged(f, 0, CODE + 20, IAC1);
	assert_logged(f, 1, 0, 0);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_instruction),      cmocka_unit_test(by_address),
	    cmocka_unit_test(branches_taken),	      cmocka_unit_test(traps),
	    cmocka_unit_test(interrupts_and_returns), cmocka_unit_test(asked_for_by_the_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
