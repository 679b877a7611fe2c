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
#define DAC1R 0x00080000u
#define DAC1W 0x00040000u
#define DAC2R 0x00020000u
#define DAC2W 0x00010000u
#define RET   0x00008000u
#define IDE   0x80000000u

static void map_e500(struct fixture *f, unsigned i, u32 ea, u32 real, bool space)
{
	struct booke_mas mas = {.mas0 = 1u << 28 | i << 16,
				.mas1 = 0xc0000700 | (u32)space << 12,
				.mas2 = ea,
				.mas3 = real | 0x3f};

	tlb_e500_write(f->cpu.booke.tlb, &mas);
	cpu_booke_changed(&f->cpu);
}

/* 16 MiB, for everybody. */
static void map(struct fixture *f, unsigned i, u32 ea, u32 real, bool space)
{
	if (f->cpu.model == &cpu_model_e500v2) {
		map_e500(f, i, ea, real, space);
		return;
	}
	tlb440_write(f->cpu.booke.tlb, i, 0, ea | 0x200 | (u32)space << 8 | 7 << 4, 0);
	tlb440_write(f->cpu.booke.tlb, i, 1, real, 0);
	tlb440_write(f->cpu.booke.tlb, i, 2, 0x3f, 0);
	cpu_booke_changed(&f->cpu);
}

/* r30: where the log goes on; r23: DBCR0 afterwards. */
static const u32 handler[] = {MFSPR(20, CSRR0), MFSPR(21, DBSR),  STW(20, 0, 30),  STW(21, 4, 30),
			      ADDI(30, 30, 8),	MTSPR(DBCR0, 23), MTSPR(DBSR, 21), RFCI};

static struct fixture *machine_of(const struct cpu_model *model, const char *engine)
{
	struct fixture *f;

	setenv("PAPYR_ENGINE", engine, 1);
	f = fixture_of_model(model);
	unsetenv("PAPYR_ENGINE");
	f->cpu.hpt = NULL;
	f->cpu.booke.ivpr = IVPR;
	for (unsigned i = 0; i < 16; i++)
		f->cpu.booke.ivor[i] = IVOR(i);
	map(f, 0, 0, 0, false);
	map(f, 1, OUT, NO_RAM, false);
	for (unsigned i = 0; i < ARRAY_SIZE(handler); i++)
		put_insn(f, VEC(15) + 4 * i, handler[i]);
	/* Program interrupts end it. */
	put_insn(f, VEC(6), 0x4e800420); /* bctr */
	f->cpu.gpr[30] = LOG;
	f->cpu.ctr = OUT;
	return f;
}

static struct fixture *machine(void)
{
	return machine_of(&cpu_model_440, "inline");
}

