/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raising an interrupt caused by the instruction @op. Each function sets SRR0, SRR1, nip, and
 * returns NULL for the instruction's function to return:
 *
 *	return cpu_raise_program(cpu, op, SRR1_PROG_TRAP);
 */
#ifndef PAPYR_CPU_RAISE_H
#define PAPYR_CPU_RAISE_H

#include "cpu/cpu.h"

const struct op *cpu_raise(struct cpu *cpu, const struct op *op, unsigned vector, u64 srr1_bits);
const struct op *cpu_raise_program(struct cpu *cpu, const struct op *op, u64 reason);
const struct op *cpu_raise_alignment(struct cpu *cpu, const struct op *op, u64 ea);
/* Data storage or data segment interrupt: sets DAR, and DSISR for VEC_DSI. */
const struct op *cpu_raise_data(struct cpu *cpu, const struct op *op, unsigned vector, u64 ea,
				u64 dsisr);
/* @facility: FSCR's number of the facility (ISA 2.07 Book III-S 6.2.10). */
const struct op *cpu_raise_facility(struct cpu *cpu, const struct op *op, unsigned facility);
/* What FPSCR's enabled exceptions ask for. */
const struct op *cpu_raise_fp(struct cpu *cpu, const struct op *op);

#endif
