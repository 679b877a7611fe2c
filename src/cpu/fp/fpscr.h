/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The FPSCR: its bits, and how a processor keeps it.
 *
 * Nearly all that an operation changes in it is FR, FI and FPRF, and nearly nobody looks: the next
 * operation changes them again. So generated code computes the result alone, and leaves behind what
 * it did: which operation, and its operands. Whoever looks has it done once more, in full, with the
 * result thrown away; that sets the three fields, and what is sticky was set before. struct fpscr
 * is that: nobody but the functions here and generated code may touch its members.
 *
 *	fpscr_get(), fpscr_set()   the register as a whole
 *	fpscr_settled()            for an operation of fpu.h or dfp.h: a pointer to all of it
 *	fpscr_bits()               the same, FR, FI and FPRF being anything
 *	fpscr_replaced()           the operation that was given it has set all three
 *	fpscr_replacing()          for an operation that sets all three, unless an enabled exception
 *	                           holds its result back: what the last one left isn't done then
 *	fpscr_host_used()          before arithmetic of the host's that isn't the guest's
 *	fpscr_leave()              the processor stops running
 *
 * Of three kinds the last operation may wait, and what each changes of the three fields the one
 * before has set is left to it: arithmetic sets all; a conversion to an integer FR and FI; a
 * comparison FPCC. So arithmetic makes the other two void.
 *
 * XX is often not set for long, in programs that reckon with integers or other short numbers. Then
 * the host keeps it (exact): its flag for inexact results was clear when that began, and only what
 * sets XX sets it. Before anything else that computes, and when the processor stops, the flag is
 * looked at, and XX is kept here again.
 */
#ifndef PAPYR_CPU_FPSCR_H
#define PAPYR_CPU_FPSCR_H

#include "base/bits.h"

/*
 * FPSCR, as a 64-bit register (ISA 4.2.2). The upper word has only DRN.
 *
 *	29..31 DRN | 32 FX FEX VX OX UX ZX XX VXSNAN | 40 VXISI VXIDI VXZDZ VXIMZ VXVC FR FI C
 *	48 FL FG FE FU - VXSOFT VXSQRT VXCVI | 56 VE OE UE ZE XE NI RN RN
 */
#define FPSCR_DRN    (PPC_BIT(29) | PPC_BIT(30) | PPC_BIT(31))
#define FPSCR_FX     PPC_BIT(32)
#define FPSCR_FEX    PPC_BIT(33)
#define FPSCR_VX     PPC_BIT(34)
#define FPSCR_OX     PPC_BIT(35)
#define FPSCR_UX     PPC_BIT(36)
#define FPSCR_ZX     PPC_BIT(37)
#define FPSCR_XX     PPC_BIT(38)
#define FPSCR_VXSNAN PPC_BIT(39)
#define FPSCR_VXISI  PPC_BIT(40)
#define FPSCR_VXIDI  PPC_BIT(41)
#define FPSCR_VXZDZ  PPC_BIT(42)
#define FPSCR_VXIMZ  PPC_BIT(43)
#define FPSCR_VXVC   PPC_BIT(44)
#define FPSCR_FR     PPC_BIT(45)
#define FPSCR_FI     PPC_BIT(46)
#define FPSCR_C	     PPC_BIT(47)
#define FPSCR_FL     PPC_BIT(48)
#define FPSCR_FG     PPC_BIT(49)
#define FPSCR_FE     PPC_BIT(50)
#define FPSCR_FU     PPC_BIT(51)
#define FPSCR_VXSOFT PPC_BIT(53)
#define FPSCR_VXSQRT PPC_BIT(54)
#define FPSCR_VXCVI  PPC_BIT(55)
#define FPSCR_VE     PPC_BIT(56)
#define FPSCR_OE     PPC_BIT(57)
#define FPSCR_UE     PPC_BIT(58)
#define FPSCR_ZE     PPC_BIT(59)
#define FPSCR_XE     PPC_BIT(60)
#define FPSCR_NI     PPC_BIT(61)
#define FPSCR_RN     (PPC_BIT(62) | PPC_BIT(63))

#define FPSCR_FPCC (FPSCR_FL | FPSCR_FG | FPSCR_FE | FPSCR_FU)
#define FPSCR_FPRF (FPSCR_C | FPSCR_FPCC)

/* Every invalid-operation cause, of which VX is the summary. */
#define FPSCR_VX_ALL                                                                               \
	(FPSCR_VXSNAN | FPSCR_VXISI | FPSCR_VXIDI | FPSCR_VXZDZ | FPSCR_VXIMZ | FPSCR_VXVC |       \
	 FPSCR_VXSOFT | FPSCR_VXSQRT | FPSCR_VXCVI)

/* The sticky exception bits whose 0 to 1 transition sets FX. */
#define FPSCR_EXCEPTIONS (FPSCR_OX | FPSCR_UX | FPSCR_ZX | FPSCR_XX | FPSCR_VX_ALL)

/* Summaries, which software cannot set or clear by itself. */
#define FPSCR_SUMMARIES (FPSCR_FEX | FPSCR_VX)

