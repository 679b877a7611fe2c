/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating point, integer tier: add, multiply, divide, square root, multiply-add, estimates.
 */
#include "cpu/fp/soft.h"

static bool propagate2(struct fpu_env *env, const struct fpu_num *a, const struct fpu_num *b,
		       u64 *r)
{
	const struct fpu_num *const operands[] = {a, b};

	return fpu_finish_propagate(env, 0, operands, 2, r);
}

/* A sum of exactly 0 is positive, unless rounding down or made of two negative zeros. */
static bool finish_zero_sum(struct fpu_env *env, bool sign_a, bool sign_b, u64 *r)
{
	bool sign = sign_a == sign_b ? sign_a : fpu_rn(env->fpscr) == FPU_RN_DOWN;

	return fpu_finish_exact(env, sign ? DOUBLE_SIGN : 0, r);
}

/*
 * a + b, both sig / 2**126 * 2**exp with bit 126 the highest of each sig, and enough zeros below
 * for the bits that alignment jams together to lie far under the rounding position.
 */
static bool add_aligned(struct fpu_env *env, bool sign_a, s32 exp_a, u128 sig_a, bool sign_b,
			s32 exp_b, u128 sig_b, u64 *r)
{
	if (exp_a < exp_b || (exp_a == exp_b && sig_a < sig_b))
		return add_aligned(env, sign_b, exp_b, sig_b, sign_a, exp_a, sig_a, r);

	sig_b = fpu_shift_jam128(sig_b, (unsigned)(exp_a - exp_b));
	sig_a = sign_a == sign_b ? sig_a + sig_b : sig_a - sig_b;
	if (!sig_a)
		return finish_zero_sum(env, sign_a, sign_b, r);
	return fpu_finish_round128(env, sign_a, exp_a + 1, sig_a, r);
}

static bool add(struct fpu_env *env, const struct fpu_num *a, const struct fpu_num *b, u64 *r)
{
	if (fpu_is_nan(a) || fpu_is_nan(b))
		return propagate2(env, a, b, r);
	if (a->class == FPU_INF && b->class == FPU_INF && a->sign != b->sign)
		return fpu_finish_nan(env, FPSCR_VXISI, FPU_DEFAULT_NAN, r);
	if (a->class == FPU_INF || (b->class == FPU_ZERO && a->class != FPU_ZERO))
		return fpu_finish_num(env, a, r);
	if (b->class == FPU_INF || (a->class == FPU_ZERO && b->class != FPU_ZERO))
		return fpu_finish_num(env, b, r);
	if (a->class == FPU_ZERO)
		return finish_zero_sum(env, a->sign, b->sign, r);
	return add_aligned(env, a->sign, a->exp, (u128)a->sig << 63, b->sign, b->exp,
			   (u128)b->sig << 63, r);
}

bool fpu_soft_add(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	struct fpu_env env = fpu_env(fpscr, kind);
	struct fpu_num na = fpu_operand(kind, a), nb = fpu_operand(kind, b);

	return add(&env, &na, &nb, r);
}

bool fpu_soft_sub(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	struct fpu_env env = fpu_env(fpscr, kind);
	struct fpu_num na = fpu_operand(kind, a), nb = fpu_operand(kind, b);

	nb.sign = !nb.sign; /* a NaN's sign is in its bits */
	return add(&env, &na, &nb, r);
}

bool fpu_soft_mul(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	struct fpu_env env = fpu_env(fpscr, kind);
	struct fpu_num na = fpu_operand(kind, a), nb = fpu_operand(kind, b);
	bool sign = na.sign != nb.sign;
	u64 s = sign ? DOUBLE_SIGN : 0;

	if (fpu_is_nan(&na) || fpu_is_nan(&nb))
		return propagate2(&env, &na, &nb, r);
	if (na.class == FPU_INF || nb.class == FPU_INF) {
		if (na.class == FPU_ZERO || nb.class == FPU_ZERO)
			return fpu_finish_nan(&env, FPSCR_VXIMZ, FPU_DEFAULT_NAN, r);
		return fpu_finish_exact(&env, s | DOUBLE_INF, r);
	}
	if (na.class == FPU_ZERO || nb.class == FPU_ZERO)
		return fpu_finish_exact(&env, s, r);
	return fpu_finish_round128(&env, sign, na.exp + nb.exp + 1, (u128)na.sig * nb.sig, r);
}

