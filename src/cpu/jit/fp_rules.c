/* SPDX-License-Identifier: Apache-2.0 */
/* What floating-point arithmetic is translated into: insn/fp.sem and insn/vsx/vsx.sem as rules. */
#include "cpu/isa/ops.h"
#include "cpu/jit/rules.h"

#define KIND_D 0
#define KIND_S FPSCR_SINGLE

#define OPERATION(name, code, ...)                                                                 \
	RULE(name)                                                                                 \
	{                                                                                          \
		return b_fp(t, code, op->t, (u8[]){__VA_ARGS__});                                  \
	}

/* --- fp.sem --- */

#define FRA   op->a
#define FRB   op->b
#define FRC   op->c
#define FRACB FRA, FRC, FRB

#define ARITH_2(name, kind, fn, code, x, y) OPERATION(name, FPSCR_##code | KIND_##kind, x, y)
#define ARITH_1(name, kind, fn, code)	    OPERATION(name, FPSCR_##code | KIND_##kind, FRB)
#define FUSED(name, kind, code)		    OPERATION(name, FPSCR_##code | KIND_##kind, FRACB)
#define ROUND_SINGLE(name)		    OPERATION(name, FPSCR_RSP, FRB)
#define ROUND_INTEGRAL(name, how)	    OPERATION(name, FPSCR_RINT_##how, FRB)
#define FROM_INTEGER(name, kind, type)	    OPERATION(name, FPSCR_FROM_##type | KIND_##kind, FRB)
#define TO_INTEGER(name, type, how)                                                                \
	RULE(name)                                                                                 \
	{                                                                                          \
		return b_fp_to_integer(t, FPSCR_TO_##type##_##how, op->t, op->b, false);           \
	}
#define SIGN_MOVE(name, sign)                                                                      \
	RULE(name)                                                                                 \
	{                                                                                          \
		return b_fp_sign(t, B_SIGN_##sign, op->t, op->a, op->b);                           \
	}
#define COMPARISON(name, fn)                                                                       \
	RULE(name)                                                                                 \
	{                                                                                          \
		return b_fp_compare(t, op->t, op->a, op->b);                                       \
	}
#include "cpu/insn/fp.sem"
#undef FUSED

RULE(fsel)
{
	return b_fp_select(t, op->t, op->a, op->c, op->b);
}

/* --- vsx.sem --- */

#define OPERATION_V(name, code, ...)                                                               \
	RULE(name)                                                                                 \
	{                                                                                          \
		return b_fp_vector(t, code, op->t, (u8[]){__VA_ARGS__});                           \
	}
#define FOUR(operation, code, ...)                                                                 \
	OPERATION(xs##operation##dp, code, __VA_ARGS__)                                            \
	OPERATION(xs##operation##sp, code | FPSCR_SINGLE, __VA_ARGS__)                             \
	OPERATION_V(xv##operation##dp, code, __VA_ARGS__)                                          \
	OPERATION_V(xv##operation##sp, code | FPSCR_SINGLE, __VA_ARGS__)

#define BINARY(operation, code)		 FOUR(operation, FPSCR_##code, op->a, op->b)
#define UNARY(operation, code)		 FOUR(operation, FPSCR_##code, op->b)
#define FUSED(operation, code, mul, add) FOUR(operation, FPSCR_##code, op->a, op->mul, op->add)
#include "cpu/insn/vsx/vsx.sem"

#define EXTREME(name, ...)                                                                         \
	RULE(name)                                                                                 \
	{                                                                                          \
		return b_fp_extreme(t, (struct b_extreme){__VA_ARGS__}, op->t, op->a, op->b);      \
	}
EXTREME(xsmaxdp, .smaller = false)
EXTREME(xsmindp, .smaller = true)
EXTREME(xvmaxdp, .whole = true)
EXTREME(xvmindp, .whole = true, .smaller = true)
EXTREME(xvmaxsp, .whole = true, .singles = true)
EXTREME(xvminsp, .whole = true, .singles = true, .smaller = true)

#define MASK(name, rel, singles, record)                                                           \
	RULE(name)                                                                                 \
	{                                                                                          \
		return b_fp_mask(t, B_FP_##rel, singles, record, op->t, op->a, op->b);             \
	}
#define MASKS(name, rel)                                                                           \
	MASK(name##dp, rel, false, false)                                                          \
	MASK(name##dp_rc, rel, false, true)                                                        \
	MASK(name##sp, rel, true, false)                                                           \
	MASK(name##sp_rc, rel, true, true)
MASKS(xvcmpeq, EQ)
MASKS(xvcmpgt, GT)
MASKS(xvcmpge, GE)

ROUND_SINGLE(xsrsp)
ROUND_INTEGRAL(xsrdpi, AWAY)
ROUND_INTEGRAL(xsrdpiz, ZERO)
ROUND_INTEGRAL(xsrdpip, UP)
ROUND_INTEGRAL(xsrdpim, DOWN)
FROM_INTEGER(xscvsxddp, D, S64)
FROM_INTEGER(xscvuxddp, D, U64)
FROM_INTEGER(xscvsxdsp, S, S64)
FROM_INTEGER(xscvuxdsp, S, U64)
TO_INTEGER(xscvdpsxds, S64, ZERO)
TO_INTEGER(xscvdpuxds, U64, ZERO)
SIGN_MOVE(xsabsdp, CLEAR)
SIGN_MOVE(xsnabsdp, SET)
SIGN_MOVE(xsnegdp, INVERT)
SIGN_MOVE(xscpsgndp, COPY)
COMPARISON(xscmpudp, cmpu)
COMPARISON(xscmpodp, cmpo)

RULE(xscvdpsxws)
{
	return b_fp_to_integer(t, FPSCR_TO_S32_ZERO, op->t, op->b, true);
}

RULE(xscvdpuxws)
{
	return b_fp_to_integer(t, FPSCR_TO_U32_ZERO, op->t, op->b, true);
}

OPERATION(xscvspdp, FPSCR_WIDEN, op->b)
OPERATION(xscvdpsp, FPSCR_NARROW, op->b)

/* Without exceptions: what a load or store of a single does. */
RULE(xscvspdpn)
{
	if (!b_has_fp(t))
		return false;
	b_set_single(t, op->t, b_rotate(t, b_vsr_doubleword(t, op->b), 32, 0xffffffff), true);
	return true;
}

RULE(xscvdpspn)
{
	if (!b_has_fp(t))
		return false;
	b_set_fpr(t, op->t, b_rotate_word(t, b_single(t, op->b), 0, ~0ull));
	return true;
}

#define CONVERSION(name, how)                                                                      \
	RULE(name)                                                                                 \
	{                                                                                          \
		return b_fp_convert(t, B_FP_##how, op->t, op->b);                                  \
	}
CONVERSION(xvcvsxwdp, WORDS_TO_DOUBLES)
CONVERSION(xvcvsxwsp, WORDS_TO_SINGLES)
CONVERSION(xvcvsxddp, INTEGERS_TO_DOUBLES)
CONVERSION(xvcvspdp, WIDEN)
CONVERSION(xvcvdpsp, NARROW)

#define INTEGRAL(name, op_)                                                                        \
	RULE(name)                                                                                 \
	{                                                                                          \
		return b_fp_integral(t, op_, op->t, op->b);                                        \
	}
INTEGRAL(xvrdpiz, FPSCR_RINT_ZERO)
INTEGRAL(xvrdpip, FPSCR_RINT_UP)
INTEGRAL(xvrdpim, FPSCR_RINT_DOWN)
INTEGRAL(xvrspiz, FPSCR_RINT_ZERO | FPSCR_SINGLE)
INTEGRAL(xvrspip, FPSCR_RINT_UP | FPSCR_SINGLE)
INTEGRAL(xvrspim, FPSCR_RINT_DOWN | FPSCR_SINGLE)

/* --- VMX --- */

#define VMX(r) (u8)(op->r + 32)
#define OPERATION_VMX(name, code, ...)                                                             \
	RULE(name)                                                                                 \
	{                                                                                          \
		return b_vmx_fp(t, code, VMX(t), (u8[]){__VA_ARGS__});                             \
	}
OPERATION_VMX(vaddfp, FPSCR_ADD, VMX(a), VMX(b))
OPERATION_VMX(vsubfp, FPSCR_SUB, VMX(a), VMX(b))
OPERATION_VMX(vmaddfp, FPSCR_MADD, VMX(a), VMX(c), VMX(b))
OPERATION_VMX(vnmsubfp, FPSCR_NMSUB, VMX(a), VMX(c), VMX(b))

/* --- finding them --- */

#undef ARITH_2
#undef ARITH_1
#undef FUSED
#undef ROUND_SINGLE
#undef ROUND_INTEGRAL
#undef TO_INTEGER
#undef FROM_INTEGER
#undef SIGN_MOVE
#undef COMPARISON
#undef BINARY
#undef UNARY

#define ARITH_2(name, ...)	  SAME(name),
#define ARITH_1(name, ...)	  SAME(name),
#define FUSED(name, ...)	  SAME(name),
#define ROUND_SINGLE(name)	  SAME(name),
#define ROUND_INTEGRAL(name, how) SAME(name),
#define TO_INTEGER(name, ...)	  SAME(name),
#define FROM_INTEGER(name, ...)	  SAME(name),
#define SIGN_MOVE(name, sign)	  SAME(name),
#define COMPARISON(name, fn)	  SAME(name),
#define BOTH(o)			  SAME(o##dp), SAME(o##sp),
#define ALL(o)			  BOTH(xs##o) BOTH(xv##o)
#define ALL_MASKS(o)		  SAME(o##dp), SAME(o##dp_rc), SAME(o##sp), SAME(o##sp_rc),
#define BINARY(operation, code)	  ALL(operation)
#define UNARY(operation, code)	  ALL(operation)

const struct rule fp_rules[] = {
#include "cpu/insn/fp.sem"
#undef FUSED
#define FUSED(operation, ...) ALL(operation)
#include "cpu/insn/vsx/vsx.sem"
    SAME(xscvspdp),   SAME(xscvdpsp),
    SAME(xscvspdpn),  SAME(xscvdpspn),
    SAME(xvcvsxwdp),  SAME(xvcvsxwsp),
    SAME(xvcvsxddp),  SAME(xvcvspdp),
    SAME(xvcvdpsp),   SAME(xvrdpiz),
    SAME(xvrdpip),    SAME(xvrdpim),
    SAME(xvrspiz),    SAME(xvrspip),
    SAME(xvrspim),    SAME(vaddfp),
    SAME(vsubfp),     SAME(vmaddfp),
    SAME(vnmsubfp),   ALL_MASKS(xvcmpeq) ALL_MASKS(xvcmpgt) ALL_MASKS(xvcmpge) SAME(xsmaxdp),
    SAME(xsmindp),    SAME(xvmaxdp),
    SAME(xvmindp),    SAME(xvmaxsp),
    SAME(xvminsp),    SAME(fsel),
    SAME(xsrsp),      SAME(xsrdpi),
    SAME(xsrdpiz),    SAME(xsrdpip),
    SAME(xsrdpim),    SAME(xscvsxddp),
    SAME(xscvuxddp),  SAME(xscvsxdsp),
    SAME(xscvuxdsp),  SAME(xscvdpsxds),
    SAME(xscvdpuxds), SAME(xscvdpsxws),
    SAME(xscvdpuxws), SAME(xsabsdp),
    SAME(xsnabsdp),   SAME(xsnegdp),
    SAME(xscpsgndp),  SAME(xscmpudp),
    SAME(xscmpodp),
};
const unsigned fp_rules_nr = ARRAY_SIZE(fp_rules);
