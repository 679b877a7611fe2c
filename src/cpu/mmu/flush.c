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

static u8 wanted_shift(const struct tlbs *t)
{
	return t->small_pages || t->logs_pages ? CPU_PAGE_SHIFT : CPU_UNIT_SHIFT;
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
	cpu->tlbs->small_pages = cpu_is_booke(cpu);
	cpu->unit_shift = wanted_shift(cpu->tlbs);
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

/*
 * At each look a few accesses that units of 4 KiB would have served are borne: what is beyond that
 * is summed up, lest a guest that is served well loses it for what it does at times.
 */
#define NARROW_BORNE 8u
#define NARROW_MAX   (1u << 17)

void tlb_tick(struct cpu *cpu)
{
	struct tlbs *t = cpu->tlbs;

	if (unlikely(t->narrow > NARROW_MAX)) {
		t->narrow = 0;
		t->small_pages = true;
		tlb_choose_units(cpu);
	}
	t->narrow -= t->narrow < NARROW_BORNE ? t->narrow : NARROW_BORNE;
}

void cpu_log_pages(struct cpu *cpu, bool on)
{
	if (cpu->tlbs->logs_pages == on)
		return;
	cpu->tlbs->logs_pages = on;
	cpu_request(cpu, CPU_REQ_UNITS);
}

void tlb_choose_units(struct cpu *cpu)
{
	struct tlbs *t = cpu->tlbs;

	if (cpu->unit_shift == wanted_shift(t))
		return;
	tlb_new_generation(cpu);
	memset(&t->writers, 0, sizeof(t->writers));
	cpu->unit_shift = wanted_shift(t);
	cpu_set_msr(cpu, cpu->msr);
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

static void drop_unit(struct cpu *cpu, u64 ea)
{
	u64 unit = ea >> cpu->unit_shift;
	unsigned slot = tlb_slot(cpu, ea);

	for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
		struct tlb *tlb = &cpu->tlb[i];

		if (tlb->e[slot].read == unit || tlb->e[slot].write == unit)
			drop_slot(tlb, slot);
	}
}

static void drop_fetches(struct cpu *cpu, u64 ea)
{
	u64 page = ea >> CPU_PAGE_SHIFT;

	for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
		struct itlb_entry *f = &cpu->tlbs->fetch[i][page & (ITLB_ENTRIES - 1)];

		if (f->tag == (page << CPU_PAGE_SHIFT | cpu->tlbs->gen[i]))
			f->tag = 0;
	}
}

static void drop_effective(struct cpu *cpu, u64 ea, u64 bytes, bool real)
{
	for (u64 i = 0; i < bytes; i += tlb_unit_bytes(cpu))
		drop_unit(cpu, ea + i);
	for (u64 i = 0; i < bytes; i += CPU_PAGE_SIZE)
		drop_fetches(cpu, ea + i);
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

				if ((tlb->e[slot].read << cpu->unit_shift) - ea < bytes)
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

static void drop_virtual_piece(struct cpu *cpu, u64 va, unsigned shift)
{
	struct vtlb_entry *e = vtlb_slot(cpu->tlbs, va >> shift);

	if (e->vsid && vtlb_shift(e->vsid) == shift &&
	    va_low(e->vsid, e->piece << shift) >> shift == va >> shift)
		e->vsid = 0;
}

/* A page of 64 KiB or more may be of a segment of small pages too. */
static void drop_virtual(struct cpu *cpu, u64 va, u64 bytes)
{
	for (u64 i = 0; i < bytes; i += CPU_UNIT_BYTES)
		drop_virtual_piece(cpu, va + i, CPU_UNIT_SHIFT);
	for (u64 i = 0; i < bytes; i += CPU_PAGE_SIZE)
		drop_virtual_piece(cpu, va + i, CPU_PAGE_SHIFT);
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
	drop_virtual(cpu, va, bytes);
	drop_seen(cpu, va, bytes);
}

/* Stores to unit @unit of guest real memory, or (~0) to any, look for it anew. Who looks at all
 * entries tells anew whose there are. */
static void protect(struct cpu *cpu, struct tlb *tlb, u64 unit)
{
	for (unsigned i = 0; i < TLB_ENTRIES / 64; i++)
		for (u64 used = tlb->used[i]; used; used &= used - 1) {
			unsigned slot = i * 64 + (unsigned)__builtin_ctzll(used);
			struct tlb_entry *e = &tlb->e[slot];
			u64 its = e->gpa >> cpu->unit_shift;

			if (unit == ~0ull || its == unit)
				e->write = tlb_empty(slot);
			else if (e->write != tlb_empty(slot))
				writers_add(&cpu->tlbs->writers, its);
		}
}

void cpu_protect_all(struct cpu *cpu)
{
	memset(&cpu->tlbs->writers, 0, sizeof(cpu->tlbs->writers));
	for (unsigned i = 0; i < TLB_CONTEXTS; i++)
		protect(cpu, &cpu->tlb[i], ~0ull);
}

void cpu_protect_page(struct cpu *cpu, u64 gpa)
{
	u64 unit = gpa >> cpu->unit_shift;

	if (!writers_have(&cpu->tlbs->writers, unit))
		return;
	memset(&cpu->tlbs->writers, 0, sizeof(cpu->tlbs->writers));
	for (unsigned i = 0; i < TLB_CONTEXTS; i++)
		protect(cpu, &cpu->tlb[i], unit);
}
