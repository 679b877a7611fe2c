/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packed decimals in vector registers: 31 digits, then the sign, four bits each.
 *
 * Signs: 1011 and 1101 are minus, 1010, 1100, 1110 and 1111 plus; so are those that no decimal has,
 * whose results the architecture leaves undefined and processors compute all the same. Results have
 * 1101 for minus, and for plus (and zero) 1100 or, with the PS bit, 1111.
 */
#include "cpu/insn/vmx/vmx.h"

#define BCD_PS	     PPC_BIT32(22)
#define BCD_MINUS    0xdu
#define BCD_PLUS     0xcu
#define BCD_PLUS_ALT 0xfu

/* CR6 */
#define BCD_LT	     8u
#define BCD_GT	     4u
#define BCD_EQ	     2u
#define BCD_OVERFLOW 1u /* also: an operand was no decimal */

/* The same number in each of the register's 32 digits. */
static inline u128 every_digit(u64 digit)
{
	u64 d = digit * 0x1111111111111111ull;

	return (u128)d << 64 | d;
}

static inline bool bcd_valid(u128 v)
{
	u128 magnitude = v >> 4;

	/* A digit above 9 has its 8 set, and its 4 or its 2. */
	return !(magnitude >> 3 & (magnitude >> 2 | magnitude >> 1) & every_digit(1));
}

static inline bool bcd_negative(u128 v)
{
	unsigned sign = (unsigned)v & 15;

	return sign == 0xb || sign == 0xd;
}

/* a + b, both of 31 digits; the 32nd of the result is the carry. */
static u128 bcd_add_magnitudes(u128 a, u128 b)
{
	/* With 6 more, a digit carries as a decimal one would; the others give the 6 back. */
	u128 biased = a + every_digit(6);
	u128 sum = biased + b;
	u128 no_carry = ~((biased ^ b ^ sum) >> 4) & every_digit(1);

	return sum - no_carry * 6;
}

/* a - b where a >= b. */
static u128 bcd_subtract_magnitudes(u128 a, u128 b)
{
	u128 difference = a - b;
	u128 borrows = (a ^ b ^ difference) >> 4 & every_digit(1);

	return difference - borrows * 6;
}

/* Sets CR6, returns the result: a + b, signed. */
static u128 bcd_add(struct cpu *cpu, const struct op *op, u128 a, u128 b)
{
	u128 magnitude;
	bool negative = bcd_negative(a), overflow = false;
	unsigned sign;

	if (!bcd_valid(a) || !bcd_valid(b)) {
		cpu->cr[6] = BCD_OVERFLOW;
		return ~(u128)0; /* undefined by the architecture */
	}
	if (negative == bcd_negative(b)) {
		magnitude = bcd_add_magnitudes(a >> 4, b >> 4);
		overflow = magnitude >> 124;
	} else if (a >> 4 >= b >> 4) {
		magnitude = bcd_subtract_magnitudes(a >> 4, b >> 4);
	} else {
		magnitude = bcd_subtract_magnitudes(b >> 4, a >> 4);
		negative = !negative;
	}
	if (!magnitude)
		negative = false;
	sign = negative ? BCD_MINUS : op->insn & BCD_PS ? BCD_PLUS_ALT : BCD_PLUS;
	cpu->cr[6] = (!magnitude ? BCD_EQ
		      : negative ? BCD_LT
				 : BCD_GT) |
		     (overflow ? BCD_OVERFLOW : 0);
	return magnitude << 4 | sign;
}

OP(bcdadd)
{
	VR(op->t).q = bcd_add(cpu, op, VR(op->a).q, VR(op->b).q);
	NEXT;
}

/* The same with the second operand's sign turned. */
OP(bcdsub)
{
	u128 b = VR(op->b).q;

	b = (b & ~(u128)15) | (bcd_negative(b) ? BCD_PLUS : BCD_MINUS);
	VR(op->t).q = bcd_add(cpu, op, VR(op->a).q, b);
	NEXT;
}
