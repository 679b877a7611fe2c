/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address translation (Power ISA 2.07, Book III-S, chapter 5): SLB, hash table, protection, and the
 * slow ways to memory.
 */
#include <errno.h>
#include <stdlib.h>
#include "cpu/engine/code.h"
#include "cpu/mmu/tlb.h"
#include "hpt/hpt.h"

/* Generations live in the low bits of tags. */
#define GEN_LAST (CPU_PAGE_SIZE - 1)

/* An effective address is mapped one to one in real mode without a table, of 60 bits. */
#define REAL_MASK 0x0fffffffffffffffull

int tlb_init(struct cpu *cpu)
{
	cpu->tlbs = aligned_alloc(64, (sizeof(struct tlbs) + 63) & ~(size_t)63);
	if (!cpu->tlbs)
		return -ENOMEM;
	memset(cpu->tlbs, 0, sizeof(*cpu->tlbs));
	cpu->tlbs->gen = cpu->tlb_gen = 1;
	tlb_select(cpu);
	return 0;
}

void tlb_fini(struct cpu *cpu)
{
	free(cpu->tlbs);
	cpu->tlbs = NULL;
}

static enum tlb_context context(const struct cpu *cpu, u64 relocate)
{
	if (!(cpu->msr & relocate))
		return TLB_REAL;
	return cpu->msr & MSR_PR ? TLB_USER : TLB_KERNEL;
}

void tlb_select(struct cpu *cpu)
{
	cpu->dtlb = &cpu->tlbs->data[context(cpu, MSR_DR)];
}

void tlb_new_generation(struct cpu *cpu)
{
	struct tlbs *t = cpu->tlbs;

	if (t->gen == GEN_LAST) {
		memset(t->data, 0, sizeof(t->data));
		memset(t->fetch, 0, sizeof(t->fetch));
		t->gen = 0;
	}
	cpu->tlb_gen = ++t->gen;
	code_forget_jumps(cpu);
}

void cpu_slb_changed(struct cpu *cpu)
{
	tlb_new_generation(cpu);
}

void cpu_flush_all(struct cpu *cpu)
{
	memset(cpu->tlbs->virt, 0, sizeof(cpu->tlbs->virt));
	tlb_new_generation(cpu);
}

/* --- the second level --- */

static struct vtlb_entry *vtlb_slot(struct tlbs *t, u64 va_page)
{
	return &t->virt[(va_page ^ va_page >> 16) & (VTLB_ENTRIES - 1)];
}

static unsigned segment_shift(u64 vsid_word)
{
	return vsid_word & SLB_VSID_B_1T ? 40 : 28;
}

/* The virtual address modulo 2^64: enough to choose slots, and to throw away too much now and then.
 */
static u64 va_low(u64 vsid_word, u64 ea)
{
	unsigned shift = segment_shift(vsid_word);
	u64 vsid = vsid_word & ~SLB_VSID_B;

	vsid >>= shift == 40 ? HPT_SLB_VSID_SHIFT_1T : HPT_SLB_VSID_SHIFT;
	return vsid << shift | (ea & ((1ull << shift) - 1));
}

static void drop_effective(struct cpu *cpu, u64 ea)
{
	struct tlbs *t = cpu->tlbs;
	u64 tag = (ea & CPU_PAGE_MASK) | t->gen;

	for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
		struct tlb_entry *e = tlb_slot(&t->data[i], ea);
		struct itlb_entry *f = &t->fetch[i][ea >> CPU_PAGE_SHIFT & (ITLB_ENTRIES - 1)];

		if (e->tag_read == tag || e->tag_write == tag)
			e->tag_read = e->tag_write = 0;
		if (f->tag == tag)
			f->tag = 0;
	}
	code_forget_page(cpu, ea);
}

