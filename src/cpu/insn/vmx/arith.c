/* SPDX-License-Identifier: Apache-2.0 */
/* Vector integers: add, subtract, average, larger and smaller, and the quadword's carries. */
#include "cpu/insn/vmx/vmx.h"

/* Modulo. */
VECTOR_AB(vaddubm, vb, a.vb + b.vb)
VECTOR_AB(vadduhm, vh, a.vh + b.vh)
VECTOR_AB(vadduwm, vw, a.vw + b.vw)
VECTOR_AB(vaddudm, vd, a.vd + b.vd)
VECTOR_AB(vadduqm, q, a.q + b.q)
VECTOR_AB(vsububm, vb, a.vb - b.vb)
VECTOR_AB(vsubuhm, vh, a.vh - b.vh)
VECTOR_AB(vsubuwm, vw, a.vw - b.vw)
VECTOR_AB(vsubudm, vd, a.vd - b.vd)
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

/* (a + b + 1) / 2 without the extra bit that the sum would need. */
#define AVERAGE(field) (a.field | b.field) - ((a.field ^ b.field) >> 1)

VECTOR_AB(vavgub, vb, AVERAGE(vb))
VECTOR_AB(vavguh, vh, AVERAGE(vh))
VECTOR_AB(vavguw, vw, AVERAGE(vw))
VECTOR_AB(vavgsb, vsb, AVERAGE(vsb))
VECTOR_AB(vavgsh, vsh, AVERAGE(vsh))
VECTOR_AB(vavgsw, vsw, AVERAGE(vsw))

#define LARGER(field)  VECTOR_SELECT((__typeof__(a.field))(a.field > b.field), a.field, b.field)
#define SMALLER(field) VECTOR_SELECT((__typeof__(a.field))(a.field < b.field), a.field, b.field)

VECTOR_AB(vmaxub, vb, LARGER(vb))
VECTOR_AB(vmaxuh, vh, LARGER(vh))
VECTOR_AB(vmaxuw, vw, LARGER(vw))
VECTOR_AB(vmaxud, vd, LARGER(vd))
VECTOR_AB(vmaxsb, vsb, LARGER(vsb))
VECTOR_AB(vmaxsh, vsh, LARGER(vsh))
VECTOR_AB(vmaxsw, vsw, LARGER(vsw))
VECTOR_AB(vmaxsd, vsd, LARGER(vsd))
VECTOR_AB(vminub, vb, SMALLER(vb))
VECTOR_AB(vminuh, vh, SMALLER(vh))
VECTOR_AB(vminuw, vw, SMALLER(vw))
VECTOR_AB(vminud, vd, SMALLER(vd))
VECTOR_AB(vminsb, vsb, SMALLER(vsb))
VECTOR_AB(vminsh, vsh, SMALLER(vsh))
VECTOR_AB(vminsw, vsw, SMALLER(vsw))
VECTOR_AB(vminsd, vsd, SMALLER(vsd))
