/* SPDX-License-Identifier: Apache-2.0 */
/* Floating point of VMX: the host's singles where they agree, worked cases where VMX has rules of
 * its own. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "cpu/fp/fpu.h"
#include "fpu_operands.h"

#define DENORMAL 0x00000001u
#define SMALLEST 0x00800000u
#define MINUS	 0x80000000u
#define INF	 0x7f800000u
#define ONE	 0x3f800000u
#define TWO	 0x40000000u
#define HALF	 0x3f000000u
#define QNAN	 0x7fc00001u
#define SIGNAL	 0xff800002u
#define SIGNAL_Q 0xffc00002u

/* NaN bits differ between hosts: only their being NaNs is compared. */
static void same(u32 got, float want)
{
	if (isnan(want))
		assert_true(isnan(as_float(got)));
	else
		assert_int_equal(got, float_bits(want));
}

static void test_arithmetic(void **state)
{
	for (unsigned i = 0; i < 500000; i++) {
		u32 a = random_single(), b = random_single(), c = random_single();

		same(vmx_addfp(a, b, false), as_float(a) + as_float(b));
		same(vmx_subfp(a, b, false), as_float(a) - as_float(b));
		same(vmx_maddfp(a, c, b, false), fmaf(as_float(a), as_float(c), as_float(b)));
		same(vmx_nmsubfp(a, c, b, false), -fmaf(as_float(a), as_float(c), -as_float(b)));
		assert_int_equal(vmx_addfp(a, b, true), vmx_soft_addfp(a, b, true));
		assert_int_equal(vmx_subfp(a, b, true), vmx_soft_subfp(a, b, true));
		same(vmx_refp(b, false), 1.0f / as_float(b));
		same(vmx_rfi(FPU_ROUND_EVEN, b, false), rintf(as_float(b)));
		same(vmx_rfi(FPU_ROUND_ZERO, b, false), truncf(as_float(b)));
		same(vmx_rfi(FPU_ROUND_UP, b, false), ceilf(as_float(b)));
		same(vmx_rfi(FPU_ROUND_DOWN, b, false), floorf(as_float(b)));
		same(vmx_cfsx(a, 0), (float)(s32)a);
		same(vmx_cfux(a, i & 31), ldexpf((float)a, -(int)(i & 31)));
	}
}

static void test_flushing(void **state)
{
	assert_int_equal(vmx_addfp(DENORMAL, MINUS | SMALLEST, true), MINUS | SMALLEST);
	assert_int_equal(vmx_addfp(SMALLEST | 1, MINUS | SMALLEST, true), 0);
	assert_int_equal(vmx_subfp(SMALLEST, SMALLEST | 1, true), MINUS);
	assert_int_equal(vmx_subfp(SMALLEST, SMALLEST | 1, false), MINUS | DENORMAL);
	assert_int_equal(vmx_maddfp(DENORMAL, TWO, ONE, true), ONE);
	/* Tiny before it was rounded up to a normal number: flushed too. */
	assert_int_equal(vmx_maddfp(0x3fffffff, 0x00400000, 0, false), SMALLEST);
	assert_int_equal(vmx_maddfp(0x3f7fffff, SMALLEST, 0, true), 0);
	assert_int_equal(vmx_maxfp(DENORMAL, 0, true), 0);
	assert_true(vmx_cmpfp(FPU_REL_EQ, DENORMAL, MINUS, true));
	assert_false(vmx_cmpfp(FPU_REL_EQ, DENORMAL, MINUS, false));
	assert_int_equal(vmx_refp(MINUS | DENORMAL, true), MINUS | INF);
}

