/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The integer tier of the floating-point arithmetic against the host's FPU, in all rounding modes.
 *
 * Compared are the result and the exceptions; not NaN bits (hosts differ), and not the underflow of
 * results that round up to the smallest normal number (hosts may detect tininess after rounding).
 * FR is checked by the result rounded towards zero.
 */
#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "cpu/fp/fpu.h"
#include "fpu_operands.h"

enum op { ADD, SUB, MUL, DIV, SQRT, MADD, MSUB, OPS };

static const char *const op_names[] = {"add", "sub", "mul", "div", "sqrt", "madd", "msub"};
static const int host_modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD};

static double __attribute__((noinline))
host_double(enum op op, double a, double b, double c, int mode, int *except)
{
	volatile double x = a, y = b, z = c, r = 0;

	fesetround(mode);
	feclearexcept(FE_ALL_EXCEPT);
	switch (op) {
	case ADD:
		r = x + y;
		break;
	case SUB:
		r = x - y;
		break;
	case MUL:
		r = x * y;
		break;
	case DIV:
		r = x / y;
		break;
	case SQRT:
		r = sqrt(x);
		break;
	case MADD:
		r = fma(x, y, z);
		break;
	default:
		r = fma(x, y, -z);
		break;
	}
	*except = fetestexcept(FE_ALL_EXCEPT);
	fesetround(FE_TONEAREST);
	return r;
}

static float __attribute__((noinline))
host_float(enum op op, float a, float b, float c, int mode, int *except)
{
	volatile float x = a, y = b, z = c, r = 0;

	fesetround(mode);
	feclearexcept(FE_ALL_EXCEPT);
	switch (op) {
	case ADD:
		r = x + y;
		break;
	case SUB:
		r = x - y;
		break;
	case MUL:
		r = x * y;
		break;
	case DIV:
		r = x / y;
		break;
	case SQRT:
		r = sqrtf(x);
		break;
	case MADD:
		r = fmaf(x, y, z);
		break;
	default:
		r = fmaf(x, y, -z);
		break;
	}
	*except = fetestexcept(FE_ALL_EXCEPT);
	fesetround(FE_TONEAREST);
	return r;
}

static u64 soft(enum op op, enum fpu_kind kind, u64 a, u64 b, u64 c, u64 *fpscr)
{
	u64 r = 0;
	bool written;

	switch (op) {
	case ADD:
		written = fpu_soft_add(fpscr, kind, a, b, &r);
		break;
	case SUB:
		written = fpu_soft_sub(fpscr, kind, a, b, &r);
		break;
	case MUL:
		written = fpu_soft_mul(fpscr, kind, a, b, &r);
		break;
	case DIV:
		written = fpu_soft_div(fpscr, kind, a, b, &r);
		break;
	case SQRT:
		written = fpu_soft_sqrt(fpscr, kind, a, &r);
		break;
	default:
		written = fpu_soft_madd(fpscr, kind, a, b, c, op == MSUB ? FPU_NEG_ADDEND : 0, &r);
		break;
	}
	assert_true(written);
	return r;
}

static int host_exceptions(u64 fpscr)
{
	return (fpscr & FPSCR_VX ? FE_INVALID : 0) | (fpscr & FPSCR_OX ? FE_OVERFLOW : 0) |
	       (fpscr & FPSCR_UX ? FE_UNDERFLOW : 0) | (fpscr & FPSCR_ZX ? FE_DIVBYZERO : 0) |
	       (fpscr & FPSCR_XX ? FE_INEXACT : 0);
}

static void complain(const char *what, enum op op, unsigned rn, u64 a, u64 b, u64 c, u64 got,
		     u64 want, u64 fpscr)
{
	fail_msg("%s: %s rn %u %016llx %016llx %016llx: %016llx, host %016llx, fpscr %08llx", what,
		 op_names[op], rn, (unsigned long long)a, (unsigned long long)b,
		 (unsigned long long)c, (unsigned long long)got, (unsigned long long)want,
		 (unsigned long long)fpscr);
}

