/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Worked cases of what floating-point operations do to the FPSCR: every exception, disabled and
 * enabled, NaN rules, the differences between scalars and vectors. The expectations were derived by
 * hand from ISA 2.07 chapters 4 and 7.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "cpu/fp/fpu.h"

#define ONE	  0x3ff0000000000000ull
#define TWO	  0x4000000000000000ull
#define THREE	  0x4008000000000000ull
#define ZERO	  0ull
#define MINUS	  0x8000000000000000ull
#define INF	  0x7ff0000000000000ull
#define QNAN	  0x7ff8000000000001ull
#define QNAN_B	  0xfff8000000000002ull
#define QNAN_C	  0x7ff8000000000003ull
#define SNAN	  0x7ff0000000000005ull
#define SNAN_Q	  0x7ff8000000000005ull
#define LARGEST	  0x7fefffffffffffffull
#define SMALLEST  0x0010000000000000ull
#define UNTOUCHED 0xdeadbeefull

/* Classes as they stand in FPRF. */
#define CLASS_QNAN     (FPSCR_C | FPSCR_FU)
#define CLASS_INF      (FPSCR_FG | FPSCR_FU)
#define CLASS_NORMAL   FPSCR_FG
#define CLASS_NEGATIVE FPSCR_FL
#define CLASS_DENORMAL (FPSCR_C | FPSCR_FG)
#define CLASS_ZERO     FPSCR_FE
#define CLASS_MZERO    (FPSCR_C | FPSCR_FE)

/* An invalid operation that was not enabled leaves these. */
#define INVALID(cause) (FPSCR_FX | FPSCR_VX | (cause))

enum op { ADD, SUB, MUL, DIV, SQRT, MADD, MSUB, NMADD, NMSUB };

struct worked {
	enum op op;
	enum fpu_kind kind;
	u64 a, b, c; /* of multiply-adds: a * c + b */
	u64 before;
	u64 result; /* UNTOUCHED: not written */
	u64 after;
};

static bool run(const struct worked *w, u64 *fpscr, u64 *r)
{
	switch (w->op) {
	case ADD:
		return fpu_add(fpscr, w->kind, w->a, w->b, r);
	case SUB:
		return fpu_sub(fpscr, w->kind, w->a, w->b, r);
	case MUL:
		return fpu_mul(fpscr, w->kind, w->a, w->b, r);
	case DIV:
		return fpu_div(fpscr, w->kind, w->a, w->b, r);
	case SQRT:
		return fpu_sqrt(fpscr, w->kind, w->a, r);
	default:
		return fpu_madd(fpscr, w->kind, w->a, w->c, w->b, w->op - MADD, r);
	}
}

static void check(const struct worked *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		u64 fpscr = w[i].before, r = UNTOUCHED;
		bool written = run(&w[i], &fpscr, &r);

		if (r != w[i].result || fpscr != w[i].after ||
		    written != (w[i].result != UNTOUCHED))
			fail_msg(
			    "case %zu: result %016llx, want %016llx; fpscr %08llx, want %08llx", i,
			    (unsigned long long)r, (unsigned long long)w[i].result,
			    (unsigned long long)fpscr, (unsigned long long)w[i].after);
	}
}

#define CHECK(table) check(table, ARRAY_SIZE(table))

