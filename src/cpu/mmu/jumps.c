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
	for (; j->page_words; j->page_words &= j->page_words - 1)
		j->pages[__builtin_ctzll(j->page_words)] = 0;
	cpu->link_from = NULL;
	jumps_select(cpu);
}

_Static_assert(JUMP_PAGE_BITS / 64 == 64, "page_words has a bit for each word");

static unsigned page_bit(u64 ea)
{
	return (ea >> CPU_PAGE_SHIFT ^ ea >> 24) & (JUMP_PAGE_BITS - 1);
}

void jumps_add(struct cpu *cpu, u64 ea, const struct op *ops)
{
	struct jumps *j = &cpu->tlbs->jumps;
	unsigned bit = page_bit(ea);

	j->pages[bit / 64] |= 1ull << bit % 64;
	j->page_words |= 1ull << bit / 64;
	*jump_slot(cpu, ea) = (struct jump){ea, cpu->jump_key, ops};
}

void jumps_forget_page(struct cpu *cpu, u64 ea)
{
	unsigned bit = page_bit(ea);

	if (cpu->tlbs->jumps.pages[bit / 64] >> bit % 64 & 1)
		jumps_forget(cpu);
}

void jumps_erase(struct cpu *cpu)
{
	memset(cpu->tlbs->jumps.e, 0, sizeof(cpu->tlbs->jumps.e));
	jumps_forget(cpu);
}
