/* SPDX-License-Identifier: Apache-2.0 */
/* What a client of a Book E vcpu can ask: its registers (booke_regs.c), its TLBs (booke_tlb.c). */
#ifndef PAPYR_HV_BOOKE_H
#define PAPYR_HV_BOOKE_H

#include <papyr/kvm.h>
#include "base/bits.h"

struct cpu;
struct hv_vcpu;
struct hv_vm;

/* PAPYR_CAP_TLB: KVM_CPU_*, 0 of Book3S. */
u32 hv_vm_tlb_kind(const struct hv_vm *vm);
u32 hv_tlb_kind(const struct hv_vcpu *vcpu);
static inline bool hv_is_booke(const struct hv_vcpu *vcpu)
{
	return hv_tlb_kind(vcpu);
}

/* struct cpu_host's dcr, waits and reset (booke_exits.c). */
bool hv_booke_dcr(struct cpu *cpu, unsigned dcr, bool write, unsigned gpr);
void hv_booke_waits(struct cpu *cpu);
void hv_booke_reset(struct cpu *cpu);
/* KVM_CAP_PPC_BOOKE_WATCHDOG */
void hv_booke_enable_watchdog(struct hv_vcpu *vcpu);

/* All below of Book E vcpus only. */
/* What of KVM_GET_REGS and KVM_SET_REGS is in other places here, or only 32 bits. */
void hv_booke_get_regs(const struct hv_vcpu *vcpu, struct kvm_regs *regs);
void hv_booke_set_regs(struct hv_vcpu *vcpu, const struct kvm_regs *regs);
void hv_booke_get_sregs(struct hv_vcpu *vcpu, struct kvm_sregs *sregs);
int hv_booke_set_sregs(struct hv_vcpu *vcpu, const struct kvm_sregs *sregs);
int hv_booke_get_one_reg(struct hv_vcpu *vcpu, u64 id, u64 *value);
int hv_booke_set_one_reg(struct hv_vcpu *vcpu, u64 id, u64 value);

/* The guest's entries: how many, and each as the client has it, of so many bytes. */
unsigned hv_tlb_entries(const struct hv_vcpu *vcpu);
size_t hv_tlb_entry_bytes(const struct hv_vcpu *vcpu);
void hv_tlb_get(const struct hv_vcpu *vcpu, void *entries);
void hv_tlb_set(struct hv_vcpu *vcpu, const void *entries);
/* May they have changed since this was last asked? */
bool hv_tlb_changed(struct hv_vcpu *vcpu);
/* PAPYR_MAP: the entry's number, or an error. */
int hv_tlb_map(struct hv_vcpu *vcpu, const struct papyr_map *map);
/* What the processor has at hand: as many as there are; the first @max go to @out. */
unsigned hv_tlb_shadow(const struct hv_vcpu *vcpu, struct papyr_tlb_shadow *out, unsigned max);
/* KVM_TRANSLATE */
void hv_tlb_translate(const struct hv_vcpu *vcpu, struct kvm_translation *tr);

/* KVM_CAP_SW_TLB: other numbers of entries, all empty. -EINVAL: there can't be such. */
int hv_tlb_can_configure(const struct hv_vcpu *vcpu,
			 const struct kvm_book3e_206_tlb_params *params);
int hv_tlb_configure(struct hv_vcpu *vcpu, const struct kvm_book3e_206_tlb_params *params);
/* Where the client has them: its address; 0: nowhere. Kept here for src/kvm, which goes there. */
void hv_tlb_set_array(struct hv_vcpu *vcpu, u64 array);
u64 hv_tlb_array(const struct hv_vcpu *vcpu);

#endif
