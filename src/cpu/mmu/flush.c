/* SPDX-License-Identifier: Apache-2.0 */
/* Making the translation caches, and taking translations out of them. */
#include <errno.h>
#include "base/prefault.h"
#include "cpu/mmu/translate.h"
#include "hpt/hpt.h"

/* Generations live in the low bits of the fetches' tags. */
#define GEN_LAST (CPU_PAGE_SIZE - 1)

static void drop_slot(struct tlb *tlb, unsigned slot)
{
	tlb->e[slot].read = tlb->e[slot].write = tlb_empty(slot);
}

/* Those of @slots, which has a bit for each; they are taken out of it. */
static void drop_slots(struct tlb *tlb, u64 *slots)
{
	for (unsigned i = 0; i < TLB_ENTRIES / 64; i++)
		for (; slots[i]; slots[i] &= slots[i] - 1)
			drop_slot(tlb, i * 64 + (unsigned)__builtin_ctzll(slots[i]));
}

int tlb_init(struct cpu *cpu)
{
	cpu->tlbs = pages_untouched(sizeof(*cpu->tlbs), 0);
	if (!cpu->tlbs)
		return -ENOMEM;
	for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
		cpu->tlbs->gen[i] = 1;
		drop_slot(&cpu->tlb[i], 0);
		drop_slot(&cpu->tlb[i], TLB_ENTRIES - 1);
	}
	cpu->tlbs->virt_gen = 1;
	cpu->tlbs->jumps.gen = cpu->tlbs->jumps.user_gen = 1;
	tlb_select(cpu);
	return 0;
}

void tlb_fini(struct cpu *cpu)
{
	munmap(cpu->tlbs, sizeof(*cpu->tlbs));
	cpu->tlbs = NULL;
}

static void forget_context(struct cpu *cpu, enum tlb_context context)
{
	struct tlbs *t = cpu->tlbs;

	drop_slots(&cpu->tlb[context], cpu->tlb[context].used);
	if (t->gen[context] == GEN_LAST) {
		memset(t->fetch[context], 0, sizeof(t->fetch[context]));
		t->gen[context] = 0;
	}
	t->gen[context]++;
}

/* Address space 1 has one place for the supervisor and for users (booke.c). */
static void select_space1(struct cpu *cpu)
{
	bool user = cpu->mode & MODE_PR;

	if ((cpu->mode & (MODE_IR | MODE_DR)) == (MODE_IR | MODE_DR) ||
	    cpu->tlbs->space1_user == user)
		return;
	forget_context(cpu, TLB_REAL);
	cpu->tlbs->space1_user = user;
}

void tlb_select(struct cpu *cpu)
{
	if (cpu_is_booke(cpu))
		select_space1(cpu);
	cpu->dtlb = &cpu->tlb[tlb_context(cpu, MODE_DR)];
}

void tlb_new_generation(struct cpu *cpu)
{
	struct tlbs *t = cpu->tlbs;

	for (unsigned i = 0; i < TLB_CONTEXTS; i++)
		forget_context(cpu, i);
	memset(t->low, 0, sizeof(t->low));
	t->low_fetches = false;
	jumps_forget(cpu);
}

void tlb_forget_segment(struct cpu *cpu, u64 ea)
{
	struct tlbs *t = cpu->tlbs;

	cpu->counts.flushes_segments++;
	if (!address_is_low(ea) || t->low_fetches) {
		tlb_new_generation(cpu);
		return;
	}
	forget_context(cpu, TLB_USER);
	drop_slots(&cpu->tlb[TLB_KERNEL], t->low);
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
	u64 page = ea >> CPU_PAGE_SHIFT;
	unsigned slot = tlb_slot(ea);

	for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
		struct tlb *tlb = &cpu->tlb[i];
		struct itlb_entry *f = &cpu->tlbs->fetch[i][page & (ITLB_ENTRIES - 1)];

		if (tlb->e[slot].read == page || tlb->e[slot].write == page)
			drop_slot(tlb, slot);
		if (f->tag == (page << CPU_PAGE_SHIFT | cpu->tlbs->gen[i]))
			f->tag = 0;
	}
}

