/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "fp_operands.h"

u64 random_bits(struct random *r)
{
	u64 z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

unsigned random_below(struct random *r, unsigned n)
{
	return (unsigned)((random_bits(r) >> 32) * n >> 32);
}

/* From @low to @high. */
static int between(struct random *r, int low, int high)
{
	return low + (int)random_below(r, (unsigned)(high - low + 1));
}

static double double_of(u64 bits)
{
	double d;

	memcpy(&d, &bits, 8);
	return d;
}

static u64 bits_of(double d)
{
	u64 bits;

	memcpy(&bits, &d, 8);
	return bits;
}

static u32 single_bits(double d)
{
	float f = (float)d;
	u32 bits;

	memcpy(&bits, &f, 4);
	return bits;
}

/*
 * Everything is first made as a double, of the values that @f has (f's precision and exponents;
 * NaNs have payloads).
 */
static u64 compose(const struct format *f, bool negative, int exponent, u64 fraction)
{
	double d = ldexp(1.0 + (double)(fraction >> 12 & ~0ull << (53 - f->precision)) * 0x1p-52,
			 exponent < f->emin - 60 ? f->emin - 60 : exponent);

	if (f->precision == 24) {
		u32 word = single_bits(d);
		float single;

		memcpy(&single, &word, 4);
		d = single;
	}
	return bits_of(d) | (u64)negative << 63;
}

/* A fraction, 52 bits on the left: short, long runs of one digit, or any. */
static u64 fraction(struct random *r, const struct format *f)
{
	unsigned keep = random_below(r, 8), at = random_below(r, (unsigned)f->precision);
	u64 any = random_bits(r), last = 1ull << (65 - f->precision);

	switch (random_below(r, 7)) {
	case 0:
		return 0;
	case 1:
		return keep ? any & ~0ull << (64 - keep) : 0;
	case 2:
		return at ? any & ~0ull << (64 - at) : 0;
	case 3: /* ...0000001, ...111111 */
		return last * random_below(r, 4) - last * random_below(r, 4);
	case 4:
		return (at ? any & ~0ull << (64 - at) : 0) + last * (random_below(r, 5) - 2ull);
	case 5: /* half of a single's last place, and next to it */
		return (any & ~0ull << 41) + (1ull << 40) +
		       (random_below(r, 5) - 2ull) * (1ull << 12);
	}
	return any;
}

/* A number with this exponent: drawn in an order that no compiler chooses. */
static u64 drawn(struct random *r, const struct format *f, int exponent)
{
	bool negative = random_below(r, 2);
	u64 digits = fraction(r, f);

	return compose(f, negative, exponent, digits);
}

static u64 edge(struct random *r, const struct format *f)
{
	static const struct {
		int from; /* 0: zero, 1: emin, 2: emax */
		int offset;
		u64 fraction;
	} edges[] = {
	    {1, 0, 0},		 {1, 0, 1ull << 12},  {1, -1, 0},	   {1, -1, ~0ull},
	    {1, -2, 1ull << 62}, {2, 0, 0},	      {2, 0, ~0ull},	   {2, -1, 0},
	    {0, 0, 0},		 {0, 0, 1ull << 63},  {0, 1, 0},	   {0, -1, 0},
	    {0, -1, ~0ull},	 {0, 0, 1ull << 40},  {0, 0, 3ull << 40},  {0, 31, 0},
	    {0, 30, ~0ull},	 {0, 31, ~0ull},      {0, 32, 0},	   {0, 63, 0},
	    {0, 62, ~0ull},	 {0, 63, ~0ull},      {0, 64, 0},	   {0, 52, 1ull << 12},
	    {0, 51, 1ull << 12}, {0, 23, 1ull << 41}, {0, 22, 1ull << 41}, {0, 0, 1ull << 12},
	    {0, 0, 1ull << 41},	 {0, 53, 0},
	};
	unsigned which = random_below(r, ARRAY_SIZE(edges) + 8);
	bool negative = random_below(r, 2);
	int base;

	/* The smallest few, the largest ones, near a single's ends. */
	if (which >= ARRAY_SIZE(edges)) {
		switch (which - ARRAY_SIZE(edges)) {
		case 0:
		case 1:
			return (u64)negative << 63; /* zero */
		case 2:
		case 3:
			return (u64)negative << 63 | 0x7ff0000000000000ull;
		case 4:
			return drawn(r, f, f->emin - f->precision + 1 + (int)random_below(r, 3));
		case 5:
			return drawn(r, f, between(r, -151, -125));
		case 6:
			return drawn(r, f, between(r, 126, 128));
		}
		return drawn(r, f, between(r, -1, 1));
	}
	base = edges[which].from == 1 ? f->emin : edges[which].from == 2 ? f->emax : 0;
	return compose(f, negative, base + edges[which].offset, edges[which].fraction);
}

static u64 nan_value(struct random *r, const struct format *f)
{
	static const u64 payloads[] = {
	    1ull << 51, 1, 1ull << 29, (1ull << 51) - 1, (1ull << 52) - 1, 0x8000000000123ull};
	u64 payload = random_below(r, 2) ? payloads[random_below(r, ARRAY_SIZE(payloads))]
					 : random_bits(r) >> 12;

	if (f->precision == 24)
		payload = (payload & ~0x1fffffffull) ? payload & ~0x1fffffffull : 1ull << 29;
	return (random_bits(r) & 1ull << 63) | 0x7ff0000000000000ull | (payload ? payload : 1);
}

static u64 any_value(struct random *r, const struct format *f)
{
	int exponent;

	switch (random_below(r, 10)) {
	case 0:
		return nan_value(r, f);
	case 1:
	case 2:
		return edge(r, f);
	case 3:
		exponent = between(r, f->emin - f->precision, f->emax);
		break;
	case 4:
		exponent = between(r, 20, 66);
		break;
	case 5: /* products and quotients near the ends */
		exponent = (random_below(r, 2) ? f->emin : f->emax) / 2 + between(r, -4, 4);
		break;
	default:
		exponent = between(r, -4, 4);
	}
	return drawn(r, f, exponent);
}

/* A sum's operands: cancelling, or the one about half of the other's last place. */
static void for_sum(struct random *r, const struct format *f, u64 *a, u64 *b)
{
	int ea = between(r, f->emin, f->emax), distance;

	if (random_below(r, 4) == 0)
		ea = (random_below(r, 2) ? f->emin : f->emax - 2) + between(r, 0, 2);
	*a = drawn(r, f, ea);
	switch (random_below(r, 3)) {
	case 0:
		*b = *a ^ 1ull << 63;
		*b += ((u64)random_below(r, 5) - 2) << (53 - f->precision);
		return;
	case 1:
		distance = f->precision + between(r, -2, 2);
		break;
	default:
		distance = between(r, 0, 3);
	}
	*b = drawn(r, f, ea - distance);
}

/* A product or quotient whose exponent is near the end of the range. */
static void for_end(struct random *r, const struct format *f, bool quotient, u64 *a, u64 *b)
{
	int ea = between(r, f->emin / 2, f->emax / 2), want;

	want = random_below(r, 2) ? f->emax + between(r, -2, 2)
				  : f->emin + between(r, -f->precision - 2, 1);
	if (random_below(r, 4) == 0) { /* tiny, and rounded to what isn't any more */
		unsigned zeros = random_below(r, 3);
		u64 sign = random_bits(r) & 1ull << 63;

		*a = compose(f, false, ea, ~0ull << (64 - f->precision + zeros)) | sign;
		*b =
		    compose(f, random_below(r, 2), (quotient ? ea - f->emin + 1 : f->emin - 1 - ea),
			    zeros ? 0 : 1ull << (65 - f->precision));
		return;
	}
	*a = drawn(r, f, ea);
	*b = drawn(r, f, quotient ? ea - want : want - ea);
}

/* Rounded to what @f has. */
static u64 as_format(const struct format *f, double d)
{
	u32 word;
	float single;

	if (f->precision == 53)
		return bits_of(d);
	word = single_bits(d);
	memcpy(&single, &word, 4);
	return bits_of(single);
}

/* a such that a / b, or the root of a, is next to the middle of two neighbours. */
static void for_middle(struct random *r, const struct format *f, bool root, u64 *a, u64 *b)
{
	double middle = fabs(double_of(drawn(r, f, between(r, -2, 2))));

	middle *= 1 + ldexp(1, -f->precision);
	*b = drawn(r, f, between(r, -3, 3)) & ~0ull >> 1;
	*a = as_format(f, root ? middle * middle : middle * double_of(*b));
	*a += ((u64)random_below(r, 3) - 1) << (53 - f->precision);
}

/* a * c + b: cancelling, or b deciding what the product's half rounds to. */
static void for_fused(struct random *r, const struct format *f, u64 in[3])
{
	double product;
	int exponent;

	if (random_below(r, 4) == 0) {
		for_end(r, f, false, &in[0], &in[2]);
		exponent = f->emin - f->precision + between(r, 0, 4);
		in[1] = drawn(r, f, exponent);
		if (random_below(r, 2))
			in[1] &= 1ull << 63;
		return;
	}
	in[0] = drawn(r, f, between(r, -3, 3));
	in[2] = drawn(r, f, between(r, -3, 3));
	product = double_of(in[0]) * double_of(in[2]);
	switch (random_below(r, 4)) {
	case 0:
		in[1] = as_format(f, -product);
		break;
	case 1:
		in[1] =
		    as_format(f, product) + (((u64)random_below(r, 5) - 2) << (53 - f->precision));
		break;
	case 2:
		exponent = ilogb(product) + (random_below(r, 2) ? 1 : -1) * f->precision;
		in[1] = drawn(r, f, exponent + between(r, -2, 2));
		break;
	default:
		exponent = ilogb(product) - 2 * f->precision;
		in[1] = drawn(r, f, exponent + between(r, -40, 2));
	}
}

/* Around integers and halves, and the ends of words and doublewords. */
static u64 near_integer(struct random *r, const struct format *f)
{
	static const double ends[] = {0x1p31, 0x1p32, 0x1p63, 0x1p64, 0, 1, 0x1p23, 0x1p52};
	double d = ends[random_below(r, ARRAY_SIZE(ends))];

	if (random_below(r, 3) == 0)
		d = (double)(random_bits(r) >> random_below(r, 64));
	d += between(r, -3, 3) * 0.5;
	if (random_below(r, 4) == 0)
		d = nextafter(d, random_below(r, 2) ? INFINITY : -INFINITY);
	return as_format(f, random_below(r, 2) ? d : -d);
}

static u64 integer(struct random *r)
{
	static const u64 ends[] = {0,	       1ull << 63, 1ull << 31, 1ull << 32,
				   1ull << 53, 1ull << 24, ~0ull,      1ull << 40};
	unsigned low = random_below(r, 64);

	switch (random_below(r, 4)) {
	case 0:
		return ends[random_below(r, ARRAY_SIZE(ends))] + random_below(r, 7) - 3;
	case 1: /* the middle of two neighbours */
		return ((random_bits(r) | 1) << low) + random_below(r, 3) - 1;
	case 2:
		return (u64)((s64)random_bits(r) >> low);
	}
	return (random_bits(r) >> 11 << low >> random_below(r, 12)) + random_below(r, 3) - 1;
}

/* A double as the element that holds it. */
static u64 as_element(enum element e, u64 bits)
{
	struct number n;

	if (e != E_SINGLE)
		return bits;
	number_init(&n);
	number_read(&n, &format_double, bits);
	if (number_is_nan(&n) || number_fits(&n, &format_single))
		bits = number_bits(&n, &format_single);
	else
		bits = single_bits(double_of(bits));
	number_clear(&n);
	return bits;
}

u64 fp_value(struct random *r, enum element e)
{
	if (e == E_LONG || e == E_WORD)
		return integer(r);
	return as_element(e, any_value(r, e == E_SINGLE ? &format_single : &format_double));
}

/* The grid's edges: without sign the first half. */
#define EDGES 26

static u64 grid_edge(const struct format *f, unsigned i)
{
	u64 sign = i >= EDGES / 2 ? 1ull << 63 : 0;

	switch (i % (EDGES / 2)) {
	case 0:
		return sign;
	case 1:
		return sign | 0x7ff0000000000000ull; /* infinity */
	case 2:
		return sign | 0x7ff8000000000000ull | (u64)i << 40;
	case 3:
		return sign | 0x7ff0000000000000ull | (u64)(i + 1) << 40; /* signalling */
	case 4:
		return compose(f, sign, f->emin - f->precision + 1, 0); /* smallest */
	case 5:
		return compose(f, sign, f->emin - 1, ~0ull); /* largest denormalized one */
	case 6:
		return compose(f, sign, f->emin, 0);
	case 7:
		return compose(f, sign, f->emax, ~0ull);
	case 8:
		return compose(f, sign, f->emax, 0);
	case 9:
		return compose(f, sign, 0, 0); /* 1 */
	case 10:
		return compose(f, sign, -1, ~0ull); /* the one below 1 */
	case 11:
		return compose(f, sign, 0, 1ull << (65 - f->precision)); /* the one above 1 */
	}
	return compose(f, sign, -1, 0);
}

static void from_grid(const struct format *f, unsigned long count, u64 in[3])
{
	/* Another order than that of the numbers, so that short runs see a bit of everything. */
	count = count * 10007 % ((unsigned long)EDGES * EDGES * EDGES);
	for (unsigned i = 0; i < 3; i++) {
		in[i] = grid_edge(f, (unsigned)(count % EDGES));
		count /= EDGES;
	}
}

/* ftdiv and its like compare exponents, and their difference, with bounds. */
static void for_test(struct random *r, const struct format *f, u64 *a, u64 *b)
{
	int ends[] = {f->emin, f->emax - 2, f->emin + f->precision - 1, 0, 100};
	int eb = ends[random_below(r, ARRAY_SIZE(ends))] + between(r, -1, 1);
	int ea = ends[random_below(r, ARRAY_SIZE(ends))] + between(r, -1, 1);

	if (random_below(r, 2)) {
		eb = between(r, f->emin + 2, f->emax - 3);
		ea = eb + (eb > 0 ? f->emin + 1 : f->emax) + between(r, -1, 1);
	}
	*a = drawn(r, f, ea);
	*b = drawn(r, f, eb) & ~((u64)(random_below(r, 2)) << 63);
}

/* Those of a row of arithmetic, and of comparisons: values that have to do with each other. */
static void related(struct random *r, const struct fp_row *row, const struct format *f, u64 in[3])
{
	bool arithmetic = row->lane == lane_arith;

	if (row->run == run_test) {
		for_test(r, f, &in[0], &in[1]);
		if (!row->operands[1])
			in[0] = in[1];
	} else if (arithmetic && row->op >= MADD && row->op <= NMSUB) {
		for_fused(r, f, in);
	} else if (arithmetic && row->op == SQRT) {
		for_middle(r, f, true, &in[0], &in[1]);
	} else if (arithmetic && row->op == DIV) {
		if (random_below(r, 2))
			for_middle(r, f, false, &in[0], &in[1]);
		else
			for_end(r, f, true, &in[0], &in[1]);
	} else if (arithmetic && row->op == MUL) {
		for_end(r, f, false, &in[0], &in[1]);
	} else if (row->operands[0] && row->operands[1]) {
		for_sum(r, f, &in[0], &in[1]);
	} else if (row->lane != lane_estimate && !arithmetic) {
		in[0] = near_integer(r, f);
	}
}

void fp_operands(struct random *r, const struct fp_row *row, unsigned long count, u64 in[3])
{
	/* Doubles rounded to singles are made for single precision, but for some. */
	bool single = row->format == &format_single && row->op != CONVERT && random_below(r, 8);
	const struct format *f = single || row->from == E_SINGLE ? &format_single : &format_double;

	for (unsigned i = 0; i < 3; i++)
		in[i] = row->from == E_LONG || row->from == E_WORD ? integer(r) : any_value(r, f);
	if (row->from == E_LONG || row->from == E_WORD)
		return;
	if (count % 2)
		from_grid(f, count / 2, in);
	else if (random_below(r, 3))
		related(r, row, f, in);
	for (unsigned i = 0; i < 3; i++)
		in[i] = as_element(row->from, in[i]);
}

u64 fp_fpscr(struct random *r)
{
	u64 fpscr = random_below(r, 4);

	if (random_below(r, 3) == 0)
		fpscr |= random_bits(r) & (S_VE | S_OE | S_UE | S_ZE | S_XE);
	if (random_below(r, 3) == 0)
		fpscr |= random_bits(r) & random_bits(r) & (S_STICKY | S_FX);
	if (random_below(r, 2))
		fpscr |= random_bits(r) & (S_FPRF | S_FR | S_FI | S_DRN);
	if (random_below(r, 8) == 0)
		fpscr |= S_NI;
	return fpscr_summaries(fpscr);
}