/* The SLB's VSID word that real-mode accesses use: LPCR[VRMASD] says the page size. */
static u64 vrma_slb(const struct cpu *cpu)
{
	u64 lp = (cpu->lpcr & LPCR_VRMA_L ? SLB_VSID_L : 0) |
		 (cpu->lpcr & LPCR_VRMA_LP1 ? 0x20 : 0) | (cpu->lpcr & LPCR_VRMA_LP0 ? 0x10 : 0);

	return SLB_VSID_B_1T | HPT_VRMA_VSID << HPT_SLB_VSID_SHIFT_1T | lp;
}

/* Calls for every effective address at which the 4 KiB piece at @va can be seen now. */
static void drop_virtual_piece(struct cpu *cpu, u64 va)
{
	struct vtlb_entry *e = vtlb_slot(cpu->tlbs, va >> CPU_PAGE_SHIFT);

	if (e->vsid &&
	    va_low(e->vsid, e->page << CPU_PAGE_SHIFT) >> CPU_PAGE_SHIFT == va >> CPU_PAGE_SHIFT)
		e->vsid = 0;
	for (unsigned i = 0; i < cpu->slb_nr; i++) {
		const struct slb_entry *s = &cpu->slb[i];
		unsigned shift = segment_shift(s->vsid);

		if ((s->esid & SLB_ESID_V) && va_low(s->vsid, 0) >> shift == va >> shift)
			drop_effective(cpu,
				       (s->esid >> shift << shift) | (va & ((1ull << shift) - 1)));
	}
	if (va >> 40 == HPT_VRMA_VSID)
		drop_effective(cpu, va & ((1ull << 40) - 1));
}

#define FLUSH_PIECES_MAX 64u /* above that many 4 KiB pieces, flushing all is cheaper */

