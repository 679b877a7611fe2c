/* SPDX-License-Identifier: Apache-2.0 */
#include <fenv.h>
#include <fnmatch.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>

#include "cpu/isa/isa.h"
#include "known_wrong.h"
#include "known_wrong_decimal.h"

#define FPSCR_DRN    0x700000000ull
#define FPSCR_FX     0x80000000ull
#define FPSCR_FEX    0x40000000ull
#define FPSCR_VX_ALL 0x21f80700ull
#define FPSCR_STICKY 0x3ff80700ull
#define FPSCR_VXVC   0x00080000ull
#define FPSCR_VE     0x00000080ull
#define FPSCR_NI     0x00000004ull
#define FPSCR_C	     0x00010000ull
#define FPSCR_OX     0x10000000ull
#define FPSCR_UX     0x08000000ull
#define FPSCR_OE     0x00000040ull
#define FPSCR_UE     0x00000020ull
#define FPSCR_ZX     0x04000000ull
#define FPSCR_XE     0x00000008ull
#define FPSCR_XX     0x02000000ull
#define FPSCR_FR     0x00040000ull
#define FPSCR_FI     0x00020000ull
#define FPSCR_FPRF   0x0001f000ull

/* Is the quotient of divde too wide, or its divisor zero? */
static bool divde_overflows(u32 insn, const struct isa_state *in)
{
	s64 a = (s64)in->gpr[field(insn, 11, 15)], b = (s64)in->gpr[field(insn, 16, 20)];
	s128 quotient;

	if (b == 0 || (a == INT64_MIN && b == -1))
		return true;
	quotient = (s128)((u128)(u64)a << 64) / b;
	return quotient != (s64)quotient;
}

static u64 target_gpr(u32 insn, const struct isa_state *state)
{
	return state->gpr[field(insn, 6, 10)];
}

static bool word_twice(u64 v)
{
	return v >> 32 == (u32)v;
}
#define WORD_TWICE_REASON                                                                          \
	"the upper half of a high word's register is undefined (Book I 3.3.8): processors leave "  \
	"the word there too, QEMU 0 or the sign"

static bool divides_by_zero(const char *mnemonic, u32 insn, const struct isa_state *in)
{
	u64 divisor = in->gpr[field(insn, 16, 20)];

	return mnemonic[3] == 'w' ? !(u32)divisor : !divisor;
}

/* Did the two load the same pair of registers in the other order? */
static bool loaded_swapped(u32 insn, const struct isa_result *ours, const struct isa_result *peer)
{
	const uint64_t(*a)[2] = &ours->state.vsr[field(insn, 6, 10)];
	const uint64_t(*b)[2] = &peer->state.vsr[field(insn, 6, 10)];

	return a[0][0] == b[1][0] && a[1][0] == b[0][0];
}

/* Is each byte that we stored that of the register pair, the even one first? Little-endian. */
static bool pair_stored_right(u32 insn, const struct isa_state *in, const struct isa_result *ours)
{
	unsigned ra = field(insn, 11, 15), t = field(insn, 6, 10);
	u64 offset = insn >> 26 == 61 ? (u64)(s16)(insn & ~3u) : in->gpr[field(insn, 16, 20)];
	u64 ea = (ra ? in->gpr[ra] : 0) + offset;

	for (unsigned i = 0; i < ours->changes; i++)
		for (unsigned byte = 0; byte < 8; byte++) {
			u64 at = ours->change[i].address + byte - ea;

			if (at < 16 && (u8)(ours->change[i].value >> 8 * byte) !=
					   (u8)(in->vsr[t + at / 8][0] >> at % 8 * 8))
				return false;
		}
	return ours->changes <= CHANGES_MAX;
}
#define PAIR_REASON                                                                                \
	"the even register's doubleword is the one at EA in little-endian mode too, as POWER8 "    \
	"and the alignment handlers of kernels have it (Book I 4.6.2); QEMU swaps the two"

/* Did our side newly set an exception bit of the FPSCR? Then FX must be set. */
static bool new_exception(const struct isa_state *in, const struct isa_result *ours)
{
	return ours->state.fpscr & ~in->fpscr & 0x1ff80700;
}

