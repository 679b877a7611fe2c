/* SPDX-License-Identifier: Apache-2.0 */
/* What the host's processor has. */
#include "cpu/jit/x86_64/host.h"

#if defined(__x86_64__) && !defined(__ILP32__)

#include <cpuid.h>
#include <stdlib.h>

/* CPUID's bits; compilers don't all have names for them. */
#define C1_PCLMUL   (1u << 1)
#define C1_POPCNT   (1u << 23)
#define C1_FMA	    (1u << 12)
#define C1_AES	    (1u << 25)
#define C1_OSXSAVE  (1u << 27)
#define C1_AVX	    (1u << 28)
#define B7_AVX2	    (1u << 5)
#define B7_BMI2	    (1u << 8)
#define B7_AVX512   (1u << 16 | 1u << 30 | 1u << 31) /* F, BW, VL */
#define C7_VBMI	    (1u << 1)
#define C7_GFNI	    (1u << 8)
#define CX_LZCNT    (1u << 5)
#define XCR0_AVX    0x06u
#define XCR0_AVX512 0xe6u

static u32 saved_by_system(void)
{
	u32 low, high;

	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

static u32 of_avx(u32 c1)
{
	unsigned a, b = 0, c = 0, d;
	u32 saved, have = HOST_AVX;

	if ((c1 & (C1_OSXSAVE | C1_AVX)) != (C1_OSXSAVE | C1_AVX))
		return 0;
	saved = saved_by_system();
	if ((saved & XCR0_AVX) != XCR0_AVX)
		return 0;
	have |= c1 & C1_FMA ? HOST_FMA : 0;
	have |= c1 & C1_AES ? HOST_AES : 0;
	have |= c1 & C1_PCLMUL ? HOST_PCLMUL : 0;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & B7_AVX2))
		return have;
	have |= b & B7_BMI2 ? HOST_BMI2 : 0;
	have |= HOST_AVX2 | (c & C7_GFNI ? HOST_GFNI : 0);
	if ((saved & XCR0_AVX512) == XCR0_AVX512 && (b & B7_AVX512) == B7_AVX512)
		have |= HOST_AVX512 | (c & C7_VBMI ? HOST_VBMI : 0);
	return have;
}

/* Than AVX2. */
#define LATER ((u32)(HOST_AVX512 | HOST_VBMI | HOST_GFNI))

static u32 left_by_environment(u32 have)
{
	const char *host = getenv("PAPYR_HOST");

	if (host && !strcmp(host, "sse"))
		return have & HOST_LZCNT;
	if (host && !strcmp(host, "avx"))
		return have & ~(HOST_AVX2 | HOST_FMA | HOST_BMI2 | LATER);
	if (host && !strcmp(host, "avx2"))
		return have & ~LATER;
	return have;
}

u32 host_features(void)
{
	unsigned a, b, c = 0, d;
	u32 have = 0;

	if (__get_cpuid(0x80000001, &a, &b, &c, &d) && (c & CX_LZCNT))
		have |= HOST_LZCNT;
	c = 0;
	if (__get_cpuid(1, &a, &b, &c, &d))
		have |= of_avx(c) | (c & C1_POPCNT ? HOST_POPCNT : 0);
	return left_by_environment(have);
}

#endif