void cpu_flush_page(struct cpu *cpu, u64 va, unsigned page_shift)
{
	u64 pieces = 1ull << (page_shift - CPU_PAGE_SHIFT);

	if (pieces > FLUSH_PIECES_MAX) {
		cpu_flush_all(cpu);
		return;
	}
	va &= ~((1ull << page_shift) - 1);
	for (u64 i = 0; i < pieces; i++)
		drop_virtual_piece(cpu, va + (i << CPU_PAGE_SHIFT));
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

/* --- translation --- */

struct translation {
	u64 gpa;       /* of the byte */
	bool writable; /* by protection, and C is set in the table */
	bool absent;
	u64 hpte_index;
	bool fresh; /* the hash table was searched since a fetch last used this translation */
	unsigned
	    vector; /* if it failed: VEC_DSI or VEC_DSEGI (the caller makes ISI and ISEGI of it) */
	u64 why;    /* DSISR or SRR1 bits */
};

static bool slb_covers(const struct slb_entry *s, u64 ea)
{
	unsigned shift = segment_shift(s->vsid);

	return (s->esid & SLB_ESID_V) && s->esid >> shift == ea >> shift;
}

static const struct slb_entry *slb_lookup(struct cpu *cpu, u64 ea)
{
	if (slb_covers(&cpu->slb[cpu->slb_last], ea))
		return &cpu->slb[cpu->slb_last];
	for (unsigned i = 0; i < cpu->slb_nr; i++)
		if (slb_covers(&cpu->slb[i], ea)) {
			cpu->slb_last = i;
			return &cpu->slb[i];
		}
	return NULL;
}

/* Does the storage protection let the access through? PP with pp0 as its high bit; key by Ks/Kp and
 * MSR[PR]. */
static bool pp_allows(u64 r, bool key, bool store)
{
	unsigned pp = (r & HPT_R_PP) | (r & HPT_R_PP0 ? 4 : 0);
	bool read, write;

	switch (pp) {
	case 0:
		read = write = !key;
		break;
	case 1:
		read = true;
		write = !key;
		break;
	case 2:
		read = write = true;
		break;
	case 3:
		read = true;
		write = false;
		break;
	case 6:
		read = !key;
		write = false;
		break;
	default:
		read = write = false;
	}
	return store ? write : read;
}

/* Virtual page class key: AMR has two bits a key, write and read disable; IAMR one in the same
 * place for fetches. */
static bool class_key_allows(const struct cpu *cpu, u64 r, enum cpu_access_kind kind)
{
	unsigned key = (r & HPT_R_KEY_HI) >> 57 | (r & HPT_R_KEY_LO) >> 9;
	unsigned shift = 62 - 2 * key;

	if (kind == CPU_FETCH)
		return !(cpu->iamr >> shift & 1);
	return !(cpu->amr >> shift & (kind == CPU_STORE ? 2 : 1));
}

static bool fail(struct translation *t, unsigned vector, u64 why)
{
	t->vector = vector;
	t->why = why;
	return false;
}

static void vtlb_fill(struct cpu *cpu, struct vtlb_entry *e, u64 slb_vsid, u64 ea,
		      const struct hpt_hit *hit)
{
	unsigned shift = segment_shift(slb_vsid);

	e->vsid = slb_vsid;
	e->page = (ea & ((1ull << shift) - 1)) >> CPU_PAGE_SHIFT;
	e->gpa =
	    (hpt_entry_gpa(hit->r, hit->actual_shift) | (ea & ((1ull << hit->actual_shift) - 1))) &
	    CPU_PAGE_MASK;
	e->v = hit->v;
	e->r = hit->r;
	e->index = hit->index;
	e->page_shift = hit->actual_shift;
	e->fetched = false;
}

/* The bits of a VSID word that tell translations apart (not Ks, Kp, N, C, which only protect). */
#define VTLB_KEY (~(SLB_VSID_KS | SLB_VSID_KP | SLB_VSID_N | SLB_VSID_C))

static struct vtlb_entry *vtlb_lookup(struct cpu *cpu, u64 slb_vsid, u64 ea)
{
	u64 key = (slb_vsid & VTLB_KEY) | 1; /* 1: no bit of the word, so that no key is 0 */
	u64 page = (ea & ((1ull << segment_shift(slb_vsid)) - 1)) >> CPU_PAGE_SHIFT;
	struct vtlb_entry *e = vtlb_slot(cpu->tlbs, va_low(slb_vsid, ea) >> CPU_PAGE_SHIFT);
	struct hpt_hit hit;

	if (e->vsid == key && e->page == page)
		return e;
	touched_look_up(cpu, va_low(slb_vsid, ea));
	if (!cpu->hpt || !hpt_search(cpu->hpt, slb_vsid, ea, &hit))
		return NULL;
	if (hit.v & HPT_V_ABSENT)
		e = &cpu->tlbs->absent;
	vtlb_fill(cpu, e, key, ea, &hit);
	return e;
}

/* Sets R and C as the access asks; false: the entry changed meanwhile, walk again. */
static bool set_rc(struct cpu *cpu, struct vtlb_entry *e, bool store)
{
	u64 bits = HPT_R_R | (store ? HPT_R_C : 0);

	if ((e->r & bits) == bits)
		return true;
	if (!hpt_set_rc(cpu->hpt, e->index, e->v, e->r, bits)) {
		e->vsid = 0;
		return false;
	}
	e->r |= bits;
	return true;
}

static bool translate_by(struct cpu *cpu, u64 slb_vsid, u64 ea, enum cpu_access_kind kind,
			 struct translation *t)
{
	bool key = slb_vsid & (cpu->msr & MSR_PR ? SLB_VSID_KP : SLB_VSID_KS);
	u64 store_bit = kind == CPU_STORE ? DSISR_STORE : 0;
	struct vtlb_entry *e;

	do {
		e = vtlb_lookup(cpu, slb_vsid, ea);
		if (!e)
			return fail(t, VEC_DSI, DSISR_NOHPTE | store_bit);
		if (kind == CPU_FETCH && ((e->r & (HPT_R_N | HPT_R_G)) || (slb_vsid & SLB_VSID_N)))
			return fail(t, VEC_DSI, SRR1_NOEXEC);
		if (!class_key_allows(cpu, e->r, kind))
			return fail(t, VEC_DSI, DSISR_KEY | store_bit);
		if (!pp_allows(e->r, key, kind == CPU_STORE))
			return fail(t, VEC_DSI, DSISR_PROT | store_bit);
		t->absent = e->v & HPT_V_ABSENT;
	} while (!t->absent && !set_rc(cpu, e, kind == CPU_STORE));
	t->gpa = e->gpa | (ea & ~CPU_PAGE_MASK);
	t->hpte_index = e->index;
	t->fresh = !e->fetched;
	e->fetched |= kind == CPU_FETCH;
	t->writable = (e->r & HPT_R_C) && pp_allows(e->r, key, true) &&
		      class_key_allows(cpu, e->r, CPU_STORE);
	return true;
}

static bool translate(struct cpu *cpu, u64 ea, enum cpu_access_kind kind, struct translation *t)
{
	const struct slb_entry *s;

	*t = (struct translation){0};
	if (!(cpu->msr & (kind == CPU_FETCH ? MSR_IR : MSR_DR))) {
		if (cpu->hpt && (cpu->lpcr & LPCR_VPM0))
			return translate_by(cpu, vrma_slb(cpu), ea & ((1ull << 40) - 1), kind, t);
		t->gpa = (ea & REAL_MASK) + cpu->rmor;
		t->hpte_index = ~0ull;
		t->writable = true;
		t->fresh = true;
		return true;
	}
	s = slb_lookup(cpu, ea);
	if (!s)
		return fail(t, VEC_DSEGI, 0);
	return translate_by(cpu, s->vsid, ea, kind, t);
}

/* --- instruction fetch --- */

static bool fetch_fails(struct cpu *cpu, u64 nip, const struct translation *t)
{
	if (t->vector == VEC_DSEGI)
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
	}
	return false;
}

