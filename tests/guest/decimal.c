/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal arithmetic by the processor, in every rounding mode: prints operands and results, as
 * words in hexadecimal, for somebody else to check. Built with -mhard-dfp.
 *
 *	OPERATION MODE A B RESULT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#define HWCAP_HAS_DFP 0x400
#define MODES	      8

static const _Decimal64 longs[] = {
    1.DD,     3.DD,	-0.10DD, 9999999999999999.DD, 2.5DD,   9.999999999999999E384DD, 1E-398DD,
    7E-200DD, -12.75DD, 0.000DD, 1234567890.123456DD, 5E-10DD,
};
static const _Decimal128 extendeds[] = {
    1.DL,
    3.DL,
    -0.10DL,
    9999999999999999999999999999999999.DL,
    2.5DL,
    9.999999999999999999999999999999999E6144DL,
    1E-6176DL,
    7E-3100DL,
    -12.75DL,
    0.000DL,
    1234567890123456789.123456789012345DL,
    5E-25DL,
};
#define OPERANDS (sizeof(longs) / sizeof(longs[0]))

static void print_long(_Decimal64 v)
{
	unsigned long word;

	memcpy(&word, &v, sizeof(word));
	printf(" %016lx", word);
}

static void print_extended(_Decimal128 v)
{
	unsigned long word[2];

	memcpy(word, &v, sizeof(word));
	/* The one that holds the sign stands first. */
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		printf(" %016lx%016lx", word[1], word[0]);
	else
		printf(" %016lx%016lx", word[0], word[1]);
}

/* Not to be moved across a change of the rounding mode. */
#define OPERATION(name, type, how)                                                                 \
	static __attribute__((noinline)) type name(type a, type b)                                 \
	{                                                                                          \
		__asm__ volatile("" : : : "memory");                                               \
		return a how b;                                                                    \
	}

OPERATION(add_long, _Decimal64, +)
OPERATION(sub_long, _Decimal64, -)
OPERATION(mul_long, _Decimal64, *)
OPERATION(div_long, _Decimal64, /)
OPERATION(add_extended, _Decimal128, +)
OPERATION(sub_extended, _Decimal128, -)
OPERATION(mul_extended, _Decimal128, *)
OPERATION(div_extended, _Decimal128, /)

static const struct {
	const char *name;
	_Decimal64 (*on_long)(_Decimal64 a, _Decimal64 b);
	_Decimal128 (*on_extended)(_Decimal128 a, _Decimal128 b);
} operations[] = {
    {"add", add_long, add_extended},
    {"sub", sub_long, sub_extended},
    {"mul", mul_long, mul_extended},
    {"div", div_long, div_extended},
};

static void set_rounding(unsigned long mode)
{
	unsigned long fpscr = mode << 32;
	double d;

	memcpy(&d, &fpscr, sizeof(d));
	__asm__ volatile("mtfsf 1,%0,0,1" : : "d"(d) : "memory");
}

static void operate(unsigned which, unsigned mode, unsigned i, unsigned j)
{
	_Decimal64 a = longs[i], b = longs[j], r;
	_Decimal128 c = extendeds[i], d = extendeds[j], s;

	set_rounding(mode);
	r = operations[which].on_long(a, b);
	s = operations[which].on_extended(c, d);
	set_rounding(0);
	printf("%s %u", operations[which].name, mode);
	print_long(a);
	print_long(b);
	print_long(r);
	printf("\n%s %u", operations[which].name, mode);
	print_extended(c);
	print_extended(d);
	print_extended(s);
	printf("\n");
}

int main(void)
{
	printf("decimal floating point in AT_HWCAP: %s\n",
	       getauxval(AT_HWCAP) & HWCAP_HAS_DFP ? "yes" : "no");
	for (unsigned mode = 0; mode < MODES; mode++)
		for (unsigned which = 0; which < 4; which++)
			for (unsigned i = 0; i < OPERANDS; i++)
				operate(which, mode, i, (5 * i + 3 * which + mode) % OPERANDS);
	printf("decimal done\n");
	return 0;
}
