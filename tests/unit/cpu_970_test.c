/* SPDX-License-Identifier: Apache-2.0 */
/* What a PPC970 has and what it lacks: instructions, registers, its SLB, its counters. */
#include "cpu_fixture.h"

#define CODE_GPA 0x100000ull
#define REAL	 (MSR_SF | MSR_ME | MSR_RI)

static struct fixture *new_970(void)
{
	struct fixture *f = fixture_new();

	f->cpu.model = &cpu_model_970;
	f->cpu.slb_nr = cpu_model_970.slb_entries;
	return f;
}

/* The vector that @insn's interrupt has, 0: none. */
static unsigned step(struct fixture *f, u32 insn, u64 msr)
{
	cpu_set_msr(&f->cpu, REAL | msr);
	f->cpu.nip = CODE_GPA;
	cpu_step_insn(&f->cpu, insn);
	return f->cpu.nip == CODE_GPA + 4 ? 0 : f->cpu.nip;
}

static u32 spr_field(unsigned n)
{
	return (n & 31) << 16 | n >> 5 << 11;
}

static u32 mfspr(unsigned n)
{
	return 0x7c6002a6u | spr_field(n); /* r3 */
}

static u32 mtspr(unsigned n)
{
	return 0x7c6003a6u | spr_field(n);
}

static void later_instructions_are_illegal(void **state)
{
	static const u32 later[] = {
	    0x7c6300f4, /* popcntb */
	    0x7c64281e, /* isel */
	    0x7c6303f8, /* cmpb */
	    0x7c6303f4, /* popcntd */
	    0x7c602428, /* ldbrx */
	    0x7c602068, /* lbarx */
	    0xfc601830, /* fre */
	    0xfc601b10, /* frin */
	    0xec221804, /* dadd */
	    0x102218c0, /* vaddudm */
	    0xf0221c97, /* xxlor */
	};
	struct fixture *f = new_970();

	for (unsigned i = 0; i < ARRAY_SIZE(later); i++) {
		assert_int_equal(step(f, later[i], MSR_FP | MSR_VEC | MSR_VSX), VEC_PROGRAM);
		assert_true(f->cpu.srr1 & SRR1_PROG_ILLEGAL);
		assert_false(f->cpu.srr1 & MSR_VSX);
	}
	fixture_free(f);
}

static void its_own_instructions_work(void **state)
{
	static const u32 own[] = {
	    0x7c642a14, /* add */
	    0x7c708026, /* mfocrf */
	    0xfc60182c, /* fsqrt */
	    0x10221880, /* vadduwm */
	    0x1043012b, /* vperm */
	};
	struct fixture *f = new_970();

	for (unsigned i = 0; i < ARRAY_SIZE(own); i++)
		assert_int_equal(step(f, own[i], MSR_FP | MSR_VEC), 0);
	assert_int_equal(step(f, 0xfc60182c, 0), VEC_FP_UNAVAILABLE);
	assert_int_equal(step(f, 0x10221880, 0), VEC_VMX_UNAVAILABLE);
	fixture_free(f);
}

/* A block has 128 bytes (a setting of Apple's machines makes it 32). */
static void dcbz_clears_a_cache_line(void **state)
{
	struct fixture *f = new_970();
	u8 *line = f->ram + 0x3000;

	memset(line - 1, 0xff, 130);
	f->cpu.gpr[3] = 0x3045;
	assert_int_equal(step(f, 0x7c001fec, 0), 0); /* dcbz 0, r3 */
	assert_int_equal(line[-1] + line[128], 2 * 0xff);
	for (unsigned i = 0; i < 128; i++)
		assert_int_equal(line[i], 0);
	fixture_free(f);
}

