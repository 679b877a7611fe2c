/* SPDX-License-Identifier: Apache-2.0 */
/* Vector integers: quadwords, carries, saturating sums; what goes lane by lane is in vector.sem. */
#include "cpu/insn/vmx/vmx.h"

/* Modulo: quadwords. */
VECTOR_AB(vadduqm, q, a.q + b.q)
VECTOR_AB(vsubuqm, q, a.q - b.q)

/* Carries out; of a subtraction: no borrow. Comparisons of vectors give 0 or -1 an element. */
VECTOR_AB(vaddcuw, vsw, -(a.vw + b.vw < a.vw))
VECTOR_AB(vsubcuw, vsw, -(a.vw >= b.vw))
VECTOR_AB(vaddcuq, q, a.q + b.q < a.q)
VECTOR_AB(vsubcuq, q, a.q >= b.q)

/* Quadwords with a carry in, the last bit of VRC. */
static inline bool carry_out(u128 a, u128 b, bool carry)
{
	u128 sum = a + b;

	return sum < a || sum + carry < sum;
}

VECTOR_ABC(vaddeuqm, q, a.q + b.q + (c.q & 1))
VECTOR_ABC(vsubeuqm, q, a.q + ~b.q + (c.q & 1))
VECTOR_ABC(vaddecuq, q, carry_out(a.q, b.q, c.q & 1))
VECTOR_ABC(vsubecuq, q, carry_out(a.q, ~b.q, c.q & 1))

/*
 * Saturating, unsigned (member @u; @s is the signed one): a sum that wrapped is less than its
 * operands.
 */
#define SATURATING_UNSIGNED(add, sub, u, s)                                                        \
	OP(add)                                                                                    \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b);                                      \
		union vsr r, wrong;                                                                \
                                                                                                   \
		r.u = a.u + b.u;                                                                   \
		wrong.s = r.u < a.u;                                                               \
		cpu->vscr |= wrong.q ? VSCR_SAT : 0;                                               \
		VR(op->t).q = r.q | wrong.q;                                                       \
		NEXT;                                                                              \
	}                                                                                          \
	OP(sub)                                                                                    \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b);                                      \
		union vsr r, wrong;                                                                \
                                                                                                   \
		r.u = a.u - b.u;                                                                   \
		wrong.s = a.u < b.u;                                                               \
		cpu->vscr |= wrong.q ? VSCR_SAT : 0;                                               \
		VR(op->t).q = r.q & ~wrong.q;                                                      \
		NEXT;                                                                              \
	}

SATURATING_UNSIGNED(vaddubs, vsububs, vb, vsb)
SATURATING_UNSIGNED(vadduhs, vsubuhs, vh, vsh)
SATURATING_UNSIGNED(vadduws, vsubuws, vw, vsw)

/*
 * Saturating, signed: a result that overflowed becomes the limit on a's side. @wrong's sign bits
 * say where that is; the result is computed in the unsigned member, so that it may wrap.
 */
#define SATURATING_SIGNED(name, u, s, max, result, overflow)                                       \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b);                                      \
		union vsr r, wrong, limit;                                                         \
                                                                                                   \
		r.u = (result);                                                                    \
		wrong.u = (overflow);                                                              \
		wrong.s = wrong.s < 0;                                                             \
		limit.s = (a.s < 0) ^ (max);                                                       \
		cpu->vscr |= wrong.q ? VSCR_SAT : 0;                                               \
		VR(op->t).q = VECTOR_SELECT(wrong.q, limit.q, r.q);                                \
		NEXT;                                                                              \
	}

/* A sum overflows where both operands have the other sign; a difference, where b and it do. */
#define SATURATING_PAIR(add, sub, u, s, max)                                                       \
	SATURATING_SIGNED(add, u, s, max, a.u + b.u, (a.u ^ r.u) & (b.u ^ r.u))                    \
	SATURATING_SIGNED(sub, u, s, max, a.u - b.u, (a.u ^ b.u) & (a.u ^ r.u))

SATURATING_PAIR(vaddsbs, vsubsbs, vb, vsb, INT8_MAX)
SATURATING_PAIR(vaddshs, vsubshs, vh, vsh, INT16_MAX)
SATURATING_PAIR(vaddsws, vsubsws, vw, vsw, INT32_MAX)