/* a / b, both finite and not 0. */
static bool divide(struct fpu_env *env, const struct fpu_num *a, const struct fpu_num *b, u64 *r)
{
	bool below_one = a->sig < b->sig;
	u128 dividend = (u128)a->sig << (below_one ? 64 : 63);
	u64 quotient = (u64)(dividend / b->sig);

	if ((u128)quotient * b->sig != dividend)
		quotient |= 1;
	return fpu_finish_round(env, a->sign != b->sign, a->exp - b->exp - below_one, quotient, r);
}

bool fpu_soft_div(u64 *fpscr, enum fpu_kind kind, u64 a, u64 b, u64 *r)
{
	struct fpu_env env = fpu_env(fpscr, kind);
	struct fpu_num na = fpu_operand(kind, a), nb = fpu_operand(kind, b);
	bool sign = na.sign != nb.sign;
	u64 s = sign ? DOUBLE_SIGN : 0;

	if (fpu_is_nan(&na) || fpu_is_nan(&nb))
		return propagate2(&env, &na, &nb, r);
	if (na.class == FPU_INF)
		return nb.class == FPU_INF ? fpu_finish_nan(&env, FPSCR_VXIDI, FPU_DEFAULT_NAN, r)
					   : fpu_finish_exact(&env, s | DOUBLE_INF, r);
	if (na.class == FPU_ZERO && nb.class == FPU_ZERO)
		return fpu_finish_nan(&env, FPSCR_VXZDZ, FPU_DEFAULT_NAN, r);
	if (nb.class == FPU_ZERO)
		return fpu_finish_zero_divide(&env, sign, r);
	if (na.class == FPU_ZERO || nb.class == FPU_INF)
		return fpu_finish_exact(&env, s, r);
	return divide(&env, &na, &nb, r);
}

/* Digit by digit: the remainder never needs more than two bits above the root. */
u64 fpu_root(u128 v, bool *exact)
{
	u128 rest = 0, root = 0;

	for (unsigned i = 0; i < 64; i++) {
		u128 trial = root << 2 | 1;

		rest = rest << 2 | v >> 126;
		v <<= 2;
		root <<= 1;
		if (rest >= trial) {
			rest -= trial;
			root |= 1;
		}
	}
	*exact = !rest;
	return (u64)root;
}

bool fpu_soft_sqrt(u64 *fpscr, enum fpu_kind kind, u64 b, u64 *r)
{
	struct fpu_env env = fpu_env(fpscr, kind);
	struct fpu_num n = fpu_operand(kind, b);
	bool odd = n.exp & 1, exact;
	u64 root;

	if (fpu_is_nan(&n))
		return fpu_finish_nan(&env, n.class == FPU_SNAN ? FPSCR_VXSNAN : 0, n.bits, r);
	if (n.sign && n.class != FPU_ZERO)
		return fpu_finish_nan(&env, FPSCR_VXSQRT, FPU_DEFAULT_NAN, r);
	if (n.class != FPU_FINITE)
		return fpu_finish_num(&env, &n, r);
	root = fpu_root((u128)n.sig << (odd ? 64 : 63), &exact);
	return fpu_finish_round(&env, false, (n.exp - odd) / 2, root | !exact, r);
}

