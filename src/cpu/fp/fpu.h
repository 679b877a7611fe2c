/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating-point arithmetic of the Power ISA 2.07: pure functions on bits.
 *
 * Everything here takes operand bits and the FPSCR, returns result bits, and updates the FPSCR
 * exactly as the architecture says for one operation. Nothing here knows the processor: registers,
 * CR fields, interrupts and memory are the caller's.
 *
 * How an instruction uses it:
 *
 *	if (fpu_add(fpscr_settled(&cpu->fpscr), FPU_D, a, b, &r))
 *		cpu->fpr[t] = r;
 *	...then, if FPSCR[FEX] and MSR[FE0] | MSR[FE1]: program interrupt
 *
 * - The return value says whether the target is to be written. It is false when an enabled
 *   exception suppresses the result: VE or ZE for scalars; for a vector element any enabled
 *   exception (VE, ZE, OE, UE, XE). A vector instruction does all its elements, and writes its
 *   target only if every one of them returned true. *r is not touched when false is returned.
 * - Operands are passed by value before anything is written, so target and source may overlap.
 * - CR1 of the record forms is FPSCR >> 28 & 15, after the operation.
 *
 * What the kinds mean:
 *
 *	          operands      result                       FR, FI, FPRF   used by
 *	FPU_D     double        double                       set            fadd, xsadddp
 *	FPU_S     double        rounded once to single,      set            fadds, xsaddsp
 *	                        kept in double format
 *	FPU_VD    double        double                       left alone     xvadddp
 *	FPU_VS    single (the   single (low 32 bits, upper   left alone     xvaddsp
 *	          low 32 bits)  32 bits zero)
 *
 * Rounding follows FPSCR[RN]. Tininess is detected before rounding. With OE or UE set a scalar
 * result's exponent is wrapped by 1536 (FPU_D) or 192 (FPU_S). FX is set when an exception bit goes
 * from 0 to 1; VX and FEX always are the summaries of the others. FPSCR[NI] is ignored.
 *
 * NaNs: the first NaN among the operands A, B, C (in the instruction's order: FRA, FRB, FRC; for
 * VSX multiply-add XA, the addend, the other factor), made quiet; otherwise the default quiet NaN.
 *
 * Two tiers give the same bits: fpu_soft_*() is integer arithmetic only; fpu_*() first tries the
 * host's own arithmetic (fast.h), when rounding to nearest and far from the format's limits, and
 * takes the rounding error from error-free transformations. Callers use fpu_*(). The calling thread
 * must run with the host's default rounding mode and without flush-to-zero.
 */
#ifndef PAPYR_CPU_FPU_H
#define PAPYR_CPU_FPU_H

#include "cpu/fp/fpscr.h"

#define FPU_DEFAULT_NAN	  0x7ff8000000000000ull
#define FPU_DEFAULT_NAN_S 0x7fc00000u

enum fpu_kind {
	FPU_D,
	FPU_S,
	FPU_VD,
	FPU_VS,
};

static inline bool fpu_kind_is_vector(enum fpu_kind kind)
{
	return kind >= FPU_VD;
}

/* FPRF of a double, in place (FPSCR_FPRF). */
u64 fpu_class_double(u64 bits);
/* FPRF of a single in single format, in place. */
u64 fpu_class_single(u32 bits);

/*
 * Arithmetic. All kinds.
 */

static inline bool fpu_add(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r);
static inline bool fpu_sub(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r);
static inline bool fpu_mul(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r);
static inline bool fpu_div(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r);
static inline bool fpu_sqrt(u64 *fpscr, enum fpu_kind kind, u64 b, u64 *r);

/*
 * Fused multiply-add: a * c + b, rounded once. The operands stand as in fmadd FRT,FRA,FRC,FRB.
 *
 *	fmadd  0                                   fmsub  FPU_NEG_ADDEND
 *	fnmadd FPU_NEG_RESULT                      fnmsub FPU_NEG_ADDEND | FPU_NEG_RESULT
 *	xsmaddadp XT,XA,XB: a = XA, c = XB, b = XT       xsmaddmdp: a = XA, c = XT, b = XB
 */
