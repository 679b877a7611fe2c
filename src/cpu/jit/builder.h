/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The builder: what a translation is made by, whatever the host is. A host implements it in its
 * folder; meanings (the .sem files of insn/, *_rules.c) are written as calls of it.
 *
 * It makes code in one pass, forwards. Guest registers are kept in host registers and stored where
 * the translation is left; what can be made late is only remembered, and often never made: a
 * field of CR is the comparison that it would come from, CFAR a distance.
 *
 * An instruction that can't be carried out on the spot (its page isn't in the first translation
 * cache, it traps) leaves the translation before anything of it was done, and its function does it:
 * each place that may be left keeps what is to be stored there.
 */
#ifndef PAPYR_CPU_JIT_BUILDER_H
#define PAPYR_CPU_JIT_BUILDER_H

#include "cpu/engine/block.h"
#include "cpu/fp/fpscr.h"

/* A translation in the making. */
struct tr;

/*
 * A value of 64 bits: the constant @k, or (@reg >= 0) what a register of the host holds. Good until
 * the instruction's end.
 */
typedef struct val {
	s8 reg;
	u64 k;
} val;

static inline val b_const(u64 k)
{
	return (val){-1, k};
}

/* Guest registers that a host register may hold, and windows (b_place). */
enum guest { GUEST_LR = 32, GUEST_CTR, GUEST_CA, GUEST_WINDOWS, GUESTS = GUEST_WINDOWS + 4 };

/* MODE_ bits that the block was decoded for. */
u32 b_mode(const struct tr *t);
/* The processor's. */
enum isa_level b_level(const struct tr *t);
struct rule;
/*
 * The next instruction comes: its op and rule. If it @stays (struct rule), nothing leaves it but
 * b_call(), and vector-scalar registers are set by b_set_vsr() alone: they may be stored later.
 */
const struct op *b_next(struct tr *t, const struct rule **rule);
/*
 * It sets general register @target, can't be left before, and reads the registers @x and @y: when
 * only one of them is @target, its old value may go early.
 */
void b_target(struct tr *t, unsigned target, unsigned x, unsigned y);

/* RA|0: register 32 is the constant 0. */
val b_gpr(struct tr *t, unsigned r);
void b_set_gpr(struct tr *t, unsigned r, val v);
val b_get(struct tr *t, enum guest g);
void b_set(struct tr *t, enum guest g, val v);

/* 64 bits of struct cpu that are none of the above. */
val b_load_field(struct tr *t, unsigned offset);
void b_store_field(struct tr *t, unsigned offset, val v);
val b_cfar(struct tr *t);
val b_xer(struct tr *t);
void b_set_xer(struct tr *t, val v);

/* Address of the current instruction, and @distance bytes on. */
val b_cia(struct tr *t, s32 distance);

val b_add(struct tr *t, val a, val b);
val b_sub(struct tr *t, val a, val b); /* a - b */
val b_and(struct tr *t, val a, val b);
val b_or(struct tr *t, val a, val b);
val b_xor(struct tr *t, val a, val b);
val b_not(struct tr *t, val a);
val b_neg(struct tr *t, val a);
val b_mul(struct tr *t, val a, val b); /* low 64 bits */
val b_mulh(struct tr *t, val a, val b, bool is_signed);
/* The quotient of words (zeros above it) or of doublewords; insn/divide.h says what it is where
 * there is none. */
val b_divide(struct tr *t, val a, val b, unsigned bits, bool is_signed);
val b_extend(struct tr *t, val a, unsigned bits, bool is_signed);
/* a rotated left by @n, 0..63, under @mask. */
val b_rotate(struct tr *t, val a, unsigned n, u64 mask);
/* The low word in both halves, rotated left by @n, 0..31, under @mask. */
val b_rotate_word(struct tr *t, val a, unsigned n, u64 mask);
/* The same, by what the low bits of @n say. */
val b_rotate_by(struct tr *t, val a, val n, u64 mask);
val b_rotate_word_by(struct tr *t, val a, val n, u64 mask);
/* Shifts by the low bits of @n, one more than the width has: that one set, all is shifted out. */
enum b_shift { B_SHL, B_SHR };
val b_shift(struct tr *t, enum b_shift s, val a, val n, unsigned bits);
/* Algebraic, by a constant below @bits; sets CA. */
val b_shift_algebraic(struct tr *t, val a, unsigned n, unsigned bits);
/* The same by the low bits of @n, as b_shift(): signs are left where all is shifted out. */
val b_shift_algebraic_by(struct tr *t, val a, val n, unsigned bits);
val b_count_zeros(struct tr *t, val a, unsigned bits);
val b_count_ones(struct tr *t, val a); /* only if */
bool b_counts_ones(const struct tr *t);
/* Ones in each byte that is the same in both. */
val b_equal_bytes(struct tr *t, val a, val b);
/* a + b, or a + b + CA; both set CA. */
val b_add_ca(struct tr *t, val a, val b);
val b_add_extended(struct tr *t, val a, val b);
val b_sub_ca(struct tr *t, val a, val b);	/* a - b; CA is 1 where nothing was borrowed */
val b_sub_extended(struct tr *t, val a, val b); /* a - b - 1 + CA, and sets CA */

