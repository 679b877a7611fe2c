/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes between the differential test and the runner, the program that executes instructions
 * under the other implementation: over a pipe, in the runner's byte order. Layouts are known to
 * runner_stub.S too.
 */
#ifndef TESTS_ISA_VECTOR_H
#define TESTS_ISA_VECTOR_H

/* Where things are in the test's address space. */
#define AREA_BASE                                                                                  \
	0x01000000 /* of the runner's fixed area, which a branch to an absolute address can reach  \
		    */
#define TEST_CODE  0x01010000 /* the code under test, with traps for 64 KiB on both sides */
#define TRAPS_FROM 0x01000000
#define TRAPS_TO   0x01020000
#define STUB_BASE  0x01020000
#define STATE_PAGE 0x01030000
#define AREA_END   0x01040000
#define DATA_BASE                                                                                  \
	0x4000 /* two pages, low enough for a displacement from zero; nothing is mapped behind */
#define DATA_PAGE 0x1000
#define DATA_END  0x6000
#define DATA_WORDS ((DATA_END - DATA_BASE) / 8)

/* The memory that tests aim at and that is compared: around the boundary of the two pages, and at
 * the end. */
#define WINDOW0	     0x4e00
#define WINDOW0_SIZE 0x400
#define WINDOW1	     0x5e00
#define WINDOW1_SIZE 0x200

/* Offsets in struct isa_state, for assembler. */
#define STATE_CR    256
#define STATE_XER   264
#define STATE_LR    272
#define STATE_CTR   280
#define STATE_TAR   288
#define STATE_FPSCR 296
#define STATE_VSCR  304
#define STATE_VSR   320

#define STATE_OUT     0x1000 /* offsets in the state page: the state after, */
#define STATE_SAVE    0x2000 /* the runner's own registers, */
#define STATE_RESERVE	0x3000 /* a doubleword to lose reservations on, */
#define STATE_VSCR_PAIR 0x3010 /* and a quadword on the VSCR's way where there is no VSX */

#define STUB_EXIT 0x1000 /* offset of the way out in the stub */

#ifndef __ASSEMBLER__
#include <stdint.h>

struct isa_state {
	uint64_t gpr[32];
	uint64_t cr, xer, lr, ctr, tar, fpscr, vscr, unused;
	uint64_t vsr[64][2];
};

#define WINDOW_WORDS ((WINDOW0_SIZE + WINDOW1_SIZE) / 8)
#define VECTORS_MAX  16 /* in a batch */
#define CODE_MAX     1024
#define CHANGES_MAX  32

/* Code, the windows' contents before each vector, and how many vectors (struct isa_state) follow; 0
 * vectors: the end. */
struct isa_batch {
	uint64_t vectors;
	uint64_t code_words;
	/* Put a way out behind the code; else there is a trap as everywhere. */
	uint64_t fall_through;
	/* Both pages are compared, by their digest; outside the windows they are zero before. */
	uint64_t whole_pages;
	uint64_t mem[WINDOW_WORDS];
	uint32_t code[CODE_MAX];
};

/* The signal (Linux's number), 0: none. */
struct isa_result {
	struct isa_state state;
	uint64_t signal;
	uint64_t nip;
	uint64_t changes; /* doublewords of the windows that differ from before; the first
			     CHANGES_MAX follow */
	uint64_t digest;  /* of both pages, if they are compared as a whole */
	struct {
		uint64_t address, value;
	} change[CHANGES_MAX];
};

static inline uint64_t isa_digest(const volatile uint64_t *words, unsigned count)
{
	uint64_t digest = 0;

	for (unsigned i = 0; i < count; i++)
		digest = (digest ^ words[i]) * 0x9e3779b97f4a7c15ull ^ digest >> 29;
	return digest;
}
#endif

#endif