#define FPU_NEG_ADDEND 1u
#define FPU_NEG_RESULT 2u
static inline bool fpu_madd(u64 *fpscr, enum fpu_kind kind, u64 a, u64 c, u64 b, unsigned neg,
			    u64 *r);

/*
 * Estimates: 1 / b and 1 / sqrt(b). The architecture leaves the low bits open; here they are those
 * of the rounded quotient, respectively of one square root and one division. XX is never set, FR
 * and FI (undefined by the architecture) are 0.
 */
bool fpu_re(u64 *fpscr, enum fpu_kind kind, u64 b, u64 *r);
bool fpu_rsqrte(u64 *fpscr, enum fpu_kind kind, u64 b, u64 *r);

/*
 * Larger and smaller of two: xsmaxdp (FPU_D), xvmaxdp (FPU_VD), xvmaxsp (FPU_VS). Only VXSNAN may
 * change in the FPSCR, for scalars too.
 */
static inline bool fpu_max(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r);
static inline bool fpu_min(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r);

/*
 * Rounding and conversion.
 */

enum fpu_round {
	FPU_ROUND_CURRENT, /* FPSCR[RN] */
	FPU_ROUND_ZERO,
	FPU_ROUND_UP,
	FPU_ROUND_DOWN,
	FPU_ROUND_AWAY, /* to nearest, ties away from zero: frin, xsrdpi */
	FPU_ROUND_EVEN, /* to nearest, ties to even: vrfin */
};

/*
 * Round to an integral value: frin, friz, frip, frim, xsrdpi.. (FPU_D), xvrdpi.. (FPU_VD), xvrspi..
 * (FPU_VS). FPU_ROUND_CURRENT is xsrdpic, xvrdpic, xvrspic: it alone can set XX (and FR, FI);
 * otherwise FR and FI become 0 for scalars.
 */
static inline bool fpu_rint(u64 *fpscr, enum fpu_kind kind, enum fpu_round how, u64 b, u64 *r);

/* Round to single, kept in double format: frsp, xsrsp. A NaN loses its low 29 bits. */
static inline bool fpu_rsp(u64 *fpscr, u64 b, u64 *r);

/* Double to single format (result in the low 32 bits): xscvdpsp (FPU_D), xvcvdpsp (FPU_VD). */
bool fpu_double_to_single(u64 *fpscr, enum fpu_kind kind, u64 b, u64 *r);

/* Single format to double: xscvspdp (FPU_D), xvcvspdp (FPU_VD). */
bool fpu_single_to_double(u64 *fpscr, enum fpu_kind kind, u32 b, u64 *r);

/*
 * Format conversions without exceptions or rounding: lfs and xscvspdpn, stfs and xscvdpspn. What
 * does not fit a single is cut off as stfs does (ISA 4.6.3).
 */
static inline u64 fpu_load_single(u32 bits)
{
	u64 sign = (u64)(bits >> 31) << 63;
	u64 exp = bits >> 23 & 0xff;
	u64 fraction = bits & 0x007fffffu;

	if (exp == 0xff)
		return sign | 0x7ff0000000000000ull | fraction << 29;
	if (!exp && fraction) {
		/*
		 * Denormal as a single, normal as a double: the leading one becomes the hidden bit.
		 */
		unsigned lead = (unsigned)__builtin_clzll(fraction) - 40;

		return sign | (897ull - lead) << 52 |
		       ((fraction << (29 + lead)) & 0x000fffffffffffffull);
	}
	if (!exp)
		return sign;
	return sign | (exp + 896) << 52 | fraction << 29;
}

