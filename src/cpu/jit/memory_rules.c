/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and stores, of all kinds of registers, and moves between these. */
#include "cpu/isa/ops.h"
#include "cpu/jit/rules.h"
#include "cpu/mmu/mem.h"

/* What addresses @sum is: in 32-bit mode the low word. */
static val address(struct tr *t, val sum)
{
	return b_mode(t) & MODE_SF ? sum : b_extend(t, sum, 32, false);
}

/* In 32-bit mode the sum may be an address when none of the two is. */
static struct b_place place_d(struct tr *t, const struct op *op)
{
	if (op->a < 32 && b_mode(t) & MODE_SF)
		return (struct b_place){.base = op->a, .disp = (s32)op->imm};
	return b_at(address(t, b_add(t, RA, IMM)));
}

/* By two registers, aligned to @bytes. */
static val indexed(struct tr *t, const struct op *op, unsigned bytes)
{
	val sum = b_add(t, RA, RB);

	return address(t, bytes > 1 ? b_and(t, sum, b_const(-(u64)bytes)) : sum);
}

#define EA_D()	place_d(t, op)
#define EA_X()	b_at(indexed(t, op, 1))
#define EA_DU() EA_D()
#define EA_XU() EA_X()

#define UPDATES_D  false
#define UPDATES_X  false
#define UPDATES_DU true
#define UPDATES_XU true

