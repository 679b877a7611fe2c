/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C library's mathematical functions over a grid of operands.
 *
 * Built for this machine with REFERENCE, by MPFR: writes the correctly rounded results. Built for
 * the guest: takes those and says of each function how many of its results differ, and by how many
 * units in the last place at most. libm.def has what each may. What the standard defines to the
 * bit (limit 0) has to be right to the bit, in every rounding mode.
 */
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double of_bits(uint64_t bits)
{
	double d;

	memcpy(&d, &bits, 8);
	return d;
}

/* Edges first, then anything: small, large, whole and between. */
#define POINTS 600

static double point(unsigned int n, unsigned int salt)
{
	static const double edges[] = {
		0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 10.0, -10.0, 1e22, 1e300, -0x1p31, 0x1p63,
		0x1p-1022, 0x1p-1074, -0x1p-1074, 0x1.fffffffffffffp1023, 0x1.921fb54442d18p0,
		0x1.921fb54442d18p1, 0x1p52, 0x1.8p52, 0x1p-27, 0x1p-30, 709.78, -745.1,
		0x1.fffffffffffffp-1, 0x1.0000000000001p0, INFINITY, -INFINITY,
	};
	uint64_t x = (n + 1) * 0x9e3779b97f4a7c15ull ^ salt * 0xbf58476d1ce4e5b9ull;

	if (n < sizeof edges / sizeof edges[0])
		return edges[(n + salt * 7) % (sizeof edges / sizeof edges[0])];
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	x ^= x >> 31;
	switch (n % 6) {
	case 0: /* any number at all */
		return isfinite(of_bits(x)) ? of_bits(x) : 3.0;
	case 1: /* within 1 */
		return (double)(int64_t)x * 0x1p-63;
	case 2: /* whole */
		return (double)((int64_t)x >> 54);
	default: /* of everyday's size */
		return (double)(int64_t)x * 0x1p-63 * (double)(1 << n % 11);
	}
}

/* @mode: what rounds, an index of modes; the guest's functions find it in FPSCR. */
typedef double function(double a, double b, double c, int mode);

#ifdef REFERENCE
#include <mpfr.h>

static double result(mpfr_t r, int inexact, mpfr_rnd_t rnd)
{
	double d;

	inexact = mpfr_check_range(r, inexact, rnd);
	mpfr_subnormalize(r, inexact, rnd);
	d = mpfr_get_d(r, rnd);
	return d;
}

static mpfr_rnd_t rounding(int mode)
{
	static const mpfr_rnd_t rnd[] = { MPFR_RNDN, MPFR_RNDZ, MPFR_RNDU, MPFR_RNDD };

	return rnd[mode];
}

#define BY_MPFR(name, compute) \
	static double do_##name(double da, double db, double dc, int mode) \
	{ \
		mpfr_rnd_t rnd = rounding(mode); \
		mpfr_t a, b, c, r; \
		double d; \
		mpfr_inits2(53, a, b, c, r, (mpfr_ptr)0); \
		mpfr_set_d(a, da, MPFR_RNDN); \
		mpfr_set_d(b, db, MPFR_RNDN); \
		mpfr_set_d(c, dc, MPFR_RNDN); \
		d = result(r, compute, rnd); \
		mpfr_clears(a, b, c, r, (mpfr_ptr)0); \
		return d; \
	}
#define ONE(name, limit, inexact) BY_MPFR(name, mpfr_##name(r, a, rnd))
#define TWO(name, limit, inexact) BY_MPFR(name, mpfr_##name(r, a, b, rnd))
#define PLAIN(name, sign) TWO(name, 0, 0)
BY_MPFR(fma, mpfr_fma(r, a, b, c, rnd))
#else
static const int modes[] = { FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD };

#define ONE(name, limit, inexact) \
	static double do_##name(double a, double b, double c, int mode) { return name(a); }
#define TWO(name, limit, inexact) \
	static double do_##name(double a, double b, double c, int mode) { return name(a, b); }
#define PLAIN(name, sign) \
	static double do_##name(double a, double b, double c, int mode) \
	{ \
		volatile double x = a, y = b; \
		return x sign y; \
	}
