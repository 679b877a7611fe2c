/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating point on vectors. Their lanes set no FR, FI and FPRF; what fp.c says of results holds
 * for each. Singles are the host's own.
 */
#include "cpu/jit/x86_64/fp.h"

#define V_MOVMSK(singles)    ((singles) ? V_PS(0x50) : V_PD(0x50))
#define V_CMP(singles)	     ((singles) ? V_PS(0xc2) : V_PD(0xc2))
#define V_LANES(singles, op) ((singles) ? V_PS(op) : V_PD(op))
#define V_FMADD231	     V_0F38(0xb8)
#define V_FMSUB231	     V_0F38(0xba)
#define V_PCMPEQD	     V_0F(0x76)
#define V_PSHIFTD	     V_0F(0x72)
enum { SHIFT_RIGHT = 2, SHIFT_LEFT = 6 }; /* in the place of a register */

static void shift_words(struct tr *t, int r, int v, int way, u8 n)
{
	vex_rrr(&t->x, V_PSHIFTD, way, r, v);
	x86_byte(&t->x, n);
}

static void test_mask(struct tr *t, bool singles, int mask)
{
	vex_rrr(&t->x, V_MOVMSK(singles), RAX, 0, mask);
	x86_rr(&t->x, X_TEST, RAX, RAX);
}

/* @bad: ones in words that are, shifted left by 1 and with @added, below 1 << @below. */
static void find_outside(struct tr *t, int bad, int r, enum vector_constant added, unsigned below)
{
	shift_words(t, bad, r, SHIFT_LEFT, 1);
	if (added != CONST_ZERO)
		vex_constant(t, V_PADDD, bad, bad, added);
	shift_words(t, bad, bad, SHIFT_RIGHT, (u8)below);
	vex_rrr(&t->x, V_PCMPEQD, bad, bad, vregs_constant_reg(t, CONST_ZERO));
}

static int lanes_outside(struct tr *t, int r, enum vector_constant added, unsigned below)
{
	int bad = vregs_take(t);

	find_outside(t, bad, r, added, below);
	return bad;
}

/*
 * Ones in lanes whose exponent isn't that of a finite number (@margin 1), or is one of the two
 * smallest or largest (2): what adding 1 carries out of, or adding 2 leaves below 4. The host's
 * flag NE: there is such a lane. Of doubles the upper words are looked at.
 */
static int lanes_beyond(struct tr *t, bool singles, int r, unsigned margin)
{
	enum vector_constant k = singles ? CONST_EXPONENT_S : CONST_EXPONENT_D;
	int bad = lanes_outside(t, r, k + margin - 1, (singles ? 24 : 21) + (margin == 2 ? 2 : 0));

	test_mask(t, singles, bad);
	return bad;
}

static void operate(struct tr *t, unsigned op, bool singles, int r, const int *v)
{
	u32 wide = singles ? 0 : V_W;

	if (op == FPSCR_SQRT) {
		vex_rrr(&t->x, V_LANES(singles, fp_opcode(op)), r, 0, v[0]);
	} else if (!fp_is_fused(op)) {
		vex_rrr(&t->x, V_LANES(singles, fp_opcode(op)), r, v[0], v[1]);
	} else {
		bool minus = op == FPSCR_MSUB || op == FPSCR_NMSUB;

		vex_rrr(&t->x, V_MOVAPS, r, 0, v[2]);
		vex_rrr(&t->x, (minus ? V_FMSUB231 : V_FMADD231) | wide, r, v[0], v[1]);
	}
}

static void check(struct tr *t, unsigned op, bool singles, int r, const int *v)
{
	int factors[2] = {op == FPSCR_SQRT ? -1 : v[0], op == FPSCR_DIV ? -1 : v[1]};

	if (op == FPSCR_ADD || op == FPSCR_SUB) {
		lanes_beyond(t, singles, r, 1);
		side_call_if(t, CC_NE);
		return;
	}
	side_zeros_if(t, CC_NE, r, factors, lanes_beyond(t, singles, r, 2), singles);
}

bool b_fp_vector(struct tr *t, unsigned op, unsigned target, const u8 *vsr)
{
	unsigned plain = op & ~FPSCR_SINGLE;
	bool singles = op != plain;
	int v[3] = {-1, -1, -1}, r;

	if (!fp_has(t, op))
		return false;
	fp_begin(t, target);
	for (unsigned i = 0; i < status_operands((u8)op); i++)
		v[i] = vregs_whole(t, vsr[i]);
	r = vregs_take(t);
	operate(t, plain, singles, r, v);
	check(t, plain, singles, r, v);
	side_accept(t);
	if (plain == FPSCR_NMADD || plain == FPSCR_NMSUB)
		vex_constant(t, V_XORPS, r, r, CONST_SIGN_8 + (singles ? 2 : 3));
	vregs_set_whole(t, target, r);
	side_done(t);
	return true;
}

