/* SPDX-License-Identifier: Apache-2.0 */
/* Register contents for decimal floating-point instructions. */
#include "cpu/dfp/declet.h"
#include "generate.h"

/* A format's measures. */
struct format {
	unsigned digits, declets, exponent_bits;
	unsigned bias, max_biased;
};

static const struct format format_short = {7, 2, 6, 101, 191};
static const struct format format_long = {16, 5, 8, 398, 767};
static const struct format format_extended = {34, 11, 12, 6176, 12287};

bool row_is_decimal(const struct insn_row *row)
{
	return (row->flags & F_FP) && row->mnemonic[0] == 'd';
}

static bool one_in(struct rng *rng, unsigned n)
{
	return rng_below(rng, n) == 0;
}

/* A number, the rightmost digit first. */
struct number {
	bool sign;
	unsigned biased; /* exponent */
	u8 digit[34];
};

/* Digits that make ties, carries, few significant ones, and exact results. */
static void make_digits(struct rng *rng, u8 *digit, unsigned most)
{
	unsigned n = one_in(rng, 3) ? most : one_in(rng, 8) ? 0 : 1 + rng_below(rng, most);
	unsigned pattern = rng_below(rng, 8), zeros = one_in(rng, 3) ? rng_below(rng, n + 1) : 0;

	memset(digit, 0, 34);
	for (unsigned i = 0; i < n; i++)
		digit[i] = (u8)(pattern == 0 ? 9 : pattern == 1 ? 0 : rng_below(rng, 10));
	for (unsigned i = 0; i < zeros; i++)
		digit[i] = 0;
	if (zeros && one_in(rng, 2))
		digit[zeros - 1] = 5;
	if (n)
		digit[n - 1] = (u8)(pattern == 0 ? 9 : 1 + rng_below(rng, 9));
	if (pattern == 2 && n > 1)
		digit[rng_below(rng, n - 1)] = 5;
	if (n > 1 && one_in(rng, 4))
		digit[0] = one_in(rng, 2) ? 5 : 9;
}

static unsigned make_exponent(struct rng *rng, const struct format *f)
{
	unsigned max = f->max_biased, few = rng_below(rng, f->digits + 3);

	switch (rng_below(rng, 10)) {
	case 0:
		return rng_below(rng, 3) ? few : 0;
	case 1:
		return rng_below(rng, 3) ? max - few : max;
	case 2: /* products and quotients at the ends of the range */
		return f->bias / 2 + few;
	case 3:
		return f->bias + (max - f->bias) / 2 - few + rng_below(rng, 4);
	case 4:
		return rng_below(rng, max + 1);
	case 5: /* products that go below the shorter formats */
		return f->bias - rng_below(rng, 120);
	case 6:
		return f->bias + rng_below(rng, 120) < max ? f->bias + rng_below(rng, 60) : max;
	}
	return f->bias + f->digits / 2 - rng_below(rng, f->digits + f->digits / 2);
}

static u128 put_declets(struct rng *rng, const struct format *f, const u8 *digit)
{
	bool odd = one_in(rng, 4); /* not the preferred ones, where others say the same */
	u128 v = 0;

	for (unsigned i = f->declets; i-- > 0;) {
		const u8 *d = &digit[3 * i];
		u32 declet = digits_to_declet((u32)d[2] << 8 | (u32)d[1] << 4 | d[0]);

		if (odd && (declet & 0x6e) == 0x6e)
			declet |= rng_below(rng, 4) << 8;
		v = v << 10 | declet;
	}
	return v;
}

static u128 put_number(struct rng *rng, const struct format *f, const struct number *n)
{
	u32 lead = n->digit[f->digits - 1], high = n->biased >> f->exponent_bits;
	u32 combination = lead > 7 ? 0x18 | high << 1 | (lead & 1) : high << 3 | lead;
	u128 head = (u128)((u32)n->sign << 5 | combination) << f->exponent_bits |
		    (n->biased & ((1u << f->exponent_bits) - 1));

	return head << (10 * f->declets) | put_declets(rng, f, n->digit);
}

/* Infinities and NaNs, with digits and reserved bits now and then. */
static u128 make_special(struct rng *rng, const struct format *f)
{
	u128 head = 0x1e | rng_below(rng, 2) | rng_below(rng, 2) << 5, rest = 0;
	struct number n = {0};

	head = head << f->exponent_bits;
	if (one_in(rng, 2))
		head |= (u128)rng_below(rng, 2) << (f->exponent_bits - 1);
	if (one_in(rng, 4))
		head |= rng_below(rng, 1u << f->exponent_bits);
	make_digits(rng, n.digit, f->digits - 1);
	if (one_in(rng, 2))
		rest = put_declets(rng, f, n.digit);
	return head << (10 * f->declets) | rest;
}

static u128 make_decimal(struct rng *rng, const struct format *f)
{
	struct number n = {.sign = one_in(rng, 2), .biased = make_exponent(rng, f)};

	if (one_in(rng, 10))
		return make_special(rng, f);
	make_digits(rng, n.digit, f->digits);
	return put_number(rng, f, &n);
}