/* Are all four estimates of @function within @tolerance (relative) in our result? */
static bool estimates_right(u32 insn, const struct isa_state *in, const struct isa_result *ours,
			    double (*function)(double), double tolerance)
{
	const u64 *from = in->vsr[32 + field(insn, 16, 20)],
		  *to = ours->state.vsr[32 + field(insn, 6, 10)];

	for (unsigned i = 0; i < 4; i++) {
		u32 x = (u32)(from[i / 2] >> (i % 2 ? 0 : 32)),
		    y = (u32)(to[i / 2] >> (i % 2 ? 0 : 32));
		float fx, fy;
		double exact;

		memcpy(&fx, &x, 4);
		memcpy(&fy, &y, 4);
		exact = function(fx);
		if ((in->vscr & 0x10000) && fabs(exact) < 0x1p-126)
			exact = 0; /* NJ: no denormalized results */
		if (exact != exact
			? fy == fy
			: (float)exact != fy && !(fabs(fy - exact) <= fabs(exact) * tolerance))
			return false;
	}
	return true;
}

/* Reciprocal and square root estimates. */
static bool estimate(const char *mnemonic)
{
	static const char *const names[] = {"fre*", "frsqrte*", "xsre[ds]p", "xvre[ds]p",
					    "x?rsqrte*"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (!fnmatch(names[i], mnemonic, 0))
			return true;
	return false;
}

/* FPRF's classes: a result is denormalized here and normalized there, with the same sign. */
static bool single_denormal(const struct isa_result *ours, const struct isa_result *peer)
{
	u64 a = ours->state.fpscr & FPSCR_FPRF, b = peer->state.fpscr & FPSCR_FPRF;

	return (a == 0x14000 && b == 0x4000) || (a == 0x18000 && b == 0x8000);
}
#define SINGLE_DENORMAL_REASON                                                                     \
	"a result too small for a normalized single is denormalized (Book I 4.3.2, 7.6.2.2 "       \
	"ClassSP); QEMU looks at "                                                                 \
	"it as a double"

static u64 target(u32 insn, const struct isa_state *state)
{
	return state
	    ->vsr[field(insn, 6, 10) | ((insn >> 26) == 60 ? field(insn, 31, 31) << 5 : 0)][0];
}

static bool is_nan(u64 v)
{
	return (v & ~0ull >> 1) > 0x7ff0000000000000ull;
}

static double as_double(u64 v)
{
	double d;

	memcpy(&d, &v, 8);
	return d;
}

static double as_single(u64 v, unsigned element)
{
	u32 word = (u32)(element % 2 ? v : v >> 32);
	float f;

	memcpy(&f, &word, 4);
	return f;
}

/*
 * Negated multiply-add by the host's own: rounded in FPSCR's direction first, then negated.
 * Rounding to single in two steps changes nothing in the directed modes.
 */
static bool negated_right(bool single, double a, double b, double c, double ours)
{
	volatile double r = fma(a, b, c);

	if (single) {
		volatile float f = (float)r;

		r = f;
	}
	return r != r ? ours != ours : ours == -r && !signbit(ours) == !signbit(-r);
}

/* Is @mnemonic's result what the host computes? Only for the directed rounding modes. */
static bool negated_fma_right(const char *mnemonic, u32 insn, const struct isa_state *in,
			      const struct isa_result *ours)
{
	bool vsx = insn >> 26 == 60, vector = mnemonic[1] == 'v',
	     words = vector && !strncmp(strrchr(mnemonic, 'p') - 1, "sp", 2);
	bool single = vsx ? !strcmp(mnemonic + strlen(mnemonic) - 2, "sp") : insn >> 26 == 59;
	bool subtract = strstr(mnemonic, "sub");
	unsigned t = field(insn, 6, 10) | (vsx ? field(insn, 31, 31) << 5 : 0);
	unsigned a = field(insn, 11, 15) | (vsx ? field(insn, 29, 29) << 5 : 0);
	unsigned b = field(insn, 16, 20) | (vsx ? field(insn, 30, 30) << 5 : 0),
		 c = field(insn, 21, 25);
	bool right = true;
	int rounding = fegetround();

	if (vsx && strchr(mnemonic + 5, 'a') && mnemonic[strlen(mnemonic) - 3] == 'a') {
		c = b; /* a-form: A * B + T */
		b = t;
	} else if (vsx) {
		c = t; /* m-form: A * T + B */
	}
	if (!(in->fpscr & 2))
		return false;
	fesetround(in->fpscr & 1 ? FE_DOWNWARD : FE_UPWARD);
	for (unsigned i = 0; i < (words ? 4 : vector ? 2 : 1) && right; i++) {
		double x, y, z, r;

		if (words) {
			x = as_single(in->vsr[a][i / 2], i);
			y = as_single(in->vsr[c][i / 2], i);
			z = as_single(in->vsr[b][i / 2], i);
			r = as_single(ours->state.vsr[t][i / 2], i);
		} else {
			x = as_double(in->vsr[a][i]);
			y = as_double(in->vsr[c][i]);
			z = as_double(in->vsr[b][i]);
			r = as_double(ours->state.vsr[t][i]);
		}
		right = negated_right(single, x, y, subtract ? -z : z, r);
	}
	fesetround(rounding);
	return right;
}

/* Scalar arithmetic in single precision: not moves, roundings and conversions. */
static bool single_arithmetic(const char *mnemonic)
{
	static const char *const names[] = {
	    "f*add*s", "f*sub*s", "fmuls",   "fdivs",	"fsqrts",   "fres",   "frsqrtes",
	    "xs*add*", "xs*sub*", "xsmulsp", "xsdivsp", "xssqrtsp", "xsresp", "xsrsqrtesp"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (!fnmatch(names[i], mnemonic, 0))
			return true;
	return false;
}

/* Is an operand of scalar single-precision arithmetic no single's value? */
static bool not_single(const char *mnemonic, u32 insn, const struct isa_state *in)
{
	bool vsx = insn >> 26 == 60;
	unsigned operands[] = {
	    field(insn, 11, 15) | (vsx ? field(insn, 29, 29) << 5 : 0),
	    field(insn, 16, 20) | (vsx ? field(insn, 30, 30) << 5 : 0),
	    vsx ? field(insn, 6, 10) | field(insn, 31, 31) << 5 : field(insn, 21, 25),
	};

	if (!single_arithmetic(mnemonic))
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(operands); i++) {
		u64 v = in->vsr[operands[i]][0];

		if (is_nan(v) ? v & 0x1fffffff : (double)(float)as_double(v) != as_double(v))
			return true;
	}
	return false;
}

/* Is xscvsxdsp's or xscvuxdsp's result what the host rounds the integer to? */
static bool integer_to_single_right(u32 insn, const struct isa_state *in,
				    const struct isa_result *ours)
{
	static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD};
	u64 v = in->vsr[field(insn, 16, 20) | field(insn, 30, 30) << 5][0];
	bool is_signed = insn & 0x40;
	int rounding = fegetround();
	volatile float f;

	fesetround(modes[in->fpscr & 3]);
	if (is_signed)
		f = (float)(s64)v;
	else
		f = (float)v;
	fesetround(rounding);
	return as_double(target(insn, &ours->state)) == (double)f;
}

