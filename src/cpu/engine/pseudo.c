/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in for instructions that may not run. */
#include "cpu/engine/pseudo.h"
#include "cpu/raise.h"

OP_PSEUDO(illegal)
{
	if (cpu->debug.stop_insn && op->insn == cpu->debug.stop_insn)
		return cpu_stop(cpu, op, CPU_STOP_INSN, 0);
	return cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL);
}

OP_PSEUDO(privileged)
{
	return cpu_raise_program(cpu, op, SRR1_PROG_PRIV);
}

OP_PSEUDO(no_fp)
{
	return cpu_raise(cpu, op, VEC_FP_UNAVAILABLE, 0);
}

OP_PSEUDO(no_vec)
{
	return cpu_raise(cpu, op, VEC_VMX_UNAVAILABLE, 0);
}

OP_PSEUDO(no_vsx)
{
	return cpu_raise(cpu, op, VEC_VSX_UNAVAILABLE, 0);
}