/* CR[field] = a compared with b, and SO. */
void b_compare(struct tr *t, unsigned field, val a, val b, bool wide, bool is_signed);
/* CR bit @bit = @set. */
void b_set_cr_bit(struct tr *t, unsigned bit, bool set);
/* CR[to] = CR[from] */
void b_copy_cr(struct tr *t, unsigned to, unsigned from);
val b_cr_field(struct tr *t, unsigned field);
/* CR[field] = the four bits of @v from bit @shift on. */
void b_set_cr_field(struct tr *t, unsigned field, val v, unsigned shift);
/* All eight. */
val b_cr(struct tr *t);
void b_set_cr(struct tr *t, val v);
enum b_cr_logic { B_CR_AND, B_CR_OR, B_CR_XOR };
/* CR[to] = CR[a] op CR[b], with the second operand or the result inverted. */
void b_cr_logic(struct tr *t, enum b_cr_logic op, unsigned to, unsigned a, unsigned b, bool not_b,
		bool not_result);

/* What the host's flags tell; used before anything else is built. */
typedef int cond;
/* From here on b_cr_is(@bit) changes nothing that another way past it would lack. */
void b_cr_prepare(struct tr *t, unsigned bit);
cond b_cr_is(struct tr *t, unsigned bit, bool set);
/*
 * The branch @op was taken, or not: CR is as it asks, or isn't. Not before b_land(), where another
 * way comes in.
 */
void b_cr_told(struct tr *t, const struct op *op, bool taken);
/* CTR is counted down, and then zero or not. */
cond b_count_down(struct tr *t, bool zero);
/* Leaves the instruction if the machine state @msr has an interrupt taken that waits. */
void b_let_through(struct tr *t, val msr);
/* a compared with b, by a trap's conditions (TO's bits); leaves the instruction if one holds. */
void b_trap(struct tr *t, unsigned to, val a, val b, bool wide);
/* CR[bit] ? yes : no */
val b_select(struct tr *t, unsigned bit, val yes, val no);

/*
 * Storage. Leaves the instruction to its function unless the first translation cache has the page.
 */
struct b_access {
	u8 bytes;
	bool is_signed;
	bool reversed; /* in the other byte order than the guest's */
};
/*
 * Where: @disp behind general register @base (not RA|0), or (@base < 0) at @ea. Accesses by one
 * register that come after each other share a look-up: the first looks for the page of them all.
 */
struct b_place {
	int base;
	s32 disp;
	val ea;
};
static inline struct b_place b_at(val ea)
{
	return (struct b_place){.base = -1, .ea = ea};
}

val b_ea(struct tr *t, struct b_place place);
val b_load(struct tr *t, struct b_place place, struct b_access access);
void b_store(struct tr *t, struct b_place place, val v, struct b_access access);
/* @bytes at @ea with a reservation, and to there if it is still held; sets CR0. */
val b_load_reserve(struct tr *t, val ea, unsigned bytes);
void b_store_conditional(struct tr *t, val ea, val v, unsigned bytes);
/* Zeros, of a multiple of 16 bytes up to a line of the cache, which they are aligned to. */
void b_clear(struct tr *t, val ea, unsigned bytes);
/*
 * To and from vector-scalar register @vsr: a doubleword (the rest left; or cleared; or the same
 * twice), or a vector of doublewords, words, or one number. Those marked want b_has_vectors().
 */
enum b_vsr {
	B_VSR_D0,
	B_VSR_FPR,
	B_VSR_TWICE, /* marked; loads only */
	B_VSR_PAIR,
	B_VSR_WORDS, /* marked */
	B_VSR_QUAD,  /* at a multiple of 16 */
};
void b_load_vsr(struct tr *t, struct b_place place, unsigned vsr, enum b_vsr kind);
void b_store_vsr(struct tr *t, struct b_place place, unsigned vsr, enum b_vsr kind);
/* An element of @bytes, the one that is at that place of a vector in memory. */
void b_load_element(struct tr *t, val ea, unsigned vsr, unsigned bytes);
void b_store_element(struct tr *t, val ea, unsigned vsr, unsigned bytes);
/* Doubleword 0 of a vector-scalar register; setting it leaves the other. */
val b_vsr_doubleword(struct tr *t, unsigned vsr);
void b_set_vsr_doubleword(struct tr *t, unsigned vsr, val v);

/*
 * Vectors of 128 bits: one number each, of which element 0 is the most significant part. Good until
 * the instruction's end, as val is.
 */
