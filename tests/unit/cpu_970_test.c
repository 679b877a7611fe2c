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
	    cmocka_unit_test(later_registers_are_not_there),
	    cmocka_unit_test(it_has_eight_counters),
	    cmocka_unit_test(its_slb_has_64_entries_of_256_mb),
	    cmocka_unit_test(it_is_big_endian),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
