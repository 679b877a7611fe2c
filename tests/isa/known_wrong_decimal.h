/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of known_wrong.def on decimal floating-point instructions. */
#ifndef TESTS_ISA_KNOWN_WRONG_DECIMAL_H
#define TESTS_ISA_KNOWN_WRONG_DECIMAL_H

#include "base/bits.h"
#include "vector.h"

/* Rows of decimal floating point, but for those that have no result to be rounded. */
#define DECIMAL "d@(add|sub|mul|div|qua|rrnd|rint|rsp|rdpq|ctdp|ctqpq|cffix|ctfix|enbcd|cmp[ou])*"

/* Is the operand in the register at bit @first an infinity? */
bool infinite_operand(u32 insn, unsigned first, const struct isa_state *in);
/*
 * Are the results the same but that the peer's digits or reserved bits aren't the preferred ones?
 */
bool same_recoded(u32 insn, const struct isa_result *ours, const struct isa_result *peer);
/* denbcd: is a digit above nine, or the sign below ten? */
bool bad_packed(u32 insn, const struct isa_state *in);
/* drsp, drdpq: is it a NaN with more digits than the result has? */
bool long_nan(u32 insn, const struct isa_state *in);
/* Is the peer's result in the other register of the pair? */
bool pair_swapped(u32 insn, const struct isa_result *ours, const struct isa_result *peer);

#endif