static inline u32 fpu_store_single(u64 bits)
{
	u32 sign = (u32)(bits >> 32) & 0x80000000u;
	unsigned exp = bits >> 52 & 0x7ff;

	/* Normal as a single, infinity or NaN: bits 0, 1 and 5..34 as they are. */
	if (exp > 896)
		return ((u32)(bits >> 32) & 0xc0000000u) | ((u32)(bits >> 29) & 0x3fffffffu);
	if (exp < 874)
		return sign;
	return sign | (u32)((1ull << 52 | (bits & 0x000fffffffffffffull)) >> (29 + 897 - exp));
}

enum fpu_int {
	FPU_S32,
	FPU_U32,
	FPU_S64,
	FPU_U64,
};

/*
 * To integer: fctiw.. and xscvdp[su]x[wd]s (FPU_D), xvcvdp.. (FPU_VD), xvcvsp.. (FPU_VS: @b is a
 * single). @how is FPU_ROUND_CURRENT (fctid) or FPU_ROUND_ZERO (fctidz and all VSX forms).
 * Out of range saturates and sets VXCVI; a NaN gives the most negative number, unsigned 0.
 * The result is extended to 64 bits by its own signedness; placing 32-bit results is the caller's.
 * FPRF, which the architecture leaves undefined, stays.
 */
static inline bool fpu_to_int(u64 *fpscr, enum fpu_kind kind, enum fpu_int type, enum fpu_round how,
			      u64 b, u64 *r);

/*
 * From integer: fcfid.., xscvsxddp.. (FPU_D), fcfids.., xscvsxdsp.. (FPU_S), xvcv[su]x[wd]dp
 * (FPU_VD), xvcv[su]x[wd]sp (FPU_VS). 32-bit types look at the low 32 bits of @v only.
 */
static inline bool fpu_from_int(u64 *fpscr, enum fpu_kind kind, enum fpu_int type, u64 v, u64 *r);

/*
 * Comparisons and tests. CR nibbles are returned as 0..15: less 8, greater 4, equal 2, unordered 1.
 */
#define FPU_CC_LT 8u
#define FPU_CC_GT 4u
#define FPU_CC_EQ 2u
#define FPU_CC_UN 1u

/* fcmpu, xscmpudp and fcmpo, xscmpodp: sets FPCC; CR and FPCC are written even if VE is set. */
static inline u32 fpu_cmpu(u64 *fpscr, u64 a, u64 b);
static inline u32 fpu_cmpo(u64 *fpscr, u64 a, u64 b);

enum fpu_rel {
	FPU_REL_EQ,
	FPU_REL_GT,
	FPU_REL_GE,
};

/*
 * One element of xvcmp{eq,gt,ge}{dp,sp} (FPU_VD, FPU_VS): *mask becomes all ones (64 or 32) or 0.
 * Unlike the others, *mask is set even when false is returned, for CR6.
 */
static inline bool fpu_vcmp(u64 *fpscr, enum fpu_kind kind, enum fpu_rel rel, u64 a, u64 b,
			    u64 *mask);

/*
 * ftdiv, xstdivdp, xvtdivdp (FPU_D or FPU_VD) and xvtdivsp (FPU_VS): one operand pair's CR nibble,
 * 0b1 || fg || fe || 0b0. A vector ORs those of its elements. Likewise ftsqrt, xstsqrtdp...
 */
u32 fpu_tdiv(enum fpu_kind kind, u64 a, u64 b);
u32 fpu_tsqrt(enum fpu_kind kind, u64 b);

/* fsel FRT,FRA,FRC,FRB: @c if @a >= 0 (-0 counts), otherwise, or if @a is a NaN, @b. */
static inline u64 fpu_sel(u64 a, u64 c, u64 b)
{
	bool nan = (a << 1) > 0xffe0000000000000ull;
	bool negative = a >> 63 && (a << 1);

	return nan || negative ? b : c;
}