static unsigned vsx_target(u32 insn)
{
	return field(insn, 6, 10) | field(insn, 31, 31) << 5;
}

static bool target_kept(u32 insn, const struct isa_state *in, const struct isa_result *result)
{
	unsigned t = vsx_target(insn);

	return !memcmp(in->vsr[t], result->state.vsr[t], sizeof(in->vsr[t]));
}

/* Is there a digit above nine, or a sign below ten, in an operand of packed decimal arithmetic? */
static bool bad_decimal(u32 insn, const struct isa_state *in)
{
	for (unsigned which = 11; which <= 16; which += 5) {
		const u64 *v = in->vsr[32 + field(insn, which, which + 4)];

		for (unsigned i = 0; i < 32; i++) {
			unsigned digit = v[i / 16] >> (60 - 4 * (i % 16)) & 15;

			if (i == 31 ? digit < 10 : digit > 9)
				return true;
		}
	}
	return false;
}

/* Was FI set before, and is for the peer that doesn't clear it? */
static bool stale_fi(const struct isa_state *in, const struct isa_result *ours)
{
	return (in->fpscr & FPSCR_FI) && !(ours->state.fpscr & FPSCR_FI);
}

/*
 * Is a multiplication of halves with a sum (440) what exact arithmetic has? By its name: macchws is
 * added, RA's low half times RB's high one, saturated; n at first: taken away, u: unsigned, o: with
 * OV.
 */
