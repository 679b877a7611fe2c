/* SPDX-License-Identifier: Apache-2.0 */
/* The FPSCR as a processor keeps it: what the last operations left to be set. */
#include "cpu/fp/fpu.h"

static void round_to_integral(u64 *bits, enum fpscr_op op, u64 b, u64 *r)
{
	static const u8 how[] = {FPU_ROUND_AWAY, FPU_ROUND_ZERO, FPU_ROUND_UP, FPU_ROUND_DOWN};

	fpu_rint(bits, FPU_D, (enum fpu_round)how[op - FPSCR_RINT_AWAY], b, r);
}

static void to_integer(u64 *bits, enum fpscr_op op, u64 b, u64 *r)
{
	static const struct {
		u8 type, how;
	} as[] = {
	    {FPU_S32, FPU_ROUND_ZERO}, {FPU_U32, FPU_ROUND_ZERO},    {FPU_S64, FPU_ROUND_ZERO},
	    {FPU_U64, FPU_ROUND_ZERO}, {FPU_S32, FPU_ROUND_CURRENT}, {FPU_S64, FPU_ROUND_CURRENT},
	};
	unsigned i = op - FPSCR_TO_S32_ZERO;

	fpu_to_int(bits, FPU_D, (enum fpu_int)as[i].type, (enum fpu_round)as[i].how, b, r);
}

/* @last once more: it finds the sticky bits set that it set, and the same enables. */
static void redo(u64 *bits, u8 last, const u64 *v)
{
	enum fpu_kind kind = last & FPSCR_SINGLE ? FPU_S : FPU_D;
	enum fpscr_op op = (enum fpscr_op)(last & ~FPSCR_SINGLE);
	u64 r;

	switch (op) {
	case FPSCR_ADD:
		fpu_add(bits, kind, v[0], v[1], &r);
		break;
	case FPSCR_SUB:
		fpu_sub(bits, kind, v[0], v[1], &r);
		break;
	case FPSCR_MUL:
		fpu_mul(bits, kind, v[0], v[1], &r);
		break;
	case FPSCR_DIV:
		fpu_div(bits, kind, v[0], v[1], &r);
		break;
	case FPSCR_SQRT:
		fpu_sqrt(bits, kind, v[0], &r);
		break;
	case FPSCR_MADD:
	case FPSCR_MSUB:
	case FPSCR_NMADD:
	case FPSCR_NMSUB:
		fpu_madd(bits, kind, v[0], v[1], v[2], op - FPSCR_MADD, &r);
		break;
	case FPSCR_RSP:
		fpu_rsp(bits, v[0], &r);
		break;
	case FPSCR_WIDEN:
		fpu_single_to_double(bits, FPU_D, (u32)(v[0] >> 32), &r);
		break;
	case FPSCR_NARROW:
		fpu_double_to_single(bits, FPU_D, v[0], &r);
		break;
	case FPSCR_FROM_S64:
	case FPSCR_FROM_U64:
		fpu_from_int(bits, kind, op == FPSCR_FROM_S64 ? FPU_S64 : FPU_U64, v[0], &r);
		break;
	case FPSCR_COMPARE:
		fpu_cmpu(bits, v[0], v[1]);
		break;
	case FPSCR_NOTHING:
		break;
	default:
		if (op >= FPSCR_TO_S32_ZERO)
			to_integer(bits, op, v[0], &r);
		else
			round_to_integral(bits, op, v[0], &r);
	}
}
_Static_assert(FPU_NEG_ADDEND == FPSCR_MSUB - FPSCR_MADD &&
		   FPU_NEG_RESULT == FPSCR_NMADD - FPSCR_MADD,
	       "redo() takes one for the other");

u64 fpscr_get(const struct fpscr *f)
{
	u64 bits = f->bits;

	for (unsigned kind = 0; f->pending && kind < FPSCR_KINDS; kind++)
		redo(&bits, f->last[kind], f->operands + FPSCR_FIRST(kind));
	return bits;
}

#ifdef __x86_64__
static bool host_was_inexact(void)
{
	return __builtin_ia32_stmxcsr() & 0x20;
}
#else
static bool host_was_inexact(void)
{
	return false; /* nobody leaves XX to the host there */
}
#endif

void fpscr_leave(struct fpscr *f)
{
	if (!f->exact)
		return;
	f->exact = 0;
	f->quiet = host_was_inexact();
	if (f->quiet)
		fpu_raise(&f->bits, FPSCR_XX);
}

void fpscr_settle(struct fpscr *f)
{
	fpscr_leave(f);
	f->bits = fpscr_get(f);
	f->pending = 0;
}

void fpscr_set(struct fpscr *f, u64 value)
{
	f->bits = value;
	f->pending = f->exact = 0;
	f->quiet = (value & FPSCR_QUIET_MASK) == FPSCR_XX;
}