static void test_exact_and_inexact(void **state)
{
	static const struct worked cases[] = {
	    {ADD, FPU_D, ONE, TWO, 0, 0, THREE, CLASS_NORMAL},
	    /* What the last operation left in FR, FI, FPRF goes; sticky bits stay. */
	    {ADD, FPU_D, ONE, TWO, 0, FPSCR_FR | FPSCR_FI | CLASS_QNAN | FPSCR_XX | FPSCR_OX, THREE,
	     CLASS_NORMAL | FPSCR_XX | FPSCR_OX},
	    {ADD, FPU_VD, ONE, TWO, 0, FPSCR_FR | FPSCR_FI | CLASS_QNAN, THREE,
	     FPSCR_FR | FPSCR_FI | CLASS_QNAN},
	    /* 1/3 = 0x3fd5555555555555 and a third: cut off, not incremented. */
	    {DIV, FPU_D, ONE, THREE, 0, 0, 0x3fd5555555555555ull,
	     FPSCR_FX | FPSCR_XX | FPSCR_FI | CLASS_NORMAL},
	    /* 2/3 = 0x3fe5555555555555 and a third; rounded up it is incremented. */
	    {DIV, FPU_D, TWO, THREE, 0, FPU_RN_UP, 0x3fe5555555555556ull,
	     FPU_RN_UP | FPSCR_FX | FPSCR_XX | FPSCR_FI | FPSCR_FR | CLASS_NORMAL},
	    /* FX comes with a new XX only. */
	    {DIV, FPU_D, ONE, THREE, 0, FPSCR_XX, 0x3fd5555555555555ull,
	     FPSCR_XX | FPSCR_FI | CLASS_NORMAL},
	    /* Enabled: a scalar's result is written, a vector's is not. */
	    {DIV, FPU_D, ONE, THREE, 0, FPSCR_XE, 0x3fd5555555555555ull,
	     FPSCR_XE | FPSCR_FX | FPSCR_FEX | FPSCR_XX | FPSCR_FI | CLASS_NORMAL},
	    {DIV, FPU_VD, ONE, THREE, 0, FPSCR_XE, UNTOUCHED,
	     FPSCR_XE | FPSCR_FX | FPSCR_FEX | FPSCR_XX},
	    {DIV, FPU_VD, ONE, THREE, 0, 0, 0x3fd5555555555555ull, FPSCR_FX | FPSCR_XX},
	    {SUB, FPU_D, ONE, ONE, 0, 0, ZERO, CLASS_ZERO},
	    {SUB, FPU_D, ONE, ONE, 0, FPU_RN_DOWN, MINUS, FPU_RN_DOWN | CLASS_MZERO},
	    {ADD, FPU_D, MINUS, MINUS, 0, 0, MINUS, CLASS_MZERO},
	};

	CHECK(cases);
}

static void test_invalid(void **state)
{
	static const struct worked cases[] = {
	    {SUB, FPU_D, INF, INF, 0, 0, FPU_DEFAULT_NAN, INVALID(FPSCR_VXISI) | CLASS_QNAN},
	    {MUL, FPU_D, INF, ZERO, 0, 0, FPU_DEFAULT_NAN, INVALID(FPSCR_VXIMZ) | CLASS_QNAN},
	    {DIV, FPU_D, INF, INF, 0, 0, FPU_DEFAULT_NAN, INVALID(FPSCR_VXIDI) | CLASS_QNAN},
	    {DIV, FPU_D, ZERO, ZERO, 0, 0, FPU_DEFAULT_NAN, INVALID(FPSCR_VXZDZ) | CLASS_QNAN},
	    {SQRT, FPU_D, MINUS | ONE, 0, 0, 0, FPU_DEFAULT_NAN,
	     INVALID(FPSCR_VXSQRT) | CLASS_QNAN},
	    {SQRT, FPU_D, MINUS, 0, 0, 0, MINUS, CLASS_MZERO},
	    {ADD, FPU_D, SNAN, ONE, 0, 0, SNAN_Q, INVALID(FPSCR_VXSNAN) | CLASS_QNAN},
	    {MADD, FPU_D, INF, MINUS | INF, ONE, 0, FPU_DEFAULT_NAN,
	     INVALID(FPSCR_VXISI) | CLASS_QNAN},
	    {MSUB, FPU_D, INF, INF, ONE, 0, FPU_DEFAULT_NAN, INVALID(FPSCR_VXISI) | CLASS_QNAN},
	    /* Enabled: nothing is written, FR and FI are cleared, FPRF stays. */
	    {SUB, FPU_D, INF, INF, 0, FPSCR_VE | FPSCR_FR | FPSCR_FI | CLASS_ZERO, UNTOUCHED,
	     INVALID(FPSCR_VXISI) | FPSCR_VE | FPSCR_FEX | CLASS_ZERO},
	    {SUB, FPU_VD, INF, INF, 0, FPSCR_VE | FPSCR_FR | FPSCR_FI | CLASS_ZERO, UNTOUCHED,
	     INVALID(FPSCR_VXISI) | FPSCR_VE | FPSCR_FEX | FPSCR_FR | FPSCR_FI | CLASS_ZERO},
	    /* A vector's NaN touches nothing else. */
	    {MUL, FPU_VS, 0x7f800000, 0, 0, CLASS_ZERO, FPU_DEFAULT_NAN_S,
	     INVALID(FPSCR_VXIMZ) | CLASS_ZERO},
	    /* The cause was there already: no new FX. */
	    {SUB, FPU_D, INF, INF, 0, FPSCR_VX | FPSCR_VXISI, FPU_DEFAULT_NAN,
	     FPSCR_VX | FPSCR_VXISI | CLASS_QNAN},
	};

	CHECK(cases);
}

