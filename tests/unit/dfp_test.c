/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal floating point: what the differential test can't see, since QEMU doesn't do it. Enabled
 * exceptions and wrapped results, FR and FI, digits of infinities and NaNs; interrupts. The
 * expectations were derived by hand from ISA 2.07 chapter 5.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "cpu/dfp/number.h"
#include "cpu/isa/isa.h"
#include "cpu_fixture.h"

#define L (&dfp_long)
#define Q (&dfp_extended)

/* Classes as they stand in FPRF. */
#define QUIET	  (FPSCR_C | FPSCR_FU)
#define SIGNALS	  FPSCR_FU
#define INFINITE  (FPSCR_FG | FPSCR_FU)
#define NORMAL	  FPSCR_FG
#define NEGATIVE  FPSCR_FL
#define SUBNORMAL (FPSCR_C | FPSCR_FG)
#define ZERO	  FPSCR_FE
#define MZERO	  (FPSCR_C | FPSCR_FE)

#define INVALID(cause) (FPSCR_FX | FPSCR_VX | (cause))
#define INEXACT	       (FPSCR_FX | FPSCR_XX | FPSCR_FI)
#define DRN(mode)      ((u64)(mode) << 32)
#define STALE	       (FPSCR_FR | FPSCR_FI | FPSCR_FPRF) /* must be overwritten */

/* Bits of a number in words: [-]DIGITS[E[-]EXPONENT], inf, qnan or snan with digits behind. */
static u128 bits(const struct dfp_format *f, const char *text)
{
	struct dfp_num n = {.class = DFP_FINITE};
	static const char *const names[] = {"inf", "qnan", "snan"};

	if (*text == '-') {
		n.sign = true;
		text++;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (strncmp(text, names[i], strlen(names[i])))
			continue;
		n.class = DFP_INF + i;
		text += strlen(names[i]);
	}
	for (; *text >= '0' && *text <= '9'; text++)
		n.coeff = n.coeff * 10 + (u128)(*text - '0');
	if (*text == 'E')
		n.exp = atoi(text + 1);
	return dfp_pack(f, &n);
}

#define MAX_LONG "9999999999999999E369"

/* NARROW and its like: to long, to short, wrapped. */
enum op_kind {
	ADD,
	SUB,
	MUL,
	DIV,
	QUA,
	NARROW,
	NARROW_SHORT,
	NARROW_WRAPS,
	NARROW_SHORT_WRAPS,
	WIDEN,
	RINTX,
	RINTN,
	REROUND3
};

struct worked {
	enum op_kind op;
	const struct dfp_format *f;
	const char *a, *b;
	u64 before;
	const char *result; /* NULL: not written */
	u64 after;
};

static const struct dfp_format *result_format(const struct worked *w)
{
	switch (w->op) {
	case NARROW:
		return L;
	case NARROW_SHORT:
		return &dfp_short;
	case WIDEN:
		return Q;
	default:
		return w->f;
	}
}

static bool run(const struct worked *w, u64 *fpscr, u128 *r)
{
	u128 a = bits(w->f, w->a), b = w->b ? bits(w->f, w->b) : 0;
	bool done, wrapped;

	switch (w->op) {
	case ADD:
		return dfp_add(fpscr, w->f, a, b, r);
	case SUB:
		return dfp_sub(fpscr, w->f, a, b, r);
	case MUL:
		return dfp_mul(fpscr, w->f, a, b, r);
	case DIV:
		return dfp_div(fpscr, w->f, a, b, r);
	case QUA:
		return dfp_quantize(fpscr, w->f, dfp_round_primary(*fpscr, 3), a, b, r);
	case REROUND3:
		return dfp_reround(fpscr, w->f, dfp_round_primary(*fpscr, 3), 3, a, r);
	case WIDEN:
		return dfp_widen(fpscr, w->f, Q, a, r);
	case NARROW:
	case NARROW_WRAPS:
		done = dfp_narrow(fpscr, w->f, L, a, r, &wrapped);
		assert_int_equal(wrapped, w->op == NARROW_WRAPS);
		return done;
	case NARROW_SHORT:
	case NARROW_SHORT_WRAPS:
		done = dfp_narrow(fpscr, w->f, &dfp_short, a, r, &wrapped);
		assert_int_equal(wrapped, w->op == NARROW_SHORT_WRAPS);
		return done;
	default:
		return dfp_rint(fpscr, w->f, dfp_round_primary(*fpscr, 3), w->op == RINTX, a, r);
	}
}

