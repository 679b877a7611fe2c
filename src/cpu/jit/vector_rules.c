/* SPDX-License-Identifier: Apache-2.0 */
/* What vector instructions are translated into: vector.sem read as calls of the builder, and those
 * that don't go lane by lane. Whatever the host can't do is left to the functions. */
#include "cpu/isa/ops.h"
#include "cpu/jit/rules.h"

#define VR(n) ((n) + 32)

#define LANES_vb  B_U8
#define LANES_vh  B_U16
#define LANES_vw  B_U32
#define LANES_vd  B_U64
#define LANES_vsb B_S8
#define LANES_vsh B_S16
#define LANES_vsw B_S32
#define LANES_vsd B_S64

/* Registers, or NONE, and a number. */
struct operands {
	int a, b, c, n;
};
#define NONE -1

/* vsr[target] = @operation of these */
static bool make(struct tr *t, enum b_vop operation, enum b_lanes lanes, unsigned target,
		 struct operands o)
{
	struct b_vectors in = {{-1}, {-1}, {-1}, o.n};

	if (!b_can(t, operation, lanes))
		return false;
	if (o.a != NONE)
		in.a = b_vsr(t, (unsigned)o.a);
	if (o.b != NONE)
		in.b = b_vsr(t, (unsigned)o.b);
	if (o.c != NONE)
		in.c = b_vsr(t, (unsigned)o.c);
	b_set_vsr(t, target, b_vector(t, operation, lanes, in));
	return true;
}

static bool of_two(struct tr *t, enum b_vop operation, enum b_lanes lanes, unsigned target,
		   unsigned a, unsigned b)
{
	if (a == b && operation == B_V_XOR)
		return make(t, B_V_NUMBER, B_U8, target, (struct operands){NONE, NONE, NONE, 0});
	if (a == b && operation == B_V_OR && b_can(t, operation, lanes)) {
		b_set_vsr(t, target, b_vsr(t, a));
		return true;
	}
	return make(t, operation, lanes, target, (struct operands){(int)a, (int)b, NONE, 0});
}