static void test_nans(void **state)
{
	assert_int_equal(vmx_addfp(ONE, SIGNAL, false), SIGNAL_Q);
	assert_int_equal(vmx_addfp(QNAN, SIGNAL, false), QNAN);
	assert_int_equal(vmx_subfp(INF, INF, false), FPU_DEFAULT_NAN_S);
	assert_int_equal(vmx_maddfp(ONE, QNAN, SIGNAL, false), SIGNAL_Q);
	assert_int_equal(vmx_maddfp(INF, 0, ONE, false), FPU_DEFAULT_NAN_S);
	assert_int_equal(vmx_nmsubfp(ONE, ONE, SIGNAL, false), SIGNAL_Q);
	/* Unlike in VSX, a quiet NaN wins against a number. */
	assert_int_equal(vmx_maxfp(ONE, QNAN, false), QNAN);
	assert_int_equal(vmx_minfp(SIGNAL, QNAN, false), SIGNAL_Q);
	assert_int_equal(vmx_maxfp(MINUS, 0, false), 0);
	assert_int_equal(vmx_minfp(0, MINUS, false), MINUS);
	assert_int_equal(vmx_rsqrtefp(MINUS | ONE, false), FPU_DEFAULT_NAN_S);
	assert_int_equal(vmx_rsqrtefp(MINUS, false), MINUS | INF);
}

static void test_exponential(void **state)
{
	for (int i = -149; i < 128; i++)
		same(vmx_exptefp(float_bits((float)i), false), ldexpf(1.0f, i));
	for (unsigned i = 0; i < 200000; i++) {
		float b = as_float(random_single());
		float r = as_float(vmx_exptefp(float_bits(b), false));
		double exact = exp2(b);

		if (isnan(b))
			assert_true(isnan(r));
		else if (exact >= 0x1p128)
			assert_true(isinf(r));
		else
			assert_true(fabs(r - exact) <= fmax(exact * 0x1p-20, 0x1p-149));
	}
	assert_int_equal(vmx_exptefp(MINUS | INF, false), 0);
	assert_int_equal(vmx_exptefp(0xc3000000, true), 0); /* 2**-128 */
}

static void test_logarithm(void **state)
{
	for (int i = -149; i < 128; i++)
		same(vmx_logefp(float_bits(ldexpf(1.0f, i)), false), (float)i);
	for (unsigned i = 0; i < 200000; i++) {
		float b = as_float(random_single());
		float r = as_float(vmx_logefp(float_bits(b), false));
		double exact = log2(b);

		if (b > 0 && !isinf(b))
			assert_true(fabs(r - exact) <= fmax(fabs(exact), 0x1p-20) * 0x1p-20);
	}
	assert_int_equal(vmx_logefp(MINUS, false), MINUS | INF);
	assert_int_equal(vmx_logefp(MINUS | ONE, false), FPU_DEFAULT_NAN_S);
	assert_int_equal(vmx_logefp(INF, false), INF);
	assert_int_equal(vmx_logefp(QNAN, false), QNAN);
}

static void test_to_integers(void **state)
{
	bool sat = false;

	assert_int_equal(vmx_ctsxs(0xbfc00000, 1, &sat), (u32)-3);
	assert_int_equal(vmx_ctuxs(0x3fc00000, 31, &sat), 0xc0000000u);
	assert_int_equal(vmx_ctsxs(QNAN, 3, &sat), 0);
	assert_int_equal(vmx_ctuxs(0xbf000000, 0, &sat), 0);
	assert_false(sat);
	assert_int_equal(vmx_ctuxs(MINUS | ONE, 0, &sat), 0);
	assert_true(sat);
	sat = false;
	assert_int_equal(vmx_ctsxs(ONE, 31, &sat), INT32_MAX);
	assert_true(sat);
	sat = false;
	assert_int_equal(vmx_ctsxs(MINUS | INF, 0, &sat), 0x80000000u);
	assert_true(sat);
}

static void test_bounds(void **state)
{
	assert_int_equal(vmx_cmpbfp(HALF, ONE, false), 0);
	assert_int_equal(vmx_cmpbfp(TWO, ONE, false), 0x80000000u);
	assert_int_equal(vmx_cmpbfp(MINUS | TWO, ONE, false), 0x40000000u);
	assert_int_equal(vmx_cmpbfp(0, MINUS | ONE, false), 0xc0000000u);
	assert_int_equal(vmx_cmpbfp(QNAN, ONE, false), 0xc0000000u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_arithmetic), cmocka_unit_test(test_flushing),
	    cmocka_unit_test(test_nans),       cmocka_unit_test(test_exponential),
	    cmocka_unit_test(test_logarithm),  cmocka_unit_test(test_to_integers),
	    cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