static void test_nans(void **state)
{
	static const struct worked cases[] = {
	    {ADD, FPU_D, QNAN, QNAN_B, 0, 0, QNAN, CLASS_QNAN},
	    {SUB, FPU_D, ONE, QNAN_B, 0, 0, QNAN_B, CLASS_QNAN},
	    /* A's quiet NaN wins over B's signalling one, which is told all the same. */
	    {MUL, FPU_D, QNAN, SNAN, 0, 0, QNAN, INVALID(FPSCR_VXSNAN) | CLASS_QNAN},
	    /* Multiply-add: A, then B (the addend), then C. */
	    {MADD, FPU_D, QNAN, QNAN_B, QNAN_C, 0, QNAN, CLASS_QNAN},
	    {MADD, FPU_D, ONE, QNAN_B, QNAN_C, 0, QNAN_B, CLASS_QNAN},
	    {MADD, FPU_D, ONE, ONE, QNAN_C, 0, QNAN_C, CLASS_QNAN},
	    /* Signs of NaNs are nobody's business: no negation. */
	    {NMSUB, FPU_D, ONE, QNAN_B, ONE, 0, QNAN_B, CLASS_QNAN},
	    {NMADD, FPU_D, INF, ONE, ZERO, 0, FPU_DEFAULT_NAN, INVALID(FPSCR_VXIMZ) | CLASS_QNAN},
	    /* Infinity times zero is told, but the addend's NaN is the result. */
	    {MADD, FPU_D, INF, QNAN_B, ZERO, 0, QNAN_B, INVALID(FPSCR_VXIMZ) | CLASS_QNAN},
	    {MADD, FPU_D, ZERO, SNAN, INF, 0, SNAN_Q,
	     INVALID(FPSCR_VXIMZ | FPSCR_VXSNAN) | CLASS_QNAN},
	    {ADD, FPU_VS, 0x7fa00001, 0x3f800000, 0, 0, 0x7fe00001, INVALID(FPSCR_VXSNAN)},
	};

	CHECK(cases);
}

static void test_zero_divide(void **state)
{
	static const struct worked cases[] = {
	    {DIV, FPU_D, ONE, MINUS, 0, 0, MINUS | INF, FPSCR_FX | FPSCR_ZX | FPSCR_FL | FPSCR_FU},
	    {DIV, FPU_D, ONE, ZERO, 0, FPSCR_ZE | FPSCR_FI | FPSCR_FR | CLASS_NORMAL, UNTOUCHED,
	     FPSCR_FX | FPSCR_FEX | FPSCR_ZX | FPSCR_ZE | CLASS_NORMAL},
	    {DIV, FPU_VS, 0x3f800000, 0x80000000, 0, 0, 0xff800000, FPSCR_FX | FPSCR_ZX},
	    {DIV, FPU_D, INF, ZERO, 0, 0, INF, CLASS_INF},
	};

	CHECK(cases);
}

