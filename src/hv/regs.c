/* SPDX-License-Identifier: Apache-2.0 */
/* KVM_GET_REGS, KVM_SET_REGS, KVM_GET_SREGS, KVM_SET_SREGS. */
#include <errno.h>
#include "hv/booke.h"
#include "hv/regs.h"
#include "hv/vcpu.h"

/*
 * A client reads back what it set, be there such bits or not: what the processor has no place for
 * is kept beside it, until the guest has changed the rest.
 */
static void kept_set(struct hv_kept *kept, u64 wanted, u64 real)
{
	kept->rest = wanted & ~real;
	kept->real = real;
}

static u64 kept_get(const struct hv_kept *kept, u64 real)
{
	return real == kept->real ? real | kept->rest : real;
}

void hv_get_regs(struct hv_vcpu *vcpu, struct kvm_regs *regs)
{
	struct cpu *cpu = &vcpu->cpu;

	memset(regs, 0, sizeof(*regs));
	regs->pc = cpu->nip;
	regs->cr = cpu_get_cr(cpu);
	regs->ctr = cpu->ctr;
	regs->lr = cpu->lr;
	regs->xer = kept_get(&vcpu->kept_xer, cpu_get_xer(cpu));
	regs->msr = kept_get(&vcpu->kept_msr, cpu->msr);
	regs->srr0 = cpu->srr0;
	regs->srr1 = cpu->srr1;
	regs->pid = cpu->pid;
	regs->sprg0 = cpu->sprg[0];
	regs->sprg1 = cpu->sprg[1];
	regs->sprg2 = cpu->sprg[2];
	regs->sprg3 = cpu->sprg[3];
	regs->sprg4 = vcpu->sprg_4_7[0];
	regs->sprg5 = vcpu->sprg_4_7[1];
	regs->sprg6 = vcpu->sprg_4_7[2];
	regs->sprg7 = vcpu->sprg_4_7[3];
	memcpy(regs->gpr, cpu->gpr, sizeof(regs->gpr));
	if (hv_is_booke(vcpu))
		hv_booke_get_regs(vcpu, regs);
}

/* Never the hypervisor's state, always machine checks; both bits of TS together mean nothing. */
static u64 guest_msr(u64 msr)
{
	if ((msr & MSR_TS) == MSR_TS)
		msr &= ~MSR_TS;
	return (msr & ~MSR_HV) | MSR_ME;
}

void hv_set_regs(struct hv_vcpu *vcpu, const struct kvm_regs *regs)
{
	struct cpu *cpu = &vcpu->cpu;
	u64 msr = hv_is_booke(vcpu) ? (u32)regs->msr : guest_msr(regs->msr);

	cpu->nip = regs->pc;
	cpu_set_cr(cpu, regs->cr);
	cpu->ctr = regs->ctr;
	cpu->lr = regs->lr;
	cpu_set_xer(cpu, regs->xer);
	kept_set(&vcpu->kept_xer, regs->xer, cpu_get_xer(cpu));
	cpu_set_msr(cpu, msr);
	kept_set(&vcpu->kept_msr, msr, cpu->msr);
	cpu->srr0 = regs->srr0;
	cpu->srr1 = regs->srr1;
	cpu->sprg[0] = regs->sprg0;
	cpu->sprg[1] = regs->sprg1;
	cpu->sprg[2] = regs->sprg2;
	cpu->sprg[3] = regs->sprg3;
	vcpu->sprg_4_7[0] = regs->sprg4;
	vcpu->sprg_4_7[1] = regs->sprg5;
	vcpu->sprg_4_7[2] = regs->sprg6;
	vcpu->sprg_4_7[3] = regs->sprg7;
	memcpy(cpu->gpr, regs->gpr, sizeof(regs->gpr));
	if (hv_is_booke(vcpu))
		hv_booke_set_regs(vcpu, regs);
	/* It was set going anew: whatever it waited for. */
	vcpu->ceded = false;
}

/* --- the SLB --- */

#define SLBE_INDEX 0xfffull

/*
 * What slbmte would make of the listed entries, one after another; an index beyond the SLB wraps.
 */
static void slb_apply(const struct hv_slb_list *list, struct slb_entry *slb, unsigned nr)
{
	memset(slb, 0, nr * sizeof(*slb));
	for (unsigned i = 0; i < list->nr; i++) {
		u64 slbe = list->entry[i].slbe;

		slb[(slbe & SLBE_INDEX) % nr] =
		    (struct slb_entry){slbe & ~SLBE_INDEX, list->entry[i].slbv};
	}
}

static void slb_list(const struct cpu *cpu, struct hv_slb_list *list)
{
	list->nr = 0;
	for (unsigned i = 0; i < cpu->slb_nr; i++) {
		const struct slb_entry *e = &cpu->slb[i];

		if (e->esid & SLB_ESID_V)
			list->entry[list->nr++] =
			    (struct hv_slb_pair){(e->esid & ~SLBE_INDEX) | i, e->vsid};
	}
}

/* The listing that the client made, as long as the SLB is what came of it, else one in the entries'
 * order. */
void hv_get_sregs(struct hv_vcpu *vcpu, struct kvm_sregs *sregs)
{
	const struct cpu *cpu = &vcpu->cpu;
	struct slb_entry applied[CPU_SLB_MAX];
	struct hv_slb_list now;

	if (hv_is_booke(vcpu)) {
		hv_booke_get_sregs(vcpu, sregs);
		return;
	}
	memset(sregs, 0, sizeof(*sregs));
	sregs->pvr = cpu->pvr;
	now = vcpu->slb_set;
	slb_apply(&now, applied, cpu->slb_nr);
	if (memcmp(applied, cpu->slb, cpu->slb_nr * sizeof(applied[0])))
		slb_list(cpu, &now);
	for (unsigned i = 0; i < now.nr; i++) {
		sregs->u.s.ppc64.slb[i].slbe = now.entry[i].slbe;
		sregs->u.s.ppc64.slb[i].slbv = now.entry[i].slbv;
	}
}

int hv_set_sregs(struct hv_vcpu *vcpu, const struct kvm_sregs *sregs)
{
	struct cpu *cpu = &vcpu->cpu;

	if (hv_is_booke(vcpu))
		return hv_booke_set_sregs(vcpu, sregs);
	if (sregs->pvr != cpu->pvr)
		return -EINVAL;
	vcpu->slb_set.nr = 0;
	for (unsigned i = 0; i < cpu->slb_nr; i++) {
		u64 slbe = sregs->u.s.ppc64.slb[i].slbe;

		if (slbe & SLB_ESID_V)
			vcpu->slb_set.entry[vcpu->slb_set.nr++] =
			    (struct hv_slb_pair){slbe, sregs->u.s.ppc64.slb[i].slbv};
	}
	slb_apply(&vcpu->slb_set, cpu->slb, cpu->slb_nr);
	cpu_slb_changed(cpu);
	return 0;
}
