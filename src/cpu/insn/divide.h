/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fixed-point division. A quotient that can't be represented (zero divisor, most negative by -1, an
 * extended one that is too wide) is undefined but for OV; so is the high word of a word quotient.
 * The values here are those that processors leave, which recorded outputs of programs contain: 0
 * for a zero divisor and for the extended forms, the dividend for the most negative one by -1, a
 * zero high word.
 */
#ifndef PAPYR_CPU_INSN_DIVIDE_H
#define PAPYR_CPU_INSN_DIVIDE_H

#include "cpu/cpu.h"

struct quotient {
	u64 value;
	bool overflow;
};

static inline struct quotient divide_w(u64 ra, u64 rb)
{
	s32 a = (s32)ra, b = (s32)rb;

	if (unlikely(b == 0))
		return (struct quotient){.overflow = true};
	if (unlikely(a == INT32_MIN && b == -1))
		return (struct quotient){.value = (u32)a, .overflow = true};
	return (struct quotient){.value = (u32)(a / b)};
}

static inline struct quotient divide_wu(u64 ra, u64 rb)
{
	u32 a = (u32)ra, b = (u32)rb;

	if (unlikely(b == 0))
		return (struct quotient){.overflow = true};
	return (struct quotient){.value = a / b};
}

static inline struct quotient divide_d(u64 ra, u64 rb)
{
	s64 a = (s64)ra, b = (s64)rb;

	if (unlikely(b == 0))
		return (struct quotient){.overflow = true};
	if (unlikely(a == INT64_MIN && b == -1))
		return (struct quotient){.value = ra, .overflow = true};
	return (struct quotient){.value = (u64)(a / b)};
}

static inline struct quotient divide_du(u64 ra, u64 rb)
{
	if (unlikely(rb == 0))
		return (struct quotient){.overflow = true};
	return (struct quotient){.value = ra / rb};
}

#endif
