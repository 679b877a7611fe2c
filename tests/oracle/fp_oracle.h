/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an instruction of binary floating point does to registers, from the text of Power ISA 2.07B
 * and nothing else: rows (fp_rows.def) and the functions that they name.
 */
#ifndef TESTS_ORACLE_FP_ORACLE_H
#define TESTS_ORACLE_FP_ORACLE_H

#include "../isa/vector.h"
#include "fp_number.h"

/*
 * Registers before and after, and the bits that the architecture leaves undefined (1: not
 * compared).
 */
struct fp_machine {
	struct isa_state *state; /* changed as the instruction does */
	/* What the product made of it, or NULL: for estimates, which have bounds. */
	const struct isa_state *got;
	u64 vsr_unknown[64][2];
	u64 fpscr_unknown, cr_unknown, vscr_unknown;
	bool unknown; /* nothing can be said */
	u64 *memory;  /* the windows' words (vector.h), in the guest's order */
	bool big;     /* which is big-endian */
};

enum shape { SHAPE_F, SHAPE_XS, SHAPE_XV, SHAPE_V };
enum element { E_DOUBLE, E_SINGLE, E_LONG, E_WORD };
enum effect {
	SETS_ALL, /* FR, FI and FPRF */
	SETS_FI,  /* FR and FI; FPRF becomes undefined */
	SETS_NONE,
};

struct fp_row;

struct fp_lane {
	u64 in[3];
	u64 got; /* what the product's result is, for estimates */
	u64 out;
	u64 out_unknown; /* bits */
	struct fp_status s;
	u64 fpscr_unknown;
	/* VMX: the immediate, and what happens to VSCR. */
	unsigned immediate;
	bool flush; /* VSCR[NJ]: denormalized numbers are zeros */
	bool saturated, saturated_unknown;
};

struct fp_row {
	const char *mnemonic;
	void (*run)(const struct fp_row *row, u32 insn, struct fp_machine *m);
	void (*lane)(const struct fp_row *row, struct fp_lane *lane);
	enum shape shape;
	/* Of each lane: the fields A, B, C and the target's T, in the order of in[]. */
	const char *operands;
	int op;
	enum element from, to;
	const struct format *format; /* of the result's precision */
	enum effect effect;
	bool alone; /* no part of random programs: its result has bounds only, or is in memory */
};

extern const struct fp_row fp_rows[];
extern const unsigned fp_rows_count;
/* NULL: none. */
const struct fp_row *fp_row_find(const char *mnemonic);
/* Why a row of the product's table isn't checked; NULL: it must be. */
const char *fp_unchecked(const char *mnemonic);

/* --- fields and registers (fp_machine.c) --- */
struct fp_fields {
	unsigned t, a, b, c;
};
struct fp_fields fp_fields(enum shape shape, u32 insn);
u32 insn_bits(u32 insn, unsigned first, unsigned last);
unsigned fp_lanes(const struct fp_row *row);
u64 fp_lane_get(const struct isa_state *state, unsigned reg, unsigned lane, enum element e,
		unsigned lanes);
void fp_lane_put(struct isa_state *state, unsigned reg, unsigned lane, enum element e,
		 unsigned lanes, u64 value);

/* Exceptions are noted: sticky bits, FX, and the summaries VX and FEX. */
u64 fpscr_raise(u64 fpscr, u64 raised);
u64 fpscr_summaries(u64 fpscr);
/* The record form: CR1 is FX, FEX, VX, OX. */
void fp_record(u32 insn, struct fp_machine *m);
/* A field of CR, and which of its bits are undefined. */
void cr_put(struct fp_machine *m, unsigned field, unsigned value, unsigned unknown);

/* --- what rows name --- */
typedef void fp_run(const struct fp_row *row, u32 insn, struct fp_machine *m);
typedef void fp_lane_fn(const struct fp_row *row, struct fp_lane *lane);

fp_run run_lanes; /* scalars and VSX */
fp_run run_vmx, run_vmx_compare;
fp_run run_compare, run_test, run_vector_compare;
fp_run run_mffs, run_mcrfs, run_mtfsfi, run_mtfsf, run_mtfsb;
enum { AS_SINGLE, AS_DOUBLE, AS_WORD, AS_SIGNED, AS_PAIR };
fp_run run_load, run_store;

enum { ADD, SUB, MUL, DIV, SQRT, MADD, MSUB, NMADD, NMSUB, CONVERT };
fp_lane_fn lane_arith;
/* op: enum round_mode, or by RN: */
enum { BY_RN = 8 };
fp_lane_fn lane_integral, lane_to_integer, lane_from_integer;
enum { UNSIGNED = 16 }; /* or-ed to op */
enum { ABS, NABS, NEG, COPY_SIGN, MOVE, SELECT, MERGE_EVEN, MERGE_ODD };
fp_lane_fn lane_bits;
fp_lane_fn lane_no_check; /* xscvspdpn, xscvdpspn */
enum { MAXIMUM, MINIMUM };
fp_lane_fn lane_extreme;
enum { RECIPROCAL, RECIPROCAL_ROOT, LOGARITHM, POWER_OF_TWO };
fp_lane_fn lane_estimate, lane_function;
enum { EQUAL, GREATER_EQUAL, GREATER, BOUNDS };
enum { ORDERED, UNORDERED };
enum { TEST_DIVIDE, TEST_ROOT };
fp_lane_fn lane_vmx_extreme, lane_vmx_to_integer, lane_vmx_from_integer;
#define WITHIN(bits)                                                                               \
	((bits) << 8) /* or-ed to an estimate's op: its error is at most 2^-bits of it */

/* --- shared by them (fp_arith.c) --- */
const struct format *element_format(enum element e);
void lane_read(const struct fp_row *row, const struct fp_lane *lane, unsigned i, struct number *n);
/* Writes @n, which is rounded, as the row's element, and its class. */
void lane_write(const struct fp_row *row, struct fp_lane *lane, struct number *n);
/* The NaN that an operation on @n[0..count-1] gives, if one is a NaN: raises VXSNAN. */
bool choose_nan(const struct number *n, unsigned count, struct number *r, struct fp_status *s);
/*
 * The operation, unrounded; NaNs and infinities too. Exceptions but those of rounding are raised.
 */
void arith(int op, const struct number *n, struct number *r, struct fp_status *s);

#endif
