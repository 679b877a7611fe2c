/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What POWER processors do where the other implementation that tests/isa asks errs or can't be
 * asked, or where the Power ISA 2.07 leaves it open and recorded outputs of programs agree.
 */
#include "cpu_fixture.h"

#define CODE	  0x100000ull
#define DATA	  0x200000ull
#define SUPERVISOR (MSR_SF | MSR_ME | MSR_RI | MSR_FP | MSR_VEC | MSR_VSX)
/*
 * Without a table real mode reaches memory one to one, and problem state too as long as it has no
 * translation.
 */
#define PROBLEM (SUPERVISOR | MSR_PR)

static struct fixture *real(u64 msr)
{
	struct fixture *f = fixture_new();

	f->cpu.hpt = NULL;
	cpu_set_msr(&f->cpu, msr);
	return f;
}

static void run(struct fixture *f, u32 insn)
{
	step_insn(f, CODE, CODE, insn);
}

/* Runs @insn; it must not interrupt. */
static void runs(struct fixture *f, u32 insn)
{
	run(f, insn);
	assert_int_equal(f->cpu.nip, CODE + 4);
}

static void later_hints_in_reserved_fields_are_ignored(void **state)
{
	struct fixture *f = real(SUPERVISOR);

	/* mffscrni, mffsl, mffsce, mffscrn, mffscdrn of ISA 3.0: mffs f1 */
	static const u32 moves[] = {0xfc37048e, 0xfc38048e, 0xfc21048e, 0xfc36048e, 0xfc34048e};

	fpscr_set(&f->cpu.fpscr, 0x12);
	for (unsigned i = 0; i < ARRAY_SIZE(moves); i++) {
		VSR_D(f->cpu.vsr[1], 0) = ~0ull;
		runs(f, moves[i]);
		assert_int_equal(VSR_D(f->cpu.vsr[1], 0), 0x12);
		assert_int_equal(fpscr_get(&f->cpu.fpscr), 0x12);
	}
	runs(f, 0x7c8004ac); /* phwsync of 3.1: sync */
	fixture_free(f);
}

static void counting_branch_to_ctr_counts(void **state)
{
	struct fixture *f = real(PROBLEM);

	f->cpu.ctr = 0x1000;
	runs(f, 0x4c400420); /* bcctr 2, 0 */
	assert_int_equal(f->cpu.ctr, 0xfff);
	fixture_free(f);
}

static void facilities_concern_problem_state(void **state)
{
	static const u32 accesses[] = {0x7c6303a6 /* mtspr 3 */, 0x7c6302a6 /* mfspr 3 */,
				       0x7c6fcba6 /* mtspr 815 */};
	struct fixture *f = real(SUPERVISOR);

	f->cpu.fscr = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(accesses); i++)
		runs(f, accesses[i]);
	f->cpu.tar = CODE + 0x100;
	run(f, 0x4e800460); /* bctar */
	assert_int_equal(f->cpu.nip, CODE + 0x100);
	for (unsigned i = 0; i < ARRAY_SIZE(accesses); i++) {
		cpu_set_msr(&f->cpu, PROBLEM);
		run(f, accesses[i]);
		assert_int_equal(f->cpu.nip, VEC_FACILITY_UNAVAILABLE);
	}
	cpu_set_msr(&f->cpu, PROBLEM);
	run(f, 0x4e800460);
	assert_int_equal(f->cpu.nip, VEC_FACILITY_UNAVAILABLE);
	fixture_free(f);
}

static void doorbells_can_be_read_not_written(void **state)
{
	struct fixture *f = real(SUPERVISOR);

	f->doorbells = 0x5;
	runs(f, 0x7c702aa6); /* mfspr r3, 176 */
	assert_int_equal(f->cpu.gpr[3], 0x5);
	run(f, 0x7c702ba6); /* mtspr 176, r3 */
	assert_int_equal(f->cpu.nip, VEC_PROGRAM);
	fixture_free(f);
}

