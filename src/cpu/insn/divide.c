/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fixed-point division. A quotient that can't be represented (zero divisor, most negative by -1, an
 * extended one that is too wide) is undefined but for OV; so is the high word of a word quotient.
 * The values here are those that processors leave, which recorded outputs of programs contain: 0
 * for a zero divisor and for the extended forms, the dividend for the most negative one by -1, a
 * zero high word.
 */
#include "cpu/insn/op.h"
#include "cpu/insn/forms.h"

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

/* The extended forms: the dividend is RA followed by as many zeros. */
static inline struct quotient divide_we(u64 ra, u64 rb)
{
	s64 a = (s64)(ra << 32), b = (s32)rb, q;

	if (b == 0 || (a == INT64_MIN && b == -1))
		return (struct quotient){.overflow = true};
	q = a / b;
	if (q != (s32)q)
		return (struct quotient){.overflow = true};
	return (struct quotient){.value = (u32)q};
}

static inline struct quotient divide_weu(u64 ra, u64 rb)
{
	u32 a = (u32)ra, b = (u32)rb;

	if (a >= b)
		return (struct quotient){.overflow = true};
	return (struct quotient){.value = ((u64)a << 32) / b};
}

static inline struct quotient divide_de(u64 ra, u64 rb)
{
	s128 a = (s128)((u128)ra << 64), q;
	s64 b = (s64)rb;

	if (b == 0 || (ra == 1ull << 63 && b == -1))
		return (struct quotient){.overflow = true};
	q = a / b;
	if (q != (s64)q)
		return (struct quotient){.overflow = true};
	return (struct quotient){.value = (u64)q};
}

static inline struct quotient divide_deu(u64 ra, u64 rb)
{
	if (ra >= rb)
		return (struct quotient){.overflow = true};
	return (struct quotient){.value = (u64)(((u128)ra << 64) / rb)};
}

static inline u64 with_ov(struct cpu *cpu, struct quotient q)
{
	set_ov(cpu, q.overflow);
	return q.value;
}

#define DIVIDE(name, kind)                                                                         \
	OP_RT(name, divide_##kind(RA, RB).value)                                                   \
	OP_RT(name##o, with_ov(cpu, divide_##kind(RA, RB)))

DIVIDE(divw, w)
DIVIDE(divwu, wu)
DIVIDE(divd, d)
DIVIDE(divdu, du)
DIVIDE(divwe, we)
DIVIDE(divweu, weu)
DIVIDE(divde, de)
DIVIDE(divdeu, deu)
