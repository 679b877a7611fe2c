/* SPDX-License-Identifier: Apache-2.0 */
/* Compares outcomes, forgives what known_wrong.def lists, and prints the rest for people. */
#ifndef TESTS_ISA_COMPARE_H
#define TESTS_ISA_COMPARE_H

#include "cpu/isa/isa.h"
#include "vector.h"

enum verdict { SAME, EXCUSED, DIFFERENT };

/* @row NULL: a program, for which nothing is excused. */
enum verdict compare(const struct insn_row *row, u32 insn, const struct isa_state *in,
		     const struct isa_result *ours, const struct isa_result *peer);
/* Prints code, input and what differs. @peer_name: whose the second result is. */
void print_difference(const struct isa_batch *batch, const struct isa_state *in,
		      const struct isa_result *ours, const struct isa_result *peer,
		      const char *peer_name);

#endif
