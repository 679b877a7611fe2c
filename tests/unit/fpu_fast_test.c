/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fast tier of the floating-point arithmetic against the integer one: same result, same FPSCR,
 * from any FPSCR before; with and without the host's fused multiply-add.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/bits.h"

static bool without_fma;
#define FPU_X86_HAS_FMA() (!without_fma && __builtin_cpu_supports("fma"))
#include "cpu/fp/fpu.h"
#include "fpu_operands.h"

enum op {
	ADD,
	SUB,
	MUL,
	DIV,
	SQRT,
	MADD,
	MSUB,
	NMADD,
	NMSUB,
	RSP,
	RINT,
	TO_INT,
	FROM_INT,
	CMP,
	VCMP,
	MAX,
	MIN,
	OPS
};

static const char *const op_names[] = {"add",	   "sub",   "mul",   "div", "sqrt", "madd",
				       "msub",	   "nmadd", "nmsub", "rsp", "rint", "to_int",
				       "from_int", "cmp",   "vcmp",  "max", "min"};

/*
 * Ways of rounding and types of integers are taken from an operand that the operation does not use.
 */
#define HOW(v)	((enum fpu_round)((v) % 6))
#define TYPE(v) ((enum fpu_int)((v) >> 8 & 3))
#define REL(v)	((enum fpu_rel)((v) % 3))

/* Once for each kind, since the fast tier is written to be inlined with a constant kind. */
static inline __attribute__((always_inline)) bool fast_of(enum op op, enum fpu_kind kind,
							  u64 *fpscr, u64 a, u64 b, u64 c, u64 *r)
{
	switch (op) {
	case ADD:
		return fpu_add(fpscr, kind, a, b, r);
	case SUB:
		return fpu_sub(fpscr, kind, a, b, r);
	case MUL:
		return fpu_mul(fpscr, kind, a, b, r);
	case DIV:
		return fpu_div(fpscr, kind, a, b, r);
	case SQRT:
		return fpu_sqrt(fpscr, kind, a, r);
	case RSP:
		return fpu_rsp(fpscr, a, r);
	case RINT:
		return fpu_rint(fpscr, kind, HOW(c), a, r);
	case TO_INT:
		return fpu_to_int(fpscr, kind, TYPE(c), HOW(c), a, r);
	case FROM_INT:
		return fpu_from_int(fpscr, kind, TYPE(c), a, r);
	case CMP:
		*r = c & 1 ? fpu_cmpu(fpscr, a, b) : fpu_cmpo(fpscr, a, b);
		return true;
	case VCMP:
		return fpu_vcmp(fpscr, kind, REL(c), a, b, r);
	case MAX:
		return fpu_max(fpscr, kind, a, b, r);
	case MIN:
		return fpu_min(fpscr, kind, a, b, r);
	default:
		return fpu_madd(fpscr, kind, a, b, c, op - MADD, r);
	}
}

static bool fast(enum op op, enum fpu_kind kind, u64 *fpscr, u64 a, u64 b, u64 c, u64 *r)
{
	switch (kind) {
	case FPU_D:
		return fast_of(op, FPU_D, fpscr, a, b, c, r);
	case FPU_S:
		return fast_of(op, FPU_S, fpscr, a, b, c, r);
	case FPU_VD:
		return fast_of(op, FPU_VD, fpscr, a, b, c, r);
	default:
		return fast_of(op, FPU_VS, fpscr, a, b, c, r);
	}
}

static bool soft(enum op op, enum fpu_kind kind, u64 *fpscr, u64 a, u64 b, u64 c, u64 *r)
{
	switch (op) {
	case ADD:
		return fpu_soft_add(fpscr, kind, a, b, r);
	case SUB:
		return fpu_soft_sub(fpscr, kind, a, b, r);
	case MUL:
		return fpu_soft_mul(fpscr, kind, a, b, r);
	case DIV:
		return fpu_soft_div(fpscr, kind, a, b, r);
	case SQRT:
		return fpu_soft_sqrt(fpscr, kind, a, r);
	case RSP:
		return fpu_soft_rsp(fpscr, a, r);
	case RINT:
		return fpu_soft_rint(fpscr, kind, HOW(c), a, r);
	case TO_INT:
		return fpu_soft_to_int(fpscr, kind, TYPE(c), HOW(c), a, r);
	case FROM_INT:
		return fpu_soft_from_int(fpscr, kind, TYPE(c), a, r);
	case CMP:
		*r = c & 1 ? fpu_soft_cmpu(fpscr, a, b) : fpu_soft_cmpo(fpscr, a, b);
		return true;
	case VCMP:
		return fpu_soft_vcmp(fpscr, kind, REL(c), a, b, r);
	case MAX:
		return fpu_soft_max(fpscr, kind, a, b, r);
	case MIN:
		return fpu_soft_min(fpscr, kind, a, b, r);
	default:
		return fpu_soft_madd(fpscr, kind, a, b, c, op - MADD, r);
	}
}