/* --- conversions, and to integral values --- */

#define V_CVTDQ2PD  V_OP(2, 1, 0xe6)
#define V_CVTDQ2PS  V_PS(0x5b)
#define V_CVTPS2PD  V_PS(0x5a)
#define V_CVTPD2PS  V_PD(0x5a)
#define V_MOVLHPS   V_PS(0x16)
#define UPPER_WORDS 0x0d /* of both doublewords, to the low lane */
#define WORDS_TWICE 0x50 /* each of the low lane's */

static void shuffle(struct tr *t, int r, int v, u8 how)
{
	vex_rrr(&t->x, V_PSHUFD, r, 0, v);
	x86_byte(&t->x, how);
}

static void integers_to_doubles(struct tr *t, int r, int v)
{
	struct x86 *x = &t->x;
	int upper = vregs_take(t);

	x86_rr(x, X_MOVQ_FROM | X_W, v, RAX);
	vex_rrr(x, V_CVTSI2SD, r, v, RAX);
	vex_rrr(x, V_PEXTRQ, v, 0, RAX);
	x86_byte(x, 1);
	vex_rrr(x, V_CVTSI2SD, upper, v, RAX);
	vex_rrr(x, V_MOVLHPS, r, r, upper);
}

static void convert(struct tr *t, enum b_fp_conversion how, int r, int v)
{
	static const int none[] = {-1, -1};

	switch (how) {
	case B_FP_WORDS_TO_DOUBLES:
		shuffle(t, r, v, UPPER_WORDS);
		vex_rrr(&t->x, V_CVTDQ2PD, r, 0, r);
		break;
	case B_FP_WORDS_TO_SINGLES:
		vex_rrr(&t->x, V_CVTDQ2PS, r, 0, v);
		break;
	case B_FP_INTEGERS_TO_DOUBLES:
		integers_to_doubles(t, r, v);
		break;
	case B_FP_WIDEN:
		shuffle(t, r, v, UPPER_WORDS);
		vex_rrr(&t->x, V_CVTPS2PD, r, 0, r);
		lanes_beyond(t, false, r, 1);
		side_call_if(t, CC_NE);
		break;
	case B_FP_NARROW:
		vex_rrr(&t->x, V_CVTPD2PS, r, 0, v);
		shuffle(t, r, r, WORDS_TWICE);
		side_zeros_if(t, CC_NE, v, none, lanes_beyond(t, true, r, 2), false);
		break;
	}
}

/* @r is what @target gets, where no check says otherwise. */
static bool accept_whole(struct tr *t, unsigned target, int r)
{
	side_accept(t);
	vregs_set_whole(t, target, r);
	side_done(t);
	return true;
}

bool b_fp_convert(struct tr *t, enum b_fp_conversion how, unsigned target, unsigned b)
{
	int v, r;

	if (!fp_has(t, FPSCR_ADD))
		return false;
	fp_begin(t, target);
	v = vregs_whole(t, b);
	r = vregs_take(t);
	convert(t, how, r, v);
	return accept_whole(t, target, r);
}

bool b_fp_integral(struct tr *t, unsigned op, unsigned target, unsigned b)
{
	static const u8 how[] = {[FPSCR_RINT_DOWN] = ROUND_DOWN,
				 [FPSCR_RINT_UP] = ROUND_UP,
				 [FPSCR_RINT_ZERO] = ROUND_ZERO};
	bool singles = op & FPSCR_SINGLE;
	int v, r;

	if (!fp_has(t, FPSCR_ADD))
		return false;
	fp_begin(t, target);
	v = vregs_whole(t, b);
	r = vregs_take(t);
	vex_rrr(&t->x, V_0F3A(singles ? 0x08 : 0x09), r, 0, v); /* roundps, roundpd */
	x86_byte(&t->x, how[op & ~FPSCR_SINGLE]);
	lanes_beyond(t, singles, r, 1);
	side_call_if(t, CC_NE);
	return accept_whole(t, target, r);
}

/* --- VMX --- */

/*
 * With VSCR[NJ] denormals are zeros. To a sum from 2**-97 on they are too small to make a
 * difference. They may make one to a fused product: as factors, and as addends where the product
 * lies half-way between two numbers. There they are the function's.
 */