static void run(struct fixture *f, u64 msr, u32 dbcr0, u32 afterwards)
{
	f->cpu.booke.dbcr[0] = dbcr0;
	f->cpu.gpr[23] = afterwards;
	cpu_booke_changed(&f->cpu);
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

/* An e500v2 has IAC1 and IAC2: the bits of the other two ask for nothing, nor slow it down. */
static void by_address_on_an_e500(void **state)
{
	static const u32 program[] = {LI(3, 1), ADDI(3, 3, 1), ADDI(3, 3, 1)};
	struct fixture *f = machine_of(&cpu_model_e500v2, "inline");

	put_program(f, program, ARRAY_SIZE(program));
	for (unsigned i = 0; i < ARRAY_SIZE(f->cpu.booke.iac); i++)
		f->cpu.booke.iac[i] = CODE + 4;
	run(f, MSR_DE, IDM | IAC1 >> 2 | IAC1 >> 3, IDM);
	assert_logged(f, 0, 0, 0);
	assert_int_equal(f->cpu.booke.dbsr, 0);
	assert_int_equal(f->cpu.traced_msr, 0);
	run(f, MSR_DE, IDM | IAC1 | IAC2 | IAC1 >> 2 | IAC1 >> 3, IDM);
	assert_logged(f, 0, CODE + 4, IAC1 | IAC2);
	assert_logged(f, 1, 0, 0);
	/* On a 440 they do. */
	fixture_free(f);
	f = machine();
	put_program(f, program, ARRAY_SIZE(program));
	f->cpu.booke.iac[2] = f->cpu.booke.iac[3] = CODE + 4;
	run(f, MSR_DE, IDM | IAC1 >> 2 | IAC1 >> 3, IDM);
	assert_logged(f, 0, CODE + 4, IAC1 >> 2 | IAC1 >> 3);
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

/* --- by data address --- */

#define DATA	0x300000u
#define INSIDE	(2u << 22) /* DBCR2 */
#define OUTSIDE (3u << 22)
#define MASKED	(1u << 22)
#define US1(to) ((to) << 30)
#define ER1(to) ((to) << 28)

#define STMW(s, d, a) D_FORM(47, s, a, d)
#define LHZX(t, a, b) X_FORM(t, a, b, 279u)
#define DCBT(a, b)    X_FORM(0, a, b, 278u)
#define DCBF(a, b)    X_FORM(0, a, b, 86u)
#define DCBST(a, b)   X_FORM(0, a, b, 54u)
#define DCBZ(a, b)    X_FORM(0, a, b, 1014u)
#define ICBI(a, b)    X_FORM(0, a, b, 982u)

/* r4 is DATA, r9 DATA + 4. What is asked for, DBCR2, DAC1 and DAC2 less DATA but for a mask, and
 * what there is then on a 440 and on an e500v2. */
static const struct dac_case {
	u32 insn, asked, dbcr2, dac1, dac2, of_440, of_e500;
} dac_cases[] = {
    {LWZ(6, 0, 4), DAC1R, 0, 0, 0, DAC1R, DAC1R},
    {LWZ(6, 0, 4), DAC1W | DAC2W, 0, 0, 0, 0, 0},
    {STW(6, 0, 4), DAC1W, 0, 0, 0, DAC1W, DAC1W},
    {STW(6, 0, 4), DAC1R | DAC2R, 0, 0, 0, 0, 0},
    {STW(6, 8, 4), DAC1W | DAC2W, 0, 0, 8, DAC2W, DAC2W},
    {LWZ(6, 8, 4), DAC1R | DAC2R | DAC2W, 0, 8, 8, DAC1R | DAC2R, DAC1R | DAC2R},
    {LWARX(6, 0, 4), DAC1R, 0, 0, 0, DAC1R, DAC1R},
    {LHZX(6, 4, 8), DAC2R, 0, 4, 0, DAC2R, DAC2R},
    /* Not what else is reached, but where it is cut. */
    {LWZ(6, 0, 4), DAC1R, 0, 2, 0, 0, 0},
    {LWZ(6, 14, 4), DAC1R, 0, 16, 0, DAC1R, DAC1R},
    {LWZ(6, 6, 4), DAC1R, 0, 8, 0, 0, DAC1R},
    {STMW(29, 0, 4), DAC1W, 0, 8, 0, DAC1W, DAC1W},
    {STMW(29, 0, 4), DAC1W, 0, 6, 0, 0, 0},
    /* Across a page's end, and in the first page alone of two. */
    {LWZ(6, 0xffe, 4), DAC2R, 0, 0, 0x1000, DAC2R, DAC2R},
    {LWZ(6, 0xffe, 4), DAC2R, 0, 0, 0xffe, DAC2R, DAC2R},
    /* From DAC1 on to before DAC2; before and after that; by a mask. */
    {LWZ(6, 0, 4), DAC1R, INSIDE, 0, 8, DAC1R, DAC1R},
    {LWZ(6, 4, 4), DAC1R | DAC2R, INSIDE, 0, 8, DAC1R | DAC2R, DAC1R | DAC2R},
    {LWZ(6, 8, 4), DAC1R | DAC2R, INSIDE, 0, 8, 0, 0},
    {LWZ(6, -4, 4), DAC1R | DAC2R, INSIDE, 0, 8, 0, 0},
    {LWZ(6, 4, 4), DAC1R, OUTSIDE, 0, 8, 0, 0},
    {LWZ(6, 8, 4), DAC1R, OUTSIDE, 0, 8, DAC1R, DAC1R},
    {LWZ(6, -4, 4), DAC2R, OUTSIDE, 0, 8, DAC2R, DAC2R},
    {LWZ(6, 8, 4), DAC1R, MASKED, 0xff4, 0xfffff000, DAC1R, DAC1R},
    {LWZ(6, 8, 4), DAC2R, MASKED, 0xff8, 0x0000000c, DAC2R, DAC2R},
    {LWZ(6, 8, 4), DAC1R | DAC2R, MASKED, 0xff4, 0x0000000c, 0, 0},
    /* Lines, from where the instruction says. */
    {DCBZ(0, 9), DAC1W, 0, 4, 0, DAC1W, DAC1W},
    {DCBZ(0, 9), DAC1W, 0, 0, 0, 0, 0},
    {DCBF(0, 9), DAC1R | DAC1W, 0, 4, 0, DAC1W, DAC1W},
    {DCBST(0, 9), DAC1R | DAC1W, 0, 4, 0, DAC1W, DAC1W},
    {DCBI(0, 9), DAC1R | DAC1W, 0, 4, 0, DAC1W, DAC1W},
    {ICBI(0, 9), DAC1R | DAC1W, 0, 4, 0, DAC1R, DAC1W},
    {DCBT(0, 9), DAC1R | DAC1W, 0, 4, 0, 0, 0},
};

/* The guest reaches the page, asks, does it, asks no more, and does it again. */
static void try_dac(struct fixture *f, const struct dac_case *c, u32 want)
{
	const u32 program[] = {LWZ(6, 0, 4),	STW(6, 0, 4), LWZ(6, 0x1000, 4),
			       MTSPR(DBCR0, 7), c->insn,      MTSPR(DBCR0, 8),
			       c->insn};

	put_program(f, program, ARRAY_SIZE(program));
	cpu_flush_all_code(&f->cpu);
	f->cpu.booke.dbcr[2] = c->dbcr2;
	f->cpu.booke.dac[0] = DATA + c->dac1;
	f->cpu.booke.dac[1] = c->dbcr2 == MASKED ? c->dac2 : DATA + c->dac2;
	f->cpu.gpr[7] = IDM | c->asked;
	/* The second time it is translated. */
	for (unsigned round = 0; round < 3; round++) {
		memset(f->ram + LOG, 0, 64);
		f->cpu.gpr[30] = LOG;
		run(f, MSR_DE, 0, IDM);
		assert_logged(f, 0, want ? CODE + 16 : 0, want);
		assert_logged(f, 1, 0, 0);
		assert_int_equal(f->cpu.booke.dbsr, 0);
	}
}

static void try_dacs(const struct cpu_model *model, const char *engine)
{
	struct fixture *f = machine_of(model, engine);

	f->cpu.gpr[4] = DATA;
	f->cpu.gpr[9] = DATA + 4;
	for (unsigned i = 0; i < ARRAY_SIZE(dac_cases); i++) {
		const struct dac_case *c = &dac_cases[i];

		print_message("%s, %s: case %u\n", model->name, engine, i);
		try_dac(f, c, model == &cpu_model_440 ? c->of_440 : c->of_e500);
	}
	fixture_free(f);
}

static void data_of_440(void **state)
{
	try_dacs(&cpu_model_440, "portable");
	try_dacs(&cpu_model_440, "eager");
}

static void data_of_e500(void **state)
{
	try_dacs(&cpu_model_e500v2, "portable");
	try_dacs(&cpu_model_e500v2, "eager");
}

/* Only of the supervisor or of users, only in one address space. */
static void whose_data(void **state)
{
	static const struct {
		u64 msr;
		u32 dbcr2;
		bool met;
	} cases[] = {
	    {0, US1(2u), true},	     {MSR_PR, US1(2u), false}, {0, US1(3u), false},
	    {MSR_PR, US1(3u), true}, {0, ER1(2u), true},       {MSR_DS, ER1(2u), false},
	    {0, ER1(3u), false},     {MSR_DS, ER1(3u), true},  {MSR_DS | MSR_PR, 0, true},
	};
	static const u32 program[] = {LWZ(6, 0, 4)};
	struct fixture *f = machine_of(&cpu_model_e500v2, "eager");

	map(f, 2, 0, 0, true);
	put_program(f, program, ARRAY_SIZE(program));
	f->cpu.gpr[4] = f->cpu.booke.dac[0] = DATA;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(f->ram + LOG, 0, 64);
		f->cpu.gpr[30] = LOG;
		f->cpu.booke.dbcr[2] = cases[i].dbcr2;
		run(f, MSR_DE | cases[i].msr, IDM | DAC1R, IDM);
		assert_logged(f, 0, cases[i].met ? CODE : 0, cases[i].met ? DAC1R : 0);
		if (cases[i].met)
			assert_int_equal(f->cpu.booke.csrr1, MSR_DE | cases[i].msr);
	}
	fixture_free(f);
}

/* Before it is carried out; without MSR[DE] it is, and the interrupt comes later. */
static void when_data(void **state)
{
	static const u32 program[] = {STW(3, 0, 4)};
	struct fixture *f = machine();

	put_program(f, program, ARRAY_SIZE(program));
	f->cpu.gpr[3] = 0x12345678;
	f->cpu.gpr[4] = f->cpu.booke.dac[1] = DATA;
	f->cpu.booke.dbcr[0] = IDM | DAC2W;
	f->cpu.nip = CODE;
	cpu_set_msr(&f->cpu, MSR_DE);
	cpu_step(&f->cpu);
	assert_int_equal(f->cpu.nip, VEC(15));
	assert_int_equal(f->cpu.booke.csrr0, CODE);
	assert_int_equal(f->cpu.booke.dbsr, DAC2W);
	assert_int_equal(load_be32(f->ram + DATA), 0);

	f->cpu.booke.dbsr = 0;
	run(f, 0, IDM | DAC2W, IDM);
	assert_int_equal(load_be32(f->ram + DATA), 0x12345678);
	assert_logged(f, 0, 0, 0);
	assert_int_equal(f->cpu.booke.dbsr, DAC2W | IDE);
	run(f, MSR_DE, IDM, IDM);
	assert_logged(f, 0, CODE, DAC2W | IDE);
	assert_logged(f, 1, 0, 0);
	/* Nor without internal debug mode. */
	run(f, MSR_DE, DAC2W, IDM);
	assert_logged(f, 1, 0, 0);
	assert_int_equal(f->cpu.booke.dbsr, 0);
	/* A page that isn't there comes first. */
	f->cpu.gpr[4] = f->cpu.booke.dac[1] = 0x20000000;
	f->cpu.booke.dbcr[0] = IDM | DAC2W;
	f->cpu.nip = CODE;
	cpu_step(&f->cpu);
	assert_int_equal(f->cpu.nip, VEC(13));
	assert_int_equal(f->cpu.booke.dbsr, 0);
	fixture_free(f);
}

/* --- and value: bytes in their word are what DVC has there --- */

#define DVC1_IS(how, bytes) ((how) << 18 | (bytes) << 8) /* DBCR2 */
#define DVC2_IS(how, bytes) ((how) << 16 | (bytes))
#define ALL		    1u
#define ANY		    2u
#define HALF		    3u
#define STH(s, d, a)	    D_FORM(44, s, a, d)
#define LBZ(t, d, a)	    D_FORM(34, t, a, d)
#define STWCX(s, a, b)	    (X_FORM(s, a, b, 150u) | 1)

/* There is 11223344 in r3 and at DATA. */
static const struct dvc_case {
	u32 insn, asked, dbcr2, dvc, want;
} dvc_cases[] = {
    {LWZ(6, 0, 4), DAC1R, DVC1_IS(ALL, 15u), 0x11223344, DAC1R},
    {LWZ(6, 0, 4), DAC1R, DVC1_IS(ALL, 15u), 0x11223345, 0},
    {LWZ(6, 0, 4), DAC1R, DVC1_IS(ALL, 14u), 0x11223345, DAC1R},
    {LWZ(6, 0, 4), DAC1R | DAC2R, DVC2_IS(ALL, 15u), 0x11223345, DAC1R},
    {LWZ(6, 0, 4), DAC2R, DVC2_IS(ALL, 15u), 0x11223344, DAC2R},
    {STW(3, 0, 4), DAC1W, DVC1_IS(ALL, 15u), 0x11223344, DAC1W},
    {STW(3, 0, 4), DAC1W, DVC1_IS(ANY, 15u), 0x55555544, DAC1W},
    {STW(3, 0, 4), DAC1W, DVC1_IS(ANY, 14u), 0x55555544, 0},
    {STW(3, 0, 4), DAC1W, DVC1_IS(HALF, 15u), 0x55553344, DAC1W},
    {STW(3, 0, 4), DAC1W, DVC1_IS(HALF, 15u), 0x11555544, 0},
    {STW(3, 0, 4), DAC1W, DVC1_IS(HALF, 12u), 0x55555555, 0},
    /* Bytes that aren't reached don't match. */
    {STH(3, 0, 4), DAC1W, DVC1_IS(ALL, 12u), 0x33440000, DAC1W},
    {STH(3, 0, 4), DAC1W, DVC1_IS(ALL, 15u), 0x33443344, 0},
    {LBZ(6, 0, 4), DAC1R, DVC1_IS(ANY, 15u), 0x55111111, 0},
    {STWCX(3, 0, 4), DAC1W, DVC1_IS(ALL, 15u), 0x11223344, DAC1W},
    {DCBZ(0, 4), DAC1W, DVC1_IS(ALL, 15u), 0, DAC1W},
    {DCBZ(0, 4), DAC1W, DVC1_IS(ALL, 15u), 1, 0},
    /* Nothing is known of it. */
    {DCBF(0, 4), DAC1W, DVC1_IS(ANY, 15u), 0x11223344, 0},
};

static void try_dvc(struct fixture *f, const struct dvc_case *c, u32 want)
{
	const u32 program[] = {LWARX(6, 0, 4), MTSPR(DBCR0, 7), c->insn, MTSPR(DBCR0, 8)};

	put_program(f, program, ARRAY_SIZE(program));
	cpu_flush_all_code(&f->cpu);
	store_be32(f->ram + DATA, 0x11223344);
	memset(f->ram + LOG, 0, 64);
	f->cpu.booke.dbcr[2] = c->dbcr2;
	f->cpu.booke.dac[0] = f->cpu.booke.dac[1] = DATA;
	f->cpu.booke.dvc[0] = f->cpu.booke.dvc[1] = c->dvc;
	f->cpu.gpr[3] = 0x11223344;
	f->cpu.gpr[4] = DATA;
	f->cpu.gpr[7] = IDM | c->asked;
	f->cpu.gpr[30] = LOG;
	run(f, MSR_DE, 0, IDM);
	assert_logged(f, 0, want ? CODE + 8 : 0, want);
	assert_logged(f, 1, 0, 0);
}

static void by_value(void **state)
{
	static const char *const engines[] = {"portable", "eager"};

	for (unsigned e = 0; e < 2; e++) {
		struct fixture *f = machine_of(&cpu_model_440, engines[e]);
		struct fixture *other = machine_of(&cpu_model_e500v2, engines[e]);

		for (unsigned i = 0; i < ARRAY_SIZE(dvc_cases); i++) {
			print_message("%s: case %u\n", engines[e], i);
			try_dvc(f, &dvc_cases[i], dvc_cases[i].want);
			/* It compares none. */
			try_dvc(other, &dvc_cases[i], dvc_cases[i].asked);
		}
		fixture_free(f);
		fixture_free(other);
	}
}

static bool leave_now(struct cpu *cpu)
{
	return true;
}

/* Its handlers can't be fetched, so no instruction is ever carried out: the clock counts on. */
static void nothing_but_interrupts(void **state)
{
	struct fixture *f = machine();
	struct cpu_host host = *f->cpu.host;

	host.tick = leave_now;
	f->cpu.host = &host;
	f->cpu.booke.ivpr = 0x70000000;
	f->cpu.booke.dbcr[0] = IDM | ICMP;
	cpu_booke_changed(&f->cpu);
	f->cpu.nip = 0x70000000;
	cpu_set_msr(&f->cpu, MSR_DE);
	assert_int_equal(cpu_run(&f->cpu), CPU_EXIT_REQUEST);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_instruction),
	    cmocka_unit_test(by_address),
	    cmocka_unit_test(by_address_on_an_e500),
	    cmocka_unit_test(branches_taken),
	    cmocka_unit_test(traps),
	    cmocka_unit_test(interrupts_and_returns),
	    cmocka_unit_test(asked_for_by_the_guest),
	    cmocka_unit_test(data_of_440),
	    cmocka_unit_test(data_of_e500),
	    cmocka_unit_test(whose_data),
	    cmocka_unit_test(when_data),
	    cmocka_unit_test(by_value),
	    cmocka_unit_test(nothing_but_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