/* W and L of these came later. */
static void fpscr_has_no_upper_word(void **state)
{
	struct fixture *f = new_970();

	assert_int_equal(step(f, 0xff81510c, MSR_FP), 0); /* mtfsfi 7, 5, 1 */
	assert_int_equal(fpscr_get(&f->cpu.fpscr), 5);
	VSR_D(f->cpu.vsr[1], 0) = 0x7fffffff00000003;
	assert_int_equal(step(f, 0xfe030d8e, MSR_FP), 0); /* mtfsf 1, f1, 1, 1 */
	assert_int_equal(fpscr_get(&f->cpu.fpscr), 3);
	fixture_free(f);
}

/* A supervisor's access to a register that isn't there does nothing. */
static void later_registers_are_not_there(void **state)
{
	static const unsigned later[] = {3, 13, 17, 29, 157, 308, 309, 896, 815};
	struct fixture *f = new_970();

	f->cpu.dscr = f->cpu.amr = f->cpu.uamor = 5;
	for (unsigned i = 0; i < ARRAY_SIZE(later); i++) {
		f->cpu.gpr[3] = 0x1234;
		assert_int_equal(step(f, mfspr(later[i]), 0), 0);
		assert_int_equal(f->cpu.gpr[3], 0x1234);
		assert_int_equal(step(f, mtspr(later[i]), 0), 0);
	}
	assert_int_equal(f->cpu.dscr, 5);
	assert_int_equal(f->cpu.amr, 5);
	assert_int_equal(f->cpu.uamor, 5);
	fixture_free(f);
}

/* LPCR, LPIDR and RMOR are fields of HID4 and HID0, which are the hypervisor's. */
static void hypervisor_state_is_in_hids(void **state)
{
	static const unsigned hypervisor[] = {1008, 1012}, nowhere[] = {312, 318, 319, 349};
	struct fixture *f = new_970();

	for (unsigned i = 0; i < ARRAY_SIZE(hypervisor); i++) {
		assert_int_equal(step(f, mfspr(hypervisor[i]), 0), VEC_PROGRAM);
		assert_true(f->cpu.srr1 & SRR1_PROG_PRIV);
		assert_int_equal(step(f, mtspr(hypervisor[i]), 0), VEC_PROGRAM);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(nowhere); i++) {
		f->cpu.model = &cpu_model_970;
		f->cpu.gpr[3] = 0x1234;
		assert_int_equal(step(f, mfspr(nowhere[i]), 0), 0);
		assert_int_equal(f->cpu.gpr[3], 0x1234);
		f->cpu.model = &cpu_model_power7;
		assert_int_equal(step(f, mfspr(nowhere[i]), 0), VEC_PROGRAM);
		assert_true(f->cpu.srr1 & SRR1_PROG_PRIV);
	}
	fixture_free(f);
}

/* SDR1 and DABR: a supervisor only reads them, and from POWER7 on not even that. */
static void what_supervisors_only_read(void **state)
{
	static const unsigned numbers[] = {25, 1013};
	struct fixture *f = new_970();

	f->cpu.dabr = 0x1234;
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		f->cpu.model = &cpu_model_970;
		f->cpu.gpr[3] = 5;
		assert_int_equal(step(f, mfspr(numbers[i]), 0), 0);
		assert_int_equal(f->cpu.gpr[3], i ? 0x1234 : 0);
		assert_int_equal(step(f, mtspr(numbers[i]), 0), VEC_PROGRAM);
		assert_true(f->cpu.srr1 & SRR1_PROG_PRIV);
		assert_int_equal(step(f, mfspr(numbers[i]), MSR_PR), VEC_PROGRAM);
		assert_true(f->cpu.srr1 & SRR1_PROG_PRIV);
		f->cpu.model = &cpu_model_power7;
		assert_int_equal(step(f, mfspr(numbers[i]), 0), VEC_PROGRAM);
		assert_true(f->cpu.srr1 & SRR1_PROG_PRIV);
	}
	fixture_free(f);
}