static void check_double(enum op op, unsigned rn, u64 a, u64 b, u64 c)
{
	u64 fpscr = rn, r = soft(op, FPU_D, a, b, c, &fpscr);
	int except, ignore = 0, unused;
	u64 want = double_bits(
	    host_double(op, as_double(a), as_double(b), as_double(c), host_modes[rn], &except));
	u64 truncated = double_bits(
	    host_double(op, as_double(a), as_double(b), as_double(c), FE_TOWARDZERO, &unused));
	u64 class = fpu_class_double(r);

	if ((r & INT64_MAX) == 0x0010000000000000ull)
		ignore = FE_UNDERFLOW;
	if (isnan(as_double(want)) ? !isnan(as_double(r)) : r != want)
		complain("result", op, rn, a, b, c, r, want, fpscr);
	/* Whether infinity times zero plus a NaN is invalid is left to the implementation. */
	if (isnan(as_double(c)) && op >= MADD)
		ignore |= FE_INVALID;
	if ((host_exceptions(fpscr) ^ except) & ~ignore &
	    (FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW | FE_DIVBYZERO | FE_INEXACT))
		complain("exceptions", op, rn, a, b, c, (u64)host_exceptions(fpscr), (u64)except,
			 fpscr);
	if ((fpscr & FPSCR_FPRF) != class || !(fpscr & FPSCR_FI) != !(except & FE_INEXACT))
		complain("class or FI", op, rn, a, b, c, r, want, fpscr);
	if (!isnan(as_double(r)) && !(fpscr & FPSCR_FR) != (r << 1 == truncated << 1))
		complain("FR", op, rn, a, b, c, r, truncated, fpscr);
}

/* FPU_VS on single format, and FPU_S on the same numbers in double format. */
static void check_single(enum op op, unsigned rn, u32 a, u32 b, u32 c)
{
	u64 fpscr = rn, fpscr_v = rn, r, wide;
	int except, ignore = 0, unused;
	u32 want = float_bits(
	    host_float(op, as_float(a), as_float(b), as_float(c), host_modes[rn], &except));
	u32 truncated = float_bits(
	    host_float(op, as_float(a), as_float(b), as_float(c), FE_TOWARDZERO, &unused));

	r = soft(op, FPU_VS, a, b, c, &fpscr_v);
	wide = soft(op, FPU_S, fpu_load_single(a), fpu_load_single(b), fpu_load_single(c), &fpscr);
	if (isnan(as_float(want)) ? !isnan(as_float((u32)r)) : r != want)
		complain("result", op, rn, a, b, c, r, want, fpscr_v);
	if (fpu_store_single(wide) != r)
		complain("double format", op, rn, a, b, c, wide, r, fpscr);
	if ((r & INT32_MAX) == 0x00800000u)
		ignore = FE_UNDERFLOW;
	if (isnan(as_float(c)) && op >= MADD)
		ignore |= FE_INVALID;
	if ((host_exceptions(fpscr) ^ except) & ~ignore &
	    (FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW | FE_DIVBYZERO | FE_INEXACT))
		complain("exceptions", op, rn, a, b, c, (u64)host_exceptions(fpscr), (u64)except,
			 fpscr);
	if (fpscr_v != (fpscr & ~(FPSCR_FPRF | FPSCR_FR | FPSCR_FI)))
		complain("vector and scalar", op, rn, a, b, c, fpscr_v, fpscr, fpscr);
	if ((fpscr & FPSCR_FPRF) != fpu_class_single((u32)r) ||
	    !(fpscr & FPSCR_FI) != !(except & FE_INEXACT))
		complain("class or FI", op, rn, a, b, c, r, want, fpscr);
	if (!isnan(as_float((u32)r)) && !(fpscr & FPSCR_FR) != ((u32)r << 1 == truncated << 1))
		complain("FR", op, rn, a, b, c, r, truncated, fpscr);
}

static void test_edges(void **state)
{
	for (enum op op = 0; op < OPS; op++) {
		for (unsigned rn = 0; rn < 4; rn++) {
			for (size_t i = 0; i < ARRAY_SIZE(edge_doubles); i++) {
				for (size_t j = 0; j < ARRAY_SIZE(edge_doubles); j++)
					check_double(op, rn, edge_doubles[i], edge_doubles[j],
						     edge_doubles[(i * 7 + j * 3) %
								  ARRAY_SIZE(edge_doubles)]);
			}
			for (size_t i = 0; i < ARRAY_SIZE(edge_singles); i++) {
				for (size_t j = 0; j < ARRAY_SIZE(edge_singles); j++)
					check_single(op, rn, edge_singles[i], edge_singles[j],
						     edge_singles[(i * 7 + j * 3) %
								  ARRAY_SIZE(edge_singles)]);
			}
		}
	}
}

