/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache management and barriers. There are no caches to manage: flushes and invalidations only
 * translate their address, as loads do, touches do nothing, and stores are seen by instruction
 * fetches on their own. To a debugger what may write memory is a store.
 */
#include <stdatomic.h>

#include "base/racy.h"
#include "cpu/insn/op.h"
#include "cpu/insn/forms.h"
#include "cpu/mmu/mem.h"

OP(dcbz)
{
	u64 ea = EA_X() & ~(u64)(CACHE_LINE - 1);
	void *line = tlb_find(cpu, ea, CACHE_LINE, true);

	if (likely(line))
		racy_zero_bytes(line, CACHE_LINE);
	else if (!mem_zero(cpu, op, ea, CACHE_LINE))
		STOP;
	NEXT;
}

OP(dcbf)
{
	if (!mem_probe_line(cpu, op, EA_X(), CPU_LOAD, CPU_STORE))
		STOP;
	NEXT;
}

OP(dcbst)
{
	if (!mem_probe_line(cpu, op, EA_X(), CPU_LOAD, CPU_STORE))
		STOP;
	NEXT;
}

OP(dcbt)
{
	NEXT;
}

OP(dcbtst)
{
	NEXT;
}

OP(icbt)
{
	NEXT;
}

/* Ends its block, so that what was written before is fetched anew. A 440 counts it as a load, BookE
 * otherwise as a store. */
OP(icbi)
{
	if (!mem_probe_line(cpu, op, EA_X(), CPU_LOAD,
			    cpu->model->level == ISA_440 ? CPU_LOAD : CPU_STORE))
		STOP;
	return cpu_goto(cpu, NIA());
}

/* sync, ptesync (L = 2); lwsync (L = 1) leaves loads free to pass earlier stores. */
OP(sync)
{
	if (field(op->insn, 9, 10) == 1)
		atomic_thread_fence(memory_order_acq_rel);
	else
		atomic_thread_fence(memory_order_seq_cst);
	NEXT;
}

OP(eieio)
{
	atomic_thread_fence(memory_order_acq_rel);
	NEXT;
}

OP(isync)
{
	atomic_thread_fence(memory_order_acquire);
	return cpu_goto(cpu, NIA());
}