static void decrementer_exception_ceases_by_counting(void **state)
{
	struct fixture *f = real(SUPERVISOR);

	/* A tick from 0x80000000, which counts to 0x7fffffff. */
	cpu_set_dec(&f->cpu, (s32)0x80000001);
	while ((s32)cpu_get_dec(&f->cpu) < 0)
		;
	assert_false(cpu_has_pending(&f->cpu));
	cpu_set_msr(&f->cpu, SUPERVISOR | MSR_EE);
	assert_false(cpu_take_pending(&f->cpu));
	/* Pending once, and then counted away before EE is set. */
	cpu_set_dec(&f->cpu, (s32)0x80100000);
	assert_true(cpu_has_pending(&f->cpu));
	while ((s32)cpu_get_dec(&f->cpu) < 0)
		;
	assert_false(cpu_take_pending(&f->cpu));
	assert_false(cpu_has_pending(&f->cpu));
	/* As long as the bit is 1 it comes again. */
	cpu_set_dec(&f->cpu, -1);
	assert_true(cpu_has_pending(&f->cpu));
	assert_true(cpu_take_pending(&f->cpu));
	assert_int_equal(f->cpu.nip, VEC_DECREMENTER);
	cpu_set_msr(&f->cpu, SUPERVISOR | MSR_EE);
	assert_true(cpu_take_pending(&f->cpu));
	fixture_free(f);
}

/* A host that slept for longer than the decrementer counts must not lose the guest its tick. */
static void decrementer_survives_a_sleep(void **state)
{
	struct fixture *f = real(SUPERVISOR | MSR_EE);

	cpu_set_dec(&f->cpu, 1000000);
	assert_false(cpu_has_pending(&f->cpu));
	f->cpu.tb_offset += (1ull << 32) - (1u << 20);
	assert_true(cpu_has_pending(&f->cpu));
	assert_true(cpu_take_pending(&f->cpu));
	fixture_free(f);
}

static void hints_by_register_number_do_nothing(void **state)
{
	/* mfspr r3 of 808 to 811 */
	static const u32 reads[] = {0x7c68caa6, 0x7c69caa6, 0x7c6acaa6, 0x7c6bcaa6};
	static const u64 states[] = {SUPERVISOR, PROBLEM};

	for (unsigned s = 0; s < 2; s++) {
		struct fixture *f = real(states[s]);

		f->cpu.gpr[3] = 0x1234;
		for (unsigned i = 0; i < ARRAY_SIZE(reads); i++) {
			runs(f, reads[i]);
			assert_int_equal(f->cpu.gpr[3], 0x1234);
			runs(f, reads[i] | 0x100); /* mtspr */
		}
		fixture_free(f);
	}
}

#define OR(r) (0x7c000378u | (r) << 21 | (r) << 16 | (r) << 11)
#define PRIORITY(n) ((u64)(n) << 50)

static void priorities_are_set_as_far_as_allowed(void **state)
{
	struct fixture *f = real(PROBLEM);

	f->cpu.ppr = PRIORITY(4);
	f->cpu.gpr[3] = 0x55;
	runs(f, OR(1u));
	assert_int_equal(f->cpu.ppr, PRIORITY(2));
	runs(f, OR(6u));
	assert_int_equal(f->cpu.ppr, PRIORITY(3));
	runs(f, OR(2u));
	assert_int_equal(f->cpu.ppr, PRIORITY(4));
	runs(f, OR(3u));
	runs(f, OR(5u));
	runs(f, OR(31u));
	assert_int_equal(f->cpu.ppr, PRIORITY(4));
	assert_int_equal(f->cpu.gpr[3], 0x55);
	f->cpu.gpr[3] = PRIORITY(6);
	runs(f, 0x7c60e3a6); /* mtspr 896, r3 */
	assert_int_equal(f->cpu.ppr, PRIORITY(4));
	cpu_set_msr(&f->cpu, SUPERVISOR);
	runs(f, OR(3u));
	assert_int_equal(f->cpu.ppr, PRIORITY(6));
	runs(f, OR(31u));
	assert_int_equal(f->cpu.ppr, PRIORITY(1));
	fixture_free(f);
}

