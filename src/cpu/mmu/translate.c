/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address translation (Power ISA 2.07, Book III-S, chapter 5): SLB, hash table, protection.
 */
#include "cpu/mmu/translate.h"

/* An effective address is mapped one to one in real mode without a table, of 60 bits. */
#define REAL_MASK 0x0fffffffffffffffull

/* What real mode by offset and limit reaches, by LPCR[RMLS]; 0: the code says nothing. */
static const u64 real_mode_limits[16] = {
    [0] = 256ull << 30, [1] = 16ull << 30,  [2] = 1ull << 30,  [3] = 64ull << 20,
    [4] = 256ull << 20, [7] = 128ull << 20, [8] = 32ull << 20,
};

int cpu_real_mode_limit_code(u64 bytes)
{
	for (unsigned code = 0; bytes && code < ARRAY_SIZE(real_mode_limits); code++)
		if (real_mode_limits[code] == bytes)
			return code;
	return -1;
}

/* The SLB's VSID word that real-mode accesses use: LPCR[VRMASD] says the page size. */
static u64 vrma_slb(const struct cpu *cpu)
{
	u64 lp = (cpu->lpcr & LPCR_VRMA_L ? SLB_VSID_L : 0) |
		 (cpu->lpcr & LPCR_VRMA_LP1 ? 0x20 : 0) | (cpu->lpcr & LPCR_VRMA_LP0 ? 0x10 : 0);

	return SLB_VSID_B_1T | HPT_VRMA_VSID << HPT_SLB_VSID_SHIFT_1T | lp;
}

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

/*
 * Virtual page class key: AMR has two bits a key, write and read disable; IAMR one in the same
 * place for fetches. They protect translated accesses (ISA 2.07 Book III-S 5.7.9.2): a guest's
 * interrupt handler that starts in real mode, which the VRMA's entries serve, must not depend on
 * what the interrupted program closed.
 */
static bool class_key_allows(const struct cpu *cpu, u64 r, enum cpu_access_kind kind)
{
	unsigned key = (r & HPT_R_KEY_HI) >> 57 | (r & HPT_R_KEY_LO) >> 9;
	unsigned shift = 62 - 2 * key;

	if (!(cpu->msr & (kind == CPU_FETCH ? MSR_IR : MSR_DR)))
		return true;
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
	unsigned shift = vtlb_shift(slb_vsid);

	e->vsid = slb_vsid;
	e->gen = cpu->tlbs->virt_gen;
	e->piece = (ea & ((1ull << segment_shift(slb_vsid)) - 1)) >> shift;
	e->gpa =
	    (hpt_entry_gpa(hit->r, hit->actual_shift) | (ea & ((1ull << hit->actual_shift) - 1))) >>
	    shift << shift;
	e->v = hit->v;
	e->r = hit->r;
	e->index = hit->index;
	e->page_shift = hit->actual_shift;
	e->fetched = 0;
}

/* The bits of a VSID word that tell translations apart (not Ks, Kp, N, C, which only protect). */
#define VTLB_KEY (~(SLB_VSID_KS | SLB_VSID_KP | SLB_VSID_N | SLB_VSID_C))

static struct vtlb_entry *vtlb_lookup(struct cpu *cpu, u64 slb_vsid, u64 ea)
{
	u64 key = (slb_vsid & VTLB_KEY) | 1; /* 1: no bit of the word, so that no key is 0 */
	unsigned shift = vtlb_shift(slb_vsid);
	u64 piece = (ea & ((1ull << segment_shift(slb_vsid)) - 1)) >> shift;
	struct vtlb_entry *e = vtlb_slot(cpu->tlbs, va_low(slb_vsid, ea) >> shift);
	struct hpt_hit hit;

	if (e->vsid == key && e->piece == piece && e->gen == cpu->tlbs->virt_gen)
		return e;
	cpu->counts.table_searches++;
	touched_look_up(cpu, va_low(slb_vsid, ea));
	if (!cpu->hpt || !hpt_search(cpu->hpt, slb_vsid, ea, &hit)) {
		cpu->counts.table_misses++;
		return NULL;
	}
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

/* Was what @e says of the page at @ea used for a fetch before? */
static bool was_fetched(struct vtlb_entry *e, u64 ea, bool fetch)
{
	u16 bit = (u16)(1u << (ea >> CPU_PAGE_SHIFT) % 16);
	bool was = e->fetched & bit;

	if (fetch)
		e->fetched |= bit;
	return was;
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
	t->gpa = e->gpa | (ea & ((1ull << vtlb_shift(slb_vsid)) - 1));
	t->wide = e->page_shift >= CPU_UNIT_SHIFT;
	t->hpte_index = e->index;
	t->fresh = !was_fetched(e, ea, kind == CPU_FETCH);
	t->writable = (e->r & HPT_R_C) && pp_allows(e->r, key, true) &&
		      class_key_allows(cpu, e->r, CPU_STORE);
	return true;
}

/* Offset and limit (ISA 2.06 Book III-S 5.7.3); without a table nobody is confined. */
static bool real_by_limit(struct cpu *cpu, u64 ea, enum cpu_access_kind kind, struct translation *t)
{
	u64 address = ea & REAL_MASK;

	if (cpu->hpt && address >= real_mode_limits[(cpu->lpcr & LPCR_RMLS) >> LPCR_RMLS_SHIFT])
		return fail(t, VEC_DSI, DSISR_PROT | (kind == CPU_STORE ? DSISR_STORE : 0));
	t->gpa = address + cpu->rmor;
	t->hpte_index = ~0ull;
	t->wide = !((t->gpa ^ ea) % CPU_UNIT_BYTES); /* limits are multiples of that */
	t->writable = true;
	t->fresh = true;
	return true;
}

static bool find_translation(struct cpu *cpu, u64 ea, enum cpu_access_kind kind,
			     struct translation *t)
{
	const struct slb_entry *s;

	*t = (struct translation){0};
	if (cpu_is_booke(cpu))
		return booke_translate(cpu, ea, kind, t);
	if (!(cpu->msr & (kind == CPU_FETCH ? MSR_IR : MSR_DR))) {
		if (cpu->hpt && (cpu->lpcr & LPCR_VPM0))
			return translate_by(cpu, vrma_slb(cpu), ea & ((1ull << 40) - 1), kind, t);
		return real_by_limit(cpu, ea, kind, t);
	}
	t->program = address_is_low(ea);
	s = slb_lookup(cpu, ea);
	if (!s)
		return fail(t, VEC_DSEGI, 0);
	return translate_by(cpu, s->vsid, ea, kind, t);
}

static void tell(struct cpu *cpu, u64 ea, enum cpu_access_kind kind, const struct translation *t)
{
	struct cpu_access access = {.kind = kind,
				    .ea = ea,
				    .gpa = t->gpa,
				    .hpte_index = t->hpte_index,
				    .absent = t->absent};

	cpu->host->translated(cpu, &access, t->vector, t->why);
}

bool translate(struct cpu *cpu, u64 ea, enum cpu_access_kind kind, struct translation *t)
{
	bool found = find_translation(cpu, ea, kind, t);

	if (kind == CPU_FETCH)
		cpu->counts.fetches_missed++;
	else
		cpu->counts.loads_missed++;
	if (cpu_traces(cpu, PAPYR_TRACE_MMU))
		tell(cpu, ea, kind, t);
	return found;
}
