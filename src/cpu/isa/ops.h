/* SPDX-License-Identifier: Apache-2.0 */
/* Prototypes of every instruction's function, from the table. */
#ifndef PAPYR_CPU_OPS_H
#define PAPYR_CPU_OPS_H

#include "cpu/isa/isa.h"

#define INSN(name, mnemonic, mask, match, format, level, flags) op_fn op_##name, op_##name##_rc;
#include "cpu/isa/isa.def"
#undef INSN

#endif