typedef struct vec {
	s8 reg;
} vec;

enum b_lanes { B_U8, B_U16, B_U32, B_U64, B_S8, B_S16, B_S32, B_S64, B_LANES };
#define B_WHOLE B_U8 /* for what has no lanes */

enum b_vop {
	/* a and b, lane by lane */
	B_V_ADD,
	B_V_SUB,
	B_V_MULTIPLY,	    /* low halves */
	B_V_ADD_SATURATING, /* sets VSCR[SAT] */
	B_V_SUB_SATURATING,
	B_V_CARRY, /* of the sum, 0 or 1; of the difference: no borrow */
	B_V_NO_BORROW,
	B_V_AVERAGE,
	B_V_MAX,
	B_V_MIN,
	B_V_EQUAL, /* all ones where it holds */
	B_V_GREATER,
	B_V_AND,
	B_V_ANDC,
	B_V_OR,
	B_V_ORC,
	B_V_NOR,
	B_V_XOR,
	B_V_EQV,
	B_V_NAND,
	B_V_ROTATE, /* by b's lanes modulo their width, as: */
	B_V_SHIFT_LEFT,
	B_V_SHIFT_RIGHT, /* of signed lanes: algebraic */
	/* a's and b's even, or odd, elements multiplied; a's elements may be named */
	B_V_MULTIPLY_EVEN,
	B_V_MULTIPLY_ODD,
	/* elements of a and b by turns: of their high, low halves; even, odd ones */
	B_V_MERGE_HIGH,
	B_V_MERGE_LOW,
	B_V_MERGE_EVEN,
	B_V_MERGE_ODD,
	/* the low halves of a's lanes, then of b's; saturating; signed ones to unsigned ones */
	B_V_PACK,
	B_V_PACK_SATURATING, /* sets VSCR[SAT] */
	B_V_PACK_POSITIVE,
	/* b's high, low half, each lane twice as wide */
	B_V_UNPACK_HIGH,
	B_V_UNPACK_LOW,
	/* c ? b : a, bit by bit; the bytes of a and b that c's bytes name */
	B_V_SELECT,
	B_V_PERMUTE,
	/* all of a, by the bits of b's last byte for bytes, or bits */
	B_V_BYTES_LEFT,
	B_V_BYTES_RIGHT,
	B_V_BITS_LEFT,
	B_V_BITS_RIGHT,
	/* from byte n of a and b on; doublewords of a and b by n's two bits */
	B_V_SLIDE,
	B_V_PAIR,
	/* element n of b, or the number n, in all lanes */
	B_V_SPLAT,
	B_V_NUMBER,
	/* c and the products of a's and b's lanes in each word; of bytes only a's are signed */
	B_V_SUM_PRODUCTS,
	/* a round of AES with key b, the last; backwards; the substitution of a's bytes */
	B_V_AES,
	B_V_AES_LAST,
	B_V_AES_BACK,
	B_V_AES_BACK_LAST,
	B_V_AES_BYTES,
	/* SHA-2's functions of a: n's bit 1 chooses the capital ones, bit 0 the second */
	B_V_SIGMA,
	/* polynomials: a's and b's doublewords multiplied, the products added */
	B_V_POLYNOMIALS,
	/* the bits of a that b's bytes name, from the first on */
	B_V_GATHER_BITS,
	/* each doubleword of b as eight rows of eight bits, turned into columns */
	B_V_TRANSPOSE,
	B_VOPS
};

struct b_vectors {
	vec a, b, c;
	int n;
};

/* Can the host do it? To be asked before anything of the instruction is built. */
bool b_can(const struct tr *t, enum b_vop op, enum b_lanes lanes);
vec b_vector(struct tr *t, enum b_vop op, enum b_lanes lanes, struct b_vectors in);
/* Can the host do anything with vectors? */
bool b_has_vectors(const struct tr *t);
vec b_vsr(struct tr *t, unsigned vsr);
void b_set_vsr(struct tr *t, unsigned vsr, vec v);
/* Sixteen bytes, from the number of @ea's last four bits on; or from 16 less it. */
vec b_consecutive(struct tr *t, val ea, bool less);
/* CR[field] tells whether @mask, of lanes all ones or zero, is ones (8) or zero (2) throughout. */
void b_set_cr_mask(struct tr *t, unsigned field, vec mask);
/* The same; setting it clears the other. */
void b_set_fpr(struct tr *t, unsigned vsr, val v);
/* A single's bits as a double there, the rest cleared or left; and from there. Leave the
 * instruction to its function where that takes more. Only if b_has_fp(). */
bool b_has_fp(const struct tr *t);
void b_set_single(struct tr *t, unsigned vsr, val v, bool clears);
val b_single(struct tr *t, unsigned vsr);