bool tlb_fetch(struct cpu *cpu, u64 nip, const u8 **host, u64 *gpa, bool *fresh)
{
	struct tlbs *tlbs = cpu->tlbs;
	struct itlb_entry *f =
	    &tlbs->fetch[context(cpu, MSR_IR)][nip >> CPU_PAGE_SHIFT & (ITLB_ENTRIES - 1)];
	u64 tag = (nip & CPU_PAGE_MASK) | tlbs->gen;
	struct translation t;
	struct cpu_ram ram;

	*fresh = false;
	if (f->tag != tag) {
		if (!translate(cpu, nip, CPU_FETCH, &t))
			return fetch_fails(cpu, nip, &t);
		ram = t.absent ? (struct cpu_ram){0}
			       : cpu->host->ram(cpu, t.gpa & CPU_PAGE_MASK, false);
		if (!ram.host)
			return fetch_without_memory(cpu, nip, &t);
		*f = (struct itlb_entry){tag, t.gpa & CPU_PAGE_MASK, ram.host};
		*fresh = t.fresh;
	}
	*host = f->host;
	*gpa = f->gpa;
	return true;
}

/* --- data --- */

static bool data_fails(struct cpu *cpu, const struct op *op, u64 ea, const struct translation *t)
{
	cpu_raise_data(cpu, op, t->vector, ea, t->why);
	return false;
}

/* Data address breakpoints: the DAWR (range of doublewords) and the DABR (one doubleword). */
#define DAWRX_MRD    0xfc00ull
#define DAWRX_DR     0x40ull
#define DAWRX_DW     0x20ull
#define DAWRX_WTI    0x10ull
#define DAWRX_WT     0x08ull
#define DAWRX_KERNEL 0x2ull
#define DAWRX_USER   0x1ull
#define DABR_BT	     0x4ull
#define DABR_DW	     0x2ull
#define DABR_DR	     0x1ull
#define DABRX_BTI    0x8ull
#define DABRX_KERNEL 0x2ull
#define DABRX_USER   0x1ull