static void test_overflow(void **state)
{
	static const struct worked cases[] = {
	    {ADD, FPU_D, LARGEST, LARGEST, 0, 0, INF,
	     FPSCR_FX | FPSCR_OX | FPSCR_XX | FPSCR_FI | FPSCR_FR | CLASS_INF},
	    {ADD, FPU_D, LARGEST, LARGEST, 0, FPU_RN_ZERO, LARGEST,
	     FPU_RN_ZERO | FPSCR_FX | FPSCR_OX | FPSCR_XX | FPSCR_FI | CLASS_NORMAL},
	    {ADD, FPU_D, MINUS | LARGEST, MINUS | LARGEST, 0, FPU_RN_UP, MINUS | LARGEST,
	     FPU_RN_UP | FPSCR_FX | FPSCR_OX | FPSCR_XX | FPSCR_FI | CLASS_NEGATIVE},
	    /* Enabled: 2 * largest is exact but for its exponent: 1024 - 1536 = -512. */
	    {ADD, FPU_D, LARGEST, LARGEST, 0, FPSCR_OE, 0x1fffffffffffffffull,
	     FPSCR_OE | FPSCR_FX | FPSCR_FEX | FPSCR_OX | CLASS_NORMAL},
	    {ADD, FPU_VD, LARGEST, LARGEST, 0, FPSCR_OE, UNTOUCHED,
	     FPSCR_OE | FPSCR_FX | FPSCR_FEX | FPSCR_OX},
	    /* Single: 2**127 * 2 = 2**128, exponent 128 - 192 = -64. */
	    {MUL, FPU_S, 0x47e0000000000000ull, TWO, 0, FPSCR_OE, 0x3bf0000000000000ull,
	     FPSCR_OE | FPSCR_FX | FPSCR_FEX | FPSCR_OX | CLASS_NORMAL},
	    {MUL, FPU_S, 0x47e0000000000000ull, TWO, 0, FPU_RN_DOWN, 0x47efffffe0000000ull,
	     FPU_RN_DOWN | FPSCR_FX | FPSCR_OX | FPSCR_XX | FPSCR_FI | CLASS_NORMAL},
	    {MUL, FPU_VS, 0x7f000000, 0x40000000, 0, 0, 0x7f800000, FPSCR_FX | FPSCR_OX | FPSCR_XX},
	    /* A negated result is rounded before: -(largest + largest), rounding up. */
	    {NMADD, FPU_D, LARGEST, LARGEST, ONE, FPU_RN_UP, MINUS | INF,
	     FPU_RN_UP | FPSCR_FX | FPSCR_OX | FPSCR_XX | FPSCR_FI | FPSCR_FR | FPSCR_FL |
		 FPSCR_FU},
	};

	CHECK(cases);
}

static void test_underflow(void **state)
{
	static const struct worked cases[] = {
	    /* Exact denormals are no underflow, unless it is enabled. */
	    {DIV, FPU_D, SMALLEST, TWO, 0, 0, 0x0008000000000000ull, CLASS_DENORMAL},
	    /* 2**-1023 with its exponent raised by 1536: 2**513. */
	    {DIV, FPU_D, SMALLEST, TWO, 0, FPSCR_UE, 0x6000000000000000ull,
	     FPSCR_UE | FPSCR_FX | FPSCR_FEX | FPSCR_UX | CLASS_NORMAL},
	    {DIV, FPU_VD, SMALLEST, TWO, 0, FPSCR_UE, UNTOUCHED,
	     FPSCR_UE | FPSCR_FX | FPSCR_FEX | FPSCR_UX},
	    /* The smallest denormal halved: tie to even, 0. */
	    {DIV, FPU_D, 1, TWO, 0, 0, 0, FPSCR_FX | FPSCR_UX | FPSCR_XX | FPSCR_FI | CLASS_ZERO},
	    {DIV, FPU_D, 1, TWO, 0, FPU_RN_UP, 1,
	     FPU_RN_UP | FPSCR_FX | FPSCR_UX | FPSCR_XX | FPSCR_FI | FPSCR_FR | CLASS_DENORMAL},
	    /*
	     * Tiny before rounding, though the result is the smallest normal number:
	     * (2 - 2**-52) * 2**-1023.
	     */
	    {MUL, FPU_D, 0x3fffffffffffffffull, 0x0008000000000000ull, 0, 0, SMALLEST,
	     FPSCR_FX | FPSCR_UX | FPSCR_XX | FPSCR_FI | FPSCR_FR | CLASS_NORMAL},
	    /* Singles: 2**-126 / 2 is denormal as a single, and so is its class. */
	    {DIV, FPU_S, 0x3810000000000000ull, TWO, 0, 0, 0x3800000000000000ull, CLASS_DENORMAL},
	    /* 2**-127, raised by 192: 2**65. */
	    {DIV, FPU_S, 0x3810000000000000ull, TWO, 0, FPSCR_UE, 0x4400000000000000ull,
	     FPSCR_UE | FPSCR_FX | FPSCR_FEX | FPSCR_UX | CLASS_NORMAL},
	    {MUL, FPU_VS, 0x00800001, 0x3f000000, 0, 0, 0x00400000, FPSCR_FX | FPSCR_UX | FPSCR_XX},
	};

	CHECK(cases);
}

