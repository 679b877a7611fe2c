/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of fixed-point instructions share: short names for operands, and an instruction
 * with its record form. */
#ifndef PAPYR_CPU_INSN_FORMS_H
#define PAPYR_CPU_INSN_FORMS_H

#include "cpu/insn/op.h"

/* The operands' values. */
#define RS (cpu->gpr[op->t])
#define RA (cpu->gpr[op->a])
#define RB (cpu->gpr[op->b])

/* Instruction @name and its record form, which put @value into RT, or into RA. */
#define OP_RT(name, value) OP_TO(name, op->t, value)
#define OP_RA(name, value) OP_TO(name, op->a, value)
#define OP_TO(name, reg, value)                                                                    \
	OP(name)                                                                                   \
	{                                                                                          \
		cpu->gpr[reg] = (value);                                                           \
		NEXT;                                                                              \
	}                                                                                          \
	OP(name##_rc)                                                                              \
	{                                                                                          \
		u64 record_value = (value);                                                        \
                                                                                                   \
		cpu->gpr[reg] = record_value;                                                      \
		cpu_record_cr0(cpu, record_value);                                                 \
		NEXT;                                                                              \
	}

/* The same without a record form. */
#define OP_RA_ONLY(name, value)                                                                    \
	OP(name)                                                                                   \
	{                                                                                          \
		cpu->gpr[op->a] = (value);                                                         \
		NEXT;                                                                              \
	}

static inline void set_ov(struct cpu *cpu, bool ov)
{
	cpu->ov = ov;
	if (unlikely(ov))
		cpu_set_so(cpu, true);
}

#endif
