/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A random program in the making, for the files that make it: program.c the whole, program_rows.c
 * which instructions there are to draw, program_memory.c accesses, program_branches.c branches,
 * loops and calls.
 */
#ifndef TESTS_ISA_PROGRAM_MAKING_H
#define TESTS_ISA_PROGRAM_MAKING_H

#include "program.h"

/* ---- Encodings ---- */

static inline u32 d_form(u32 opcode, u32 t, u32 a, s32 imm)
{
	return opcode << 26 | t << 21 | a << 16 | ((u32)imm & 0xffff);
}

static inline u32 x_form(u32 xo, u32 t, u32 a, u32 b)
{
	return 31u << 26 | t << 21 | a << 16 | b << 11 | xo << 1;
}

#define ADDI(t, a, imm)	 d_form(14, t, a, imm)
#define ADDIS(t, a, imm) d_form(15, t, a, imm)
#define ORI(t, a, imm)	 d_form(24, a, t, imm)
#define XORI(t, a, imm)	 d_form(26, a, t, imm)
#define XORIS(t, a, imm) d_form(27, a, t, imm)
#define LWZ(t, a, imm)	 d_form(32, t, a, imm)
#define STW(t, a, imm)	 d_form(36, t, a, imm)
#define CMPDI(f, a, imm) d_form(11, (f) << 2 | 1, a, imm)
#define XOR(t, a, b)	 x_form(316, a, t, b)
#define DCBST(b)	 x_form(54, 0, 0, b)
#define ICBI(b)		 x_form(982, 0, 0, b)
#define MFMSR(t)	 x_form(83, t, 0, 0)
#define MTMSRD(t)	 x_form(178, t, 0, 0)
#define MTMSRD_L(t)	 x_form(178, t, 1, 0)
#define SLBMTE(t, b)	 x_form(402, t, 0, b)
#define SLBIE(b)	 x_form(434, 0, 0, b)
#define SLBIA		 x_form(498, 0, 0, 0)
#define SLBMFEE(t, b)	 x_form(915, t, 0, b)
#define SLBMFEV(t, b)	 x_form(851, t, 0, b)
#define TLBIEL(b)	 x_form(274, 0, 0, b)
#define MFSPR(t, n)	 x_form(339, t, (n)&31, (n) >> 5)
#define MTSPR(n, t)	 x_form(467, t, (n)&31, (n) >> 5)
#define SYNC		 0x7c0004acu
#define ISYNC		 0x4c00012cu
#define RFID		 0x4c000024u
#define SC		 0x44000002u
#define BLR		 0x4e800020u
#define BCTR		 0x4e800420u
#define LINK		 1u
#define SLDI_63(t)	 (30u << 26 | (t) << 21 | (t) << 16 | 31u << 11 | 1u << 2 | 1u << 1)
#define SLDI_32(t)	 (30u << 26 | (t) << 21 | (t) << 16 | 31u << 6 | 1u << 2 | 1u << 1)

/* The low word of s to the high one of t: rldimi t,s,32,0. */
#define INSERT_UPPER(t, s) (30u << 26 | (s) << 21 | (t) << 16 | 3u << 2 | 1u << 1)

#define SPR_XER	 1u
#define SPR_LR	 8u
#define SPR_CTR	 9u
#define SPR_TAR	 815u
#define SPR_SRR0 26u
#define SPR_SRR1 27u

/* ---- What is drawn from (program_rows.c) ---- */

enum group { FIXED, FP, VECTOR, STORAGE, GROUPS };

/* Of a row, since programs ask often. */
struct row_traits {
	bool rare; /* it is dear, or changes much */
	bool several, string, pair;
	u8 reserves;
};

const struct row_traits *traits_of(const struct insn_row *row);
/* Finds out about all rows, before anything is drawn. */
void sort_rows(void);
/* One of a group; @peer: that the peer does as it should. */
const struct insn_row *draw_row(struct rng *rng, bool peer, enum group c);

/* ---- The program ---- */

#define CALLS_MAX 64
#define FUNCTIONS 2u

enum call_form { CALL_BL, CALL_BY_REGISTER };

struct gen {
	struct rng *rng;
	struct program *p;
	unsigned weight[GROUPS]; /* of 16 */
	bool in_function, calls, ctr_busy, patches;
	unsigned loops;	  /* that this is in */
	unsigned updates; /* of R_MOVING since it was set */
	struct {
		unsigned at, function;
		enum call_form form;
	} call[CALLS_MAX];
	unsigned n_calls;
};

static inline bool one_in(struct gen *g, unsigned n)
{
	return rng_below(g->rng, n) == 0;
}

static inline u32 any_register(struct gen *g)
{
	return rng_below(g->rng, R_LOOP);
}

/* Room for this many words, and for the program's end. */
static inline bool has_room(const struct gen *g, unsigned words)
{
	return g->p->n + words + 160 < PROGRAM_MAX;
}

static inline unsigned emit(struct gen *g, u32 insn)
{
	g->p->code[g->p->n] = insn;
	return g->p->n++;
}

/* program.c: so many words of anything; one instruction of a group. */
void items(struct gen *g, unsigned words);
void plain_of(struct gen *g, enum group c);

/* program_memory.c: R_MOVING is near R_BASE again; accesses next to each other; it moves on. */
void set_moving(struct gen *g);
void storage(struct gen *g);
void walk(struct gen *g);
void reservation(struct gen *g);

/* program_branches.c: has the branch at @at lead to @to; a BO that may be had here. */
void aim(struct gen *g, unsigned at, unsigned to);
u32 random_bo(struct gen *g);
void forward_branch(struct gen *g);
void forward_by_register(struct gen *g);
void call(struct gen *g);
void find_address(struct gen *g);
void loop(struct gen *g);

#endif