static void load_string_over_no_address_loads(void **state)
{
	struct fixture *f = real(PROBLEM);

	store_be64(f->ram + DATA, 0x0102030405060708);
	f->cpu.gpr[4] = DATA;
	f->cpu.xer_len = 8;
	runs(f, 0x7fe0242a); /* lswx r31, 0, r4 */
	assert_int_equal(f->cpu.gpr[31], 0x01020304);
	assert_int_equal(f->cpu.gpr[0], 0x05060708);
	/* RA or RB in the range is refused. */
	f->cpu.gpr[5] = 0;
	run(f, 0x7c642c2a); /* lswx r3, r4, r5 */
	assert_int_equal(f->cpu.nip, VEC_PROGRAM);
	fixture_free(f);
}

static void pairs_begin_with_the_even_register(void **state)
{
	for (unsigned little = 0; little < 2; little++) {
		struct fixture *f = real(PROBLEM | (little ? MSR_LE : 0));
		u64 one = little ? 0x3ff0000000000000 : __builtin_bswap64(0x3ff0000000000000);
		u64 two = little ? 0x4000000000000000 : __builtin_bswap64(0x4000000000000000);

		memcpy(f->ram + DATA, &one, 8);
		memcpy(f->ram + DATA + 8, &two, 8);
		f->cpu.gpr[4] = DATA;
		cpu_step_insn((f->cpu.nip = CODE, &f->cpu), 0xe5440000); /* lfdp f10, 0(r4) */
		assert_int_equal(VSR_D(f->cpu.vsr[10], 0), 0x3ff0000000000000);
		assert_int_equal(VSR_D(f->cpu.vsr[11], 0), 0x4000000000000000);
		cpu_step_insn((f->cpu.nip = CODE, &f->cpu), 0xf5440010); /* stfdp f10, 16(r4) */
		assert_memory_equal(f->ram + DATA, f->ram + DATA + 16, 16);
		fixture_free(f);
	}
}

#define XO31(rc, xo) (31u << 26 | 3u << 21 | 4u << 16 | 5u << 11 | (xo) << 1 | (rc))

static void undefined_parts_of_fixed_point_results(void **state)
{
	static const struct {
		u32 insn;
		u64 a, b, result;
		unsigned cr0;
	} cases[] = {
	    {XO31(0, 489), 0x1234, 0, 0, 0},                                 /* divd */
	    {XO31(0, 457), 0x1234, 0, 0, 0},                                 /* divdu */
	    {XO31(0, 491), 0x1234, 0, 0, 0},                                 /* divw */
	    {XO31(0, 459), 0x1234, 0, 0, 0},                                 /* divwu */
	    {XO31(1, 11), 0xffffffff, 0xffffffff, 0xfffffffefffffffe, 8},    /* mulhwu. */
	    {XO31(1, 75), 0x7fffffff, 0x7fffffff, 0x3fffffff3fffffff, 4},    /* mulhw. */
	    {XO31(1, 427), 5, 0xfabc1234, 0, 4},                             /* divwe.: below */
	};
	struct fixture *f = real(PROBLEM);

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		f->cpu.gpr[4] = cases[i].a;
		f->cpu.gpr[5] = cases[i].b;
		runs(f, cases[i].insn);
		if (cases[i].result)
			assert_int_equal(f->cpu.gpr[3], cases[i].result);
		assert_int_equal(f->cpu.gpr[3] >> 32, cases[i].result >> 32);
		if (cases[i].insn & 1)
			assert_int_equal(f->cpu.cr[0], cases[i].cr0);
	}
	fixture_free(f);
}

static void nans_of_singles_are_cut(void **state)
{
	/*
	 * fadds, fsubs, fmuls (f1 = f2 op f3 or f4), fdivs; then xsaddsp, xssubsp, xsmulsp, xsdivsp
	 * on the same
	 */
	static const u32 insns[] = {0xec22182a, 0xec221828, 0xec2200f2, 0xec221824,
				    0xf0221800, 0xf0221840, 0xf0221880, 0xf02218c0};
	struct fixture *f = real(PROBLEM);

	for (unsigned i = 0; i < ARRAY_SIZE(insns); i++) {
		VSR_D(f->cpu.vsr[2], 0) = 0x7ff7ffffffffffff;
		VSR_D(f->cpu.vsr[3], 0) = 0x3ff0000000000000;
		runs(f, insns[i]);
		assert_int_equal(VSR_D(f->cpu.vsr[1], 0), 0x7fffffffe0000000);
	}
	fixture_free(f);
}