/*
 * Floating point, on doublewords 0 of vector-scalar registers; the target's other one is cleared.
 * The FPSCR is set late (fp/fpscr.h). False: the host can't, and nothing was built.
 *
 * @op of enum fpscr_op, with FPSCR_SINGLE or without, on its operands @v in that enum's order.
 */
bool b_fp(struct tr *t, unsigned op, unsigned target, const u8 *v);
/* One of the conversions to integers; @twice: words, in both halves. */
bool b_fp_to_integer(struct tr *t, unsigned op, unsigned target, unsigned b, bool twice);
/* Of whole registers, lane by lane: arithmetic from FPSCR_ADD to FPSCR_NMSUB. */
bool b_fp_vector(struct tr *t, unsigned op, unsigned target, const u8 *v);
/* Of words in the upper halves of doublewords, or (B_FP_WORDS_TO_SINGLES) in all words. */
enum b_fp_conversion {
	B_FP_WORDS_TO_DOUBLES,
	B_FP_WORDS_TO_SINGLES,
	B_FP_INTEGERS_TO_DOUBLES,
	B_FP_WIDEN,
	B_FP_NARROW, /* in both words */
};
bool b_fp_convert(struct tr *t, enum b_fp_conversion how, unsigned target, unsigned b);
/* To integral values: @op is FPSCR_RINT_ZERO, _UP or _DOWN, with FPSCR_SINGLE or without. */
bool b_fp_integral(struct tr *t, unsigned op, unsigned target, unsigned b);
/* Arithmetic of VMX, on singles, without the FPSCR: FPSCR_ADD, _SUB, _MADD, _NMSUB. */
bool b_vmx_fp(struct tr *t, unsigned op, unsigned target, const u8 *v);
/* The larger or smaller of a and b: all lanes, or doubleword 0, the rest being cleared. */
struct b_extreme {
	bool smaller, whole, singles;
};
bool b_fp_extreme(struct tr *t, struct b_extreme e, unsigned target, unsigned a, unsigned b);
/* Lanes of ones where the relation holds, and CR6 too. */
enum b_fp_relation { B_FP_EQ, B_FP_GT, B_FP_GE };
bool b_fp_mask(struct tr *t, enum b_fp_relation rel, bool singles, bool record, unsigned target,
	       unsigned a, unsigned b);
bool b_fp_compare(struct tr *t, unsigned field, unsigned a, unsigned b);
/* a >= 0 ? yes : no */
bool b_fp_select(struct tr *t, unsigned target, unsigned a, unsigned yes, unsigned no);
/* @b, its sign as it is, inverted, cleared, set, or that of @a. */
enum b_sign { B_SIGN_KEEP, B_SIGN_INVERT, B_SIGN_CLEAR, B_SIGN_SET, B_SIGN_COPY };
bool b_fp_sign(struct tr *t, enum b_sign sign, unsigned target, unsigned a, unsigned b);

enum b_fence { B_FENCE_LIGHT, B_FENCE_FULL };
void b_fence(struct tr *t, enum b_fence fence);

/* Leaving. Distances are from the current instruction. */
typedef struct skip {
	u8 *at;
	u32 vectors;
} skip;
skip b_skip_if(struct tr *t, cond c);
void b_land(struct tr *t, skip s);
/* CFAR will be this instruction's address, from here on. */
void b_branched(struct tr *t);
void b_leave_if(struct tr *t, cond c, s32 distance);
void b_leave(struct tr *t, s32 distance);
/*
 * The block at @distance, if the translation may go on there as if that came next; else NULL.
 * b_follow() does, and is the last that is built for an instruction.
 */
struct block *b_may_follow(struct tr *t, s32 distance);
void b_follow(struct tr *t, struct block *b, s32 distance);
/* A call: LR was set to the next instruction's address. b_return() may go on there: true. */
void b_calls(struct tr *t);
bool b_return(struct tr *t);
/* A jump to where a register says. True: it is followed. False: b_leave_to() does it. */
bool b_jump(struct tr *t, val target);
/* A jump; a call, which may come back to the next instruction, LR being set; what comes back. */
enum b_way { B_JUMPS, B_CALLS, B_RETURNS };
/* To the next instruction unless @c, where the other way is followed. */
void b_leave_behind_unless(struct tr *t, cond c);
/* The same as b_leave() by a call, which may come back to the next instruction; LR was set. */
void b_leave_calling(struct tr *t, s32 distance);
/* To where a register says; its low two bits don't count. */
void b_leave_to(struct tr *t, val target, enum b_way way);
/* The same if CR bit @bit is @set. */
void b_leave_to_if(struct tr *t, unsigned bit, bool set, val target, enum b_way way);
/* The current instruction's function goes on. */
void b_leave_to_function(struct tr *t);
/* The current instruction's function does it, and comes back. */
void b_call(struct tr *t, bool changes_gprs);

#endif