static bool mac_right(const char *mnemonic, u32 insn, const struct isa_state *in,
		      const struct isa_result *ours)
{
	bool takes = *mnemonic == 'n';
	const char *half = mnemonic + (takes ? 4 : 3), *kind = half + 3;
	bool is_unsigned = strchr(kind, 'u'), saturates = *kind == 's';
	u64 ra = in->gpr[field(insn, 11, 15)], rb = in->gpr[field(insn, 16, 20)],
	    rt = in->gpr[field(insn, 6, 10)], xer = in->xer;
	u16 a = (u16)(*half == 'h' ? ra >> 16 : ra), b = (u16)(*half == 'l' ? rb : rb >> 16);
	s64 product = is_unsigned ? (s64)a * b : (s64)(s16)a * (s16)b;
	s64 from = is_unsigned ? (s64)(u32)rt : (s64)(s32)rt;
	s64 sum = takes ? from - product : from + product;
	s64 least = is_unsigned ? 0 : INT32_MIN, most = is_unsigned ? UINT32_MAX : INT32_MAX;
	bool over = sum < least || sum > most;
	u32 result = (u32)(over && saturates ? (sum < 0 ? least : most) : sum), cr0;

	if (strchr(kind, 'o'))
		xer = (xer & ~0x40000000ull) | (over ? 0xc0000000ull : 0);
	cr0 = ((s32)result < 0 ? 8 : result ? 4 : 2) | (xer >> 31 & 1);
	return target_gpr(insn, &ours->state) == result && ours->state.xer == xer &&
	       (!(insn & 1) || ours->state.cr >> 28 == cr0);
}

#define MAC_REASON                                                                                 \
	"QEMU leaves RT as it was when a product is added modulo, and finds overflow where signs " \
	"differ"
#define FEX_REASON "QEMU takes the rounding mode for the enable bit and sets FEX (Book I 4.2.2)"
#define INFINITE_DIGITS_REASON                                                                     \
	"an infinity's digits count here (Book I 5.6.6), and all are recoded; QEMU drops or "      \
	"leaves them"
#define NOT_SINGLE_REASON                                                                          \
	"single-precision arithmetic on what isn't a single's value is undefined (Book I "         \
	"4.3.5.1, 7.3.1.4)"
#define ZERO_ESTIMATE_REASON                                                                       \
	"an estimate of 1/0 is a zero divide (Book I 7.6.1), which QEMU doesn't notice"
#define PARTIAL_LOAD_REASON                                                                        \
	"QEMU loads the first part when the second faults (allowed as partial execution, Book "    \
	"III-S 6.3)"
#define NEGATED_REASON                                                                             \
	"a negated sum is rounded before it is negated (Book I 4.6.6.2); QEMU negates first"

/* Each entry's condition as a function, named by the entry's line. */
#define NAME2(line) condition_##line
#define NAME(line)  NAME2(line)
#define WRONG(pattern, what, mask, condition, reason)                                              \
	static bool NAME(__LINE__)(const char *mnemonic, u32 insn, const struct isa_state *in,     \
				   const struct isa_result *ours, const struct isa_result *peer)   \
	{                                                                                          \
		return condition;                                                                  \
	}
#include "known_wrong.def"
#undef WRONG

static struct {
	const char *pattern;
	unsigned what;
	u64 mask;
	bool (*condition)(const char *mnemonic, u32 insn, const struct isa_state *in,
			  const struct isa_result *ours, const struct isa_result *peer);
	const char *reason;
	unsigned long used;
} entries[] = {
#define WRONG(pattern, what, mask, condition, reason)                                              \
	{pattern, what, mask, NAME(__LINE__), reason, 0},
#include "known_wrong.def"
#undef WRONG
    {NULL, 0, 0, NULL, NULL, 0},
};

bool known_wrong(const char *mnemonic, u32 insn, unsigned what, u64 differing,
		 const struct isa_state *in, const struct isa_result *ours,
		 const struct isa_result *peer)
{
	if (what == W_END)
		differing = 1;
	for (unsigned i = 0; entries[i].pattern && differing; i++) {
		if (!(entries[i].what & what) || !(differing & entries[i].mask) ||
		    fnmatch(entries[i].pattern, mnemonic, FNM_EXTMATCH) ||
		    !entries[i].condition(mnemonic, insn, in, ours, peer))
			continue;
		entries[i].used++;
		differing &= ~entries[i].mask;
	}
	return !differing;
}

bool known_wrong_besides(const char *mnemonic, unsigned what)
{
	for (unsigned i = 0; entries[i].pattern; i++)
		if ((entries[i].what & ~what) &&
		    !fnmatch(entries[i].pattern, mnemonic, FNM_EXTMATCH))
			return true;
	return false;
}

bool known_wrong_row(const char *mnemonic)
{
	return known_wrong_besides(mnemonic, 0);
}

void known_wrong_report(void)
{
	for (unsigned i = 0; entries[i].pattern; i++)
		if (entries[i].used)
			printf("  excused %8lu times: %s: %s\n", entries[i].used,
			       entries[i].pattern, entries[i].reason);
}
