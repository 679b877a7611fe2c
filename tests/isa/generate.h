/* SPDX-License-Identifier: Apache-2.0 */
/* Makes encodings of a row of the instruction table, and register and memory contents for them,
 * from a seed. */
#ifndef TESTS_ISA_GENERATE_H
#define TESTS_ISA_GENERATE_H

#include "cpu/isa/isa.h"
#include "vector.h"

struct rng {
	u64 state;
};

void rng_seed(struct rng *rng, u64 seed, const char *name);
u64 rng_next(struct rng *rng);
/* Below @n. */
unsigned rng_below(struct rng *rng, unsigned n);

/* Is it a row of decimal floating point? */
bool row_is_decimal(const struct insn_row *row);
/* Does the row reach memory at an address from registers? */
bool row_accesses_memory(const struct insn_row *row);
bool row_branches(const struct insn_row *row);
/* lmw and string accesses, which little-endian mode doesn't have. */
bool row_moves_several(const struct insn_row *row);
/* mfspr and mtspr, which are compared for some registers only. */
bool row_moves_special(const struct insn_row *row);
/* Bytes that a load-and-reserve or store-conditional needs aligned; 0 for others. */
unsigned reservation_size(const struct insn_row *row);

/* Any valid encoding: bits that the row leaves open are random, or an edge; reserved ones are 0. */
u32 generate_insn(struct rng *rng, const struct insn_row *row);
/* Registers of all kinds, for @insn: a memory operand lies in the windows or crosses their end, a
 * branch stays among traps. */
void generate_state(struct rng *rng, const struct insn_row *row, u32 insn, struct isa_state *state);
void generate_memory(struct rng *rng, u64 *words, unsigned count);
/* Operands for a row of decimal floating point, and a decimal rounding mode. */
void decimal_registers(struct rng *rng, const struct insn_row *row, struct isa_state *state);

/* Programs are of what a processor of @level has; ISA_207 as long as nothing was said. */
void generate_level(enum isa_level level);
/*
 * A program of straight-line code and forward branches that runs off its end. Registers 24..31 hold
 * addresses and small offsets and are not written. Returns the number of words.
 */
unsigned generate_program(struct rng *rng, bool (*wanted)(const struct insn_row *), u32 *code,
			  unsigned max);
void generate_program_state(struct rng *rng, struct isa_state *state);

#endif