#define FPSCR_ENABLES (FPSCR_VE | FPSCR_OE | FPSCR_UE | FPSCR_ZE | FPSCR_XE)

/* Values of FPSCR[RN]. */
enum fpu_rn {
	FPU_RN_NEAREST = 0,
	FPU_RN_ZERO = 1,
	FPU_RN_UP = 2,
	FPU_RN_DOWN = 3,
};

/* @fpscr with VX and FEX recomputed from the other bits: after mtfsf & co. */
static inline u64 fpu_summarize(u64 fpscr)
{
	u64 causes;

	fpscr &= ~FPSCR_SUMMARIES;
	if (fpscr & FPSCR_VX_ALL)
		fpscr |= FPSCR_VX;
	/* VX OX UX ZX XX and VE OE UE ZE XE stand in the same order, 22 bits apart. */
	causes = fpscr >> 22 & fpscr & FPSCR_ENABLES;
	if (causes)
		fpscr |= FPSCR_FEX;
	return fpscr;
}

/*
 * Record exceptions: sets @bits (of FPSCR_EXCEPTIONS), FX if one of them is new, and the summaries.
 */
static inline void fpu_raise(u64 *fpscr, u64 bits)
{
	u64 old = *fpscr;

	if (bits & ~old)
		*fpscr = fpu_summarize(old | bits | FPSCR_FX);
}

/* Operations that can be done once more: the names are those of fpu.h. */
enum fpscr_op {
	FPSCR_NOTHING,
	FPSCR_ADD,
	FPSCR_SUB,
	FPSCR_MUL,
	FPSCR_DIV,
	FPSCR_SQRT,
	FPSCR_MADD, /* a * c + b; these four with the operands a, c, b */
	FPSCR_MSUB,
	FPSCR_NMADD,
	FPSCR_NMSUB,
	FPSCR_RSP,
	FPSCR_WIDEN, /* the single in the upper word */
	FPSCR_NARROW,
	FPSCR_RINT_AWAY,
	FPSCR_RINT_ZERO,
	FPSCR_RINT_UP,
	FPSCR_RINT_DOWN,
	FPSCR_FROM_S64,
	FPSCR_FROM_U64,
	FPSCR_TO_S32_ZERO, /* conversions to integers: of their own kind */
	FPSCR_TO_U32_ZERO,
	FPSCR_TO_S64_ZERO,
	FPSCR_TO_U64_ZERO,
	FPSCR_TO_S32_CURRENT,
	FPSCR_TO_S64_CURRENT,
	FPSCR_COMPARE,
	FPSCR_SINGLE = 0x80, /* added: FPU_S instead of FPU_D */
};

enum fpscr_kind { FPSCR_ARITHMETIC, FPSCR_TO_INTEGER, FPSCR_COMPARISON, FPSCR_KINDS };

/* Where the operands of each kind are. */
#define FPSCR_OPERANDS	  6u
#define FPSCR_FIRST(kind) ((kind) == FPSCR_ARITHMETIC ? 0u : (kind) == FPSCR_TO_INTEGER ? 3u : 4u)

struct fpscr {
	u64 bits;
	union {
		u8 last[4]; /* enum fpscr_op, by enum fpscr_kind; [3] is unused */
		u32 pending;
	};
	u32 exact; /* XX is 0, or 1 if the host's flag is set */
	/* Rounding is to nearest; XX is set, or exact is; XE, UE, OE, FEX are not. May become true
	 * late. */
	bool quiet;
	u64 operands[FPSCR_OPERANDS], aside[FPSCR_OPERANDS]; /* the latter is the translator's */
};

/* What @quiet says: XX is the one of these that is set. */
#define FPSCR_QUIET_MASK (FPSCR_XX | FPSCR_FEX | FPSCR_XE | FPSCR_UE | FPSCR_OE | FPSCR_RN)

/* Not while the processor runs: fpscr_settled() does it then. */
u64 fpscr_get(const struct fpscr *f);
void fpscr_set(struct fpscr *f, u64 value);
void fpscr_settle(struct fpscr *f);
/* No longer is XX the host's. */
void fpscr_leave(struct fpscr *f);

static inline void fpscr_host_used(struct fpscr *f)
{
	if (unlikely(f->exact))
		fpscr_leave(f);
}

static inline u64 *fpscr_settled(struct fpscr *f)
{
	if (unlikely(f->pending | f->exact))
		fpscr_settle(f);
	return &f->bits;
}

static inline u64 *fpscr_bits(struct fpscr *f)
{
	fpscr_host_used(f);
	return &f->bits;
}

static inline u64 *fpscr_replacing(struct fpscr *f)
{
	if (!(f->bits & FPSCR_ENABLES))
		f->pending = 0;
	return fpscr_settled(f);
}

static inline void fpscr_replaced(struct fpscr *f)
{
	f->pending = 0;
}

/* After an operation that may have raised an exception: is one of those enabled? */
static inline bool fpscr_enabled_exception(struct fpscr *f)
{
	if (likely(!(f->bits & FPSCR_FEX)))
		return false;
	f->quiet = false;
	return true;
}

#endif
