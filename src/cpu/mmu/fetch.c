/* SPDX-License-Identifier: Apache-2.0 */
/* Where instructions are fetched from. */
#include "cpu/mmu/translate.h"

static bool fetch_fails(struct cpu *cpu, u64 nip, const struct translation *t)
{
	if (t->vector == VEC_DTLB)
		cpu_interrupt(cpu, VEC_ITLB, nip, 0);
	else if (t->vector == VEC_DSEGI)
		cpu_interrupt(cpu, VEC_ISEGI, nip, 0);
	else
		cpu_interrupt(cpu, VEC_ISI, nip, t->why);
	return false;
}

/* No memory behind the fetched page: the owner may make it live, or it is an ISI. */
static bool fetch_without_memory(struct cpu *cpu, u64 nip, const struct translation *t)
{
	struct cpu_access access = {.kind = CPU_FETCH,
				    .ea = nip,
				    .gpa = t->gpa,
				    .hpte_index = t->hpte_index,
				    .absent = t->absent,
				    .size = 4};

	switch (cpu->host->fault(cpu, &access)) {
	case CPU_FAULT_RETRY:
	case CPU_FAULT_DONE:
		break;
	case CPU_FAULT_LEAVE:
		cpu->leave = true;
		break;
	case CPU_FAULT_REFLECT:
		cpu_interrupt(cpu, VEC_ISI, nip, DSISR_NOHPTE);
		break;
	case CPU_FAULT_BROKEN:
		cpu_machine_check(cpu, nip, SRR1_MC_FETCH_UE);
		break;
	}
	return false;
}

bool tlb_fetch(struct cpu *cpu, u64 nip, const u8 **host, u64 *gpa, bool *fresh)
{
	struct tlbs *tlbs = cpu->tlbs;
	enum tlb_context context = tlb_context(cpu, MODE_IR);
	struct itlb_entry *f = &tlbs->fetch[context][nip >> CPU_PAGE_SHIFT & (ITLB_ENTRIES - 1)];
	u64 tag = (nip & CPU_PAGE_MASK) | tlbs->gen[context];
	struct translation t;
	struct cpu_ram ram;

	*fresh = false;
	tlbs->small_fetch = false;
	if (f->tag != tag) {
		if (!translate(cpu, nip, CPU_FETCH, &t))
			return fetch_fails(cpu, nip, &t);
		ram = t.absent ? (struct cpu_ram){0}
			       : cpu->host->ram(cpu, t.gpa & CPU_PAGE_MASK, CPU_RAM_LOAD);
		if (!ram.host)
			return fetch_without_memory(cpu, nip, &t);
		if (unlikely(t.small)) {
			/* Where the page would begin if all of it were this one's. */
			*host = ram.host + (t.gpa & ~CPU_PAGE_MASK) - (nip & ~CPU_PAGE_MASK);
			*gpa = t.gpa & CPU_PAGE_MASK;
			tlbs->small_fetch = true;
			return true;
		}
		*f = (struct itlb_entry){tag, t.gpa & CPU_PAGE_MASK, ram.host};
		*fresh = t.fresh;
		tlbs->low_fetches |= context != TLB_USER && t.program;
	}
	*host = f->host;
	*gpa = f->gpa;
	return true;
}
