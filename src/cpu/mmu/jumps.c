/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/mmu/jumps.h"
#include "cpu/mmu/tlb.h"

void jumps_select(struct cpu *cpu)
{
	cpu->jump_key = cpu->tlbs->jumps.gen << 8 | cpu->mode;
}

void jumps_forget(struct cpu *cpu)
{
	struct jumps *j = &cpu->tlbs->jumps;

	j->gen++;
	memset(j->pages, 0, sizeof(j->pages));
	cpu->link_from = NULL;
	jumps_select(cpu);
}

static u64 *page_word(struct cpu *cpu, u64 ea, u64 *bit)
{
	u64 hash = (ea >> CPU_PAGE_SHIFT ^ ea >> 24) & (JUMP_PAGE_BITS - 1);

	*bit = 1ull << (hash & 63);
	return &cpu->tlbs->jumps.pages[hash >> 6];
}

void jumps_add(struct cpu *cpu, u64 ea, const struct op *ops)
{
	u64 bit, *word = page_word(cpu, ea, &bit);

	*word |= bit;
	*jump_slot(cpu, ea) = (struct jump){ea, cpu->jump_key, ops};
}

void jumps_forget_page(struct cpu *cpu, u64 ea)
{
	u64 bit;

	if (*page_word(cpu, ea, &bit) & bit)
		jumps_forget(cpu);
}

void jumps_erase(struct cpu *cpu)
{
	memset(cpu->tlbs->jumps.e, 0, sizeof(cpu->tlbs->jumps.e));
	jumps_forget(cpu);
}
