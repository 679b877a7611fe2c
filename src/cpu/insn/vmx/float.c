/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector floating point: four singles, rounded to nearest, no exceptions and no FPSCR.
 *
 * fpu.h has the meaning of one element. Ordinary numbers, which are nearly all, take the host's
 * arithmetic instead; each instruction tells where that might give other bits, and then does all
 * four elements the exact way.
 */
#include "cpu/insn/vmx/vmx.h"
#include "cpu/fp/fpu.h"

#define NJ (cpu->vscr & VSCR_NJ)

/*
 * Two operands. The statement sets r, and odd to something not zero where the host's result can't
 * be kept: at NaNs, whose sign and payload hosts choose differently. With VSCR[NJ] denormals are to
 * be zeros: those, too, go the exact way.
 */
#define FLOAT_AB(name, element, statement)                                                         \
	static __attribute__((noinline, cold))                                                     \
	const struct op *name##_exactly(struct cpu *cpu, const struct op *op)                      \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b);                                      \
                                                                                                   \
		for (unsigned i = 0; i < 4; i++)                                                   \
			VR(op->t).w[i] = element(a.w[i], b.w[i], NJ);                              \
		NEXT;                                                                              \
	}                                                                                          \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b);                                      \
		union vsr r, odd;                                                                  \
                                                                                                   \
		fpscr_host_used(&cpu->fpscr);                                                      \
		statement;                                                                         \
		if (NJ)                                                                            \
			odd.q |= vector_tiny(a) | vector_tiny(b) | vector_tiny(r);                 \
		if (unlikely(odd.q))                                                               \
			return name##_exactly(cpu, op);                                            \
		VR(op->t) = r;                                                                     \
		NEXT;                                                                              \
	}

FLOAT_AB(vaddfp, vmx_addfp, (r.vf = a.vf + b.vf, odd.vsw = r.vf != r.vf))
FLOAT_AB(vsubfp, vmx_subfp, (r.vf = a.vf - b.vf, odd.vsw = r.vf != r.vf))

/* a where @take_a, else b; @same where they are equal: of two zeros it has the right sign. */
static inline union vsr choose(union vsr a, union vsr b, union vsr take_a, u128 same)
{
	union vsr equal, r;

	equal.vsw = a.vf == b.vf;
	r.q = VECTOR_SELECT(take_a.q, a.q, b.q);
	r.q = VECTOR_SELECT(equal.q, same, r.q);
	return r;
}

#define UNORDERED(a, b) (((a).vf != (a).vf) | ((b).vf != (b).vf))

FLOAT_AB(vmaxfp, vmx_maxfp,
	 (r.vsw = a.vf > b.vf, r = choose(a, b, r, a.q &b.q), odd.vsw = UNORDERED(a, b)))
FLOAT_AB(vminfp, vmx_minfp,
	 (r.vsw = a.vf < b.vf, r = choose(a, b, r, a.q | b.q), odd.vsw = UNORDERED(a, b)))

/*
 * a * c + b, rounded once. In double the product is exact and the sum is rounded, far below a
 * single's precision; rounding that again gives the right single, unless the double lies half-way
 * between two of them or the exact sum is below the smallest normal single (to which the double may
 * have been rounded). Returns false for those, and for NaNs.
 */
static inline bool fuse(double a, double c, double b, float *r)
{
	const u64 below_single = (1ull << 29) - 1, half = 1ull << 28;
	double sum = a * c + b;
	u64 bits;

	memcpy(&bits, &sum, sizeof(bits));
	*r = (float)sum;
	return ((__builtin_fabs(sum) > 0x1p-126) | (sum == 0)) & ((bits & below_single) != half);
}

/* @sign: 1 gives a * c + b, -1 gives -(a * c - b). */
#define FLOAT_ABC(name, element, sign)                                                             \
	static __attribute__((noinline, cold))                                                     \
	const struct op *name##_exactly(struct cpu *cpu, const struct op *op)                      \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b), c = VR(op->c);                       \
                                                                                                   \
		for (unsigned i = 0; i < 4; i++)                                                   \
			VR(op->t).w[i] = element(a.w[i], c.w[i], b.w[i], NJ);                      \
		NEXT;                                                                              \
	}                                                                                          \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b), c = VR(op->c);                       \
		union vsr r;                                                                       \
		bool fused = true;                                                                 \
                                                                                                   \
		fpscr_host_used(&cpu->fpscr);                                                      \
		for (unsigned i = 0; i < 4; i++)                                                   \
			fused &= fuse(a.f32[i], c.f32[i], sign * b.f32[i], &r.f32[i]);             \
		if (unlikely(!fused))                                                              \
			return name##_exactly(cpu, op);                                            \
		if (NJ && unlikely(vector_tiny(a) | vector_tiny(b) | vector_tiny(c)))              \
			return name##_exactly(cpu, op);                                            \
		VR(op->t).vf = sign * r.vf;                                                        \
		NEXT;                                                                              \
	}

FLOAT_ABC(vmaddfp, vmx_maddfp, 1.0f)
FLOAT_ABC(vnmsubfp, vmx_nmsubfp, -1.0f)

#define EACH_B(name, statement)                                                                    \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr b = VR(op->b);                                                     \
		union vsr r;                                                                       \
                                                                                                   \
		fpscr_host_used(&cpu->fpscr);                                                      \
		for (unsigned i = 0; i < 4; i++)                                                   \
			statement;                                                                 \
		VR(op->t) = r;                                                                     \
		NEXT;                                                                              \
	}

EACH_B(vrefp, r.w[i] = vmx_refp(b.w[i], NJ))
EACH_B(vrsqrtefp, r.w[i] = vmx_rsqrtefp(b.w[i], NJ))
EACH_B(vexptefp, r.w[i] = vmx_exptefp(b.w[i], NJ))
EACH_B(vlogefp, r.w[i] = vmx_logefp(b.w[i], NJ))

EACH_B(vrfin, r.w[i] = vmx_rfi(FPU_ROUND_EVEN, b.w[i], NJ))
EACH_B(vrfiz, r.w[i] = vmx_rfi(FPU_ROUND_ZERO, b.w[i], NJ))
EACH_B(vrfip, r.w[i] = vmx_rfi(FPU_ROUND_UP, b.w[i], NJ))
EACH_B(vrfim, r.w[i] = vmx_rfi(FPU_ROUND_DOWN, b.w[i], NJ))

/* To and from integers, scaled by two to the power of the A field. */
#define SCALE(op) (1.0f / (float)(1u << (op)->a))

EACH_B(vcfsx, r.f32[i] = (float)b.sw[i] * SCALE(op))
EACH_B(vcfux, r.f32[i] = (float)b.w[i] * SCALE(op))

#define TO_INTEGER(name, element)                                                                  \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr b = VR(op->b);                                                     \
		bool saturated = false;                                                            \
		union vsr r;                                                                       \
                                                                                                   \
		fpscr_host_used(&cpu->fpscr);                                                      \
		for (unsigned i = 0; i < 4; i++)                                                   \
			r.w[i] = element(b.w[i], op->a, &saturated);                               \
		cpu->vscr |= saturated ? VSCR_SAT : 0;                                             \
		VR(op->t) = r;                                                                     \
		NEXT;                                                                              \
	}

TO_INTEGER(vctsxs, vmx_ctsxs)
TO_INTEGER(vctuxs, vmx_ctuxs)
