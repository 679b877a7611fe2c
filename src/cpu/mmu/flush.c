/* SPDX-License-Identifier: Apache-2.0 */
/* Making the translation caches, and taking translations out of them. */
#include <errno.h>
#include "base/prefault.h"
#include "cpu/mmu/translate.h"
#include "hpt/hpt.h"

/* Generations live in the low bits of tags. */
#define GEN_LAST (CPU_PAGE_SIZE - 1)

int tlb_init(struct cpu *cpu)
{
	cpu->tlbs = pages_untouched(sizeof(*cpu->tlbs), 0);
	if (!cpu->tlbs)
		return -ENOMEM;
	for (unsigned i = 0; i < TLB_CONTEXTS; i++)
		cpu->tlbs->gen[i] = 1;
	cpu->tlbs->virt_gen = 1;
	cpu->tlbs->jumps.gen = cpu->tlbs->jumps.user_gen = 1;
	cpu->jumps = cpu->tlbs->jumps.e;
	tlb_select(cpu);
	return 0;
}

void tlb_fini(struct cpu *cpu)
{
	munmap(cpu->tlbs, sizeof(*cpu->tlbs));
	cpu->tlbs = NULL;
}

void tlb_select(struct cpu *cpu)
{
	enum tlb_context context = tlb_context(cpu, MSR_DR);

	cpu->dtlb = &cpu->tlbs->data[context];
	cpu->tlb_gen = cpu->tlbs->gen[context];
}

static void forget_context(struct tlbs *t, enum tlb_context context)
{
	if (t->gen[context] == GEN_LAST) {
		memset(&t->data[context], 0, sizeof(t->data[context]));
		memset(t->fetch[context], 0, sizeof(t->fetch[context]));
		t->gen[context] = 0;
	}
	t->gen[context]++;
}

void tlb_new_generation(struct cpu *cpu)
{
	struct tlbs *t = cpu->tlbs;

	for (unsigned i = 0; i < TLB_CONTEXTS; i++)
		forget_context(t, i);
	memset(t->low, 0, sizeof(t->low));
	t->low_fetches = false;
	tlb_select(cpu);
	jumps_forget(cpu);
}

static void forget_low_slots(struct tlbs *t)
{
	for (unsigned i = 0; i < ARRAY_SIZE(t->low); i++) {
		for (u64 left = t->low[i]; left; left &= left - 1) {
			struct tlb_entry *e =
			    &t->data[TLB_KERNEL].e[i * 64 + (unsigned)__builtin_ctzll(left)];

			e->tag_read = e->tag_write = 0;
		}
		t->low[i] = 0;
	}
}

void tlb_forget_segment(struct cpu *cpu, u64 ea)
{
	struct tlbs *t = cpu->tlbs;

	cpu->counts.flushes_segments++;
	if (!address_is_low(ea) || t->low_fetches) {
		tlb_new_generation(cpu);
		return;
	}
	forget_context(t, TLB_USER);
	forget_low_slots(t);
	tlb_select(cpu);
	jumps_forget_low(cpu);
}

void cpu_slb_changed(struct cpu *cpu)
{
	cpu->counts.flushes_segments++;
	tlb_new_generation(cpu);
}

void cpu_flush_all(struct cpu *cpu)
{
	struct tlbs *t = cpu->tlbs;

	cpu->counts.flushes_all++;
	if (++t->virt_gen == 0) {
		memset(t->virt, 0, sizeof(t->virt));
		t->virt_gen = 1;
	}
	tlb_new_generation(cpu);
}

static void drop_effective_piece(struct cpu *cpu, u64 ea)
{
	struct tlbs *t = cpu->tlbs;

	for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
		u64 tag = (ea & CPU_PAGE_MASK) | t->gen[i];
		struct tlb_entry *e = tlb_slot(&t->data[i], ea);
		struct itlb_entry *f = &t->fetch[i][ea >> CPU_PAGE_SHIFT & (ITLB_ENTRIES - 1)];

		if (e->tag_read == tag || e->tag_write == tag)
			e->tag_read = e->tag_write = 0;
		if (f->tag == tag)
			f->tag = 0;
	}
}

static void drop_effective(struct cpu *cpu, u64 ea, u64 bytes, bool real)
{
	for (u64 i = 0; i < bytes; i += CPU_PAGE_SIZE)
		drop_effective_piece(cpu, ea + i);
	jumps_forget_range(cpu, ea, bytes, real);
}

static void drop_virtual_piece(struct cpu *cpu, u64 va)
{
	struct vtlb_entry *e = vtlb_slot(cpu->tlbs, va >> CPU_PAGE_SHIFT);

	if (e->vsid &&
	    va_low(e->vsid, e->page << CPU_PAGE_SHIFT) >> CPU_PAGE_SHIFT == va >> CPU_PAGE_SHIFT)
		e->vsid = 0;
}

/* From the first level: wherever the page at @va can be seen now. */
static void drop_seen(struct cpu *cpu, u64 va, u64 bytes)
{
	for (unsigned i = 0; i < cpu->slb_nr; i++) {
		const struct slb_entry *s = &cpu->slb[i];
		unsigned shift = segment_shift(s->vsid);

		if ((s->esid & SLB_ESID_V) && va_low(s->vsid, 0) >> shift == va >> shift)
			drop_effective(cpu,
				       (s->esid >> shift << shift) | (va & ((1ull << shift) - 1)),
				       bytes, false);
	}
	if (va >> 40 == HPT_VRMA_VSID)
		drop_effective(cpu, va & ((1ull << 40) - 1), bytes, true);
}

#define FLUSH_PIECES_MAX 64u /* above that many 4 KiB pieces, flushing all is cheaper */

void cpu_flush_page(struct cpu *cpu, u64 va, unsigned page_shift)
{
	u64 bytes = 1ull << page_shift;

	if (bytes >> CPU_PAGE_SHIFT > FLUSH_PIECES_MAX) {
		cpu_flush_all(cpu);
		return;
	}
	cpu->counts.flushes_page++;
	va &= ~(bytes - 1);
	for (u64 i = 0; i < bytes; i += CPU_PAGE_SIZE)
		drop_virtual_piece(cpu, va + i);
	drop_seen(cpu, va, bytes);
}

void cpu_protect_all(struct cpu *cpu)
{
	struct tlbs *t = cpu->tlbs;

	for (unsigned i = 0; i < TLB_CONTEXTS; i++)
		for (unsigned j = 0; j < TLB_ENTRIES; j++)
			t->data[i].e[j].tag_write = 0;
}

void cpu_protect_page(struct cpu *cpu, u64 gpa)
{
	struct tlbs *t = cpu->tlbs;

	gpa &= CPU_PAGE_MASK;
	for (unsigned i = 0; i < TLB_CONTEXTS; i++)
		for (unsigned j = 0; j < TLB_ENTRIES; j++)
			if (t->data[i].e[j].gpa == gpa)
				t->data[i].e[j].tag_write = 0;
}