static void check(const struct worked *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const u128 untouched = 0xdeadbeef;
		u64 fpscr = w[i].before;
		u128 r = untouched;
		u128 want = w[i].result ? bits(result_format(&w[i]), w[i].result) : untouched;
		bool written = run(&w[i], &fpscr, &r);

		if (r != want || fpscr != w[i].after || written != (w[i].result != NULL))
			fail_msg("case %zu (%s, %s): %016llx %016llx, want %016llx %016llx; fpscr "
				 "%010llx, want %010llx",
				 i, w[i].a, w[i].b ? w[i].b : "", (unsigned long long)(r >> 64),
				 (unsigned long long)r, (unsigned long long)(want >> 64),
				 (unsigned long long)want, (unsigned long long)fpscr,
				 (unsigned long long)w[i].after);
	}
}

static void invalid_operations(void **state)
{
	static const u64 ve = FPSCR_VE, vex = FPSCR_VE | FPSCR_FEX;
	static const struct worked cases[] = {
	    {ADD, L, "inf", "-inf", STALE, "qnan", INVALID(FPSCR_VXISI) | QUIET},
	    {SUB, L, "inf", "inf", STALE, "qnan", INVALID(FPSCR_VXISI) | QUIET},
	    {MUL, Q, "inf", "-0E5", STALE, "qnan", INVALID(FPSCR_VXIMZ) | QUIET},
	    {DIV, L, "inf", "inf", STALE, "qnan", INVALID(FPSCR_VXIDI) | QUIET},
	    {DIV, L, "0", "-0", STALE, "qnan", INVALID(FPSCR_VXZDZ) | QUIET},
	    {QUA, L, "1", "inf", STALE, "qnan", INVALID(FPSCR_VXCVI) | QUIET},
	    {QUA, L, "1E-3", "12345678901234", STALE, "qnan", INVALID(FPSCR_VXCVI) | QUIET},
	    {ADD, L, "snan7", "qnan8", STALE, "qnan7", INVALID(FPSCR_VXSNAN) | QUIET},
	    {ADD, L, "qnan7", "-snan8", STALE, "-qnan8", INVALID(FPSCR_VXSNAN) | QUIET},
	    {ADD, L, "qnan7", "qnan8", STALE, "qnan7", QUIET},
	    /* enabled: FR and FI go, FPRF and the target stay */
	    {ADD, L, "inf", "-inf", STALE | ve, NULL,
	     INVALID(FPSCR_VXISI) | vex | (STALE & FPSCR_FPRF)},
	    {DIV, Q, "0", "0", ZERO | ve, NULL, INVALID(FPSCR_VXZDZ) | vex | ZERO},
	    {MUL, L, "snan", "inf", MZERO | ve, NULL, INVALID(FPSCR_VXSNAN) | vex | MZERO},
	    {QUA, L, "1E-3", "12345678901234", ve, NULL, INVALID(FPSCR_VXCVI) | vex},
	    {ADD, L, "qnan7", "1", STALE | ve, "qnan7", QUIET | ve},
	    {NARROW, Q, "snan1", NULL, ve, NULL, INVALID(FPSCR_VXSNAN) | vex},
	};

	check(cases, ARRAY_SIZE(cases));
}

