/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/mmu/watch.h"

static bool dawr_hits(const struct cpu *cpu, u64 ea, unsigned size, bool store)
{
	u64 x = cpu->dawrx, first = cpu->dawr & ~7ull;
	u64 last = first + (((x & DAWRX_MRD) >> 10) + 1) * 8 - 1;

	if (!(x & (store ? DAWRX_DW : DAWRX_DR)) ||
	    !(x & (cpu->msr & MSR_PR ? BREAK_USER : BREAK_KERNEL)))
		return false;
	if (!(x & DAWRX_WTI) && !(x & DAWRX_WT) != !(cpu->msr & MSR_DR))
		return false;
	return ea <= last && ea + size - 1 >= first;
}

static bool dabr_hits(const struct cpu *cpu, u64 ea, unsigned size, bool store)
{
	u64 first = cpu->dabr & ~7ull;

	if (!(cpu->dabr & (store ? DABR_DW : DABR_DR)) ||
	    !(cpu->dabrx & (cpu->msr & MSR_PR ? BREAK_USER : BREAK_KERNEL)))
		return false;
	if (!(cpu->dabrx & DABRX_BTI) && !(cpu->dabr & DABR_BT) != !(cpu->msr & MSR_DR))
		return false;
	return ea <= first + 7 && ea + size - 1 >= first;
}

bool watchpoint_hits(const struct cpu *cpu, u64 ea, unsigned size, bool store)
{
	return dawr_hits(cpu, ea, size, store) || dabr_hits(cpu, ea, size, store);
}

const struct cpu_watch *watchpoint_of_debugger(const struct cpu *cpu, u64 ea, unsigned size,
					       bool store)
{
	if (!cpu->debug.watching)
		return NULL;
	for (unsigned i = 0; i < cpu->debug.n_watches; i++) {
		const struct cpu_watch *w = &cpu->debug.watches[i];
		u64 first = w->ea & ~(CPU_WATCH_BYTES - 1ull);

		if ((store ? w->write : w->read) && ea <= first + CPU_WATCH_BYTES - 1 &&
		    ea + size - 1 >= first)
			return w;
	}
	return NULL;
}
