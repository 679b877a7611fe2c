/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translations: machine code for blocks that run often.
 *
 * A translation carries out its whole block and leads on to those of other blocks. It keeps guest
 * registers in the host's, and stores them wherever it is left. What it can't do itself the
 * instruction's function does: called from within, or going on in its place (a page that the first
 * translation cache lacks, an interrupt). It gives the same bits as the functions (tests/isa
 * compares them).
 *
 * rules.h says what an instruction is translated into, builder.h what hosts have to offer for that.
 * Hosts without it, and those that allow no executable memory, run everything by the functions.
 * PAPYR_ENGINE=portable in the environment asks for that; with PAPYR_ENGINE=inline only the
 * processor's own thread translates (orders.h), with PAPYR_ENGINE=eager at once, for tests.
 */
#ifndef PAPYR_CPU_JIT_H
#define PAPYR_CPU_JIT_H

#include "cpu/engine/block.h"

struct jit;

/* With room for @bytes of code and the longest translation. NULL: there is no such tier. */
struct jit *jit_new(size_t bytes);
void jit_free(struct jit *jit);
/* Finds the memory that code wants soon. */
void jit_warm_up(struct jit *jit);
/* How often a block runs before it is compiled. */
unsigned jit_threshold(const struct jit *jit);
enum jit_result {
	JIT_NOTHING, /* the block stays as it is */
	JIT_COMPILED,
	JIT_FULL, /* there was no room: to be compiled again after jit_reset() */
};

/*
 * A block that begins so often when the clock is looked at is translated once more, at length.
 */
#define JIT_HOT 3
/* @block is about to run, and the clock was just looked at. */
void jit_sample(struct cpu *cpu, struct block *block);
/* Translates @block and makes its first op lead there. Own thread, as all here. */
enum jit_result jit_compile(struct cpu *cpu, struct block *block);
/* What is translated by order (orders.h); NULL: nothing. */
struct orders *jit_orders(const struct jit *jit);
/* What was translated by order is at @code. */
void jit_leads_to(struct jit *jit, struct block *block, const u8 *code);
/* @block is no more: who comes to its translation, by whatever way, goes to the dispatcher. */
void jit_drop(struct jit *jit, struct block *block);
/* Where a translation that goes to @block jumps to; NULL without @jit. */
const u8 *jit_code(const struct jit *jit, const struct block *block);
/* Are there translations of the instructions that @fn carries out? For tests. */
bool jit_has_rule(op_fn *fn);
/* All blocks are gone: the code's memory is used anew. */
void jit_reset(struct jit *jit);

#endif