static void test_random_doubles(void **state)
{
	for (unsigned i = 0; i < 2000000; i++) {
		u64 a = random_double(), b = random_double(), c = random_double();

		/* Multiply-adds are most difficult where the sum cancels. */
		if (i & 1)
			c = double_bits(-as_double(a) * as_double(b)) ^ (random64() & 3);
		check_double(i % OPS, i / OPS & 3, a, b, c);
	}
}

static void test_random_singles(void **state)
{
	for (unsigned i = 0; i < 2000000; i++) {
		u32 a = random_single(), b = random_single(), c = random_single();

		if (i & 1)
			c = float_bits(-as_float(a) * as_float(b)) ^ (random64() & 3);
		check_single(i % OPS, i / OPS & 3, a, b, c);
	}
}

/* The library's, which minds the rounding mode; not what a compiler makes of it. */
static double (*const volatile host_rint)(double) = rint;

/* Double to single, to and from integers, to integral values: against the host's casts. */
static void check_conversions(unsigned rn, u64 v)
{
	volatile double d = as_double(v);
	volatile float f;
	volatile s64 s = (s64)v;
	double integral;
	u64 fpscr = rn, r = 0;
	int except;

	fesetround(host_modes[rn]);
	feclearexcept(FE_ALL_EXCEPT);
	f = (float)d;
	except = fetestexcept(FE_INEXACT | FE_OVERFLOW);
	fesetround(FE_TONEAREST);
	assert_true(fpu_rsp(&fpscr, v, &r));
	if (!isnan(d)) {
		assert_int_equal(r, double_bits(f));
		assert_int_equal(host_exceptions(fpscr) & (FE_INEXACT | FE_OVERFLOW), except);
		assert_int_equal(fpu_load_single(fpu_store_single(r)), r);
	}

	fesetround(host_modes[rn]);
	integral = host_rint(d);
	fesetround(FE_TONEAREST);
	fpscr = rn;
	assert_true(fpu_rint(&fpscr, FPU_D, FPU_ROUND_CURRENT, v, &r));
	if (!isnan(d)) {
		assert_int_equal(r, double_bits(integral));
		assert_true(!(fpscr & FPSCR_XX) == (integral == d));
		assert_true(!(fpscr & FPSCR_FR) == (fabs(integral) <= fabs(d)));
		fpscr = rn;
		assert_true(fpu_rint(&fpscr, FPU_D, FPU_ROUND_AWAY, v, &r));
		assert_int_equal(r, double_bits(round(d)));
		assert_false(fpscr & (FPSCR_XX | FPSCR_FI));
	}
	if (fabs(integral) < 0x1p62) {
		fpscr = rn;
		assert_true(fpu_to_int(&fpscr, FPU_D, FPU_S64, FPU_ROUND_CURRENT, v, &r));
		assert_int_equal(r, (s64)integral);
		assert_true(!(fpscr & FPSCR_XX) == (integral == d));
	}

	fpscr = rn;
	fesetround(host_modes[rn]);
	d = (double)s;
	f = (float)s;
	fesetround(FE_TONEAREST);
	assert_true(fpu_from_int(&fpscr, FPU_D, FPU_S64, v, &r));
	assert_int_equal(r, double_bits(d));
	assert_true(fpu_from_int(&fpscr, FPU_VS, FPU_S64, v, &r));
	assert_int_equal(r, float_bits(f));
}

static void test_conversions(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(edge_doubles); i++) {
		for (unsigned rn = 0; rn < 4; rn++)
			check_conversions(rn, edge_doubles[i]);
	}
	for (unsigned i = 0; i < 500000; i++)
		check_conversions(i & 3, random_double());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_edges),
	    cmocka_unit_test(test_random_doubles),
	    cmocka_unit_test(test_random_singles),
	    cmocka_unit_test(test_conversions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