/* What is decimal about an operand. */
enum content {
	LONG,
	EXTENDED,
	SHORT,
	INTEGER,
	PACKED,
	NEXT_TO_RANGE, /* small integers, and what stands for infinities and NaNs */
	ANYTHING,
	CONTENTS,
};

static u64 packed_doubleword(struct rng *rng)
{
	unsigned digits = rng_below(rng, 17);
	u64 v = 0;

	for (unsigned i = 0; i < digits; i++)
		v = v << 4 | rng_below(rng, 10);
	if (one_in(rng, 2))
		v = v << 4 | (10 + rng_below(rng, 6));
	if (one_in(rng, 12))
		v ^= (rng_next(rng) & 15) << (4 * rng_below(rng, 16));
	return v;
}

static u64 make_integer(struct rng *rng)
{
	static const u64 edges[] = {
	    0,
	    1,
	    0x7fffffffffffffff,
	    0x8000000000000000,
	    0x8000000000000001,
	    9999999999999999,
	    10000000000000000,
	    99999999999999995,
	    10000000000000005,
	    1000000000000000000,
	};
	u64 v = one_in(rng, 3) ? edges[rng_below(rng, ARRAY_SIZE(edges))]
			       : rng_next(rng) >> rng_below(rng, 64);

	return one_in(rng, 2) ? v : -v;
}

/* Exponents, biased ones of both formats and beyond; digits' numbers. */
static u64 make_small(struct rng *rng)
{
	static const u64 edges[] = {767, 768, 12287, 12288, 398, 6176, 0};

	switch (rng_below(rng, 5)) {
	case 0:
		return edges[rng_below(rng, ARRAY_SIZE(edges))] - rng_below(rng, 3);
	case 1:
		return -(u64)rng_below(rng, 6);
	case 2:
		return rng_below(rng, 768);
	case 3:
		return rng_below(rng, 12288);
	}
	return rng_below(rng, 36);
}

/* One pair of registers. */
static void make_pair(struct rng *rng, enum content content, u64 *even, u64 *odd)
{
	u128 v;

	switch (content) {
	case LONG:
		*even = (u64)make_decimal(rng, &format_long);
		*odd = (u64)make_decimal(rng, &format_long);
		break;
	case EXTENDED:
		v = make_decimal(rng, &format_extended);
		*even = (u64)(v >> 64);
		*odd = (u64)v;
		break;
	case SHORT:
		*even = rng_next(rng) << 32 | (u64)make_decimal(rng, &format_short);
		*odd = (u64)make_decimal(rng, &format_short);
		break;
	case INTEGER:
		*even = make_integer(rng);
		*odd = make_integer(rng);
		break;
	case PACKED:
		*even = packed_doubleword(rng) >> (one_in(rng, 2) ? 4 : 0);
		*odd = packed_doubleword(rng);
		break;
	case NEXT_TO_RANGE:
		*even = make_small(rng);
		*odd = make_small(rng);
		break;
	default:
		*even = rng_next(rng);
		*odd = rng_next(rng);
	}
}

/* What the row's operands are: one kind, or two. */
static enum content usual_content(struct rng *rng, const struct insn_row *row)
{
	static const struct {
		const char *begin;
		enum content narrow, wide;
	} others[] = {
	    {"dctdp", SHORT, SHORT},
	    {"dctqpq", LONG, LONG},
	    {"dcffix", INTEGER, INTEGER},
	    {"denbcd", PACKED, PACKED},
	};
	bool wide = row->match >> 26 == 63;

	for (unsigned i = 0; i < ARRAY_SIZE(others); i++)
		if (!strncmp(row->mnemonic, others[i].begin, strlen(others[i].begin)))
			return wide ? others[i].wide : others[i].narrow;
	if (!strncmp(row->mnemonic, "diex", 4) || !strncmp(row->mnemonic, "drrnd", 5) ||
	    !strncmp(row->mnemonic, "dtstsf", 6))
		if (one_in(rng, 2))
			return NEXT_TO_RANGE;
	return wide ? EXTENDED : LONG;
}

void decimal_registers(struct rng *rng, const struct insn_row *row, struct isa_state *state)
{
	for (unsigned i = 0; i < 32; i += 2) {
		enum content content = one_in(rng, 10) ? (enum content)rng_below(rng, CONTENTS)
						       : usual_content(rng, row);
		u64 *even = &state->vsr[i][0], *odd = &state->vsr[i + 1][0];

		make_pair(rng, content, even, odd);
		if (i && one_in(rng, 6)) { /* sums near zero, equal numbers */
			unsigned from = 2 * rng_below(rng, i / 2);

			*even = state->vsr[from][0] ^ (one_in(rng, 2) ? 1ull << 63 : 0);
			*odd = state->vsr[from + 1][0] ^ (one_in(rng, 2) ? 1 : 0);
		}
	}
	/* DRN */
	state->fpscr |= (u64)rng_below(rng, 8) << 32;
}
