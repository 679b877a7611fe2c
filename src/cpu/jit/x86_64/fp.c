/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scalar floating point by the host's own arithmetic, which gives Power's bits
 *
 * - when rounding is to nearest and no exception is enabled (struct fpscr's quiet byte), and
 * - where the result is a normal number that no way of rounding would have made tiny or infinite:
 *   there is no NaN then, and nothing to tell but that it is inexact, of which XX tells already, or
 *   the host's flag: what is inexact here is so for the guest, and nothing else may be.
 *
 * Exact sums may be any finite number. Zeros are common, and right where an operand was: their test
 * lies on the side. All else is the function's.
 *
 * Results of single precision are rounded twice, to double and to single. That is once too often
 * only if the double lies right between two singles though the exact value doesn't, so what lies
 * there is the function's. Sums lie there often, exactly; but those of two numbers of 24 digits
 * are right always (53 >= 2 * 24 + 2), so it is their operands that are looked at.
 */
#include "cpu/jit/x86_64/fp.h"

#define CONST_SIGN (CONST_SIGN_8 + 3)

#define V_UCOMISS    V_PS(0x2e)
#define V_ADDSD	     V_SD(0x58)
#define V_SUBSD	     V_SD(0x5c)
#define V_CMPSD	     V_SD(0xc2)
#define V_CVTSD2SS   V_SD(0x5a)
#define V_CVTSS2SD   V_SS(0x5a)
#define V_CVTSI2SS   (V_SS(0x2a) | V_W)
#define V_CVTTSD2SI  (V_SD(0x2c) | V_W)
#define V_CVTSD2SI   (V_SD(0x2d) | V_W)
#define V_FMADD231SD (V_0F38(0xb9) | V_W)
#define V_FMSUB231SD (V_0F38(0xbb) | V_W)
#define V_ROUNDSD    V_0F3A(0x0b)

bool b_has_fp(const struct tr *t)
{
	return fp_has(t, FPSCR_ADD);
}

static void quiet_or_call(struct tr *t)
{
	x86_group1_m8(&t->x, G_CMP, CPU_AT(fpscr.quiet), 0);
	side_call_if(t, CC_E);
}

/* --- results --- */

/* Host's flag E: the exponent is not that of a finite number. */
static void test_finite(struct x86 *x, int r)
{
	x86_rr(x, X_MOVQ_FROM | X_W, r, RAX);
	x86_shift(x, X_W, SH_SHR, RAX, 52);
	x86_group1(x, 0, G_ADD, RAX, 1);
	x86_test_imm(x, RAX, 0x7ff);
}

/* E: it is one of the two smallest or largest: the lowest bit of the exponent isn't looked at. */
static void test_within(struct x86 *x, int r)
{
	x86_rr(x, X_MOVQ_FROM | X_W, r, RAX);
	x86_shift(x, X_W, SH_SHR, RAX, 53);
	x86_group1(x, 0, G_ADD, RAX, 1);
	x86_test_imm(x, RAX, 0x3fe);
}

static void test_within_single(struct x86 *x, int r)
{
	x86_rr(x, X_MOVQ_FROM, r, RAX);
	x86_shift(x, 0, SH_SHR, RAX, 24);
	x86_group1(x, 0, G_ADD, RAX, 1);
	x86_test_imm(x, RAX, 0x7e);
}

/* Operands that make a zero result an exact one. */
static void zero_if_not_within(struct tr *t, unsigned op, int r, const int *v)
{
	switch (op & ~FPSCR_SINGLE) {
	case FPSCR_MUL:
	case FPSCR_MADD:
	case FPSCR_MSUB:
	case FPSCR_NMADD:
	case FPSCR_NMSUB:
		side_zero_if(t, CC_E, r, v[0], v[1]);
		break;
	case FPSCR_DIV:
		side_zero_if(t, CC_E, r, v[0], -1);
		break;
	default:
		side_zero_if(t, CC_E, r, -1, -1);
	}
}

#define BELOW_SINGLE 0x1fffffff /* a double's bits below a single's last */
#define HALF_SINGLE  0x10000000

static void rounds_once_or_call(struct tr *t, unsigned op, int r, const int *v)
{
	struct x86 *x = &t->x;
	int both;

	switch (op & ~FPSCR_SINGLE) {
	case FPSCR_RSP:
	case FPSCR_NARROW:
		return;
	case FPSCR_ADD:
	case FPSCR_SUB:
		both = vregs_take(t);
		vex_rrr(x, V_ORPS, both, v[0], v[1]);
		x86_rr(x, X_MOVQ_FROM, both, RAX);
		x86_test_imm(x, RAX, BELOW_SINGLE);
		side_call_if(t, CC_NE);
		return;
	default:
		x86_rr(x, X_MOVQ_FROM, r, RAX);
		x86_group1(x, 0, G_AND, RAX, BELOW_SINGLE);
		x86_group1(x, 0, G_CMP, RAX, HALF_SINGLE);
		side_call_if(t, CC_E);
	}
}

/* Whether the double in @r is the result, or its single, for which it makes room. */
static void check_double(struct tr *t, unsigned op, int r, const int *v)
{
	if (op == FPSCR_ADD || op == FPSCR_SUB || op == FPSCR_WIDEN ||
	    (op >= FPSCR_RINT_AWAY && op <= FPSCR_RINT_DOWN)) {
		test_finite(&t->x, r);
		side_call_if(t, CC_E);
		return;
	}
	test_within(&t->x, r);
	zero_if_not_within(t, op, r, v);
}

static int check_single(struct tr *t, unsigned op, int r, const int *v)
{
	int single = vregs_take(t);

	rounds_once_or_call(t, op, r, v);
	vex_rrr(&t->x, V_CVTSD2SS, single, r, r);
	test_within_single(&t->x, single);
	zero_if_not_within(t, op, r, v);
	return single;
}

/* --- operations --- */

static void fused(struct tr *t, unsigned op, int r, const int *v)
{
	bool minus = op == FPSCR_MSUB || op == FPSCR_NMSUB;

	vex_rrr(&t->x, V_MOVAPS, r, 0, v[2]);
	vex_rrr(&t->x, minus ? V_FMSUB231SD : V_FMADD231SD, r, v[0], v[1]);
}

static void round_to_integral(struct tr *t, int r, int v, unsigned how)
{
	vex_rrr(&t->x, V_ROUNDSD, r, v, v);
	x86_byte(&t->x, (u8)how);
}

/*
 * What is cut off towards zero gets one more if it was half of one at least. No step is inexact:
 * the host's flag stays.
 */
static void round_away(struct tr *t, int r, int v)
{
	struct x86 *x = &t->x;
	int rest = vregs_take(t);

	round_to_integral(t, r, v, ROUND_ZERO);
	vex_rrr(x, V_SUBSD, rest, v, r);
	vex_constant(t, V_ANDPS, rest, rest, CONST_NO_SIGN);
	vex_rrr(x, V_CMPSD, rest, vregs_constant_reg(t, CONST_HALF), rest);
	x86_byte(x, COMPARE_LE);
	vex_constant(t, V_ANDPS, rest, rest, CONST_ONE);
	vex_constant(t, V_ANDPS, r, r, CONST_NO_SIGN);
	vex_rrr(x, V_ADDSD, r, r, rest);
	vex_constant(t, V_ANDPS, rest, v, CONST_SIGN);
	vex_rrr(x, V_ORPS, r, r, rest);
}

static void widen(struct tr *t, int r, int v)
{
	x86_rr(&t->x, X_MOVQ_FROM | X_W, v, RAX);
	x86_shift(&t->x, X_W, SH_SHR, RAX, 32);
	x86_rr(&t->x, X_MOVQ_TO, r, RAX);
	vex_rrr(&t->x, V_CVTSS2SD, r, r, r);
}

static void operate(struct tr *t, unsigned op, int r, const int *v)
{
	switch (op) {
	case FPSCR_ADD:
	case FPSCR_SUB:
	case FPSCR_MUL:
	case FPSCR_DIV:
		vex_rrr(&t->x, V_SD(fp_opcode(op)), r, v[0], v[1]);
		break;
	case FPSCR_SQRT:
		vex_rrr(&t->x, V_SD(fp_opcode(op)), r, v[0], v[0]);
		break;
	case FPSCR_WIDEN:
		widen(t, r, v[0]);
		break;
	case FPSCR_RINT_AWAY:
		round_away(t, r, v[0]);
		break;
	case FPSCR_RINT_ZERO:
		round_to_integral(t, r, v[0], ROUND_ZERO);
		break;
	case FPSCR_RINT_UP:
		round_to_integral(t, r, v[0], ROUND_UP);
		break;
	case FPSCR_RINT_DOWN:
		round_to_integral(t, r, v[0], ROUND_DOWN);
		break;
	default:
		fused(t, op, r, v);
	}
}

/* After all tests: what the target gets. */
static void finish(struct tr *t, unsigned op, unsigned target, const u8 *vsr, int r, int single)
{
	unsigned plain = op & ~FPSCR_SINGLE;

	side_accept(t);
	if (plain == FPSCR_NARROW) {
		vex_rrr(&t->x, V_PSHUFD, r, 0, single);
		x86_byte(&t->x, 0); /* the first word everywhere */
	} else if (single >= 0) {
		vex_rrr(&t->x, V_CVTSS2SD, r, single, single);
	}
	if (plain == FPSCR_NMADD || plain == FPSCR_NMSUB)
		vex_constant(t, V_XORPS, r, r, CONST_SIGN);
	status_record(t, FPSCR_ARITHMETIC, (u8)op, vsr, target);
	vregs_set_scalar(t, target, r);
	side_done(t);
}

/* All are exact, or rounded once, to where nothing is too large or small. */
static void from_integer(struct tr *t, unsigned op, unsigned target, const u8 *vsr)
{
	bool single = op & FPSCR_SINGLE;
	struct x86 *x = &t->x;
	int v = vregs_scalar(t, vsr[0]), r = vregs_take(t);

	x86_rr(x, X_MOVQ_FROM | X_W, v, RAX);
	if ((op & ~FPSCR_SINGLE) == FPSCR_FROM_U64) {
		x86_rr(x, X_TEST | X_W, RAX, RAX);
		side_call_if(t, CC_S);
	}
	vex_rrr(x, single ? V_CVTSI2SS : V_CVTSI2SD, r, v, RAX);
	finish(t, op, target, vsr, r, single ? r : -1);
}

/*
 * What a field of CR waits for is kept before the ways part. What the FPSCR waits for is in its
 * place by both of them: the call stores it all.
 */
void fp_begin(struct tr *t, unsigned target)
{
	if (t->s.status.compares)
		status_vsr_changes(t, target);
	side_begin(t);
	quiet_or_call(t);
}

bool b_fp(struct tr *t, unsigned op, unsigned target, const u8 *vsr)
{
	unsigned plain = op & ~FPSCR_SINGLE;
	bool rounds_only = op == FPSCR_RSP || op == FPSCR_NARROW;
	int v[3] = {-1, -1, -1}, r, single = -1;

	if (!fp_has(t, op))
		return false;
	fp_begin(t, target);
	if (plain == FPSCR_FROM_S64 || plain == FPSCR_FROM_U64) {
		from_integer(t, op, target, vsr);
		return true;
	}
	for (unsigned i = 0; i < status_operands((u8)op); i++)
		v[i] = vregs_scalar(t, vsr[i]);
	r = rounds_only ? v[0] : vregs_take(t);
	if (!rounds_only)
		operate(t, plain, r, v);
	if (rounds_only || op != plain)
		single = check_single(t, op, r, v);
	else
		check_double(t, op, r, v);
	if (rounds_only)
		r = vregs_take(t);
	finish(t, op, target, vsr, r, single);
	return true;
}

/*
 * Beyond the limit is the function's: told from the exponent, so that the host's flag for inexact
 * results stays as it is then.
 */
static void fits_or_call(struct tr *t, unsigned op, int v)
{
	static const u8 bits[] = {
	    [FPSCR_TO_S32_ZERO] = 31, [FPSCR_TO_U32_ZERO] = 32,	   [FPSCR_TO_S64_ZERO] = 63,
	    [FPSCR_TO_U64_ZERO] = 63, [FPSCR_TO_S32_CURRENT] = 30, [FPSCR_TO_S64_CURRENT] = 63};
	bool is_signed = op != FPSCR_TO_U32_ZERO && op != FPSCR_TO_U64_ZERO;
	struct x86 *x = &t->x;

	x86_rr(x, X_MOVQ_FROM | X_W, v, RAX);
	x86_shift(x, X_W, SH_SHR, RAX, 52);
	if (is_signed) /* else a sign is beyond it too */
		x86_group1(x, 0, G_AND, RAX, 0x7ff);
	x86_group1(x, 0, G_CMP, RAX, 0x3ff + bits[op]);
	side_call_if(t, CC_AE);
}

bool b_fp_to_integer(struct tr *t, unsigned op, unsigned target, unsigned b, bool twice)
{
	bool nearest = op == FPSCR_TO_S32_CURRENT || op == FPSCR_TO_S64_CURRENT;
	u8 vsr[1] = {(u8)b};
	struct x86 *x = &t->x;
	int v, r;

	if (!fp_has(t, op))
		return false;
	fp_begin(t, target);
	v = vregs_scalar(t, b);
	fits_or_call(t, op, v);
	vex_rrr(x, nearest ? V_CVTSD2SI : V_CVTTSD2SI, RAX, 0, v);
	side_accept(t);
	if (twice) {
		x86_rr(x, X_LOAD, RCX, RAX);
		x86_shift(x, X_W, SH_SHL, RAX, 32);
		x86_rr(x, X_OR | X_W, RAX, RCX);
	}
	r = vregs_take(t);
	x86_rr(x, X_MOVQ_TO | X_W, r, RAX);
	status_record(t, FPSCR_TO_INTEGER, (u8)op, vsr, target);
	vregs_set_scalar(t, target, r);
	side_done(t);
	return true;
}

/* --- comparisons --- */

/* A NaN is the function's; so is an interrupt that is due. */
bool b_fp_compare(struct tr *t, unsigned field, unsigned a, unsigned b)
{
	u8 vsr[2] = {(u8)a, (u8)b};
	struct x86 *x = &t->x;
	int ra, rb;

	if (!fp_has(t, FPSCR_COMPARE))
		return false;
	if (t->s.status.compares && t->s.status.field != field)
		state_make_cr(t, t->s.status.field);
	ra = vregs_scalar(t, a);
	rb = vregs_scalar(t, b);
	x86_test_m8(x, CPU_OFFSET(offsetof(struct cpu, fpscr.bits) + 3), FPSCR_FEX >> 24);
	exit_function_if(t, CC_NE);
	vex_rrr(x, V_UCOMISD, ra, 0, rb);
	exit_function_if(t, CC_P);
	state_drop_cr(t, field);
	status_record(t, FPSCR_COMPARISON, FPSCR_COMPARE, vsr, 64);
	status_compares(t, field);
	return true;
}

/* Signs of zeros don't count, and a NaN chooses @no: above or equal is what the host says of
 * neither. */
bool b_fp_select(struct tr *t, unsigned target, unsigned a, unsigned yes, unsigned no)
{
	int ra, r;

	if (!fp_has(t, FPSCR_COMPARE))
		return false;
	ra = vregs_scalar(t, a);
	r = vregs_take(t);
	vex_rrr(&t->x, V_XORPS, r, r, r);
	vex_rrr(&t->x, V_UCOMISD, ra, 0, r);
	x86_rm(&t->x, X_LOAD | X_W, RAX, vsr_half(no, 0));
	x86_rm(&t->x, X_CMOV(CC_AE) | X_W, RAX, vsr_half(yes, 0));
	x86_rr(&t->x, X_MOVQ_TO | X_W, r, RAX);
	vregs_set_scalar(t, target, r);
	return true;
}

/* --- moves --- */

bool b_fp_sign(struct tr *t, enum b_sign sign, unsigned target, unsigned a, unsigned b)
{
	static const u32 op[] = {[B_SIGN_INVERT] = V_XORPS,
				 [B_SIGN_CLEAR] = V_ANDPS,
				 [B_SIGN_SET] = V_ORPS,
				 [B_SIGN_COPY] = V_ANDPS};
	bool clears = sign == B_SIGN_CLEAR || sign == B_SIGN_COPY;
	int r, of;

	if (!fp_has(t, FPSCR_ADD))
		return false;
	r = vregs_scalar(t, b);
	if (sign != B_SIGN_KEEP) {
		int from = r;

		r = vregs_take(t);
		vex_constant(t, op[sign], r, from, clears ? CONST_NO_SIGN : CONST_SIGN);
	}
	if (sign == B_SIGN_COPY) {
		int from = vregs_scalar(t, a);

		of = vregs_take(t);
		vex_constant(t, V_ANDPS, of, from, CONST_SIGN);
		vex_rrr(&t->x, V_ORPS, r, r, of);
	}
	vregs_set_scalar(t, target, r);
	return true;
}

void b_set_fpr(struct tr *t, unsigned vsr, val v)
{
	vregs_drop(t, vsr);
	x86_rm(&t->x, X_STORE | X_W, regs_value(t, v), vsr_half(vsr, 0));
	x86_group1_m(&t->x, X_W, G_AND, vsr_half(vsr, 1), 0);
}

/* The host makes signalling NaNs quiet, which a load doesn't. */
void b_set_single(struct tr *t, unsigned vsr, val v, bool clears)
{
	int r = vregs_take(t);

	x86_rr(&t->x, X_MOVQ_TO, r, regs_value(t, v));
	vex_rrr(&t->x, V_UCOMISS, r, 0, r);
	exit_function_if(t, CC_P);
	vex_rrr(&t->x, V_CVTSS2SD, r, r, r);
	if (clears)
		vregs_set_scalar(t, vsr, r);
	else
		vregs_set_doubleword(t, vsr, r);
}

#define LEAST_SINGLE 897 /* exponent of the smallest normal one, as a double */

/*
 * From the smallest normal single on, all that a store does is to leave bits out, for zeros too.
 * The exponent that is compared is one less where no bits are behind it, and the largest for zeros.
 */
val b_single(struct tr *t, unsigned vsr)
{
	struct x86_mem twice_less_one = {.scale = 0, .disp = -1};
	val v = b_vsr_doubleword(t, vsr);
	struct x86 *x = &t->x;

	twice_less_one.base = twice_less_one.index = v.reg;
	x86_rm(x, X_LEA, RCX, twice_less_one);
	x86_shift(x, X_W, SH_SHR, RCX, 53);
	x86_group1(x, 0, G_CMP, RCX, LEAST_SINGLE);
	exit_function_if(t, CC_B);
	x86_mov(x, RCX, v.reg);
	x86_shift(x, X_W, SH_SHR, RCX, 32);
	x86_group1(x, 0, G_AND, RCX, (s32)0xc0000000);
	x86_shift(x, X_W, SH_SHR, v.reg, 29);
	x86_group1(x, 0, G_AND, v.reg, 0x3fffffff);
	x86_rr(x, X_OR, v.reg, RCX);
	return v;
}