static void it_has_eight_counters(void **state)
{
	struct fixture *f = new_970();

	for (unsigned n = 0; n < 8; n++) {
		f->cpu.gpr[3] = 0x100 + n;
		assert_int_equal(step(f, mtspr(787 + n), 0), 0);
	}
	for (unsigned n = 0; n < 8; n++) {
		assert_int_equal(step(f, mfspr(771 + n), MSR_PR), 0);
		assert_int_equal(f->cpu.gpr[3], 0x100 + n);
	}
	f->cpu.model = &cpu_model_power7;
	assert_int_equal(step(f, mfspr(776), MSR_PR), 0);
	assert_int_equal(step(f, mfspr(777), MSR_PR), VEC_PROGRAM);
	fixture_free(f);
}

#define MMCR0		 795
#define MMCR1		 798
#define PMC(n)		 (786 + (n))
#define FC		 0x80000000u
#define FCS		 0x40000000u
#define FCP		 0x20000000u
#define FCM1		 0x10000000u
#define FCM0		 0x08000000u
#define PMAE		 0x04000000u
#define FCECE		 0x02000000u
#define PMCJCE		 0x00004000u
#define PMAO		 0x00000080u
#define INSNS		 0x09u
#define CYCLES		 0x0fu
#define NO_EVENT	 0x08u
#define NOP		 0x60000000u
#define ALL_MMCR0(event) ((event) << 8 | (event) << 1)
#define ALL_MMCR1(event)                                                                           \
	((u64)(event) << 27 | (event) << 22 | (event) << 17 | (event) << 12 | (event) << 7 |       \
	 (event) << 2)

static void set_spr(struct fixture *f, unsigned n, u64 value)
{
	f->cpu.gpr[3] = value;
	assert_int_equal(step(f, mtspr(n), 0), 0);
}

static u64 get_spr(struct fixture *f, unsigned n)
{
	assert_int_equal(step(f, mfspr(n), 0), 0);
	return f->cpu.gpr[3];
}

/* All counters at 0, with @event selected everywhere, and what MMCR0 says besides. */
static void count(struct fixture *f, u32 event, u32 mmcr0)
{
	set_spr(f, MMCR0, FC);
	for (unsigned n = 1; n <= 8; n++)
		set_spr(f, PMC(n), 0);
	set_spr(f, MMCR1, ALL_MMCR1(event));
	set_spr(f, MMCR0, ALL_MMCR0(event) | mmcr0);
}

static void run_nops(struct fixture *f, unsigned n, u64 msr)
{
	while (n--)
		assert_int_equal(step(f, NOP, msr), 0);
}

/* What counter @n has after 10 instructions with @msr; what comes before and behind is left out. */
static u64 ten_counted(struct fixture *f, unsigned n, u32 mmcr0, u64 msr)
{
	u64 before, after;

	count(f, INSNS, mmcr0);
	before = get_spr(f, PMC(n));
	run_nops(f, 10, msr);
	after = get_spr(f, PMC(n));
	set_spr(f, MMCR0, FC);
	return after - before;
}

static void each_counter_counts_instructions(void **state)
{
	struct fixture *f = new_970();

	for (unsigned n = 1; n <= 8; n++)
		assert_int_equal(ten_counted(f, n, 0, 0), 11); /* and the first mfspr */
	count(f, NO_EVENT, 0);
	run_nops(f, 10, 0);
	for (unsigned n = 1; n <= 8; n++)
		assert_int_equal(get_spr(f, PMC(n)), 0);
	fixture_free(f);
}

static void each_counter_counts_cycles(void **state)
{
	struct fixture *f = new_970();
	u64 tb;

	count(f, CYCLES, 0);
	tb = cpu_timebase(&f->cpu);
	while (cpu_timebase(&f->cpu) - tb < 512)
		;
	for (unsigned n = 1; n <= 8; n++)
		assert_true(get_spr(f, PMC(n)) >= 4000);
	fixture_free(f);
}