static void test_integers(void **state)
{
	u64 fpscr, r;

	/* -0.5 is 0 when unsigned, not out of range. */
	fpscr = CLASS_QNAN;
	assert_true(fpu_to_int(&fpscr, FPU_D, FPU_U32, FPU_ROUND_ZERO, 0xbfe0000000000000ull, &r));
	assert_int_equal(r, 0);
	assert_int_equal(fpscr, FPSCR_FX | FPSCR_XX | FPSCR_FI | CLASS_QNAN);

	fpscr = FPU_RN_DOWN | FPSCR_FR | FPSCR_FI;
	assert_true(
	    fpu_to_int(&fpscr, FPU_D, FPU_U64, FPU_ROUND_CURRENT, 0xbfe0000000000000ull, &r));
	assert_int_equal(r, 0);
	assert_int_equal(fpscr, INVALID(FPSCR_VXCVI) | FPU_RN_DOWN);

	/* 2**31 - 0.5 rounds to 2**31, which saturates; towards zero it fits. */
	fpscr = 0;
	assert_true(
	    fpu_to_int(&fpscr, FPU_D, FPU_S32, FPU_ROUND_CURRENT, 0x41dfffffffe00000ull, &r));
	assert_int_equal(r, INT32_MAX);
	assert_int_equal(fpscr, INVALID(FPSCR_VXCVI));
	fpscr = 0;
	assert_true(fpu_to_int(&fpscr, FPU_D, FPU_S32, FPU_ROUND_ZERO, 0x41dfffffffe00000ull, &r));
	assert_int_equal(r, INT32_MAX);
	assert_int_equal(fpscr, FPSCR_FX | FPSCR_XX | FPSCR_FI);

	/* 1.5 to nearest is 2, incremented. */
	fpscr = 0;
	assert_true(
	    fpu_to_int(&fpscr, FPU_D, FPU_S64, FPU_ROUND_CURRENT, 0x3ff8000000000000ull, &r));
	assert_int_equal(r, 2);
	assert_int_equal(fpscr, FPSCR_FX | FPSCR_XX | FPSCR_FI | FPSCR_FR);

	fpscr = 0;
	assert_true(fpu_to_int(&fpscr, FPU_VS, FPU_S64, FPU_ROUND_ZERO, 0x7fa00000, &r));
	assert_int_equal(r, INT64_MIN);
	assert_int_equal(fpscr, INVALID(FPSCR_VXCVI | FPSCR_VXSNAN));

	fpscr = FPSCR_VE;
	r = UNTOUCHED;
	assert_false(fpu_to_int(&fpscr, FPU_D, FPU_S64, FPU_ROUND_ZERO, INF, &r));
	assert_int_equal(r, UNTOUCHED);
	assert_int_equal(fpscr, INVALID(FPSCR_VXCVI) | FPSCR_VE | FPSCR_FEX);

	fpscr = 0;
	assert_true(fpu_from_int(&fpscr, FPU_S, FPU_U64, UINT64_MAX, &r));
	assert_int_equal(r, 0x43f0000000000000ull);
	assert_int_equal(fpscr, FPSCR_FX | FPSCR_XX | FPSCR_FI | FPSCR_FR | CLASS_NORMAL);
}

static void test_integral(void **state)
{
	u64 fpscr = FPSCR_FR | FPSCR_FI, r;

	/* frin: 2.5 is 3, and nothing is told. */
	assert_true(fpu_rint(&fpscr, FPU_D, FPU_ROUND_AWAY, 0x4004000000000000ull, &r));
	assert_int_equal(r, THREE);
	assert_int_equal(fpscr, CLASS_NORMAL);

	/* xsrdpic: 2.5 is 2, inexact. */
	assert_true(fpu_rint(&fpscr, FPU_D, FPU_ROUND_CURRENT, 0x4004000000000000ull, &r));
	assert_int_equal(r, TWO);
	assert_int_equal(fpscr, FPSCR_FX | FPSCR_XX | FPSCR_FI | CLASS_NORMAL);

	/* -0.25 up is -0. */
	fpscr = 0;
	assert_true(fpu_rint(&fpscr, FPU_D, FPU_ROUND_UP, 0xbfd0000000000000ull, &r));
	assert_int_equal(r, MINUS);
	assert_int_equal(fpscr, CLASS_MZERO);
}