static void division_by_zero(void **state)
{
	static const struct worked cases[] = {
	    {DIV, L, "5", "-0", STALE, "-inf", FPSCR_FX | FPSCR_ZX | FPSCR_FL | FPSCR_FU},
	    {DIV, Q, "5", "0E9", STALE | FPSCR_ZE, NULL,
	     FPSCR_FX | FPSCR_FEX | FPSCR_ZX | FPSCR_ZE | (STALE & FPSCR_FPRF)},
	    {DIV, L, "inf", "0", 0, "inf", INFINITE},
	    {DIV, L, "5", "-inf", STALE, "-0E-398", MZERO},
	};

	check(cases, ARRAY_SIZE(cases));
}

#define OVERFLOWS (INEXACT | FPSCR_OX)

static void overflow(void **state)
{
	const u64 oe = FPSCR_OE | FPSCR_FEX | FPSCR_FX | FPSCR_OX;
	const struct worked cases[] = {
	    {MUL, L, MAX_LONG, "10", 0, "inf", OVERFLOWS | FPSCR_FR | INFINITE},
	    {MUL, L, MAX_LONG, "10", DRN(1), MAX_LONG, DRN(1) | OVERFLOWS | NORMAL},
	    {MUL, L, MAX_LONG, "-10", DRN(2), "-" MAX_LONG, DRN(2) | OVERFLOWS | NEGATIVE},
	    {MUL, L, MAX_LONG, "-10", DRN(3), "-inf",
	     DRN(3) | OVERFLOWS | FPSCR_FR | NEGATIVE | FPSCR_FU},
	    {MUL, L, MAX_LONG, "10", DRN(5), "inf", DRN(5) | OVERFLOWS | FPSCR_FR | INFINITE},
	    {MUL, L, MAX_LONG, "10", DRN(7), MAX_LONG, DRN(7) | OVERFLOWS | NORMAL},
	    /* exact, but that it doesn't fit: zeros behind the digits make up for the exponent */
	    {MUL, L, "12E369", "1E4", 0, "120000E369", NORMAL},
	    /* rounding alone brings it over */
	    {ADD, L, MAX_LONG, "5E368", 0, "inf", OVERFLOWS | FPSCR_FR | INFINITE},
	    {ADD, L, MAX_LONG, "4E368", 0, MAX_LONG, INEXACT | NORMAL},
	    /* enabled: the exponent goes down by 576 or 9216, XX says whether it was inexact */
	    {MUL, L, "2E369", "3E369", FPSCR_OE, "6E162", oe | FPSCR_OE | NORMAL},
	    {MUL, L, MAX_LONG, MAX_LONG, FPSCR_OE, "9999999999999998E178",
	     oe | INEXACT | FPSCR_OE | NORMAL},
	    {MUL, L, MAX_LONG, MAX_LONG, FPSCR_OE | DRN(6), "9999999999999999E178",
	     oe | INEXACT | FPSCR_OE | FPSCR_FR | NORMAL | DRN(6)},
	    {MUL, Q, "2E6111", "3E6111", FPSCR_OE, "6E3006", oe | FPSCR_OE | NORMAL},
	    /* rounded to a shorter format: by 192 or 3072, in the longer one */
	    {NARROW_SHORT_WRAPS, L, "1234567E150", NULL, FPSCR_OE, "1234567E-42", oe | NORMAL},
	    {NARROW_SHORT_WRAPS, L, "12345678E368", NULL, FPSCR_OE, "1234568E177",
	     oe | INEXACT | FPSCR_FR | NORMAL},
	    {NARROW_WRAPS, Q, "5E3000", NULL, FPSCR_OE, "5E-72", oe | NORMAL},
	    {NARROW_WRAPS, Q, "5E6111", NULL, FPSCR_OE, "5E3039", oe | NORMAL},
	};

	check(cases, ARRAY_SIZE(cases));
}

