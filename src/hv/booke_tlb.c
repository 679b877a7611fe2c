/* SPDX-License-Identifier: Apache-2.0 */
/* A Book E vcpu's TLBs as clients have them. */
#include <errno.h>
#include "cpu/booke/set.h"
#include "hv/booke.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

static u32 kind_of(const struct cpu_model *model)
{
	return model->level == ISA_440	  ? KVM_CPU_440
	       : model->level == ISA_E500 ? KVM_CPU_E500V2
					  : 0;
}

u32 hv_vm_tlb_kind(const struct hv_vm *vm)
{
	return kind_of(vm->model);
}

u32 hv_tlb_kind(const struct hv_vcpu *vcpu)
{
	return kind_of(vcpu->cpu.model);
}

static struct booke_tlb *tlb_of(const struct hv_vcpu *vcpu)
{
	return vcpu->cpu.booke.tlb;
}

unsigned hv_tlb_entries(const struct hv_vcpu *vcpu)
{
	return tlb_of(vcpu)->entries;
}

size_t hv_tlb_entry_bytes(const struct hv_vcpu *vcpu)
{
	return hv_tlb_kind(vcpu) == KVM_CPU_440 ? sizeof(struct papyr_tlb_440)
						: sizeof(struct kvm_book3e_206_tlb_entry);
}

bool hv_tlb_changed(struct hv_vcpu *vcpu)
{
	u64 changes = tlb_of(vcpu)->changes;
	bool changed = changes != vcpu->tlb_changes;

	vcpu->tlb_changes = changes;
	return changed;
}

static struct papyr_tlb_440 show_440(const union booke_entry *e)
{
	struct papyr_tlb_440 out = {.tid = e->ppc440.tid};

	memcpy(out.word, e->ppc440.word, sizeof(out.word));
	return out;
}

static struct kvm_book3e_206_tlb_entry show_e500(const union booke_entry *e)
{
	return (struct kvm_book3e_206_tlb_entry){
	    .mas1 = e->e500.mas1,
	    .mas2 = e->e500.mas2,
	    .mas7_3 = e->e500.mas7_3,
	};
}

void hv_tlb_get(const struct hv_vcpu *vcpu, void *entries)
{
	const struct booke_tlb *tlb = tlb_of(vcpu);

	for (unsigned i = 0; i < tlb->entries; i++) {
		if (tlb->kind == BOOKE_440)
			((struct papyr_tlb_440 *)entries)[i] = show_440(&tlb->e[i]);
		else
			((struct kvm_book3e_206_tlb_entry *)entries)[i] = show_e500(&tlb->e[i]);
	}
}

static union booke_entry taken_440(const struct papyr_tlb_440 *in)
{
	union booke_entry e = {.ppc440 = {.tid = in->tid}};

	memcpy(e.ppc440.word, in->word, sizeof(in->word));
	return e;
}

static union booke_entry taken_e500(const struct kvm_book3e_206_tlb_entry *in)
{
	return (union booke_entry){.e500 = {in->mas1, (u32)in->mas2, in->mas7_3}};
}

void hv_tlb_set(struct hv_vcpu *vcpu, const void *entries)
{
	struct booke_tlb *tlb = tlb_of(vcpu);

	for (unsigned i = 0; i < tlb->entries; i++) {
		union booke_entry e =
		    tlb->kind == BOOKE_440
			? taken_440(&((const struct papyr_tlb_440 *)entries)[i])
			: taken_e500(&((const struct kvm_book3e_206_tlb_entry *)entries)[i]);

		booke_tlb_set(tlb, i, &e);
	}
	cpu_booke_changed(&vcpu->cpu);
}

#define MAP_ACCESS (PAPYR_MAP_READ | PAPYR_MAP_WRITE | PAPYR_MAP_EXECUTE)
#define MAP_ALL	   (2 * PAPYR_MAP_PROTECT - 1)

/* The same in other places: the client's flags, and MAS2's bits. */
static const struct {
	u32 flag, access;
} accesses[] = {
    {PAPYR_MAP_UNCACHED, BOOKE_UNCACHED}, {PAPYR_MAP_GUARDED, BOOKE_GUARDED},
    {PAPYR_MAP_COHERENT, BOOKE_COHERENT}, {PAPYR_MAP_WRITETHRU, BOOKE_WRITETHRU},
    {PAPYR_MAP_LITTLE, BOOKE_LITTLE},
};

