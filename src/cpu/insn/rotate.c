/* SPDX-License-Identifier: Apache-2.0 */
/* Rotates and algebraic shifts by what a register says; the others are in fixed.sem. */
#include "cpu/insn/op.h"
#include "cpu/insn/forms.h"
#include "cpu/insn/rotate.h"

OP_RA(rlwnm, rotate_word(RS, (unsigned)RB) & (u64)op->imm)
OP_RA(rldcl, rotl64(RS, (unsigned)RB) & ~0ull >> MB_ME)
OP_RA(rldcr, rotl64(RS, (unsigned)RB) & ~0ull << (63 - MB_ME))
OP_RA(sraw, shift_algebraic_32(cpu, RS, RB))
OP_RA(srad, shift_algebraic_64(cpu, RS, RB))