static void underflow(void **state)
{
	const u64 ue = FPSCR_UE | FPSCR_FEX | FPSCR_FX | FPSCR_UX;
	const struct worked cases[] = {
	    /* exact ones don't count */
	    {MUL, L, "1E-200", "1E-198", 0, "1E-398", SUBNORMAL},
	    {MUL, L, "12E-200", "1E-199", 0, "1E-398", INEXACT | FPSCR_UX | SUBNORMAL},
	    {MUL, L, "15E-200", "1E-199", 0, "2E-398", INEXACT | FPSCR_UX | FPSCR_FR | SUBNORMAL},
	    {MUL, L, "1E-398", "1E-398", 0, "0E-398", INEXACT | FPSCR_UX | ZERO},
	    {MUL, L, "1E-398", "-1E-398", DRN(6), "-1E-398",
	     DRN(6) | INEXACT | FPSCR_UX | FPSCR_FR | FPSCR_C | FPSCR_FL},
	    /* tiny before rounding, normal after it */
	    {MUL, L, "9999999999999999E-398", "1E-1", 0, "1000000000000000E-398",
	     INEXACT | FPSCR_UX | FPSCR_FR | NORMAL},
	    /* enabled: the exponent goes up, and exact ones count */
	    {MUL, L, "1E-200", "1E-198", FPSCR_UE, "1E178", ue | NORMAL},
	    {MUL, L, "1E-398", "3E-398", FPSCR_UE, "3E-220", ue | NORMAL},
	    {DIV, L, "1E-398", "3", FPSCR_UE, "3333333333333333E162", ue | INEXACT | NORMAL},
	    {MUL, Q, "1E-6176", "1E-1", FPSCR_UE, "1E3039", ue | NORMAL},
	    {NARROW_SHORT_WRAPS, L, "7E-150", NULL, FPSCR_UE, "7E42", ue | NORMAL},
	    {NARROW_SHORT_WRAPS, L, "-7E-398", NULL, FPSCR_UE, "-7E-206", ue | NEGATIVE},
	    {NARROW_WRAPS, Q, "12345678901234567E-6176", NULL, FPSCR_UE, "1234567890123457E-3103",
	     ue | INEXACT | FPSCR_FR | NORMAL},
	};

	check(cases, ARRAY_SIZE(cases));
}

static void quanta(void **state)
{
	static const struct worked cases[] = {
	    {QUA, L, "1E-2", "12345E-3", STALE, "1234E-2", INEXACT | NORMAL},
	    {QUA, L, "1E-2", "12355E-3", STALE, "1236E-2", INEXACT | FPSCR_FR | NORMAL},
	    {QUA, L, "inf", "-inf99", STALE, "-inf", NEGATIVE | FPSCR_FU},
	    {QUA, L, "1E369", "5", DRN(2), "1E369", DRN(2) | INEXACT | FPSCR_FR | NORMAL},
	    {REROUND3, L, "99951", NULL, 0, "100E3", INEXACT | FPSCR_FR | NORMAL},
	    {REROUND3, L, "12", NULL, STALE, "12", NORMAL},
	    {REROUND3, L, "1234E369", NULL, 0, "qnan", INVALID(FPSCR_VXCVI) | QUIET},
	    {REROUND3, L, "9996E368", NULL, 0, "qnan", INVALID(FPSCR_VXCVI) | QUIET},
	    {RINTX, L, "25E-1", NULL, DRN(4), "3", DRN(4) | INEXACT | FPSCR_FR | NORMAL},
	    {RINTX, L, "25E-1", NULL, DRN(5), "2", DRN(5) | INEXACT | NORMAL},
	    {RINTN, L, "25E-1", NULL, DRN(4) | STALE, "3", DRN(4) | NORMAL},
	    {RINTX, Q, "-5E-6176", NULL, DRN(3), "-1", DRN(3) | INEXACT | FPSCR_FR | NEGATIVE},
	    {RINTX, L, "7E5", NULL, STALE, "7E5", NORMAL},
	};

	check(cases, ARRAY_SIZE(cases));
}