int hv_tlb_map(struct hv_vcpu *vcpu, const struct papyr_map *map)
{
	struct booke_tlb *tlb = tlb_of(vcpu);
	bool protect = map->flags & PAPYR_MAP_PROTECT;
	struct booke_page page = {
	    .ea = map->ea,
	    .real = map->gpa,
	    .bytes = map->bytes,
	    .tid = map->pid,
	    .space = map->flags & PAPYR_MAP_AS1,
	    .supervisor = map->flags & MAP_ACCESS, /* BOOKE_READ, ... are the same bits */
	    .user = map->flags & PAPYR_MAP_USER ? map->flags & MAP_ACCESS : 0,
	};
	u32 access = 0;
	int i;

	if ((map->flags & ~MAP_ALL) || !(map->flags & MAP_ACCESS) ||
	    (protect && tlb->kind == BOOKE_440))
		return -EINVAL;
	for (unsigned k = 0; k < ARRAY_SIZE(accesses); k++)
		access |= map->flags & accesses[k].flag ? accesses[k].access : 0;
	i = booke_tlb_map(tlb, &page, access, protect);
	if (i >= 0)
		cpu_booke_changed(&vcpu->cpu);
	return i;
}

#define TRANSLATE_PID(ea)   ((ea) >> 32 & 0xff)
#define TRANSLATE_SPACE(ea) ((ea) >> 40 & 1)

void hv_tlb_translate(const struct hv_vcpu *vcpu, struct kvm_translation *tr)
{
	u64 pid = TRANSLATE_PID(tr->linear_address);
	u32 ea = tr->linear_address;
	int i = booke_tlb_find(tlb_of(vcpu), ea, TRANSLATE_SPACE(tr->linear_address), &pid, 1);
	struct booke_page page;

	tr->valid = i >= 0 && booke_tlb_page(tlb_of(vcpu), i, &page);
	if (tr->valid)
		tr->physical_address = page.real + (ea - page.ea);
}

int hv_tlb_can_configure(const struct hv_vcpu *vcpu, const struct kvm_book3e_206_tlb_params *p)
{
	if (p->tlb_ways[1] != p->tlb_sizes[1] || p->tlb_sizes[2] || p->tlb_sizes[3] ||
	    p->tlb_ways[2] || p->tlb_ways[3])
		return -EINVAL;
	return booke_tlb_can_have(tlb_of(vcpu), p->tlb_sizes[0], p->tlb_ways[0], p->tlb_sizes[1])
		   ? 0
		   : -EINVAL;
}

int hv_tlb_configure(struct hv_vcpu *vcpu, const struct kvm_book3e_206_tlb_params *p)
{
	int ret = hv_tlb_can_configure(vcpu, p);

	if (!ret)
		ret = booke_tlb_configure(tlb_of(vcpu), p->tlb_sizes[0], p->tlb_ways[0],
					  p->tlb_sizes[1]);
	if (!ret)
		cpu_booke_changed(&vcpu->cpu);
	return ret;
}

void hv_tlb_set_array(struct hv_vcpu *vcpu, u64 array)
{
	vcpu->tlb_array = array;
}

u64 hv_tlb_array(const struct hv_vcpu *vcpu)
{
	return vcpu->tlb_array;
}

/* --- the shadow TLB: what the processor keeps of all that --- */

#define SHADOW_BYTES 4096

struct shadow_list {
	struct papyr_tlb_shadow *out;
	unsigned n, max;
	bool space1_user;
};

static void add_shadow(void *of, const struct cpu_shadow *page)
{
	struct shadow_list *l = of;
	bool space1 = page->context == TLB_REAL;
	bool user = space1 ? l->space1_user : page->context == TLB_USER;

	if (l->n++ < l->max)
		l->out[l->n - 1] = (struct papyr_tlb_shadow){
		    .ea = page->ea,
		    .gpa = page->gpa,
		    .bytes = SHADOW_BYTES,
		    .flags = (page->read ? PAPYR_MAP_READ : 0) |
			     (page->write ? PAPYR_MAP_WRITE : 0) |
			     (page->execute ? PAPYR_MAP_EXECUTE : 0) | (user ? PAPYR_MAP_USER : 0) |
			     (space1 ? PAPYR_MAP_AS1 : 0),
		};
}

unsigned hv_tlb_shadow(const struct hv_vcpu *vcpu, struct papyr_tlb_shadow *out, unsigned max)
{
	struct shadow_list l = {
	    .out = out,
	    .max = max,
	    .space1_user = cpu_space1_is_users(&vcpu->cpu),
	};

	cpu_each_shadow(&vcpu->cpu, add_shadow, &l);
	return l.n;
}
