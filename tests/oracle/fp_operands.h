/* SPDX-License-Identifier: Apache-2.0 */
/* Operands where mistakes live: edges of the formats, halves of last places, cancellation. */
#ifndef TESTS_ORACLE_FP_OPERANDS_H
#define TESTS_ORACLE_FP_OPERANDS_H

#include "fp_oracle.h"

struct random {
	u64 state;
};
u64 random_bits(struct random *r);
unsigned random_below(struct random *r, unsigned n);

/*
 * One lane's operands, in the row's own element, as many as row->operands has. Every other one of
 * those counted by @count is from the grid: edges with edges, each pair once in 2 * 26 * 26.
 */
void fp_operands(struct random *r, const struct fp_row *row, unsigned long count, u64 in[3]);
/* One value. */
u64 fp_value(struct random *r, enum element e);
/* Modes, enables, and exceptions from before. */
u64 fp_fpscr(struct random *r);

#endif
