/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/mmu/tlb.h"
#include "cpu/mmu/touched.h"

#define TOUCHED_SHIFT CPU_UNIT_SHIFT

static u64 hash(u64 unit)
{
	return (unit ^ unit >> 16 ^ unit >> 32) & (TOUCHED_BITS - 1);
}

static bool holds(const struct touched_set *set, u64 unit)
{
	u64 h = hash(unit);

	return __atomic_load_n(&set->word[h / 64], __ATOMIC_RELAXED) >> (h % 64) & 1;
}

static void add(struct cpu *cpu, struct touched_set *set, u64 unit)
{
	u64 h = hash(unit);

	if (holds(set, unit))
		return;
	__atomic_store_n(&set->word[h / 64], set->word[h / 64] | 1ull << (h % 64),
			 __ATOMIC_RELAXED);
	/* Seen by all before what the caller looks at next is read. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (++set->count == TOUCHED_FULL)
		cpu_request(cpu, CPU_REQ_FORGET);
}

void touched_look_up(struct cpu *cpu, u64 va)
{
	add(cpu, &cpu->tlbs->touched.looked_up, va >> TOUCHED_SHIFT);
}

void cpu_touch_writable(struct cpu *cpu, u64 gpa)
{
	add(cpu, &cpu->tlbs->touched.writable, gpa >> TOUCHED_SHIFT);
}

static void clear(struct touched_set *set)
{
	for (unsigned i = 0; i < TOUCHED_BITS / 64; i++)
		__atomic_store_n(&set->word[i], 0, __ATOMIC_RELEASE);
	set->count = 0;
}

void touched_forget(struct cpu *cpu)
{
	cpu_flush_all(cpu);
	clear(&cpu->tlbs->touched.looked_up);
	clear(&cpu->tlbs->touched.writable);
}

bool cpu_may_translate(const struct cpu *cpu, u64 va, unsigned page_shift)
{
	return page_shift > TOUCHED_SHIFT ||
	       holds(&cpu->tlbs->touched.looked_up, va >> TOUCHED_SHIFT);
}

bool cpu_may_write(const struct cpu *cpu, u64 gpa)
{
	return holds(&cpu->tlbs->touched.writable, gpa >> TOUCHED_SHIFT);
}
