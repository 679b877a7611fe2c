/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/debug.h"
#include "cpu/engine/block.h"
#include "cpu/mmu/mem.h"

bool cpu_breakpoint_at(const struct cpu *cpu, u64 ea)
{
	for (unsigned i = 0; i < cpu->debug.n_breaks; i++)
		if (cpu->debug.breaks[i] == ea)
			return true;
	return false;
}

bool cpu_breakpoint_offset(const struct cpu *cpu, u64 ea)
{
	for (unsigned i = 0; i < cpu->debug.n_breaks; i++)
		if (!((cpu->debug.breaks[i] ^ ea) & ~CPU_PAGE_MASK))
			return true;
	return false;
}

void cpu_stop_at(struct cpu *cpu, u64 nip, enum cpu_stop why, u64 ea)
{
	cpu->nip = nip;
	cpu->leave = true;
	cpu->debug.passes = why != CPU_STOP_INSN;
	cpu->debug.pass_nip = nip;
	cpu->host->stopped(cpu, why, ea);
}

const struct op *cpu_stop(struct cpu *cpu, const struct op *op, enum cpu_stop why, u64 ea)
{
	cpu_stop_at(cpu, CIA() & cpu->ea_mask, why, ea);
	return NULL;
}

static bool same_breaks(const struct cpu_debug *a, const struct cpu_debug *b)
{
	return a->n_breaks == b->n_breaks &&
	       !memcmp(a->breaks, b->breaks, a->n_breaks * sizeof(a->breaks[0]));
}

void cpu_set_debug(struct cpu *cpu, const struct cpu_debug *wanted)
{
	struct cpu_debug was = cpu->debug;

	cpu->debug = *wanted;
	cpu->debug.on = wanted->step || wanted->n_breaks || wanted->n_watches;
	cpu->debug.watching = false;
	cpu->debug.passes = was.passes && cpu->debug.on;
	cpu->debug.pass_nip = was.pass_nip;
	if (!same_breaks(&was, wanted))
		cpu_flush_all_code(cpu);
	if (was.n_watches || wanted->n_watches)
		cpu_slb_changed(cpu); /* what is cached doesn't know of them */
}