static void freeze_bits_freeze(void **state)
{
	struct fixture *f = new_970();

	assert_int_equal(ten_counted(f, 3, FC, 0), 0);
	assert_int_equal(ten_counted(f, 3, FCS, 0), 0);
	assert_int_equal(ten_counted(f, 3, FCS, MSR_PR), 10);
	assert_int_equal(ten_counted(f, 8, FCP, 0), 11);
	assert_int_equal(ten_counted(f, 8, FCP, MSR_PR), 1);
	assert_int_equal(ten_counted(f, 1, FCM1, MSR_PMM), 1);
	assert_int_equal(ten_counted(f, 1, FCM0, MSR_PMM), 10);
	assert_int_equal(ten_counted(f, 1, FCM0, 0), 0);
	fixture_free(f);
}

/* PMC8 becomes negative. */
static void a_counter_alerts(void **state)
{
	struct fixture *f = new_970();

	count(f, INSNS, FC);
	set_spr(f, PMC(8), 0x7ffffffe);
	set_spr(f, MMCR0, PMAE | FCECE | PMCJCE | ALL_MMCR0(NO_EVENT));
	run_nops(f, 4, 0);
	assert_true(cpu_has_pending(&f->cpu));
	assert_int_equal(get_spr(f, MMCR0), FC | FCECE | PMCJCE | PMAO | ALL_MMCR0(NO_EVENT));
	cpu_set_msr(&f->cpu, REAL | MSR_EE);
	assert_true(cpu_take_pending(&f->cpu));
	assert_int_equal(f->cpu.nip, VEC_PERFMON);
	fixture_free(f);
}

/* Problem state reads them only, before ISA 2.07. */
static void programs_do_not_write_counters(void **state)
{
	struct fixture *f = new_970();

	for (unsigned n = 771; n <= 782; n++)
		assert_int_equal(step(f, mtspr(n), MSR_PR), VEC_PROGRAM);
	f->cpu.model = &cpu_model_power7;
	assert_int_equal(step(f, mtspr(779), MSR_PR), VEC_PROGRAM);
	fixture_free(f);
}

static void its_slb_has_64_entries_of_256_mb(void **state)
{
	struct fixture *f = new_970();

	/* slbmte r3, r4 */
	f->cpu.gpr[3] = 0x123000 | SLB_VSID_B_1T | SLB_VSID_L | SLB_VSID_LP;
	f->cpu.gpr[4] = 0x20000000 | SLB_ESID_V | 63;
	assert_int_equal(step(f, 0x7c602324, 0), 0);
	assert_int_equal(f->cpu.slb[63].esid, 0x20000000 | SLB_ESID_V);
	assert_int_equal(f->cpu.slb[63].vsid, 0x123000 | SLB_VSID_L);
	fixture_free(f);
}

static void it_is_big_endian(void **state)
{
	struct fixture *f = new_970();

	cpu_set_msr(&f->cpu, REAL | MSR_LE);
	assert_false(f->cpu.msr & MSR_LE);
	assert_true(f->cpu.big);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(later_instructions_are_illegal),
	    cmocka_unit_test(its_own_instructions_work),
	    cmocka_unit_test(dcbz_clears_a_cache_line),
	    cmocka_unit_test(fpscr_has_no_upper_word),
	    cmocka_unit_test(later_registers_are_not_there),
	    cmocka_unit_test(hypervisor_state_is_in_hids),
	    cmocka_unit_test(what_supervisors_only_read),
	    cmocka_unit_test(it_has_eight_counters),
	    cmocka_unit_test(each_counter_counts_instructions),
	    cmocka_unit_test(each_counter_counts_cycles),
	    cmocka_unit_test(freeze_bits_freeze),
	    cmocka_unit_test(a_counter_alerts),
	    cmocka_unit_test(programs_do_not_write_counters),
	    cmocka_unit_test(its_slb_has_64_entries_of_256_mb),
	    cmocka_unit_test(it_is_big_endian),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
