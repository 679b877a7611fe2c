/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A faster tier: machine code for runs of frequent instructions in blocks that run often.
 *
 * Generated code is called just as an instruction's function is, op_fn: the op is the first of a
 * run of instructions, the code carries all of them out and goes on with the op after them. So
 * blocks mix both freely: what the tier does not know, or what misses the translation cache, its
 * own function does. Nothing but op.fn of a run's first op is changed, registers live in struct cpu
 * between any two instructions, and the tier gives the same bits as the functions (tests/isa
 * compares them).
 *
 * Hosts without such a tier, and those that allow no executable memory, run everything by the
 * functions. PAPYR_ENGINE=portable in the environment asks for that; PAPYR_ENGINE=eager generates
 * at once, for tests.
 */
#ifndef PAPYR_CPU_JIT_H
#define PAPYR_CPU_JIT_H

#include "cpu/engine/block.h"

struct jit;

#define JIT_BYTES ((size_t)32 << 20) /* of generated code, unless a test wants less */

/* With room for @bytes of code. NULL: there is no such tier here. */
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

/* Generates what it can for @block, and changes its ops' functions. Own thread. */
enum jit_result jit_compile(struct jit *jit, struct block *block);
/* Is there generated code for the instructions that @fn carries out? For tests. */
bool jit_has_rule(op_fn *fn);
/* All blocks are gone: the code's memory is used anew. */
void jit_reset(struct jit *jit);

#endif
