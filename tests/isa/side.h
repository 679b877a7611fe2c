/* SPDX-License-Identifier: Apache-2.0 */
/* The two sides of the differential test: Papyr's processor, and a runner under another
 * implementation. */
#ifndef TESTS_ISA_SIDE_H
#define TESTS_ISA_SIDE_H

#include "base/bits.h"
#include "vector.h"

struct cpu_model;

/*
 * Papyr: @blocks chooses the block engine, else one instruction is decoded and executed at a time.
 */
void papyr_side_init(bool little_endian);
/* Before that: another model than POWER8. */
void papyr_side_model(const struct cpu_model *model);
/* Clears what the model's programs can't see: second halves of VSRs and the like. */
void papyr_side_hide(struct isa_state *state);
void papyr_side_run(const struct isa_batch *batch, const struct isa_state *in, bool blocks,
		    struct isa_result *out);
/* 32-bit mode from now on, or 64-bit mode again. */
void papyr_side_narrow(bool narrow);
/* Floating-point exceptions interrupt (as they do at first), or don't: MSR[FE0, FE1]. */
void papyr_side_fp_interrupts(bool on);
void papyr_side_fini(void);

/* The peer: a command that reads batches and writes results in the given byte order. Errors end the
 * test. */
void peer_start(char *const argv[], bool little_endian);
void peer_run(const struct isa_batch *batch, const struct isa_state *in, struct isa_result *out);
void peer_stop(void);

#endif
