/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long random programs for a whole processor: loops, calls, branches of all kinds, accesses to
 * memory next to each other and by registers that move, reservations, code that patches itself, and
 * what a supervisor does. Every program ends, whatever its registers hold.
 *
 * A program begins on the page at TEST_CODE, and may reach into the next. It works on the two pages
 * from DATA_BASE on (vector.h).
 */
#ifndef TESTS_ISA_PROGRAM_H
#define TESTS_ISA_PROGRAM_H

#include "generate.h"

#define PROGRAM_MAX 1000u /* words */

/* Registers that programs don't use for their numbers. */
enum {
	R_LOOP = 21, /* counters of loops, one for each depth */
	R_SCRATCH = 24,
	R_LR = 25,	/* what LR was, in functions that call others */
	R_PROGRAM = 26, /* where it begins */
	R_ROUNDS = 27,	/* through the whole that are left */
	R_MOVING = 28,	/* updated, or walking */
	R_INDEX = 29,
	R_BASE = 30,
	R_SECOND = 31, /* another place, or the same another way */
};

struct program_kind {
	bool supervisor; /* tries to change the machine state, and goes on after interrupts */
	bool narrow;	 /* begins in 32-bit mode */
	bool little_endian;
	/* To be compared with the peer: ends at an interrupt, leaves out what the peer does in its
	 * own way. */
	bool peer;
};

struct program {
	struct program_kind kind;
	unsigned origin; /* bytes behind TEST_CODE where it begins; 0 with the peer */
	u32 code[PROGRAM_MAX];
	unsigned n;
};

#define NOP 0x60000000u

/* Nothing changes to 64-bit mode, where upper halves of addresses and counters would matter. */
static inline bool upper_halves_vary(const struct program_kind *kind)
{
	return kind->narrow && !kind->supervisor;
}

struct program_state {
	struct isa_state user;
	u64 msr;
	bool counts; /* the performance monitor counts instructions */
	u64 mem[WINDOW_WORDS]; /* the rest of the two pages is zero */
};

/* Other ways to the two pages, but for the peer. */
#define ALIAS_EA     0xc000000000000000ull /* plus DATA_BASE: the two pages, the second first */
#define VSID_ALIAS   0x20ull
#define READ_ONLY_EA 0x7000u /* the second page, not to be written */

/* Both follow from @rng alone. */
void program_generate(struct rng *rng, const struct program_kind *kind, struct program *p);
void program_generate_state(struct rng *rng, const struct program *p, struct program_state *state);

#endif
