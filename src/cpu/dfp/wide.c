/* SPDX-License-Identifier: Apache-2.0 */
/* Powers of ten, and integers of 256 bits. */
#include "cpu/dfp/number.h"

#define E18 1000000000000000000ull

/* 10**n as long as it fits a limb. */
static const u64 ten_to[20] = {
    1ull,
    10ull,
    100ull,
    1000ull,
    10000ull,
    100000ull,
    1000000ull,
    10000000ull,
    100000000ull,
    1000000000ull,
    10000000000ull,
    100000000000ull,
    1000000000000ull,
    10000000000000ull,
    100000000000000ull,
    1000000000000000ull,
    10000000000000000ull,
    100000000000000000ull,
    E18,
    E18 * 10,
};
#define TEN_TO_MAX 19u /* the largest n there */

u128 dfp_ten_to(unsigned n)
{
	return n <= TEN_TO_MAX ? ten_to[n] : (u128)ten_to[TEN_TO_MAX] * ten_to[n - TEN_TO_MAX];
}

unsigned dfp_digits(u128 v)
{
	unsigned bits, n;

	if (!v)
		return 0;
	bits = v >> 64 ? 128 - (unsigned)__builtin_clzll((u64)(v >> 64))
		       : 64 - (unsigned)__builtin_clzll((u64)v);
	/* 10**n is below the highest bit, or has it: log 2 is a little more than 1233 / 4096. */
	n = (bits - 1) * 1233 >> 12;
	return v >= dfp_ten_to(n + 1) ? n + 2 : v >= dfp_ten_to(n) ? n + 1 : n;
}

struct dfp_wide dfp_wide_mul(u128 a, u128 b)
{
	u64 a0 = (u64)a, a1 = (u64)(a >> 64), b0 = (u64)b, b1 = (u64)(b >> 64);
	u128 p00 = (u128)a0 * b0, p01 = (u128)a0 * b1, p10 = (u128)a1 * b0, p11 = (u128)a1 * b1;
	u128 middle = (p00 >> 64) + (u64)p01 + (u64)p10;
	u128 high = p11 + (p01 >> 64) + (p10 >> 64) + (middle >> 64);

	return (struct dfp_wide){{(u64)p00, (u64)middle, (u64)high, (u64)(high >> 64)}};
}

static void multiply(struct dfp_wide *w, u64 by)
{
	u128 carry = 0;

	for (unsigned i = 0; i < 4; i++) {
		carry += (u128)w->limb[i] * by;
		w->limb[i] = (u64)carry;
		carry >>= 64;
	}
}

/* The remainder; the quotient replaces @w. */
static u64 divide(struct dfp_wide *w, u64 by)
{
	u128 rest = 0;

	for (unsigned i = 4; i-- > 0;) {
		rest = rest << 64 | w->limb[i];
		w->limb[i] = (u64)(rest / by);
		rest %= by;
	}
	return (u64)rest;
}

struct dfp_wide dfp_wide_scale(struct dfp_wide w, unsigned n)
{
	for (; n > TEN_TO_MAX; n -= TEN_TO_MAX)
		multiply(&w, ten_to[TEN_TO_MAX]);
	multiply(&w, ten_to[n]);
	return w;
}

struct dfp_wide dfp_wide_add(struct dfp_wide a, struct dfp_wide b)
{
	u128 sum = 0;

	for (unsigned i = 0; i < 4; i++) {
		sum += (u128)a.limb[i] + b.limb[i];
		a.limb[i] = (u64)sum;
		sum >>= 64;
	}
	return a;
}

struct dfp_wide dfp_wide_sub(struct dfp_wide a, struct dfp_wide b)
{
	u64 borrow = 0;

	for (unsigned i = 0; i < 4; i++) {
		u128 difference = (u128)a.limb[i] - b.limb[i] - borrow;

		a.limb[i] = (u64)difference;
		borrow = (u64)(difference >> 64) & 1;
	}
	return a;
}

bool dfp_wide_less(const struct dfp_wide *a, const struct dfp_wide *b)
{
	for (unsigned i = 4; i-- > 0;)
		if (a->limb[i] != b->limb[i])
			return a->limb[i] < b->limb[i];
	return false;
}

bool dfp_wide_is_zero(const struct dfp_wide *w)
{
	return !(w->limb[0] | w->limb[1] | w->limb[2] | w->limb[3]);
}

static u128 low_half(const struct dfp_wide *w)
{
	return (u128)w->limb[1] << 64 | w->limb[0];
}

unsigned dfp_wide_digits(struct dfp_wide w)
{
	unsigned n = 0;

	if (w.limb[3] | w.limb[2] | w.limb[1] >> 62) {
		divide(&w, ten_to[TEN_TO_MAX]);
		divide(&w, ten_to[TEN_TO_MAX]);
		n = 2 * TEN_TO_MAX;
	}
	return n + dfp_digits(low_half(&w));
}

/* What was cut off, measured by the last digit that stays. */
enum rest { REST_NONE, REST_BELOW_HALF, REST_HALF, REST_ABOVE_HALF };

/* Takes @n digits off @w; @more: there was something else behind them. */
static enum rest take_off(struct dfp_wide *w, unsigned n, bool more)
{
	u64 first;

	if (!n)
		return more ? REST_BELOW_HALF : REST_NONE;
	while (n > 1) {
		unsigned part = n - 1 < TEN_TO_MAX ? n - 1 : TEN_TO_MAX;

		more |= divide(w, ten_to[part]) != 0;
		n -= part;
	}
	first = divide(w, 10);
	if (first == 5)
		return more ? REST_ABOVE_HALF : REST_HALF;
	if (first > 5)
		return REST_ABOVE_HALF;
	return first || more ? REST_BELOW_HALF : REST_NONE;
}

static bool rounds_up(enum dfp_round how, bool sign, u64 last_digit, enum rest rest)
{
	if (rest == REST_NONE)
		return false;
	switch (how) {
	case DFP_ROUND_EVEN:
		return rest == REST_ABOVE_HALF || (rest == REST_HALF && (last_digit & 1));
	case DFP_ROUND_UP:
		return !sign;
	case DFP_ROUND_DOWN:
		return sign;
	case DFP_ROUND_TIES_AWAY:
		return rest >= REST_HALF;
	case DFP_ROUND_TIES_ZERO:
		return rest == REST_ABOVE_HALF;
	case DFP_ROUND_AWAY:
		return true;
	case DFP_ROUND_PREPARE:
		return last_digit % 5 == 0;
	default:
		return false;
	}
}

struct dfp_rounded dfp_cut(struct dfp_exact x, int n, enum dfp_round how)
{
	const int all = 78; /* digits, and one more: the rest is always below half */
	enum rest rest = take_off(&x.mag, (unsigned)(n < all ? n : all), x.more);
	struct dfp_rounded d = {
	    .coeff = low_half(&x.mag),
	    .exp = x.exp + n,
	    .inexact = rest != REST_NONE,
	};

	d.up = rounds_up(how, x.sign, (u64)(d.coeff % 10), rest);
	d.coeff += d.up;
	return d;
}
