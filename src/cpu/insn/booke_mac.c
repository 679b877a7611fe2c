/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 440's multiplication of halves of words, alone or added to RT or taken from it, modulo 2^32
 * or saturated; and its search for a zero byte.
 */
#include "cpu/insn/forms.h"

/* --- halves --- */

static inline s64 high_s(u64 v)
{
	return (s16)(v >> 16);
}

static inline s64 low_s(u64 v)
{
	return (s16)v;
}

static inline s64 high_u(u64 v)
{
	return (u16)(v >> 16);
}

static inline s64 low_u(u64 v)
{
	return (u16)v;
}

/* RA's half and RB's: crossed, both high, both low; signed or not. */
#define CHW  (low_s(RA) * high_s(RB))
#define CHWU (low_u(RA) * high_u(RB))
#define HHW  (high_s(RA) * high_s(RB))
#define HHWU (high_u(RA) * high_u(RB))
#define LHW  (low_s(RA) * low_s(RB))
#define LHWU (low_u(RA) * low_u(RB))

OP_RT(mulchw, (u32)CHW)
OP_RT(mulchwu, (u32)CHWU)
OP_RT(mulhhw, (u32)HHW)
OP_RT(mulhhwu, (u32)HHWU)
OP_RT(mullhw, (u32)LHW)
OP_RT(mullhwu, (u32)LHWU)

/* --- sums --- */

struct mac_sum {
	u32 value;
	bool overflow;
};

static inline struct mac_sum modulo_s(s64 exact)
{
	return (struct mac_sum){(u32)exact, exact != (s32)exact};
}

static inline struct mac_sum modulo_u(s64 exact)
{
	return (struct mac_sum){(u32)exact, exact != (u32)exact};
}

static inline struct mac_sum saturated_s(s64 exact)
{
	struct mac_sum sum = modulo_s(exact);

	if (sum.overflow)
		sum.value = exact < 0 ? 0x80000000u : 0x7fffffffu;
	return sum;
}

static inline struct mac_sum saturated_u(s64 exact)
{
	struct mac_sum sum = modulo_u(exact);

	if (sum.overflow)
		sum.value = ~0u;
	return sum;
}

static inline u64 sum_with_ov(struct cpu *cpu, struct mac_sum sum)
{
	set_ov(cpu, sum.overflow);
	return sum.value;
}

#define RT_S ((s64)(s32)cpu->gpr[op->t])
#define RT_U ((s64)(u32)cpu->gpr[op->t])

/* Without and with OV. */
#define MAC(name, sum)                                                                             \
	OP_RT(name, (sum).value)                                                                   \
	OP_RT(name##o, sum_with_ov(cpu, sum))
/* All four additions of a product. */
#define MACS(half, HALF)                                                                           \
	MAC(mac##half, modulo_s(RT_S + HALF))                                                      \
	MAC(mac##half##s, saturated_s(RT_S + HALF))                                                \
	MAC(mac##half##u, modulo_u(RT_U + HALF##U))                                                \
	MAC(mac##half##su, saturated_u(RT_U + HALF##U))                                            \
	MAC(nmac##half, modulo_s(RT_S - HALF))                                                     \
	MAC(nmac##half##s, saturated_s(RT_S - HALF))

MACS(chw, CHW)
MACS(hhw, HHW)
MACS(lhw, LHW)

/* --- the left-most zero byte of RS and RB together --- */

#define NO_ZERO 9u

/* How many bytes to it, itself counted. */
static unsigned zero_byte(u64 bytes)
{
	for (unsigned n = 1; n < NO_ZERO; n++)
		if (!(bytes >> (64 - 8 * n) & 0xff))
			return n;
	return NO_ZERO;
}

static unsigned search_zero(struct cpu *cpu, const struct op *op)
{
	unsigned found = zero_byte(RS << 32 | (u32)RB), n = found == NO_ZERO ? 8 : found;

	cpu->xer_len = n;
	RA = n;
	return found;
}

OP(dlmzb)
{
	search_zero(cpu, op);
	NEXT;
}

OP(dlmzb_rc)
{
	unsigned found = search_zero(cpu, op);

	cpu->cr[0] = (found == NO_ZERO ? 2 : found > 4 ? 8 : 4) | cpu->so;
	NEXT;
}
