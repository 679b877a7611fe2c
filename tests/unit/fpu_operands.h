/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operands for the floating-point tests: edge values, and random numbers that like to be near them.
 */
#ifndef PAPYR_TESTS_FPU_OPERANDS_H
#define PAPYR_TESTS_FPU_OPERANDS_H

#include "base/bits.h"

static const u64 edge_doubles[] = {
    0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000,
    0x0000000000000001, 0x8000000000000001, 0x000fffffffffffff, 0x0010000000000000,
    0x0010000000000001, 0x8010000000000000, 0x7fefffffffffffff, 0xffefffffffffffff,
    0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000012345,
    0x7ff8123456789abc, 0x7ff0000000000001, 0xfff4000000000000, 0x7ff7ffffe0000000,
    0x36a0000000000000, 0x369fffffffffffff, 0x380fffffe0000000, 0x380fffffffffffff,
    0x3810000000000000, 0x47efffffe0000000, 0x47efffffefffffff, 0x47effffff0000000,
    0x47f0000000000000, 0xc7effffff0000000, 0x3fe0000000000000, 0x3fdfffffffffffff,
    0x4008000000000000, 0x4330000000000001, 0x432fffffffffffff, 0x43e0000000000000,
    0xc3e0000000000000, 0xc3e0000000000001, 0x43efffffffffffff, 0x43f0000000000000,
    0x41dfffffffc00000, 0x41dfffffffe00000, 0x41e0000000000000, 0xc1e0000000000000,
    0xc1e0000000100000, 0xc1e0000000200000, 0x41efffffffe00000, 0x41effffffff00000,
    0x3ff8000000000000, 0x4004000000000000, 0xbfe0000000000000, 0xbfe0000000000001,
    0x5fe0000000000000, 0x1ff0000000000000, 0x3ca0000000000000, 0x3ca0000000000001,
};

static const u32 edge_singles[] = {
    0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x00000001, 0x80000001, 0x007fffff,
    0x00800000, 0x00800001, 0x80800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000,
    0x7fc00000, 0xffc12345, 0x7f800001, 0xffa00000, 0x3f000000, 0x3effffff, 0x3fc00000,
    0x4b000000, 0x4b000001, 0x4f000000, 0xcf000000, 0x4effffff, 0x5f000000, 0xdf000000,
    0x5effffff, 0x4f800000, 0x5f800000, 0x1f800000, 0x33800000, 0x33800001, 0xcf000001,
};

static u64 random_state = 0x9e3779b97f4a7c15ull;

static inline u64 random64(void)
{
	u64 z = random_state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* Any bits; or of moderate size; or with few bits set; or an edge value. */
static inline u64 random_double(void)
{
	u64 kind = random64(), v = random64();

	switch (kind & 7) {
	case 0:
		return v;
	case 1:
		return edge_doubles[v % ARRAY_SIZE(edge_doubles)];
	case 2:
		return v & 0xfff0000000000000ull;
	case 3: /* around 1, many bits */
		return (v & 0x800fffffffffffffull) | (1023 - 3 + (kind >> 8) % 7) << 52;
	case 4: /* a single */
		return (v & 0x800fffffe0000000ull) | (1023 - 130 + (kind >> 8) % 260) << 52;
	case 5: /* few significant bits */
		return (v & 0x800f000000000000ull) | (1023 - 40 + (kind >> 8) % 80) << 52 |
		       (kind >> 20 & 7);
	case 6: /* near the single range's ends, many bits */
		return (v & 0x800fffffffffffffull) |
		       ((kind >> 8 & 1 ? 1023 + 120 : 1023 - 155) + (kind >> 9) % 40) << 52;
	default:
		return (v & 0x800fffffffffffffull) | (1023 - 60 + (kind >> 8) % 120) << 52;
	}
}

static inline u32 random_single(void)
{
	u64 kind = random64();
	u32 v = (u32)random64();

	switch (kind & 3) {
	case 0:
		return v;
	case 1:
		return edge_singles[v % ARRAY_SIZE(edge_singles)];
	case 2:
		return (v & 0x807fffffu) | (u32)(127 - 30 + (kind >> 8) % 60) << 23;
	default:
		return (v & 0x80600000u) | (u32)(127 - 12 + (kind >> 8) % 24) << 23 |
		       (u32)(kind >> 20 & 3);
	}
}

static inline double as_double(u64 bits)
{
	double d;

	memcpy(&d, &bits, sizeof(d));
	return d;
}

static inline u64 double_bits(double d)
{
	u64 bits;

	memcpy(&bits, &d, sizeof(bits));
	return bits;
}

static inline float as_float(u32 bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

static inline u32 float_bits(float f)
{
	u32 bits;

	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

#endif
