/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translation by a BookE processor's TLB, and what of it the caches by effective address keep.
 *
 * There is no second level: the TLB itself is at hand. TLB_KERNEL and TLB_USER are address space
 * 0's; address space 1, where systems are for moments only, has TLB_REAL's place, and is emptied
 * when it is entered in another state than before. What a PID makes visible is a program's.
 */
#include "cpu/mmu/booke.h"
#include "cpu/mmu/translate.h"

static unsigned pids(const struct cpu *cpu)
{
	return cpu->booke.tlb->kind == BOOKE_440 ? 1 : ARRAY_SIZE(cpu->booke.pid);
}

static bool find(const struct cpu *cpu, u64 ea, bool space, struct booke_page *page)
{
	int i = booke_tlb_find(cpu->booke.tlb, (u32)ea, space, cpu->booke.pid, pids(cpu));

	return i >= 0 && booke_tlb_page(cpu->booke.tlb, (unsigned)i, page);
}

static bool fails(struct translation *t, unsigned vector, u64 why)
{
	t->vector = vector;
	t->why = why;
	return false;
}

bool booke_translate(struct cpu *cpu, u64 ea, enum cpu_access_kind kind, struct translation *t)
{
	static const u8 needed[] = {
	    [CPU_LOAD] = BOOKE_READ, [CPU_STORE] = BOOKE_WRITE, [CPU_FETCH] = BOOKE_EXECUTE};
	u64 store_bit = kind == CPU_STORE ? DSISR_STORE : 0;
	struct booke_page page;
	u8 allowed;

	cpu->counts.table_searches++;
	if (!find(cpu, ea, cpu->msr & (kind == CPU_FETCH ? MSR_IS : MSR_DS), &page)) {
		cpu->counts.table_misses++;
		return fails(t, VEC_DTLB, store_bit);
	}
	allowed = cpu->msr & MSR_PR ? page.user : page.supervisor;
	if (!(allowed & needed[kind]))
		return fails(t, VEC_DSI, DSISR_PROT | store_bit);
	/* Instructions are big-endian. */
	if (page.little && kind == CPU_FETCH)
		return fails(t, VEC_DSI, DSISR_BADATTR);
	t->gpa = page.real + (ea - page.ea);
	t->hpte_index = ~0ull;
	t->writable = allowed & BOOKE_WRITE;
	t->fresh = true;
	t->program = page.tid;
	/* What may be written may be read, as far as the caches know. */
	t->small = page.bytes < CPU_PAGE_SIZE || page.little ||
		   (kind != CPU_FETCH && !(allowed & BOOKE_READ));
	return true;
}

bool booke_little(const struct cpu *cpu, u64 ea)
{
	struct booke_page page;

	return find(cpu, ea, cpu->msr & MSR_DS, &page) && page.little;
}

/* --- what is not true any more --- */

void booke_pid_changed(struct cpu *cpu)
{
	tlb_forget_programs(cpu);
}

void booke_page_gone(void *cpu, const struct booke_page *page)
{
	tlb_forget_page(cpu, page->ea, page->bytes, page->tid == 0);
}

void cpu_booke_changed(struct cpu *cpu)
{
	tlb_new_generation(cpu);
}
