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
#define V_PADDD		     V_0F(0xfe)
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

/*
 * Ones in lanes whose exponent isn't that of a finite number (@margin 1), or is one of the two
 * smallest or largest (2): what adding 1 carries out of, or adding 2 leaves below 4. The host's
 * flag NE: there is such a lane. Of doubles the upper words are looked at.
 */
static int lanes_beyond(struct tr *t, bool singles, int r, unsigned margin)
{
	enum vector_constant k = singles ? CONST_EXPONENT_S : CONST_EXPONENT_D;
	unsigned exponent = singles ? 24 : 21;
	int bad = vregs_take(t);

	shift_words(t, bad, r, SHIFT_LEFT, 1);
	vex_constant(t, V_PADDD, bad, bad, k + margin - 1);
	shift_words(t, bad, bad, SHIFT_RIGHT, exponent + (margin == 2 ? 2 : 0));
	vex_rrr(&t->x, V_PCMPEQD, bad, bad, vregs_constant_reg(t, CONST_ZERO));
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
		vex_rrr(x, V_PD(0x2e), ra, 0, rb); /* ucomisd */
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