static void decimals_without_a_sign_are_numbers(void **state)
{
	struct fixture *f = real(PROBLEM);

	f->cpu.vsr[33].q = 0x123; /* 12, with 3 for a sign */
	f->cpu.vsr[34].q = 0x34c; /* 34 */
	runs(f, 0x10611401); /* bcdadd. v3, v1, v2, 0 */
	assert_true(f->cpu.vsr[35].q == 0x46c);
	assert_int_equal(f->cpu.cr[6], 4);
	runs(f, 0x10611441); /* bcdsub. */
	assert_true(f->cpu.vsr[35].q == 0x22d);
	assert_int_equal(f->cpu.cr[6], 8);
	fixture_free(f);
}

#define MTSPR(n, r) (31u << 26 | (r) << 21 | ((n) & 31) << 16 | ((n) >> 5) << 11 | 467u << 1)
#define MFSPR(n, r) (31u << 26 | (r) << 21 | ((n) & 31) << 16 | ((n) >> 5) << 11 | 339u << 1)

/* The monitor: an alert that software asks for, and one of a counter; a history that is empty. */
static void performance_monitor_alerts(void **state)
{
	struct fixture *f = real(SUPERVISOR);
	u64 ic;

	f->cpu.gpr[3] = 0x80; /* PMAO */
	runs(f, MTSPR(795, 3u));
	assert_true(cpu_has_pending(&f->cpu));
	cpu_set_msr(&f->cpu, SUPERVISOR | MSR_EE);
	assert_true(cpu_take_pending(&f->cpu));
	assert_int_equal(f->cpu.nip, VEC_PERFMON);
	f->cpu.gpr[3] = 0;
	runs(f, MTSPR(795, 3u));
	assert_false(cpu_has_pending(&f->cpu));
	/* PMC5 becomes negative by counting one instruction, with its alert enabled. */
	f->cpu.gpr[3] = 0x7fffffff;
	runs(f, MTSPR(791, 3u));
	f->cpu.gpr[3] = 0x06004000; /* PMAE, FCECE, PMCjCE */
	runs(f, MTSPR(795, 3u));
	runs(f, 0x60000000);
	assert_true(cpu_has_pending(&f->cpu));
	runs(f, MFSPR(795, 4u));
	assert_int_equal(f->cpu.gpr[4], 0x82004080); /* frozen, no longer enabled, occurred */
	ic = (runs(f, MFSPR(848, 5u)), f->cpu.gpr[5]);
	runs(f, MFSPR(848, 5u));
	assert_int_equal(f->cpu.gpr[5], ic + 1);
	f->cpu.gpr[6] = 5;
	runs(f, 0x7c00035c); /* clrbhrb */
	runs(f, 0x7cc0025c); /* mfbhrbe r6, 0 */
	assert_int_equal(f->cpu.gpr[6], 0);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(later_hints_in_reserved_fields_are_ignored),
	    cmocka_unit_test(counting_branch_to_ctr_counts),
	    cmocka_unit_test(facilities_concern_problem_state),
	    cmocka_unit_test(doorbells_can_be_read_not_written),
	    cmocka_unit_test(decrementer_exception_ceases_by_counting),
	    cmocka_unit_test(decrementer_survives_a_sleep),
	    cmocka_unit_test(hints_by_register_number_do_nothing),
	    cmocka_unit_test(priorities_are_set_as_far_as_allowed),
	    cmocka_unit_test(load_string_over_no_address_loads),
	    cmocka_unit_test(pairs_begin_with_the_even_register),
	    cmocka_unit_test(undefined_parts_of_fixed_point_results),
	    cmocka_unit_test(nans_of_singles_are_cut),
	    cmocka_unit_test(decimals_without_a_sign_are_numbers),
	    cmocka_unit_test(performance_monitor_alerts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