static bool dawr_hits(const struct cpu *cpu, u64 ea, unsigned size, bool store)
{
	u64 x = cpu->dawrx, first = cpu->dawr & ~7ull;
	u64 last = first + (((x & DAWRX_MRD) >> 10) + 1) * 8 - 1;

	if (!(x & (store ? DAWRX_DW : DAWRX_DR)) ||
	    !(x & (cpu->msr & MSR_PR ? DAWRX_USER : DAWRX_KERNEL)))
		return false;
	if (!(x & DAWRX_WTI) && !(x & DAWRX_WT) != !(cpu->msr & MSR_DR))
		return false;
	return ea <= last && ea + size - 1 >= first;
}

static bool dabr_hits(const struct cpu *cpu, u64 ea, unsigned size, bool store)
{
	u64 first = cpu->dabr & ~7ull;

	if (!(cpu->dabr & (store ? DABR_DW : DABR_DR)) ||
	    !(cpu->dabrx & (cpu->msr & MSR_PR ? DABRX_USER : DABRX_KERNEL)))
		return false;
	if (!(cpu->dabrx & DABRX_BTI) && !(cpu->dabr & DABR_BT) != !(cpu->msr & MSR_DR))
		return false;
	return ea <= first + 7 && ea + size - 1 >= first;
}

static bool watchpoint_armed(const struct cpu *cpu)
{
	return (cpu->dawrx & (DAWRX_DR | DAWRX_DW)) || (cpu->dabr & (DABR_DR | DABR_DW));
}

static bool watchpoint_hits(const struct cpu *cpu, u64 ea, unsigned size, bool store)
{
	return dawr_hits(cpu, ea, size, store) || dabr_hits(cpu, ea, size, store);
}

/* Remembers a page of memory in the first level, as far as its accesses need no look. */
static void tlb_fill(struct cpu *cpu, u64 ea, const struct translation *t,
		     const struct cpu_ram *ram, bool store)
{
	struct tlb_entry *e = tlb_slot(cpu->dtlb, ea);
	u64 tag = (ea & CPU_PAGE_MASK) | cpu->tlb_gen;
	u64 gpa = t->gpa & CPU_PAGE_MASK;

	if (watchpoint_armed(cpu))
		return;
	if (e->tag_read != tag || e->gpa != gpa)
		e->tag_write = 0;
	e->tag_read = tag;
	e->addend = (uintptr_t)ram->host - (ea & CPU_PAGE_MASK);
	e->gpa = gpa;
	if (store && t->writable && !cpu->host->is_code_page(cpu, gpa))
		e->tag_write = tag;
}

/*
 * Host memory of @size bytes at @ea, which lie on one page. NULL: an interrupt was raised, the
 * owner did the access (*done), or there is no memory and @data is NULL, which asks for memory
 * only: no interrupt has been raised then.
 */
