/* SPDX-License-Identifier: Apache-2.0 */
/* Ops that are no instructions: what enters and leaves a block, and what stands in for an
 * instruction that may not run. */
#ifndef PAPYR_CPU_PSEUDO_H
#define PAPYR_CPU_PSEUDO_H

#include "cpu/engine/block.h"

op_fn pseudo_enter; /* imm = instructions in the block */
/* Cold blocks: promote.c. */
op_fn pseudo_warm;	 /* in place of pseudo_enter, until it ran often enough to be kept, */
op_fn pseudo_ripe;	 /* until the dispatcher sees to that, */
op_fn pseudo_moved;	 /* and once there is one that is kept */
op_fn pseudo_ordered;	 /* of a block that waits for its translation: nobody comes there */
op_fn pseudo_leave;	 /* imm = bytes of the block */
op_fn pseudo_stale;	 /* in place of pseudo_enter, once the block was dropped */
op_fn pseudo_breakpoint; /* code.c: in place of an instruction where there may be one */
op_fn pseudo_illegal;
op_fn pseudo_privileged;
op_fn pseudo_no_fp;
op_fn pseudo_no_vec;
op_fn pseudo_no_vsx;

#define OP_PSEUDO(name)                                                                            \
	const struct op *pseudo_##name(struct cpu *cpu, const struct op *op __attribute__((unused)))

#endif