static void test_single_conversions(void **state)
{
	u64 fpscr = 0, r;

	/* frsp cuts a NaN's payload to a single's. */
	assert_true(fpu_rsp(&fpscr, 0x7ff0000020000001ull, &r));
	assert_int_equal(r, 0x7ff8000020000000ull);
	assert_int_equal(fpscr, INVALID(FPSCR_VXSNAN) | CLASS_QNAN);

	fpscr = 0;
	assert_true(fpu_double_to_single(&fpscr, FPU_D, 0x36a0000000000000ull, &r));
	assert_int_equal(r, 1);
	assert_int_equal(fpscr, CLASS_DENORMAL);

	fpscr = 0;
	assert_true(fpu_single_to_double(&fpscr, FPU_D, 0x80000001u, &r));
	assert_int_equal(r, 0xb6a0000000000000ull);
	assert_int_equal(fpscr, CLASS_NEGATIVE);

	/* Loads and stores know no exceptions and do not round. */
	assert_int_equal(fpu_load_single(0x7f800001u), 0x7ff0000020000000ull);
	assert_int_equal(fpu_store_single(0x7ff0000020000000ull), 0x7f800001u);
	assert_int_equal(fpu_store_single(0x3fffffffffffffffull), 0x3fffffffu);
	assert_int_equal(fpu_store_single(0x36a0000000000000ull), 1);
	assert_int_equal(fpu_store_single(0xb690000000000000ull), 0x80000000u);
}

static void test_comparisons(void **state)
{
	u64 fpscr = FPSCR_C | FPSCR_FU, mask;

	assert_int_equal(fpu_cmpu(&fpscr, MINUS, ZERO), FPU_CC_EQ);
	assert_int_equal(fpscr, FPSCR_C | FPSCR_FE);
	assert_int_equal(fpu_cmpu(&fpscr, QNAN, ZERO), FPU_CC_UN);
	assert_int_equal(fpscr, FPSCR_C | FPSCR_FU);
	assert_int_equal(fpu_cmpo(&fpscr, MINUS | ONE, ZERO), FPU_CC_LT);
	assert_int_equal(fpscr, FPSCR_C | FPSCR_FL);

	fpscr = 0;
	assert_int_equal(fpu_cmpo(&fpscr, QNAN, ZERO), FPU_CC_UN);
	assert_int_equal(fpscr, INVALID(FPSCR_VXVC) | FPSCR_FU);

	fpscr = 0;
	assert_int_equal(fpu_cmpo(&fpscr, ONE, SNAN), FPU_CC_UN);
	assert_int_equal(fpscr, INVALID(FPSCR_VXVC | FPSCR_VXSNAN) | FPSCR_FU);

	/* With VE a signalling NaN is told alone. */
	fpscr = FPSCR_VE;
	assert_int_equal(fpu_cmpo(&fpscr, ONE, SNAN), FPU_CC_UN);
	assert_int_equal(fpscr, INVALID(FPSCR_VXSNAN) | FPSCR_VE | FPSCR_FEX | FPSCR_FU);

	fpscr = FPSCR_FE;
	assert_true(fpu_vcmp(&fpscr, FPU_VD, FPU_REL_EQ, QNAN, QNAN, &mask));
	assert_int_equal(mask, 0);
	assert_int_equal(fpscr, FPSCR_FE);
	assert_true(fpu_vcmp(&fpscr, FPU_VS, FPU_REL_GE, 0x80000000, 0, &mask));
	assert_int_equal(mask, UINT32_MAX);
	fpscr |= FPSCR_VE;
	assert_false(fpu_vcmp(&fpscr, FPU_VD, FPU_REL_GT, QNAN, QNAN, &mask));
	assert_int_equal(fpscr, INVALID(FPSCR_VXVC) | FPSCR_VE | FPSCR_FEX | FPSCR_FE);
}