static u8 *data_ptr(struct cpu *cpu, const struct op *op, u64 ea, unsigned size, bool store,
		    void *data, u64 *gpa, bool *done)
{
	struct cpu_access access = {
	    .kind = store ? CPU_STORE : CPU_LOAD, .ea = ea, .size = size, .data = data};
	struct translation t;
	struct cpu_ram ram;

	*done = false;
	for (;;) {
		if (!translate(cpu, ea, access.kind, &t)) {
			data_fails(cpu, op, ea, &t);
			return NULL;
		}
		if (unlikely(watchpoint_armed(cpu)) && watchpoint_hits(cpu, ea, size, store)) {
			cpu_raise_data(cpu, op, VEC_DSI, ea,
				       DSISR_DABR | (store ? DSISR_STORE : 0));
			return NULL;
		}
		if (store)
			cpu_touch_writable(cpu, t.gpa);
		ram = t.absent ? (struct cpu_ram){0}
			       : cpu->host->ram(cpu, t.gpa & CPU_PAGE_MASK, store);
		if (ram.host && (!store || ram.writable))
			break;
		access.gpa = t.gpa;
		access.hpte_index = t.hpte_index;
		access.absent = t.absent;
		switch (cpu->host->fault(cpu, &access)) {
		case CPU_FAULT_RETRY:
			continue;
		case CPU_FAULT_DONE:
			*done = true;
			return NULL;
		case CPU_FAULT_LEAVE:
			cpu->nip = CIA();
			cpu->left_insn = op->insn;
			cpu->leave = true;
			return NULL;
		case CPU_FAULT_REFLECT:
			cpu_raise_data(cpu, op, VEC_DSI, ea,
				       DSISR_NOHPTE | (store ? DSISR_STORE : 0));
			return NULL;
		}
	}
	tlb_fill(cpu, ea, &t, &ram, store);
	*gpa = t.gpa;
	return ram.host + (ea & ~CPU_PAGE_MASK);
}

/* A copy that is one access for sizes that the architecture makes one access of. */
static void copy_once(void *to, const void *from, unsigned size)
{
	switch (size) {
	case 1:
		memcpy(to, from, 1);
		break;
	case 2:
		memcpy(to, from, 2);
		break;
	case 4:
		memcpy(to, from, 4);
		break;
	case 8:
		memcpy(to, from, 8);
		break;
	default:
		memcpy(to, from, size);
	}
}

/* The bytes from @ea to the end of its page, at most @size; pieces for memory without RAM are at
 * most 8. */
static unsigned piece(u64 ea, unsigned size)
{
	u64 left = CPU_PAGE_SIZE - (ea & ~CPU_PAGE_MASK);

	return size < left ? size : left;
}

static bool read_on_page(struct cpu *cpu, const struct op *op, u64 ea, u8 *data, unsigned size)
{
	bool done;
	u64 gpa;

	/* The owner takes at most 8 bytes a time. */
	for (unsigned n; size; ea += n, data += n, size -= n) {
		const u8 *host =
		    data_ptr(cpu, op, ea, size > 8 ? 8 : size, false, data, &gpa, &done);

		if (host) {
			copy_once(data, host, size);
			return true;
		}
		if (!done)
			return false;
		n = size > 8 ? 8 : size;
	}
	return true;
}

static bool write_on_page(struct cpu *cpu, const struct op *op, u64 ea, const u8 *data,
			  unsigned size)
{
	bool done;
	u64 gpa;

	for (unsigned n; size; ea += n, data += n, size -= n) {
		u8 *host =
		    data_ptr(cpu, op, ea, size > 8 ? 8 : size, true, (void *)data, &gpa, &done);

		if (host) {
			if (cpu->host->is_code_page(cpu, gpa))
				cpu->host->code_write(cpu, gpa, size);
			copy_once(host, data, size);
			return true;
		}
		if (!done)
			return false;
		n = size > 8 ? 8 : size;
	}
	return true;
}

bool mem_read_slow(struct cpu *cpu, const struct op *op, u64 ea, void *data, unsigned size)
{
	unsigned first = piece(ea, size);
	u8 buffer[128];

	if (first == size)
		return read_on_page(cpu, op, ea, data, size);
	if (!read_on_page(cpu, op, ea, buffer, first) ||
	    !read_on_page(cpu, op, (ea + first) & cpu->ea_mask, buffer + first, size - first))
		return false;
	memcpy(data, buffer, size);
	return true;
}

bool mem_write_slow(struct cpu *cpu, const struct op *op, u64 ea, const void *data, unsigned size)
{
	unsigned first = piece(ea, size);

	if (first == size)
		return write_on_page(cpu, op, ea, data, size);
	/* Nothing of it is stored when the second page faults. */
	if (!mem_probe_write(cpu, op, (ea + first) & cpu->ea_mask, size - first))
		return false;
	return write_on_page(cpu, op, ea, data, first) &&
	       write_on_page(cpu, op, (ea + first) & cpu->ea_mask, (const u8 *)data + first,
			     size - first);
}