static void lengths(void **state)
{
	static const struct worked cases[] = {
	    /* NaNs keep their rightmost digits; the shortest format's signalling ones stay so */
	    {NARROW_SHORT, L, "-snan123456789", NULL, STALE, "-snan456789", SIGNALS},
	    {NARROW_SHORT, L, "qnan123456789", NULL, STALE, "qnan456789", QUIET},
	    {NARROW, Q, "snan1234567890123456789", NULL, STALE, "qnan567890123456789",
	     INVALID(FPSCR_VXSNAN) | QUIET},
	    {NARROW, Q, "inf5", NULL, STALE, "inf", INFINITE},
	    {WIDEN, L, "snan5", NULL, STALE, "qnan5", INVALID(FPSCR_VXSNAN) | QUIET},
	    {WIDEN, L, "1E-398", NULL, STALE, "1E-398", NORMAL},
	    {NARROW, Q, "12345678901234565", NULL, 0, "1234567890123456E1", INEXACT | NORMAL},
	    {NARROW_SHORT, L, "1E-101", NULL, STALE, "1E-101", SUBNORMAL},
	};
	u64 fpscr = 0;
	u128 r;

	check(cases, ARRAY_SIZE(cases));
	assert_true(dfp_widen(&fpscr, &dfp_short, L, bits(&dfp_short, "snan5"), &r));
	assert_true(r == bits(L, "snan5"));
	assert_true(fpscr == SIGNALS);
}

