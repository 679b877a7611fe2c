/* SPDX-License-Identifier: Apache-2.0 */
/* What vector instructions are translated into: vector.sem read as calls of the builder, and those
 * that don't go lane by lane. Whatever the host can't do is left to the functions. */
#include "cpu/isa/ops.h"
#include "cpu/jit/rules.h"

#define VR(n) ((n) + 32u)

#define LANES_vb  B_U8
#define LANES_vh  B_U16
#define LANES_vw  B_U32
#define LANES_vd  B_U64
#define LANES_vsb B_S8
#define LANES_vsh B_S16
#define LANES_vsw B_S32
#define LANES_vsd B_S64

/* vsr[t] = vsr[a] operation vsr[b] */
static bool of_two(struct tr *t, enum b_vop operation, enum b_lanes lanes, unsigned target,
		   unsigned a, unsigned b)
{
	struct b_vectors in = {{-1}, {-1}, {-1}, 0};

	if (!b_can(t, operation, lanes))
		return false;
	if (a == b && operation == B_V_XOR) {
		b_set_vsr(t, target, b_vector(t, B_V_NUMBER, B_U8, in));
		return true;
	}
	in.a = b_vsr(t, a);
	in.b = b_vsr(t, b);
	if (a == b && operation == B_V_OR)
		b_set_vsr(t, target, in.a);
	else
		b_set_vsr(t, target, b_vector(t, operation, lanes, in));
	return true;
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

/* Of VRB, and a number. */
static bool of_one(struct tr *t, enum b_vop operation, enum b_lanes lanes, unsigned target,
		   unsigned b, int n)
{
	struct b_vectors in = {{-1}, {-1}, {-1}, n};

	if (!b_can(t, operation, lanes))
		return false;
	in.b = b_vsr(t, b);
	b_set_vsr(t, target, b_vector(t, operation, lanes, in));
	return true;
}

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
	struct b_vectors in = {{-1}, {-1}, {-1}, (int)op->imm};

	if (!b_can(t, B_V_NUMBER, lanes))
		return false;
	b_set_vsr(t, VR(op->t), b_vector(t, B_V_NUMBER, lanes, in));
	return true;
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
		     unsigned first)
{
	struct b_vectors in = {{-1}, {-1}, {-1}, 0};

	if (!b_can(t, operation, lanes))
		return false;
	in.a = b_vsr(t, first + op->a);
	in.b = b_vsr(t, first + op->b);
	in.c = b_vsr(t, first + op->c);
	b_set_vsr(t, first + op->t, b_vector(t, operation, lanes, in));
	return true;
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
static bool choose(struct tr *t, enum b_vop operation, const struct op *op, unsigned first, int n)
{
	struct b_vectors in = {{-1}, {-1}, {-1}, n};

	if (!b_can(t, operation, B_WHOLE))
		return false;
	in.a = b_vsr(t, first + op->a);
	in.b = b_vsr(t, first + op->b);
	b_set_vsr(t, first + op->t, b_vector(t, operation, B_WHOLE, in));
	return true;
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
	struct b_vectors in = {{-1}, {-1}, {-1}, n};

	if (!b_can(t, operation, lanes))
		return false;
	in.a = b_vsr(t, VR(op->a));
	b_set_vsr(t, VR(op->t), b_vector(t, operation, lanes, in));
	return true;
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

/* --- storage --- */

static val ea_x(struct tr *t, const struct op *op)
{
	return b_add(t, b_gpr(t, op->a), b_gpr(t, op->b));
}

/* Of an element, at a multiple of its size. */
#define ELEMENT(load, store, bytes)                                                                \
	RULE(load)                                                                                 \
	{                                                                                          \
		b_load_element(t, b_and(t, ea_x(t, op), b_const(-(u64)(bytes))), VR(op->t),        \
			       bytes);                                                             \
		return true;                                                                       \
	}                                                                                          \
	RULE(store)                                                                                \
	{                                                                                          \
		b_store_element(t, b_and(t, ea_x(t, op), b_const(-(u64)(bytes))), VR(op->t),       \
				bytes);                                                            \
		return true;                                                                       \
	}

ELEMENT(lvebx, stvebx, 1)
ELEMENT(lvehx, stvehx, 2)
ELEMENT(lvewx, stvewx, 4)

#define NUMBERS(name, less)                                                                        \
	RULE(name)                                                                                 \
	{                                                                                          \
		if (!b_has_vectors(t))                                                             \
			return false;                                                              \
		b_set_vsr(t, VR(op->t), b_consecutive(t, ea_x(t, op), less));                      \
		return true;                                                                       \
	}

NUMBERS(lvsl, false)
NUMBERS(lvsr, true)

#define VSR_ACCESS(name, access, kind)                                                             \
	RULE(name)                                                                                 \
	{                                                                                          \
		if (!b_has_vectors(t))                                                             \
			return false;                                                              \
		b_##access##_vsr(t, b_at(ea_x(t, op)), op->t, kind);                               \
		return true;                                                                       \
	}

VSR_ACCESS(lxvw4x, load, B_VSR_WORDS)
VSR_ACCESS(stxvw4x, store, B_VSR_WORDS)
VSR_ACCESS(lxvdsx, load, B_VSR_TWICE)

/* A word, in doubleword 0. */
RULE(lxsiwax)
{
	b_set_vsr_doubleword(t, op->t,
			     b_load(t, b_at(ea_x(t, op)), (struct b_access){4, true, false}));
	return true;
}

RULE(lxsiwzx)
{
	b_set_vsr_doubleword(t, op->t,
			     b_load(t, b_at(ea_x(t, op)), (struct b_access){4, false, false}));
	return true;
}

RULE(stxsiwx)
{
	b_store(t, b_at(ea_x(t, op)), b_vsr_doubleword(t, op->t),
		(struct b_access){4, false, false});
	return true;
}

/* --- finding them --- */

#define LEAVES(name)		    {.fn = op_##name, .build = rule_##name},
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
    LEAVES(lvebx) LEAVES(stvebx) LEAVES(lvehx) LEAVES(stvehx) LEAVES(lvewx) LEAVES(stvewx)
    LEAVES(lxvw4x) LEAVES(stxvw4x) LEAVES(lxvdsx) LEAVES(lxsiwax) LEAVES(lxsiwzx)
    LEAVES(stxsiwx)
};
/* clang-format on */
const unsigned vector_rules_nr = ARRAY_SIZE(vector_rules);
