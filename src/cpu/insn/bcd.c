/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fixed-point help for decimal numbers: sixes for additions of packed digits, and conversion
 * between packed digits and densely packed decimal (three digits in a declet of ten bits).
 */
#include "cpu/dfp/declet.h"
#include "cpu/insn/forms.h"
#include "cpu/insn/op.h"

/* A six in each nibble that carries nothing out in @a + @b. */
static inline u64 sixes(u64 a, u64 b)
{
	u64 sum = a + b;
	u64 carries = (a & b) | ((a | b) & ~sum);

	return (~carries >> 3 & 0x1111111111111111ull) * 6;
}

static u64 declets_to_digits(u64 v)
{
	u64 high = declet_to_digits(v >> 42 & 0x3ff) << 12 | declet_to_digits(v >> 32 & 0x3ff);
	u64 low = declet_to_digits(v >> 10 & 0x3ff) << 12 | declet_to_digits(v & 0x3ff);

	return high << 32 | low;
}

static u64 digits_to_declets(u64 v)
{
	u64 high = digits_to_declet(v >> 44 & 0xfff) << 10 | digits_to_declet(v >> 32 & 0xfff);
	u64 low = digits_to_declet(v >> 12 & 0xfff) << 10 | digits_to_declet(v & 0xfff);

	return high << 32 | low;
}

OP(addg6s)
{
	cpu->gpr[op->t] = sixes(RA, RB);
	NEXT;
}

OP_RA_ONLY(cdtbcd, declets_to_digits(RS))
OP_RA_ONLY(cbcdtd, digits_to_declets(RS))