static double do_fma(double a, double b, double c, int mode)
{
	return fma(a, b, c);
}
#endif

#include "libm.def"
#undef ONE
#undef TWO
#undef PLAIN

#define ONE(name, limit, inexact) { #name, do_##name, limit, inexact },
#define TWO(name, limit, inexact) { #name, do_##name, limit, inexact },
#define PLAIN(name, sign) { #name, do_##name, 0, 0 },
static const struct row {
	const char *name;
	function *f;
	unsigned int limit; /* in the last place; 0: the bits, in all rounding modes */
	unsigned int inexact; /* so many results may be another than the nearest */
} rows[] = {
#include "libm.def"
	{ "fma", do_fma, 0, 0 },
};

#ifdef REFERENCE
static int look(const struct row *row, FILE *f, unsigned int *checks)
{
	int mode, all = row->limit ? 1 : 4;
	unsigned int n;
	double right;

	for (mode = 0; mode < all; mode++)
		for (n = 0; n < POINTS; n++, ++*checks) {
			right = row->f(point(n, 0), point(n, 1), point(n, 2), mode);
			if (fwrite(&right, 8, 1, f) != 1)
				return 1;
		}
	return 0;
}
#else
static uint64_t to_bits(double d)
{
	uint64_t bits;

	memcpy(&bits, &d, 8);
	return bits;
}

/* How many numbers of double precision are between two; zeros differ by their sign. */
static uint64_t distance(double a, double b)
{
	int64_t x = (int64_t)to_bits(a), y = (int64_t)to_bits(b);

	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b) ? 0 : UINT64_MAX;
	x = x < 0 ? INT64_MIN - x - 1 : x;
	y = y < 0 ? INT64_MIN - y - 1 : y;
	return x > y ? (uint64_t)x - (uint64_t)y : (uint64_t)y - (uint64_t)x;
}

static double compute(const struct row *row, unsigned int n, int mode)
{
	double d, a = point(n, 0), b = point(n, 1), c = point(n, 2);

	fesetround(modes[mode]);
	d = row->f(a, b, c, mode);
	fesetround(FE_TONEAREST);
	return d;
}

static void tell(const struct row *row, unsigned int n, int mode, double got, double right)
{
	printf("%s(%a, %a, %a), rounding %d: %a instead of %a\n", row->name, point(n, 0),
	       point(n, 1), point(n, 2), mode, got, right);
}

static int look(const struct row *row, FILE *f, unsigned int *checks)
{
	unsigned int n, differ = 0, bad = 0;
	int mode, all = row->limit ? 1 : 4;
	uint64_t most = 0, away;
	double right, got;

	for (mode = 0; mode < all; mode++)
		for (n = 0; n < POINTS; n++, ++*checks) {
			if (fread(&right, 8, 1, f) != 1)
				return printf("the right values end too early\n"), 1;
			got = compute(row, n, mode);
			away = distance(got, right);
			differ += away != 0;
			most = away > most ? away : most;
			if (away > row->limit && bad++ < 5)
				tell(row, n, mode, got, right);
		}
	bad += differ > row->inexact;
	printf("%-6s %4u results, %3u not the nearest (may be %u), off by %llu (may be %u)%s\n",
	       row->name, all * POINTS, differ, row->inexact, (unsigned long long)most, row->limit,
	       bad ? " WRONG" : "");
	return bad != 0;
}
#endif

int main(int argc, char **argv)
{
	unsigned int i, checks = 0;
	int bad = 0;
	FILE *f;

#ifdef REFERENCE
	mpfr_set_emin(-1073);
	mpfr_set_emax(1024);
	f = argc == 2 ? fopen(argv[1], "wb") : NULL;
#else
	f = argc == 2 ? fopen(argv[1], "rb") : NULL;
#endif
	if (!f)
		return fprintf(stderr, "usage: libm FILE\n"), 2;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		bad += look(&rows[i], f, &checks);
	bad += fclose(f) != 0;
	printf("%u checks\n", checks);
	return bad != 0;
}
