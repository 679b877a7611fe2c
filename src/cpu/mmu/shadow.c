/* SPDX-License-Identifier: Apache-2.0 */
/* What the caches by effective address hold, for those who want to see it. */
#include "cpu/mmu/translate.h"

static void tell_data(const struct cpu *cpu, enum tlb_context context, cpu_shadow_fn *tell,
		      void *of)
{
	const struct tlb *tlb = &cpu->tlb[context];

	for (unsigned slot = 0; slot < TLB_ENTRIES; slot++) {
		const struct tlb_entry *e = &tlb->e[slot];
		struct cpu_shadow page = {
		    .gpa = e->gpa,
		    .context = context,
		    .read = e->read != tlb_empty(slot),
		    .write = e->write != tlb_empty(slot),
		};

		if (!(tlb->used[slot / 64] >> slot % 64 & 1) || (!page.read && !page.write))
			continue;
		page.ea = (page.read ? e->read : e->write) << cpu->unit_shift;
		tell(of, &page);
	}
}

static void tell_fetches(const struct cpu *cpu, enum tlb_context context, cpu_shadow_fn *tell,
			 void *of)
{
	const struct tlbs *tlbs = cpu->tlbs;

	for (unsigned slot = 0; slot < ITLB_ENTRIES; slot++) {
		const struct itlb_entry *f = &tlbs->fetch[context][slot];
		struct cpu_shadow page = {
		    .ea = f->tag & CPU_PAGE_MASK,
		    .gpa = f->gpa,
		    .context = context,
		    .execute = true,
		};

		/* Those of earlier generations are as good as gone. */
		if (f->host && (f->tag & ~CPU_PAGE_MASK) == tlbs->gen[context])
			tell(of, &page);
	}
}

void cpu_each_shadow(const struct cpu *cpu, cpu_shadow_fn *tell, void *of)
{
	for (unsigned context = 0; context < TLB_CONTEXTS; context++) {
		tell_data(cpu, context, tell, of);
		tell_fetches(cpu, context, tell, of);
	}
}

bool cpu_space1_is_users(const struct cpu *cpu)
{
	return cpu->tlbs->space1_user;
}