static void test_larger_and_smaller(void **state)
{
	u64 fpscr = FPSCR_FI | CLASS_ZERO, r;

	assert_true(fpu_max(&fpscr, FPU_D, MINUS, ZERO, &r));
	assert_int_equal(r, ZERO);
	assert_true(fpu_min(&fpscr, FPU_D, ZERO, MINUS, &r));
	assert_int_equal(r, MINUS);
	assert_true(fpu_max(&fpscr, FPU_D, QNAN, MINUS | INF, &r));
	assert_int_equal(r, MINUS | INF);
	assert_true(fpu_max(&fpscr, FPU_D, QNAN, QNAN_B, &r));
	assert_int_equal(r, QNAN);
	assert_int_equal(fpscr, FPSCR_FI | CLASS_ZERO);
	assert_true(fpu_min(&fpscr, FPU_D, ONE, SNAN, &r));
	assert_int_equal(r, SNAN_Q);
	assert_int_equal(fpscr, INVALID(FPSCR_VXSNAN) | FPSCR_FI | CLASS_ZERO);
}

static void test_estimates(void **state)
{
	u64 fpscr = FPSCR_FI, r;

	assert_true(fpu_re(&fpscr, FPU_D, THREE, &r));
	assert_int_equal(r, 0x3fd5555555555555ull);
	assert_int_equal(fpscr, CLASS_NORMAL);
	assert_true(fpu_rsqrte(&fpscr, FPU_D, MINUS, &r));
	assert_int_equal(r, MINUS | INF);
	assert_int_equal(fpscr, FPSCR_FX | FPSCR_ZX | FPSCR_FL | FPSCR_FU);
	fpscr = 0;
	assert_true(fpu_rsqrte(&fpscr, FPU_VS, 0xbf800000u, &r));
	assert_int_equal(r, FPU_DEFAULT_NAN_S);
	assert_int_equal(fpscr, INVALID(FPSCR_VXSQRT));
	fpscr = FPSCR_ZE;
	assert_false(fpu_re(&fpscr, FPU_VD, 0, &r));
	assert_int_equal(fpscr, FPSCR_ZE | FPSCR_FX | FPSCR_FEX | FPSCR_ZX);
}

static void test_division_tests(void **state)
{
	assert_int_equal(fpu_tdiv(FPU_D, ONE, TWO), 8);
	assert_int_equal(fpu_tdiv(FPU_D, INF, TWO), 8 | 4 | 2);
	assert_int_equal(fpu_tdiv(FPU_D, QNAN, TWO), 8 | 2);
	assert_int_equal(fpu_tdiv(FPU_D, ONE, 1), 8 | 4 | 2);
	assert_int_equal(fpu_tdiv(FPU_VS, 0x3f800000, 0x7e800000), 8 | 2); /* exponent 126 */
	assert_int_equal(fpu_tdiv(FPU_VS, 0x3f800000, 0x7e000000), 8 | 2); /* 125 */
	assert_int_equal(fpu_tdiv(FPU_VS, 0x40000000, 0x7d800000), 8);	   /* 124 */
	assert_int_equal(fpu_tsqrt(FPU_D, TWO), 8);
	assert_int_equal(fpu_tsqrt(FPU_D, MINUS | TWO), 8 | 2);
	assert_int_equal(fpu_tsqrt(FPU_D, 1), 8 | 4 | 2);
}

static void test_summaries(void **state)
{
	assert_int_equal(fpu_summarize(FPSCR_FEX | FPSCR_VX), 0);
	assert_int_equal(fpu_summarize(FPSCR_VXSOFT), FPSCR_VXSOFT | FPSCR_VX);
	assert_int_equal(fpu_summarize(FPSCR_VXVC | FPSCR_VE),
			 FPSCR_VXVC | FPSCR_VX | FPSCR_VE | FPSCR_FEX);
	assert_int_equal(fpu_summarize(FPSCR_OX | FPSCR_UE), FPSCR_OX | FPSCR_UE);
	assert_int_equal(fpu_summarize(FPSCR_ZX | FPSCR_ZE), FPSCR_ZX | FPSCR_ZE | FPSCR_FEX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_exact_and_inexact),
	    cmocka_unit_test(test_invalid),
	    cmocka_unit_test(test_nans),
	    cmocka_unit_test(test_zero_divide),
	    cmocka_unit_test(test_overflow),
	    cmocka_unit_test(test_underflow),
	    cmocka_unit_test(test_integers),
	    cmocka_unit_test(test_integral),
	    cmocka_unit_test(test_single_conversions),
	    cmocka_unit_test(test_comparisons),
	    cmocka_unit_test(test_larger_and_smaller),
	    cmocka_unit_test(test_estimates),
	    cmocka_unit_test(test_division_tests),
	    cmocka_unit_test(test_summaries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