static struct tlb_entry *tlb_hit(struct cpu *cpu, u64 ea, unsigned size, bool store)
{
	struct tlb_entry *e = tlb_slot(cpu->dtlb, ea);
	u64 tag = ((ea + size - 1) & CPU_PAGE_MASK) | cpu->tlb_gen;

	return (store ? e->tag_write : e->tag_read) == tag ? e : NULL;
}

bool mem_read_bytes(struct cpu *cpu, const struct op *op, u64 ea, void *bytes, unsigned size)
{
	struct tlb_entry *e = tlb_hit(cpu, ea, size, false);

	if (unlikely(!e))
		return mem_read_slow(cpu, op, ea, bytes, size);
	memcpy(bytes, (const void *)(uintptr_t)(ea + e->addend), size);
	return true;
}

bool mem_write_bytes(struct cpu *cpu, const struct op *op, u64 ea, const void *bytes, unsigned size)
{
	struct tlb_entry *e = tlb_hit(cpu, ea, size, true);

	if (unlikely(!e))
		return mem_write_slow(cpu, op, ea, bytes, size);
	memcpy((void *)(uintptr_t)(ea + e->addend), bytes, size);
	return true;
}

/*
 * A probe translates and takes the interrupts; for memory that the owner emulates it lets the
 * access itself decide.
 */
static bool probe_page(struct cpu *cpu, const struct op *op, u64 ea, bool store)
{
	struct translation t;

	if (tlb_hit(cpu, ea, 1, store))
		return true;
	if (translate(cpu, ea, store ? CPU_STORE : CPU_LOAD, &t))
		return true;
	return data_fails(cpu, op, ea, &t);
}

static bool probe(struct cpu *cpu, const struct op *op, u64 ea, unsigned size, bool store)
{
	u64 last = (ea + size - 1) & cpu->ea_mask;

	return probe_page(cpu, op, ea, store) &&
	       (!((ea ^ last) & CPU_PAGE_MASK) || probe_page(cpu, op, last & CPU_PAGE_MASK, store));
}

bool mem_probe_write(struct cpu *cpu, const struct op *op, u64 ea, unsigned size)
{
	return probe(cpu, op, ea, size, true);
}

bool mem_probe_read(struct cpu *cpu, const struct op *op, u64 ea, unsigned size)
{
	return probe(cpu, op, ea, size, false);
}

void *mem_ptr(struct cpu *cpu, const struct op *op, u64 ea, unsigned size, bool store, u64 *gpa,
	      bool *no_ram)
{
	struct tlb_entry *e = tlb_hit(cpu, ea, size, store);
	u8 *host;

	*no_ram = false;
	if (likely(e)) {
		*gpa = e->gpa | (ea & ~CPU_PAGE_MASK);
		return (void *)(uintptr_t)(ea + e->addend);
	}
	host = data_ptr(cpu, op, ea, size, store, NULL, gpa, no_ram);
	if (host && store && cpu->host->is_code_page(cpu, *gpa))
		cpu->host->code_write(cpu, *gpa, size);
	return host;
}

void *mem_atomic_ptr(struct cpu *cpu, const struct op *op, u64 ea, unsigned size, bool store,
		     u64 *gpa)
{
	bool no_ram;
	void *host = mem_ptr(cpu, op, ea, size, store, gpa, &no_ram);

	/* Reservations and quadwords where there is no memory: the architecture's answer is a
	 * storage interrupt. */
	if (no_ram)
		cpu_raise_data(cpu, op, VEC_DSI, ea, DSISR_BADATTR | (store ? DSISR_STORE : 0));
	return host;
}