#define ACCESS(bits, sign, order)                                                                  \
	((struct b_access){.bytes = bits / 8, .is_signed = IS_##sign, .reversed = IS_##order})
#define IS_SIGN	    true
#define IS_ZEROS    false
#define IS_REVERSED true
#define IS_AS_IS    false

/* @access is made of @place, unless @refused: its function does it then. */
#define ACCESS_RULE(name, form, refused, access)                                                   \
	RULE(name)                                                                                 \
	{                                                                                          \
		struct b_place place;                                                              \
                                                                                                   \
		if (refused)                                                                       \
			return false;                                                              \
		place = EA_##form();                                                               \
		access;                                                                            \
		if (UPDATES_##form)                                                                \
			b_set_gpr(t, op->a, b_ea(t, place));                                       \
		return true;                                                                       \
	}
#define UPDATES_ZERO(form) (UPDATES_##form && op->a == 0)

#define LOAD(name, bits, sign, order, form)                                                        \
	ACCESS_RULE(name, form, UPDATES_##form && (op->a == 0 || op->a == op->t),                  \
		    b_set_gpr(t, op->t, b_load(t, place, ACCESS(bits, sign, order))))
#define STORE(name, bits, order, form)                                                             \
	ACCESS_RULE(name, form, UPDATES_ZERO(form),                                                \
		    b_store(t, place, RS, ACCESS(bits, ZEROS, order)))
#include "cpu/insn/mem.sem"
#undef LOAD
#undef STORE

#define RESERVING(load, store, bytes)                                                              \
	RULE(load)                                                                                 \
	{                                                                                          \
		b_set_gpr(t, op->t, b_load_reserve(t, indexed(t, op, 1), bytes));                  \
		return true;                                                                       \
	}                                                                                          \
	RULE(store)                                                                                \
	{                                                                                          \
		val ea = indexed(t, op, 1);                                                        \
                                                                                                   \
		b_store_conditional(t, ea, RS, bytes);                                             \
		return true;                                                                       \
	}
RESERVING(lbarx, stbcx, 1)
RESERVING(lharx, sthcx, 2)
RESERVING(lwarx, stwcx, 4)
RESERVING(ldarx, stdcx, 8)

RULE(dcbz)
{
	b_clear(t, indexed(t, op, CACHE_LINE), CACHE_LINE);
	return true;
}

/* Of floating-point and vector registers; @access: load or store. */
#define VSR_ACCESS(name, access, vsr, kind, form)                                                  \
	ACCESS_RULE(name, form, UPDATES_ZERO(form), b_##access##_vsr(t, place, vsr, kind))
#define EA_XV()	   b_at(indexed(t, op, 16)) /* of whole vectors */
#define UPDATES_XV false

VSR_ACCESS(lfd, load, op->t, B_VSR_FPR, D)
VSR_ACCESS(lfdu, load, op->t, B_VSR_FPR, DU)
VSR_ACCESS(lfdx, load, op->t, B_VSR_FPR, X)
VSR_ACCESS(lfdux, load, op->t, B_VSR_FPR, XU)
VSR_ACCESS(stfd, store, op->t, B_VSR_FPR, D)
VSR_ACCESS(stfdu, store, op->t, B_VSR_FPR, DU)
VSR_ACCESS(stfdx, store, op->t, B_VSR_FPR, X)
VSR_ACCESS(stfdux, store, op->t, B_VSR_FPR, XU)
VSR_ACCESS(lxsdx, load, op->t, B_VSR_D0, X)
VSR_ACCESS(stxsdx, store, op->t, B_VSR_D0, X)
VSR_ACCESS(lxvd2x, load, op->t, B_VSR_PAIR, X)
VSR_ACCESS(stxvd2x, store, op->t, B_VSR_PAIR, X)
VSR_ACCESS(lvx, load, op->t + 32u, B_VSR_QUAD, XV)
VSR_ACCESS(lvxl, load, op->t + 32u, B_VSR_QUAD, XV)
VSR_ACCESS(stvx, store, op->t + 32u, B_VSR_QUAD, XV)
VSR_ACCESS(stvxl, store, op->t + 32u, B_VSR_QUAD, XV)

/* Between register files; their functions raise what lacks the facility of register @vsr. */
static bool facility_there(const struct tr *t, unsigned vsr)
{
	return b_mode(t) & (vsr < 32 ? MODE_FP : MODE_VEC);
}

/* Singles, which are doubles in the register, and words. */
#define FP_ACCESS(name, form, access)                                                              \
	ACCESS_RULE(name, form, !b_has_fp(t) || UPDATES_ZERO(form), access)
#define WORD_AT(sign) b_load(t, place, ACCESS(32, sign, AS_IS))
#define STORE_WORD(v) b_store(t, place, v, ACCESS(32, ZEROS, AS_IS))

FP_ACCESS(lfs, D, b_set_single(t, op->t, WORD_AT(ZEROS), true))
FP_ACCESS(lfsu, DU, b_set_single(t, op->t, WORD_AT(ZEROS), true))
FP_ACCESS(lfsx, X, b_set_single(t, op->t, WORD_AT(ZEROS), true))
FP_ACCESS(lfsux, XU, b_set_single(t, op->t, WORD_AT(ZEROS), true))
FP_ACCESS(stfs, D, STORE_WORD(b_single(t, op->t)))
FP_ACCESS(stfsu, DU, STORE_WORD(b_single(t, op->t)))
FP_ACCESS(stfsx, X, STORE_WORD(b_single(t, op->t)))
FP_ACCESS(stfsux, XU, STORE_WORD(b_single(t, op->t)))
FP_ACCESS(lfiwax, X, b_set_fpr(t, op->t, WORD_AT(SIGN)))
FP_ACCESS(lfiwzx, X, b_set_fpr(t, op->t, WORD_AT(ZEROS)))
FP_ACCESS(stfiwx, X, STORE_WORD(b_vsr_doubleword(t, op->t)))
FP_ACCESS(lxsspx, X, b_set_single(t, op->t, WORD_AT(ZEROS), false))
FP_ACCESS(stxsspx, X, STORE_WORD(b_single(t, op->t)))

/* Of vectors of words, or of one doubleword twice. */
#define VECTOR_ACCESS(name, access, kind)                                                          \
	ACCESS_RULE(name, X, !b_has_vectors(t), b_##access##_vsr(t, place, op->t, kind))

VECTOR_ACCESS(lxvw4x, load, B_VSR_WORDS)
VECTOR_ACCESS(stxvw4x, store, B_VSR_WORDS)
VECTOR_ACCESS(lxvdsx, load, B_VSR_TWICE)

/* Of a word, in doubleword 0. */
ACCESS_RULE(lxsiwax, X, false, b_set_vsr_doubleword(t, op->t, WORD_AT(SIGN)))
ACCESS_RULE(lxsiwzx, X, false, b_set_vsr_doubleword(t, op->t, WORD_AT(ZEROS)))
ACCESS_RULE(stxsiwx, X, false, STORE_WORD(b_vsr_doubleword(t, op->t)))

/* Of a vector's element, at a multiple of its size. */
#define ELEMENT(name, access, bytes)                                                               \
	RULE(name)                                                                                 \
	{                                                                                          \
		b_##access##_element(t, indexed(t, op, bytes), op->t + 32u, bytes);                \
		return true;                                                                       \
	}

ELEMENT(lvebx, load, 1)
ELEMENT(lvehx, load, 2)
ELEMENT(lvewx, load, 4)
ELEMENT(stvebx, store, 1)
ELEMENT(stvehx, store, 2)
ELEMENT(stvewx, store, 4)

#define REGISTER_MOVE(name, move)                                                                  \
	RULE(name)                                                                                 \
	{                                                                                          \
		if (!facility_there(t, op->t))                                                     \
			return false;                                                              \
		move;                                                                              \
		return true;                                                                       \
	}

REGISTER_MOVE(mfvsrd, b_set_gpr(t, op->a, b_vsr_doubleword(t, op->t)))
REGISTER_MOVE(mfvsrwz, b_set_gpr(t, op->a, b_extend(t, b_vsr_doubleword(t, op->t), 32, false)))
REGISTER_MOVE(mtvsrd, b_set_vsr_doubleword(t, op->t, RA))
REGISTER_MOVE(mtvsrwa, b_set_vsr_doubleword(t, op->t, b_extend(t, RA, 32, true)))
REGISTER_MOVE(mtvsrwz, b_set_vsr_doubleword(t, op->t, b_extend(t, RA, 32, false)))

#define IN_D(n)	 n
#define IN_DU(n) n
#define IN_X(n)	 0
#define IN_XU(n) 0
#define STORAGE(name, bits, form, ...)                                                             \
	{.fn = op_##name,                                                                          \
	 .build = rule_##name,                                                                     \
	 .bytes = IN_##form(bits / 8),                                                             \
	 .updates = UPDATES_##form,                                                                \
	 __VA_ARGS__},
#define LOAD(name, bits, sign, order, form) STORAGE(name, bits, form, .sets = SETS_T)
#define STORE(name, bits, order, form)	    STORAGE(name, bits, form, .stores = true)

const struct rule memory_rules[] = {
#include "cpu/insn/mem.sem"
    SAME(mfvsrd),
    SAME(mfvsrwz),
    SAME(mtvsrd),
    SAME(mtvsrwa),
    SAME(mtvsrwz),
    SAME(lbarx),
    SAME(stbcx),
    SAME(lharx),
    SAME(sthcx),
    SAME(lwarx),
    SAME(stwcx),
    SAME(ldarx),
    SAME(stdcx),
    SAME(dcbz),
    STORAGE(lfd, 64, D, .stores = false) STORAGE(lfdu, 64, DU, .stores = false) SAME(lfdx),
    SAME(lfdux),
    STORAGE(stfd, 64, D, .stores = true) STORAGE(stfdu, 64, DU, .stores = true) SAME(stfdx),
    SAME(stfdux),
    SAME(lxsdx),
    SAME(stxsdx),
    SAME(lxvd2x),
    SAME(stxvd2x),
    SAME(lvx),
    SAME(lvxl),
    SAME(stvx),
    SAME(stvxl),
    STORAGE(lfs, 32, D, .stores = false) STORAGE(lfsu, 32, DU, .stores = false) SAME(lfsx),
    SAME(lfsux),
    STORAGE(stfs, 32, D, .stores = true) STORAGE(stfsu, 32, DU, .stores = true) SAME(stfsx),
    SAME(stfsux),
    SAME(lfiwax),
    SAME(lfiwzx),
    SAME(stfiwx),
    SAME(lxsspx),
    SAME(stxsspx),
    SAME(lxvw4x),
    SAME(stxvw4x),
    SAME(lxvdsx),
    SAME(lxsiwax),
    SAME(lxsiwzx),
    SAME(stxsiwx),
    SAME(lvebx),
    SAME(lvehx),
    SAME(lvewx),
    SAME(stvebx),
    SAME(stvehx),
    SAME(stvewx),
};
const unsigned memory_rules_nr = ARRAY_SIZE(memory_rules);