/* An infinite factor or an infinite or NaN operand somewhere: what a multiply-add then gives. */
static bool madd_special(struct fpu_env *env, const struct fpu_num *a, const struct fpu_num *c,
			 const struct fpu_num *b, u64 *r)
{
	const struct fpu_num *const operands[] = {a, b, c};
	bool imz = (a->class == FPU_INF && c->class == FPU_ZERO) ||
		   (a->class == FPU_ZERO && c->class == FPU_INF);
	bool sign = a->sign != c->sign;

	/* Infinity times zero is told even if the addend is a NaN, which then is the result. */
	if (imz || fpu_is_nan(a) || fpu_is_nan(b) || fpu_is_nan(c))
		return fpu_finish_propagate(env, imz ? FPSCR_VXIMZ : 0, operands, 3, r);
	if (a->class != FPU_INF && c->class != FPU_INF)
		return fpu_finish_num(env, b, r);
	if (b->class == FPU_INF && b->sign != sign)
		return fpu_finish_nan(env, FPSCR_VXISI, FPU_DEFAULT_NAN, r);
	return fpu_finish_exact(env, DOUBLE_INF | (sign ? DOUBLE_SIGN : 0), r);
}

bool fpu_soft_madd(u64 *fpscr, enum fpu_kind kind, u64 a, u64 c, u64 b, unsigned neg, u64 *r)
{
	struct fpu_env env = fpu_env(fpscr, kind);
	struct fpu_num na = fpu_operand(kind, a), nc = fpu_operand(kind, c);
	struct fpu_num nb = fpu_operand(kind, b);
	bool sign = na.sign != nc.sign;
	s32 exp = na.exp + nc.exp;
	u128 product;

	env.negate = neg & FPU_NEG_RESULT;
	if (neg & FPU_NEG_ADDEND)
		nb.sign = !nb.sign;
	if (na.class >= FPU_INF || nc.class >= FPU_INF || nb.class >= FPU_INF)
		return madd_special(&env, &na, &nc, &nb, r);
	if (na.class == FPU_ZERO || nc.class == FPU_ZERO) {
		if (nb.class == FPU_ZERO)
			return finish_zero_sum(&env, sign, nb.sign, r);
		return fpu_finish_num(&env, &nb, r);
	}

	/* Two factors of 53 bits: at least 20 zeros stand below the product. */
	product = (u128)na.sig * nc.sig;
	if (nb.class == FPU_ZERO)
		return fpu_finish_round128(&env, sign, exp + 1, product, r);
	if (product >> 127) {
		product >>= 1;
		exp++;
	}
	return add_aligned(&env, sign, exp, product, nb.sign, nb.exp, (u128)nb.sig << 63, r);
}

/*
 * Estimates.
 */

bool fpu_reciprocal(struct fpu_env *env, const struct fpu_num *b, u64 *r)
{
	const struct fpu_num one = {.class = FPU_FINITE, .sig = 1ull << 63};

	if (fpu_is_nan(b))
		return fpu_finish_nan(env, b->class == FPU_SNAN ? FPSCR_VXSNAN : 0, b->bits, r);
	if (b->class == FPU_ZERO)
		return fpu_finish_zero_divide(env, b->sign, r);
	if (b->class == FPU_INF)
		return fpu_finish_exact(env, b->sign ? DOUBLE_SIGN : 0, r);
	return divide(env, &one, b, r);
}

bool fpu_re(u64 *fpscr, enum fpu_kind kind, u64 b, u64 *r)
{
	struct fpu_env env = fpu_env(fpscr, kind);
	struct fpu_num n = fpu_operand(kind, b);

	env.estimate = true;
	return fpu_reciprocal(&env, &n, r);
}

bool fpu_rsqrte(u64 *fpscr, enum fpu_kind kind, u64 b, u64 *r)
{
	struct fpu_env env = fpu_env(fpscr, kind);
	struct fpu_num n = fpu_operand(kind, b);
	u64 scratch = *fpscr & FPSCR_RN, root;

	env.estimate = true;
	if (n.sign && (n.class == FPU_FINITE || n.class == FPU_INF))
		return fpu_finish_nan(&env, FPSCR_VXSQRT, FPU_DEFAULT_NAN, r);
	if (n.class == FPU_FINITE) {
		if (kind == FPU_VS) {
			fpu_soft_sqrt(&scratch, FPU_VS, b, &root);
			root = fpu_load_single((u32)root);
		} else {
			fpu_soft_sqrt(&scratch, FPU_D, b, &root);
		}
		n = fpu_unpack(root);
	}
	return fpu_reciprocal(&env, &n, r);
}
