/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed-point division that fixed.sem hasn't: what sets OV, and the extended forms. */
#include "cpu/insn/op.h"
#include "cpu/insn/divide.h"
#include "cpu/insn/forms.h"

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

OP_RT(divwo, with_ov(cpu, divide_w(RA, RB)))
OP_RT(divwuo, with_ov(cpu, divide_wu(RA, RB)))
OP_RT(divdo, with_ov(cpu, divide_d(RA, RB)))
OP_RT(divduo, with_ov(cpu, divide_du(RA, RB)))

#define DIVIDE_EXTENDED(name, kind)                                                                \
	OP_RT(name, divide_##kind(RA, RB).value)                                                   \
	OP_RT(name##o, with_ov(cpu, divide_##kind(RA, RB)))

DIVIDE_EXTENDED(divwe, we)
DIVIDE_EXTENDED(divweu, weu)
DIVIDE_EXTENDED(divde, de)
DIVIDE_EXTENDED(divdeu, deu)