static void check(enum op op, enum fpu_kind kind, u64 fpscr, u64 a, u64 b, u64 c)
{
	u64 fpscr_fast = fpscr, fpscr_soft = fpscr, r_fast = 0x5555, r_soft = 0x5555;
	bool written_fast = fast(op, kind, &fpscr_fast, a, b, c, &r_fast);
	bool written_soft = soft(op, kind, &fpscr_soft, a, b, c, &r_soft);

	if (r_fast != r_soft || fpscr_fast != fpscr_soft || written_fast != written_soft)
		fail_msg("%s kind %d %016llx %016llx %016llx fpscr %08llx: "
			 "fast %016llx %08llx, soft %016llx %08llx",
			 op_names[op], (int)kind, (unsigned long long)a, (unsigned long long)b,
			 (unsigned long long)c, (unsigned long long)fpscr,
			 (unsigned long long)r_fast, (unsigned long long)fpscr_fast,
			 (unsigned long long)r_soft, (unsigned long long)fpscr_soft);
}

/* Mostly what programs run with: nothing enabled, to nearest; XX set or not. */
static u64 random_fpscr(void)
{
	u64 v = random64();

	switch (v >> 60) {
	case 0:
		return fpu_summarize(v & (FPSCR_EXCEPTIONS | FPSCR_FPRF | FPSCR_FR | FPSCR_FI |
					  FPSCR_ENABLES | FPSCR_RN));
	case 1:
		return fpu_summarize(v & (FPSCR_EXCEPTIONS | FPSCR_ENABLES));
	default:
		return v & (FPSCR_XX | FPSCR_FPRF | FPSCR_FR | FPSCR_FI);
	}
}

static void check_random(unsigned i)
{
	enum fpu_kind kind = i & 3;
	enum op op = (i >> 2) % OPS;
	bool single = kind == FPU_VS;
	u64 a = single ? random_single() : random_double();
	u64 b = single ? random_single() : random_double();
	u64 c = single ? random_single() : random_double();
	u64 how = random64();

	/* Operations that results of single precision in double format make no sense of. */
	if (kind == FPU_S && op >= RINT && op != FROM_INT)
		kind = FPU_D;

	/* What a compiler of singles gives: double format, single values. */
	if (kind == FPU_S && how & 0xc) {
		a = fpu_load_single((u32)(a >> 32));
		b = fpu_load_single((u32)(b >> 32));
		c = fpu_load_single((u32)(c >> 32));
	}
	/* Cancellation, and ties. */
	if ((how & 3) == 1)
		c = single ? float_bits(as_float((u32)a) * as_float((u32)b)) ^ (how >> 8 & 3)
			   : double_bits(as_double(a) * as_double(b)) ^ (how >> 8 & 3);
	else if ((how & 3) == 2 && op <= SUB)
		b = a ^ (how >> 8 & 0x8000000000000003ull);
	if (op == FROM_INT) {
		a = random64();
		a = (s64)a >> (how >> 16 & 63);
	}
	if (op == CMP || op == VCMP || op == MAX || op == MIN) {
		if (how >> 24 & 1)
			b = a;
	}
	if (op >= RINT)
		c = how >> 32;
	check(op, kind, random_fpscr(), a, b, c);
}

static void test_random(void **state)
{
	for (unsigned i = 0; i < 8000000; i++)
		check_random(i);
}

static void test_without_fma(void **state)
{
#if defined(__x86_64__) && !defined(__FP_FAST_FMA)
	without_fma = true;
	for (unsigned i = 0; i < 2000000; i++)
		check_random(i);
	without_fma = false;
#else
	skip();
#endif
}

static void test_edges(void **state)
{
	for (enum op op = 0; op < OPS; op++) {
		for (size_t i = 0; i < ARRAY_SIZE(edge_doubles); i++) {
			for (size_t j = 0; j < ARRAY_SIZE(edge_doubles); j++) {
				for (unsigned k = 0; k < 8; k++)
					check(op,
					      op < RINT ? k % 3
					      : k & 1	? FPU_D
							: FPU_VD,
					      random_fpscr(), edge_doubles[i], edge_doubles[j],
					      op < RINT ? edge_doubles[random64() %
								       ARRAY_SIZE(edge_doubles)]
							: random64());
			}
		}
		for (size_t i = 0; i < ARRAY_SIZE(edge_singles); i++) {
			for (size_t j = 0; j < ARRAY_SIZE(edge_singles); j++) {
				for (unsigned k = 0; k < 4; k++)
					check(op, FPU_VS, random_fpscr(), edge_singles[i],
					      edge_singles[j],
					      op < RINT ? edge_singles[random64() %
								       ARRAY_SIZE(edge_singles)]
							: random64());
			}
		}
	}
}

/* Products and sums of few bits around rounding boundaries of single precision: double rounding
 * shows here. */
static void test_double_rounding(void **state)
{
	for (unsigned i = 0; i < 1000000; i++) {
		u64 v = random64();
		u64 a = 0x3ff0000000000000ull | (v & 7) << 49 | (v >> 3 & 3) << 28;
		u64 b = (0x3ff0000000000000ull - ((v >> 8 & 63) << 52)) | (v >> 16 & 3);
		u64 c = (0x3ff0000000000000ull - ((v >> 24 & 127) << 52)) | (v >> 32 & 1) << 63;
		u64 fpscr = v >> 40 & 1 ? FPSCR_XX : 0;

		check(v >> 48 & 1, FPU_S, fpscr, a, b, c);
		check(MUL + (v >> 48 & 1), FPU_S, fpscr, a, b, c);
		check(MADD + (v >> 48 & 3), FPU_S, fpscr, a, b, c);
		check(RSP, FPU_S, fpscr, a, b, c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_edges),
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_without_fma),
	    cmocka_unit_test(test_double_rounding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