static void no_denormals(struct tr *t, const int *v)
{
	int any = vregs_take(t), tiny = vregs_take(t), zero = vregs_take(t);
	struct x86 *x = &t->x;

	for (unsigned i = 0; i < 3; i++) {
		int to = i ? tiny : any;

		find_outside(t, to, v[i], CONST_ZERO, 24);
		vex_rrr(x, V_CMP(true), zero, v[i], vregs_constant_reg(t, CONST_ZERO));
		x86_byte(x, COMPARE_EQ);
		vex_rrr(x, V_PS(0x55), to, zero, to); /* andnps */
		if (i)
			vex_rrr(x, V_PS(0x56), any, any, tiny); /* orps */
	}
	test_mask(t, true, any);
	side_call_if(t, CC_NE);
}

#define SAFE_EXPONENT 29 /* as lanes_outside() wants it: 30, and 2 that are added */

bool b_vmx_fp(struct tr *t, unsigned op, unsigned target, const u8 *vsr)
{
	int v[3] = {-1, -1, -1}, factors[2] = {-1, -1}, r, bad;

	if (!fp_has(t, op))
		return false;
	if (t->s.status.compares)
		status_vsr_changes(t, target);
	side_begin(t);
	x86_group1_m(&t->x, 0, G_CMP, CPU_AT(fpscr.exact), 0);
	side_call_if(t, CC_NE);
	for (unsigned i = 0; i < status_operands((u8)op); i++)
		v[i] = vregs_whole(t, vsr[i]);
	r = vregs_take(t);
	if (fp_is_fused(op)) {
		no_denormals(t, v);
		factors[0] = v[0];
		factors[1] = v[1];
	}
	operate(t, op, true, r, v);
	bad = lanes_outside(t, r, CONST_EXPONENT_S + 1, SAFE_EXPONENT);
	test_mask(t, true, bad);
	side_zeros_if(t, CC_NE, r, factors, bad, true);
	side_accept(t);
	if (op == FPSCR_NMSUB)
		vex_constant(t, V_XORPS, r, r, CONST_SIGN_8 + 2);
	vregs_set_whole(t, target, r);
	side_done(t);
	return true;
}

/* The host gives the second of two zeros, and of a NaN and a number. */
bool b_fp_extreme(struct tr *t, struct b_extreme e, unsigned target, unsigned a, unsigned b)
{
	u8 opcode = e.smaller ? 0x5d : 0x5f;
	u32 op = e.whole ? V_LANES(e.singles, opcode) : V_SD(opcode);
	struct x86 *x = &t->x;
	int ra, rb, r, other;

	if (!fp_has(t, FPSCR_ADD))
		return false;
	fp_begin(t, target);
	ra = e.whole ? vregs_whole(t, a) : vregs_scalar(t, a);
	rb = e.whole ? vregs_whole(t, b) : vregs_scalar(t, b);
	r = vregs_take(t);
	other = vregs_take(t);
	if (e.whole) {
		vex_rrr(x, V_CMP(e.singles), r, ra, rb);
		x86_byte(x, COMPARE_UNORDERED);
		test_mask(t, e.singles, r);
		side_call_if(t, CC_NE);
	} else {
		vex_rrr(x, V_UCOMISD, ra, 0, rb);
		side_call_if(t, CC_P);
	}
	vex_rrr(x, op, r, ra, rb);
	vex_rrr(x, op, other, rb, ra);
	vex_rrr(x, e.smaller ? V_ORPS : V_ANDPS, r, r, other);
	side_accept(t);
	if (e.whole)
		vregs_set_whole(t, target, r);
	else
		vregs_set_scalar(t, target, r);
	side_done(t);
	return true;
}

/* NaNs are the function's, which makes CR6 too: the field that waits would be another then. */
bool b_fp_mask(struct tr *t, enum b_fp_relation rel, bool singles, bool record, unsigned target,
	       unsigned a, unsigned b)
{
	static const u8 how[] = {
	    [B_FP_EQ] = COMPARE_EQ, [B_FP_GT] = COMPARE_LT, [B_FP_GE] = COMPARE_LE};
	struct x86 *x = &t->x;
	int ra, rb, r;

	if (!fp_has(t, FPSCR_ADD))
		return false;
	ra = vregs_whole(t, a);
	rb = vregs_whole(t, b);
	r = vregs_take(t);
	x86_test_m8(x, CPU_OFFSET(offsetof(struct cpu, fpscr.bits) + 3), FPSCR_FEX >> 24);
	exit_function_if(t, CC_NE);
	vex_rrr(x, V_CMP(singles), r, ra, rb);
	x86_byte(x, COMPARE_UNORDERED);
	test_mask(t, singles, r);
	exit_function_if(t, CC_NE);
	vex_rrr(x, V_CMP(singles), r, rb, ra);
	x86_byte(x, how[rel]);
	vregs_set_whole(t, target, r);
	if (record)
		b_set_cr_mask(t, 6, (vec){(s8)r});
	return true;
}