static void drop_effective(struct cpu *cpu, u64 ea, u64 bytes, bool real)
{
	for (u64 i = 0; i < bytes; i += CPU_PAGE_SIZE)
		drop_effective_piece(cpu, ea + i);
	jumps_forget_range(cpu, ea, bytes, real);
}

#define FLUSH_PIECES_MAX 64u /* above that many 4 KiB pieces, flushing all is cheaper */

void tlb_forget_programs(struct cpu *cpu)
{
	struct tlbs *t = cpu->tlbs;

	cpu->counts.flushes_segments++;
	if (t->low_fetches) {
		tlb_new_generation(cpu);
		return;
	}
	forget_context(cpu, TLB_USER);
	forget_context(cpu, TLB_REAL);
	drop_slots(&cpu->tlb[TLB_KERNEL], t->low);
	jumps_forget_low(cpu);
}

/* What is there of a page that has more pieces than there may be entries in use. */
static void drop_range(struct cpu *cpu, u64 ea, u64 bytes)
{
	for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
		struct tlb *tlb = &cpu->tlb[i];

		for (unsigned j = 0; j < TLB_ENTRIES / 64; j++)
			for (u64 used = tlb->used[j]; used; used &= used - 1) {
				unsigned slot = j * 64 + (unsigned)__builtin_ctzll(used);

				if ((tlb->e[slot].read << CPU_PAGE_SHIFT) - ea < bytes)
					drop_slot(tlb, slot);
			}
		for (unsigned j = 0; j < ITLB_ENTRIES; j++)
			if ((cpu->tlbs->fetch[i][j].tag & CPU_PAGE_MASK) - ea < bytes)
				cpu->tlbs->fetch[i][j].tag = 0;
	}
}

#define FORGET_UNITS_MAX (16u << 20) /* beyond it all jumps go, rather than to look for some */

void tlb_forget_page(struct cpu *cpu, u64 ea, u64 bytes, bool shared)
{
	cpu->counts.flushes_page++;
	if (bytes >> CPU_PAGE_SHIFT <= FLUSH_PIECES_MAX) {
		drop_effective(cpu, ea, bytes, shared);
		return;
	}
	drop_range(cpu, ea, bytes);
	if (bytes <= FORGET_UNITS_MAX)
		jumps_forget_range(cpu, ea, bytes, shared);
	else
		jumps_forget(cpu);
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

static void protect_slot(struct tlb *tlb, unsigned slot)
{
	tlb->e[slot].write = tlb_empty(slot);
}

void cpu_protect_all(struct cpu *cpu)
{
	for (unsigned i = 0; i < TLB_CONTEXTS; i++)
		for (unsigned j = 0; j < TLB_ENTRIES; j++)
			protect_slot(&cpu->tlb[i], j);
	memset(&cpu->tlbs->writers, 0, sizeof(cpu->tlbs->writers));
}

/* Who looks at all of them tells anew whose there are. */
void cpu_protect_page(struct cpu *cpu, u64 gpa)
{
	struct writers *writers = &cpu->tlbs->writers;

	gpa &= CPU_PAGE_MASK;
	if (!writers_have(writers, gpa))
		return;
	memset(writers, 0, sizeof(*writers));
	for (unsigned i = 0; i < TLB_CONTEXTS; i++)
		for (unsigned j = 0; j < TLB_ENTRIES; j++) {
			const struct tlb_entry *e = &cpu->tlb[i].e[j];

			if (e->gpa == gpa)
				protect_slot(&cpu->tlb[i], j);
			else if (e->write != tlb_empty(j))
				writers_add(writers, e->gpa);
		}
}