/*
 * VMX, one element of single format. No exceptions, always to nearest even, nothing of the FPSCR.
 * @nj is VSCR[NJ]: denormal operands and results become zeros of their sign. NaNs: first of A, B,
 * C, made quiet.
 */
static inline u32 vmx_addfp(u32 a, u32 b, bool nj);
static inline u32 vmx_subfp(u32 a, u32 b, bool nj);
u32 vmx_maddfp(u32 a, u32 c, u32 b, bool nj);  /* a * c + b: vmaddfp VRT,VRA,VRC,VRB */
u32 vmx_nmsubfp(u32 a, u32 c, u32 b, bool nj); /* -(a * c - b) */
u32 vmx_maxfp(u32 a, u32 b, bool nj);
u32 vmx_minfp(u32 a, u32 b, bool nj);
u32 vmx_refp(u32 b, bool nj);	  /* 1 / b, rounded */
u32 vmx_rsqrtefp(u32 b, bool nj); /* 1 / sqrt(b) */
u32 vmx_exptefp(u32 b, bool nj);  /* 2 ** b; exact for integral b, else to about 20 bits */
u32 vmx_logefp(u32 b, bool nj);	  /* log2(b); to about 20 bits */

/* vrfin (FPU_ROUND_EVEN), vrfiz (_ZERO), vrfip (_UP), vrfim (_DOWN). */
u32 vmx_rfi(enum fpu_round how, u32 b, bool nj);

/* vctsxs, vctuxs: trunc(b * 2**scale), saturating; *sat is set (never cleared) on saturation. NaN:
 * 0. */
u32 vmx_ctsxs(u32 b, unsigned scale, bool *sat);
u32 vmx_ctuxs(u32 b, unsigned scale, bool *sat);
/* vcfsx, vcfux: v / 2**scale. */
u32 vmx_cfsx(u32 v, unsigned scale);
u32 vmx_cfux(u32 v, unsigned scale);

/* vcmpeqfp, vcmpgtfp, vcmpgefp: does the relation hold? False when unordered. */
bool vmx_cmpfp(enum fpu_rel rel, u32 a, u32 b, bool nj);
/* vcmpbfp: bit 0 (0x80000000) if not a <= b, bit 1 (0x40000000) if not a >= -b. */
u32 vmx_cmpbfp(u32 a, u32 b, bool nj);

/*
 * The integer tier, for the fast paths to fall back on and for tests.
 */
bool fpu_soft_add(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r);
bool fpu_soft_sub(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r);
bool fpu_soft_mul(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r);
bool fpu_soft_div(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r);
bool fpu_soft_sqrt(u64 *fpscr, enum fpu_kind kind, u64 b, u64 *r);
bool fpu_soft_madd(u64 *fpscr, enum fpu_kind kind, u64 a, u64 c, u64 b, unsigned neg, u64 *r);
bool fpu_soft_rsp(u64 *fpscr, u64 b, u64 *r);
bool fpu_soft_max(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r);
bool fpu_soft_min(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r);
bool fpu_soft_rint(u64 *fpscr, enum fpu_kind kind, enum fpu_round how, u64 b, u64 *r);
bool fpu_soft_to_int(u64 *fpscr, enum fpu_kind kind, enum fpu_int type, enum fpu_round how, u64 b,
		     u64 *r);
bool fpu_soft_from_int(u64 *fpscr, enum fpu_kind kind, enum fpu_int type, u64 v, u64 *r);
u32 fpu_soft_cmpu(u64 *fpscr, u64 a, u64 b);
u32 fpu_soft_cmpo(u64 *fpscr, u64 a, u64 b);
bool fpu_soft_vcmp(u64 *fpscr, enum fpu_kind kind, enum fpu_rel rel, u64 a, u64 b, u64 *mask);
u32 vmx_soft_addfp(u32 a, u32 b, bool nj);
u32 vmx_soft_subfp(u32 a, u32 b, bool nj);

#include "cpu/fp/fast.h"

#endif