#define LANES(name, operation, f)                                                                  \
	RULE(name)                                                                                 \
	{                                                                                          \
		return of_two(t, B_V_##operation, LANES_##f, VR(op->t), VR(op->a), VR(op->b));     \
	}
#define WHOLE(name, operation, f)                                                                  \
	RULE(name)                                                                                 \
	{                                                                                          \
		return of_two(t, B_V_##operation, LANES_##f, op->t, op->a, op->b);                 \
	}
/* Bit 21 asks for CR6. */
#define COMPARE(name, operation, f)                                                                \
	RULE(name)                                                                                 \
	{                                                                                          \
		if (!of_two(t, B_V_##operation, LANES_##f, VR(op->t), VR(op->a), VR(op->b)))       \
			return false;                                                              \
		if (op->insn & PPC_BIT32(21))                                                      \
			b_set_cr_mask(t, 6, b_vsr(t, VR(op->t)));                                  \
		return true;                                                                       \
	}
#include "cpu/insn/vector.sem"
#undef LANES
#undef WHOLE
#undef COMPARE

/* --- not lane by lane --- */

/* Of VRA and VRB. */
#define TWO(name, operation, lanes)                                                                \
	RULE(name)                                                                                 \
	{                                                                                          \
		return of_two(t, B_V_##operation, lanes, VR(op->t), VR(op->a), VR(op->b));         \
	}

TWO(vmuleub, MULTIPLY_EVEN, B_U8)
TWO(vmuloub, MULTIPLY_ODD, B_U8)
TWO(vmuleuh, MULTIPLY_EVEN, B_U16)
TWO(vmulouh, MULTIPLY_ODD, B_U16)
TWO(vmuleuw, MULTIPLY_EVEN, B_U32)
TWO(vmulouw, MULTIPLY_ODD, B_U32)
TWO(vmulesb, MULTIPLY_EVEN, B_S8)
TWO(vmulosb, MULTIPLY_ODD, B_S8)
TWO(vmulesh, MULTIPLY_EVEN, B_S16)
TWO(vmulosh, MULTIPLY_ODD, B_S16)
TWO(vmulesw, MULTIPLY_EVEN, B_S32)
TWO(vmulosw, MULTIPLY_ODD, B_S32)
TWO(vmrghb, MERGE_HIGH, B_U8)
TWO(vmrghh, MERGE_HIGH, B_U16)
TWO(vmrghw, MERGE_HIGH, B_U32)
TWO(vmrglb, MERGE_LOW, B_U8)
TWO(vmrglh, MERGE_LOW, B_U16)
TWO(vmrglw, MERGE_LOW, B_U32)
TWO(vmrgew, MERGE_EVEN, B_U32)
TWO(vmrgow, MERGE_ODD, B_U32)
TWO(vpkuhum, PACK, B_U16)
TWO(vpkuwum, PACK, B_U32)
TWO(vpkudum, PACK, B_U64)
TWO(vslo, BYTES_LEFT, B_WHOLE)
TWO(vsro, BYTES_RIGHT, B_WHOLE)
TWO(vsl, BITS_LEFT, B_WHOLE)
TWO(vsr, BITS_RIGHT, B_WHOLE)
TWO(vaddcuw, CARRY, B_U32)
TWO(vsubcuw, NO_BORROW, B_U32)
TWO(vpkuhus, PACK_SATURATING, B_U16)
TWO(vpkuwus, PACK_SATURATING, B_U32)
TWO(vpkshss, PACK_SATURATING, B_S16)
TWO(vpkswss, PACK_SATURATING, B_S32)
TWO(vpkshus, PACK_POSITIVE, B_S16)
TWO(vpkswus, PACK_POSITIVE, B_S32)
TWO(vaddubs, ADD_SATURATING, B_U8)
TWO(vadduhs, ADD_SATURATING, B_U16)
TWO(vadduws, ADD_SATURATING, B_U32)
TWO(vaddsbs, ADD_SATURATING, B_S8)
TWO(vaddshs, ADD_SATURATING, B_S16)
TWO(vaddsws, ADD_SATURATING, B_S32)
TWO(vsububs, SUB_SATURATING, B_U8)
TWO(vsubuhs, SUB_SATURATING, B_U16)
TWO(vsubuws, SUB_SATURATING, B_U32)
TWO(vsubsbs, SUB_SATURATING, B_S8)
TWO(vsubshs, SUB_SATURATING, B_S16)
TWO(vsubsws, SUB_SATURATING, B_S32)

RULE(xxmrghw)
{
	return of_two(t, B_V_MERGE_HIGH, B_U32, op->t, op->a, op->b);
}

RULE(xxmrglw)
{
	return of_two(t, B_V_MERGE_LOW, B_U32, op->t, op->a, op->b);
}

TWO(vcipher, AES, B_WHOLE)
TWO(vcipherlast, AES_LAST, B_WHOLE)
TWO(vncipher, AES_BACK, B_WHOLE)
TWO(vncipherlast, AES_BACK_LAST, B_WHOLE)
TWO(vpmsumd, POLYNOMIALS, B_U64)
TWO(vbpermq, GATHER_BITS, B_WHOLE)

static bool of_one(struct tr *t, enum b_vop operation, enum b_lanes lanes, unsigned target,
		   unsigned b, int n)
{
	return make(t, operation, lanes, target, (struct operands){NONE, (int)b, NONE, n});
}

/* Of VRB, and a number. */
#define ONE(name, operation, lanes, n)                                                             \
	RULE(name)                                                                                 \
	{                                                                                          \
		return of_one(t, B_V_##operation, lanes, VR(op->t), VR(op->b), n);                 \
	}

ONE(vupkhsb, UNPACK_HIGH, B_S8, 0)
ONE(vupkhsh, UNPACK_HIGH, B_S16, 0)
ONE(vupkhsw, UNPACK_HIGH, B_S32, 0)
ONE(vupklsb, UNPACK_LOW, B_S8, 0)
ONE(vupklsh, UNPACK_LOW, B_S16, 0)
ONE(vupklsw, UNPACK_LOW, B_S32, 0)
ONE(vgbbd, TRANSPOSE, B_WHOLE, 0)
ONE(vspltb, SPLAT, B_U8, op->a & 15)
ONE(vsplth, SPLAT, B_U16, op->a & 7)
ONE(vspltw, SPLAT, B_U32, op->a & 3)

RULE(xxspltw)
{
	return of_one(t, B_V_SPLAT, B_U32, op->t, op->b, (int)(op->imm & 3));
}

static bool splat_number(struct tr *t, enum b_lanes lanes, const struct op *op)
{
	return make(t, B_V_NUMBER, lanes, VR(op->t),
		    (struct operands){NONE, NONE, NONE, (int)op->imm});
}

RULE(vspltisb)
{
	return splat_number(t, B_S8, op);
}

RULE(vspltish)
{
	return splat_number(t, B_S16, op);
}

RULE(vspltisw)
{
	return splat_number(t, B_S32, op);
}

/* Of three registers, from @first (VMX: 32) on. */
static bool of_three(struct tr *t, enum b_vop operation, enum b_lanes lanes, const struct op *op,
		     int first)
{
	return make(t, operation, lanes, (unsigned)first + op->t,
		    (struct operands){first + op->a, first + op->b, first + op->c, 0});
}

RULE(vsel)
{
	return of_three(t, B_V_SELECT, B_WHOLE, op, 32);
}

RULE(xxsel)
{
	return of_three(t, B_V_SELECT, B_WHOLE, op, 0);
}

RULE(vperm)
{
	return of_three(t, B_V_PERMUTE, B_WHOLE, op, 32);
}

#define SUM_PRODUCTS(name, lanes)                                                                  \
	RULE(name)                                                                                 \
	{                                                                                          \
		return of_three(t, B_V_SUM_PRODUCTS, lanes, op, 32);                               \
	}

SUM_PRODUCTS(vmsumubm, B_U8)
SUM_PRODUCTS(vmsummbm, B_S8)
SUM_PRODUCTS(vmsumuhm, B_U16)
SUM_PRODUCTS(vmsumshm, B_S16)

RULE(vmladduhm)
{
	struct b_vectors in = {{-1}, {-1}, {-1}, 0};

	if (!b_can(t, B_V_MULTIPLY, B_U16) || !b_can(t, B_V_ADD, B_U16))
		return false;
	in.a = b_vsr(t, VR(op->a));
	in.b = b_vsr(t, VR(op->b));
	in.a = b_vector(t, B_V_MULTIPLY, B_U16, in);
	in.b = b_vsr(t, VR(op->c));
	b_set_vsr(t, VR(op->t), b_vector(t, B_V_ADD, B_U16, in));
	return true;
}

/* Of two, and a number. */
static bool choose(struct tr *t, enum b_vop operation, const struct op *op, int first, int n)
{
	return make(t, operation, B_WHOLE, (unsigned)first + op->t,
		    (struct operands){first + op->a, first + op->b, NONE, n});
}

RULE(vsldoi)
{
	return choose(t, B_V_SLIDE, op, 32, op->c & 15);
}

RULE(xxsldwi)
{
	return choose(t, B_V_SLIDE, op, 0, 4 * (int)(op->imm & 3));
}

RULE(xxpermdi)
{
	return choose(t, B_V_PAIR, op, 0, (int)(op->imm & 3));
}

/* Of VRA alone, and a number. */
static bool of_a(struct tr *t, enum b_vop operation, enum b_lanes lanes, const struct op *op, int n)
{
	return make(t, operation, lanes, VR(op->t),
		    (struct operands){VR((int)op->a), NONE, NONE, n});
}

RULE(vsbox)
{
	return of_a(t, B_V_AES_BYTES, B_WHOLE, op, 0);
}

/* The B field's first bit chooses the capital functions, its others one of two for each element:
 * here for all elements the same, so that of @seconds all are set or none. */
static bool sigma(struct tr *t, enum b_lanes lanes, const struct op *op, unsigned seconds)
{
	unsigned second = op->b & seconds;

	if (second && second != seconds)
		return false;
	return of_a(t, B_V_SIGMA, lanes, op, (op->b >> 4 & 1) << 1 | !!second);
}

RULE(vshasigmaw)
{
	return sigma(t, B_U32, op, 0xf);
}

RULE(vshasigmad)
{
	return sigma(t, B_U64, op, 0xa);
}

#define NUMBERS(name, less)                                                                        \
	RULE(name)                                                                                 \
	{                                                                                          \
		if (!b_has_vectors(t))                                                             \
			return false;                                                              \
		b_set_vsr(t, VR(op->t), b_consecutive(t, b_add(t, RA, RB), less));                 \
		return true;                                                                       \
	}

NUMBERS(lvsl, false)
NUMBERS(lvsr, true)

/* --- finding them --- */

#define LANES(name, operation, f)   STAYS(name)
#define WHOLE(name, operation, f)   STAYS(name)
#define COMPARE(name, operation, f) STAYS(name)

/* clang-format off */
const struct rule vector_rules[] = {
#include "cpu/insn/vector.sem"
    STAYS(vslo) STAYS(vsro) STAYS(vsl) STAYS(vsr) STAYS(vaddcuw) STAYS(vsubcuw)
    STAYS(vpkuhus) STAYS(vpkuwus) STAYS(vpkshss) STAYS(vpkswss) STAYS(vpkshus) STAYS(vpkswus)
    STAYS(vaddubs) STAYS(vadduhs) STAYS(vadduws) STAYS(vaddsbs) STAYS(vaddshs) STAYS(vaddsws)
    STAYS(vsububs) STAYS(vsubuhs) STAYS(vsubuws) STAYS(vsubsbs) STAYS(vsubshs) STAYS(vsubsws)
    STAYS(vmuleub) STAYS(vmuloub) STAYS(vmuleuh) STAYS(vmulouh) STAYS(vmuleuw) STAYS(vmulouw)
    STAYS(vmulesb) STAYS(vmulosb) STAYS(vmulesh) STAYS(vmulosh) STAYS(vmulesw) STAYS(vmulosw)
    STAYS(vmrghb) STAYS(vmrghh) STAYS(vmrghw) STAYS(vmrglb) STAYS(vmrglh) STAYS(vmrglw)
    STAYS(vmrgew) STAYS(vmrgow) STAYS(vpkuhum) STAYS(vpkuwum) STAYS(vpkudum) STAYS(xxmrghw)
    STAYS(xxmrglw) STAYS(vcipher) STAYS(vcipherlast) STAYS(vncipher) STAYS(vncipherlast)
    STAYS(vpmsumd) STAYS(vbpermq) STAYS(vupkhsb) STAYS(vupkhsh) STAYS(vupkhsw) STAYS(vupklsb)
    STAYS(vupklsh) STAYS(vupklsw) STAYS(vgbbd) STAYS(vspltb) STAYS(vsplth) STAYS(vspltw)
    STAYS(xxspltw) STAYS(vspltisb) STAYS(vspltish) STAYS(vspltisw) STAYS(vsel) STAYS(xxsel)
    STAYS(vperm) STAYS(vmsumubm) STAYS(vmsummbm) STAYS(vmsumuhm) STAYS(vmsumshm)
    STAYS(vmladduhm) STAYS(vsldoi) STAYS(xxsldwi) STAYS(xxpermdi) STAYS(vsbox) STAYS(vshasigmaw)
    STAYS(vshasigmad) STAYS(lvsl) STAYS(lvsr)
};
/* clang-format on */
const unsigned vector_rules_nr = ARRAY_SIZE(vector_rules);