static void integers(void **state)
{
	static const struct {
		const char *b;
		u64 before, result, after; /* result 1: not written */
	} cases[] = {
	    {"9223372036854775807", STALE, 0x7fffffffffffffff, FPSCR_FPRF},
	    {"9223372036854775808", STALE, 0x7fffffffffffffff, INVALID(FPSCR_VXCVI) | FPSCR_FPRF},
	    {"-9223372036854775808", 0, 0x8000000000000000, 0},
	    {"-92233720368547758085E-1", 0, 0x8000000000000000, INEXACT},
	    {"92233720368547758074E-1", 0, 0x7fffffffffffffff, INEXACT},
	    {"25E-1", DRN(6), 3, DRN(6) | INEXACT | FPSCR_FR},
	    {"-1E6111", 0, 0x8000000000000000, INVALID(FPSCR_VXCVI)},
	    {"0E6111", 0, 0, 0},
	    {"inf", FPSCR_VE | STALE, 1, INVALID(FPSCR_VXCVI) | FPSCR_VE | FPSCR_FEX | FPSCR_FPRF},
	    {"snan", 0, 0x8000000000000000, INVALID(FPSCR_VXCVI | FPSCR_VXSNAN)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 fpscr = cases[i].before;
		u128 r = 1;

		assert_int_equal(dfp_to_int(&fpscr, Q, bits(Q, cases[i].b), &r),
				 cases[i].result != 1);
		assert_int_equal((u64)r, cases[i].result);
		assert_int_equal(fpscr, cases[i].after);
	}
}

/* What is in an infinity or NaN behind the class is digits to those that move digits. */
static void digits_of_no_numbers(void **state)
{
	u128 inf = bits(L, "-inf123456789012345"), nan = bits(L, "snan987654321098765"), r = 1;
	u64 fpscr = STALE;

	assert_int_equal((u64)dfp_to_bcd(L, 0, inf), 0x0123456789012345);
	assert_int_equal((u64)dfp_to_bcd(L, 2, inf), 0x123456789012345d);
	assert_int_equal((u64)dfp_to_bcd(L, 3, nan), 0x987654321098765f);
	assert_true(dfp_shift_left(L, inf, 3) == bits(L, "-inf456789012345000"));
	assert_true(dfp_shift_right(L, nan, 14) == bits(L, "snan9"));
	assert_true(dfp_shift_left(L, nan, 15) == bits(L, "snan"));
	assert_true(dfp_insert_exponent(L, 400, inf) == bits(L, "-123456789012345E2"));
	assert_true(dfp_insert_exponent(L, -1ull, bits(L, "9123456789012345")) ==
		    bits(L, "inf123456789012345"));
	assert_true(dfp_insert_exponent(L, -4ull, nan) == bits(L, "qnan987654321098765"));
	assert_true(dfp_insert_exponent(L, 768, nan) == bits(L, "qnan987654321098765"));
	assert_int_equal(dfp_extract_exponent(L, inf), -1ull);
	/* packed digits that are none */
	assert_true(dfp_from_bcd(&fpscr, L, true, 0x1234a, &r) && r == bits(L, "1234"));
	assert_true(dfp_from_bcd(&fpscr, L, true, 0x12345, &r) && r == bits(L, "qnan"));
	assert_int_equal(fpscr, INVALID(FPSCR_VXCVI) | QUIET);
	fpscr = FPSCR_VE | STALE;
	assert_false(dfp_from_bcd(&fpscr, Q, false, 10, &r));
	assert_int_equal(fpscr, INVALID(FPSCR_VXCVI) | FPSCR_VE | FPSCR_FEX | (STALE & FPSCR_FPRF));
}

/* An enabled signalling NaN doesn't count as an invalid comparison besides. */
static void comparisons(void **state)
{
	u128 nan = bits(L, "snan"), one = bits(L, "1");
	u64 fpscr = STALE;

	assert_int_equal(dfp_cmpo(&fpscr, L, nan, one), FPU_CC_UN);
	assert_int_equal(fpscr, INVALID(FPSCR_VXSNAN | FPSCR_VXVC) | FPSCR_FR | FPSCR_FI | QUIET);
	fpscr = FPSCR_VE;
	assert_int_equal(dfp_cmpo(&fpscr, L, nan, one), FPU_CC_UN);
	assert_int_equal(fpscr, INVALID(FPSCR_VXSNAN) | FPSCR_VE | FPSCR_FEX | FPSCR_FU);
	fpscr = 0;
	assert_int_equal(dfp_cmpo(&fpscr, L, bits(L, "qnan"), one), FPU_CC_UN);
	assert_int_equal(fpscr, INVALID(FPSCR_VXVC) | FPSCR_FU);
	fpscr = 0;
	assert_int_equal(dfp_cmpu(&fpscr, L, bits(L, "10E-1"), one), FPU_CC_EQ);
	assert_int_equal(fpscr, FPSCR_FE);
}

/*
 * FR says that the magnitude was rounded up: the truncated result is smaller then. FI says that
 * truncating and rounding away differ.
 */
static u64 next_random(u64 *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return *seed >> 11;
}

static u128 random_number(const struct dfp_format *f, u64 *seed)
{
	struct dfp_num n = {.class = DFP_FINITE, .sign = next_random(seed) & 1};

	n.coeff = ((u128)next_random(seed) << 60 ^ next_random(seed)) % dfp_ten_to(f->digits);
	n.coeff /= dfp_ten_to((unsigned)next_random(seed) % f->digits);
	n.exp = (int)(next_random(seed) % 24) - 12;
	return dfp_pack(f, &n);
}

static bool compute(unsigned which, u64 *fpscr, const struct dfp_format *f, u128 a, u128 b,
		    struct dfp_num *n)
{
	u128 r = 0;
	bool written = which == 0   ? dfp_add(fpscr, f, a, b, &r)
		       : which == 1 ? dfp_mul(fpscr, f, a, b, &r)
				    : dfp_div(fpscr, f, a, b, &r);

	*n = dfp_unpack(f, r);
	return written && n->class == DFP_FINITE;
}

static bool same_magnitude(const struct dfp_num *a, const struct dfp_num *b)
{
	return a->coeff == b->coeff && a->exp == b->exp;
}

static void fraction_bits_tell_of_rounding(void **state)
{
	u64 seed = 1;

	for (unsigned i = 0; i < 40000; i++) {
		const struct dfp_format *f = i & 1 ? Q : L;
		u128 a = random_number(f, &seed), b = random_number(f, &seed);
		u64 scratch = DRN(DFP_ROUND_ZERO), scratch_away = DRN(DFP_ROUND_AWAY);
		u64 fpscr = DRN(i / 2 % 8);
		struct dfp_num zero, away, n;

		if (!compute(i % 3, &scratch, f, a, b, &zero) ||
		    !compute(i % 3, &scratch_away, f, a, b, &away) ||
		    !compute(i % 3, &fpscr, f, a, b, &n))
			continue;
		assert_int_equal(!!(fpscr & FPSCR_FI), !same_magnitude(&zero, &away));
		assert_int_equal(!!(fpscr & FPSCR_FR),
				 (fpscr & FPSCR_FI) && !same_magnitude(&n, &zero));
		assert_true(same_magnitude(&n, &zero) || same_magnitude(&n, &away));
		assert_int_equal(!!(fpscr & FPSCR_XX), !!(fpscr & FPSCR_FI));
	}
}

#define DADD_1_2_3  0xec221804u /* dadd 1,2,3 */
#define DADDQ_1_2_4 0xfc222004u /* an odd register has no pair */
#define DCFFIX_1_2  0xec201644u

static void step(struct fixture *f, u64 msr, u32 insn)
{
	f->cpu.nip = 0x1000;
	cpu_set_msr(&f->cpu, MSR_SF | MSR_ME | msr);
	cpu_step_insn(&f->cpu, insn);
}

static void interrupts(void **state)
{
	struct fixture *f = fixture_new();

	VSR_D(f->cpu.vsr[2], 0) = (u64)bits(L, "snan");
	VSR_D(f->cpu.vsr[3], 0) = (u64)bits(L, "1");
	step(f, 0, DADD_1_2_3);
	assert_int_equal(f->cpu.nip, VEC_FP_UNAVAILABLE);
	step(f, MSR_FP, DADD_1_2_3);
	assert_int_equal(f->cpu.nip, 0x1004);
	assert_int_equal(VSR_D(f->cpu.vsr[1], 0), (u64)bits(L, "qnan"));
	fpscr_set(&f->cpu.fpscr, FPSCR_VE);
	VSR_D(f->cpu.vsr[1], 0) = 5;
	step(f, MSR_FP | MSR_FE0 | MSR_FE1, DADD_1_2_3);
	assert_int_equal(f->cpu.nip, VEC_PROGRAM);
	assert_true(f->cpu.srr1 & SRR1_PROG_FP);
	assert_int_equal(VSR_D(f->cpu.vsr[1], 0), 5);
	step(f, MSR_FP, DADDQ_1_2_4);
	assert_int_equal(f->cpu.nip, VEC_PROGRAM);
	assert_true(f->cpu.srr1 & SRR1_PROG_ILLEGAL);
	fixture_free(f);
}

static void levels(void **state)
{
	assert_null(isa_lookup(DADD_1_2_3, ISA_203)); /* the 970 has none */
	assert_non_null(isa_lookup(DADD_1_2_3, ISA_205));
	assert_null(isa_lookup(DCFFIX_1_2, ISA_205));
	assert_non_null(isa_lookup(DCFFIX_1_2, ISA_206));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(invalid_operations),
	    cmocka_unit_test(division_by_zero),
	    cmocka_unit_test(overflow),
	    cmocka_unit_test(underflow),
	    cmocka_unit_test(quanta),
	    cmocka_unit_test(lengths),
	    cmocka_unit_test(integers),
	    cmocka_unit_test(digits_of_no_numbers),
	    cmocka_unit_test(comparisons),
	    cmocka_unit_test(fraction_bits_tell_of_rounding),
	    cmocka_unit_test(interrupts),
	    cmocka_unit_test(levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
