/* SPDX-License-Identifier: Apache-2.0 */
/* KVM_GET_SREGS, KVM_SET_SREGS and KVM_GET_ONE_REG, KVM_SET_ONE_REG of a Book E vcpu. */
#include <errno.h>
#include "cpu/booke_debug.h"
#include "cpu/spr.h"
#include "hv/booke.h"
#include "hv/debug.h"
#include "hv/vcpu.h"

static u64 now(struct hv_vcpu *vcpu)
{
	return cpu_timebase(&vcpu->cpu);
}

/* They look at what became of TSR and TCR when the guest goes on. */
static void timers_set(struct hv_vcpu *vcpu)
{
	vcpu->watchdog_told = false;
	cpu_request(&vcpu->cpu, CPU_REQ_TIMER);
}

/* --- REGS --- */

void hv_booke_get_regs(const struct hv_vcpu *vcpu, struct kvm_regs *regs)
{
	const struct booke *b = &vcpu->cpu.booke;

	regs->pid = b->pid[0];
	regs->sprg0 = b->sprg[0];
	regs->sprg1 = b->sprg[1];
	regs->sprg2 = b->sprg[2];
	regs->sprg3 = b->sprg[3];
	regs->sprg4 = b->sprg[4];
	regs->sprg5 = b->sprg[5];
	regs->sprg6 = b->sprg[6];
	regs->sprg7 = b->sprg[7];
	/* What the engine has in upper halves is nobody's business. */
	for (unsigned i = 0; i < ARRAY_SIZE(regs->gpr); i++)
		regs->gpr[i] = (u32)regs->gpr[i];
	regs->pc = (u32)regs->pc;
	regs->lr = (u32)regs->lr;
	regs->ctr = (u32)regs->ctr;
	regs->srr0 = (u32)regs->srr0;
	regs->srr1 = (u32)regs->srr1;
}

void hv_booke_set_regs(struct hv_vcpu *vcpu, const struct kvm_regs *regs)
{
	struct booke *b = &vcpu->cpu.booke;

	b->pid[0] = regs->pid & 0xff;
	b->sprg[0] = (u32)regs->sprg0;
	b->sprg[1] = (u32)regs->sprg1;
	b->sprg[2] = (u32)regs->sprg2;
	b->sprg[3] = (u32)regs->sprg3;
	b->sprg[4] = (u32)regs->sprg4;
	b->sprg[5] = (u32)regs->sprg5;
	b->sprg[6] = (u32)regs->sprg6;
	b->sprg[7] = (u32)regs->sprg7;
	vcpu->cpu.nip = (u32)regs->pc;
	cpu_booke_changed(&vcpu->cpu);
}

/* --- SREGS, a group of members each --- */

#define FEATURES_ALL \
	(KVM_SREGS_E_BASE | KVM_SREGS_E_ARCH206 | KVM_SREGS_E_IVOR | KVM_SREGS_E_DEBUG)
#define FEATURES_E500 (KVM_SREGS_E_ARCH206_MMU | KVM_SREGS_E_SPE | KVM_SREGS_E_PM)

#define SPR_PID1    633
#define SPR_PID2    634
#define SPR_L1CSR0  1010
#define SPR_L1CSR1  1011 /* a 440's DBDR */
#define SPR_BUCSR   1013
#define SPR_MMUCFG  1015
#define SPR_TLB0CFG 688
#define IVOR_HIGH   32 /* the first of ivor_high[] */

static void get_base(struct hv_vcpu *vcpu, struct kvm_sregs *sregs)
{
	struct booke *b = &vcpu->cpu.booke;
	u64 tb = now(vcpu);

	sregs->u.e.csrr0 = b->csrr0;
	sregs->u.e.csrr1 = b->csrr1;
	sregs->u.e.mcsr = b->mcsr;
	sregs->u.e.esr = b->esr;
	sregs->u.e.dear = b->dear;
	sregs->u.e.tsr = booke_get_tsr(&b->timers, tb);
	sregs->u.e.tcr = b->timers.tcr;
	sregs->u.e.dec = booke_get_dec(&b->timers, tb);
	sregs->u.e.tb = tb;
	sregs->u.e.vrsave = b->usprg0;
	sregs->u.e.pir = vcpu->id;
	sregs->u.e.mcsrr0 = b->mcsrr0;
	sregs->u.e.mcsrr1 = b->mcsrr1;
	sregs->u.e.decar = b->timers.decar;
	sregs->u.e.ivpr = b->ivpr;
	for (unsigned i = 0; i < ARRAY_SIZE(sregs->u.e.ivor_low); i++)
		sregs->u.e.ivor_low[i] = b->ivor[i];
}

/* An e500v2 compares no values. */
static unsigned dvcs(const struct cpu *cpu)
{
	return cpu->model->level == ISA_440 ? ARRAY_SIZE(cpu->booke.dvc) : 0;
}

static void get_debug(const struct cpu *cpu, struct kvm_sregs *sregs)
{
	const struct booke *b = &cpu->booke;

	sregs->u.e.dbsr = b->dbsr;
	for (unsigned i = 0; i < ARRAY_SIZE(b->dbcr); i++)
		sregs->u.e.dbcr[i] = b->dbcr[i];
	for (unsigned i = 0; i < booke_iacs(cpu); i++)
		sregs->u.e.iac[i] = b->iac[i];
	for (unsigned i = 0; i < ARRAY_SIZE(b->dac); i++)
		sregs->u.e.dac[i] = b->dac[i];
	for (unsigned i = 0; i < dvcs(cpu); i++)
		sregs->u.e.dvc[i] = b->dvc[i];
	sregs->u.e.num_iac = booke_iacs(cpu);
	sregs->u.e.num_dac = ARRAY_SIZE(b->dac);
	sregs->u.e.num_dvc = dvcs(cpu);
}

static u64 mas7_3(const struct booke *b)
{
	return b->mas[7] << 32 | (u32)b->mas[3];
}

static void get_e500(struct hv_vcpu *vcpu, struct kvm_sregs *sregs)
{
	const struct booke *b = &vcpu->cpu.booke;

	sregs->u.e.features |= FEATURES_E500;
	sregs->u.e.impl_id = KVM_SREGS_E_IMPL_FSL;
	sregs->u.e.impl.fsl.features = KVM_SREGS_E_FSL_PIDn;
	sregs->u.e.impl.fsl.svr = b->svr;
	sregs->u.e.impl.fsl.mcar = b->mcar;
	sregs->u.e.impl.fsl.hid0 = b->hid[0];
	sregs->u.e.impl.fsl.pid1 = b->pid[1];
	sregs->u.e.impl.fsl.pid2 = b->pid[2];
	sregs->u.e.mas0 = b->mas[0];
	sregs->u.e.mas1 = b->mas[1];
	sregs->u.e.mas2 = b->mas[2];
	sregs->u.e.mas7_3 = mas7_3(b);
	sregs->u.e.mas4 = b->mas[4];
	sregs->u.e.mas6 = b->mas[6];
	sregs->u.e.mmucfg = tlb_e500_mmucfg();
	for (unsigned i = 0; i < 2; i++)
		sregs->u.e.tlbcfg[i] = tlb_e500_config(b->tlb, i);
	for (unsigned i = 0; i < 4; i++)
		sregs->u.e.ivor_high[i] = b->ivor[IVOR_HIGH + i];
}

void hv_booke_get_sregs(struct hv_vcpu *vcpu, struct kvm_sregs *sregs)
{
	memset(sregs, 0, sizeof(*sregs));
	sregs->pvr = vcpu->cpu.pvr;
	sregs->u.e.features = FEATURES_ALL;
	get_base(vcpu, sregs);
	get_debug(&vcpu->cpu, sregs);
	if (hv_tlb_kind(vcpu) == KVM_CPU_E500V2)
		get_e500(vcpu, sregs);
}

static void set_base(struct hv_vcpu *vcpu, const struct kvm_sregs *sregs)
{
	struct booke *b = &vcpu->cpu.booke;
	u64 tb = now(vcpu);

	b->csrr0 = (u32)sregs->u.e.csrr0;
	b->csrr1 = sregs->u.e.csrr1;
	if (sregs->u.e.update_special & KVM_SREGS_E_UPDATE_MCSR)
		b->mcsr = (u32)sregs->u.e.mcsr;
	b->esr = sregs->u.e.esr;
	b->dear = (u32)sregs->u.e.dear;
	b->usprg0 = sregs->u.e.vrsave;
	booke_set_tcr(&b->timers, sregs->u.e.tcr, tb);
	if (sregs->u.e.update_special & KVM_SREGS_E_UPDATE_DEC)
		booke_set_dec(&b->timers, sregs->u.e.dec, tb);
	if (sregs->u.e.update_special & KVM_SREGS_E_UPDATE_TSR)
		booke_set_tsr(&b->timers, sregs->u.e.tsr, tb);
	timers_set(vcpu);
}

static void set_arch206(struct hv_vcpu *vcpu, const struct kvm_sregs *sregs)
{
	struct booke *b = &vcpu->cpu.booke;

	b->mcsrr0 = (u32)sregs->u.e.mcsrr0;
	b->mcsrr1 = sregs->u.e.mcsrr1;
	b->ivpr = (u32)sregs->u.e.ivpr;
	booke_set_decar(&b->timers, sregs->u.e.decar, now(vcpu));
}

static void set_debug(struct cpu *cpu, const struct kvm_sregs *sregs)
{
	struct booke *b = &cpu->booke;

	if (sregs->u.e.update_special & KVM_SREGS_E_UPDATE_DBSR)
		b->dbsr = sregs->u.e.dbsr;
	for (unsigned i = 0; i < ARRAY_SIZE(b->dbcr); i++)
		b->dbcr[i] = sregs->u.e.dbcr[i];
	for (unsigned i = 0; i < booke_iacs(cpu); i++)
		b->iac[i] = sregs->u.e.iac[i];
	for (unsigned i = 0; i < ARRAY_SIZE(b->dac); i++)
		b->dac[i] = sregs->u.e.dac[i];
	for (unsigned i = 0; i < dvcs(cpu); i++)
		b->dvc[i] = sregs->u.e.dvc[i];
}

static void set_fsl(struct booke *b, const struct kvm_sregs *sregs)
{
	b->svr = sregs->u.e.impl.fsl.svr;
	b->mcar = sregs->u.e.impl.fsl.mcar;
	b->hid[0] = sregs->u.e.impl.fsl.hid0;
	if (!(sregs->u.e.impl.fsl.features & KVM_SREGS_E_FSL_PIDn))
		return;
	b->pid[1] = sregs->u.e.impl.fsl.pid1 & 0xff;
	b->pid[2] = sregs->u.e.impl.fsl.pid2 & 0xff;
}

static void set_mmu(struct booke *b, const struct kvm_sregs *sregs)
{
	b->mas[0] = sregs->u.e.mas0;
	b->mas[1] = sregs->u.e.mas1;
	b->mas[2] = (u32)sregs->u.e.mas2;
	b->mas[3] = (u32)sregs->u.e.mas7_3;
	b->mas[4] = sregs->u.e.mas4;
	b->mas[6] = sregs->u.e.mas6;
	b->mas[7] = sregs->u.e.mas7_3 >> 32;
}

static void set_ivors(struct booke *b, const struct kvm_sregs *sregs)
{
	for (unsigned i = 0; i < ARRAY_SIZE(sregs->u.e.ivor_low); i++)
		b->ivor[i] = sregs->u.e.ivor_low[i];
	if (sregs->u.e.features & KVM_SREGS_E_SPE)
		for (unsigned i = 0; i < 3; i++)
			b->ivor[IVOR_HIGH + i] = sregs->u.e.ivor_high[i];
	if (sregs->u.e.features & KVM_SREGS_E_PM)
		b->ivor[IVOR_HIGH + 3] = sregs->u.e.ivor_high[3];
}

int hv_booke_set_sregs(struct hv_vcpu *vcpu, const struct kvm_sregs *sregs)
{
	u32 features = sregs->u.e.features;
	struct booke *b = &vcpu->cpu.booke;
	bool e500 = hv_tlb_kind(vcpu) == KVM_CPU_E500V2;

	if (sregs->pvr != vcpu->cpu.pvr ||
	    ((features & KVM_SREGS_E_ARCH206) && sregs->u.e.pir != vcpu->id))
		return -EINVAL;
	/* DECAR first: a decrementer that is about to ring goes on with it. */
	if (features & KVM_SREGS_E_ARCH206)
		set_arch206(vcpu, sregs);
	if (features & KVM_SREGS_E_BASE)
		set_base(vcpu, sregs);
	if (features & KVM_SREGS_E_DEBUG)
		set_debug(&vcpu->cpu, sregs);
	if (e500 && sregs->u.e.impl_id == KVM_SREGS_E_IMPL_FSL)
		set_fsl(b, sregs);
	if (e500 && (features & KVM_SREGS_E_ARCH206_MMU))
		set_mmu(b, sregs);
	if (features & KVM_SREGS_E_IVOR)
		set_ivors(b, sregs);
	cpu_booke_changed(&vcpu->cpu);
	/* Debug events may be looked for now. */
	cpu_set_msr(&vcpu->cpu, vcpu->cpu.msr);
	return 0;
}

/* --- ONE_REG --- */

static const struct {
	u64 id;
	size_t offset; /* in struct booke */
	enum isa_level level;
} words[] = {
    {KVM_REG_PPC_IAC1, offsetof(struct booke, iac[0]), ISA_BOOKE},
    {KVM_REG_PPC_IAC2, offsetof(struct booke, iac[1]), ISA_BOOKE},
    {KVM_REG_PPC_IAC3, offsetof(struct booke, iac[2]), ISA_440},
    {KVM_REG_PPC_IAC4, offsetof(struct booke, iac[3]), ISA_440},
    {KVM_REG_PPC_DAC1, offsetof(struct booke, dac[0]), ISA_BOOKE},
    {KVM_REG_PPC_DAC2, offsetof(struct booke, dac[1]), ISA_BOOKE},
    {KVM_REG_PPC_VRSAVE, offsetof(struct booke, usprg0), ISA_BOOKE},
    {KVM_REG_PPC_MAS0, offsetof(struct booke, mas[0]), ISA_E500},
    {KVM_REG_PPC_MAS1, offsetof(struct booke, mas[1]), ISA_E500},
    {KVM_REG_PPC_MAS2, offsetof(struct booke, mas[2]), ISA_E500},
    {KVM_REG_PPC_MAS4, offsetof(struct booke, mas[4]), ISA_E500},
    {KVM_REG_PPC_MAS6, offsetof(struct booke, mas[6]), ISA_E500},
};

static bool is_of(const struct hv_vcpu *vcpu, enum isa_level level)
{
	return level == ISA_BOOKE || level == vcpu->cpu.model->level;
}

/* Of KVM_REG_PPC_PAPYR_SPR, if the processor has it and it can be written at all; or NULL. */
static const struct spr *spr_of(const struct hv_vcpu *vcpu, u64 id)
{
	const struct spr *row = &booke_sprs[id % SPR_NUMBERS];

	if (id - id % SPR_NUMBERS != KVM_REG_PPC_PAPYR_SPR(0) || row->supervisor != RW)
		return NULL;
	return is_of(vcpu, row->level) ? row : NULL;
}

/* Of these more is to be done than keeping a word, and that is a guest's own mtspr. */
static bool is_settable(unsigned n)
{
	return n == SPR_PID1 || n == SPR_PID2 || n == SPR_L1CSR0 || n == SPR_L1CSR1 ||
	       n == SPR_BUCSR;
}

static u64 *word_of(struct hv_vcpu *vcpu, u64 id)
{
	const struct spr *row = spr_of(vcpu, id);

	if (row && row->width)
		return (u64 *)((char *)&vcpu->cpu + row->offset);
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].id == id && is_of(vcpu, words[i].level))
			return (u64 *)((char *)&vcpu->cpu.booke + words[i].offset);
	return NULL;
}

/* What says how its TLBs are: there are two, and no others' page sizes to tell of. */
static int get_geometry(const struct hv_vcpu *vcpu, u64 id, u64 *value)
{
	if (hv_tlb_kind(vcpu) != KVM_CPU_E500V2)
		return -EINVAL;
	switch (id) {
	case KVM_REG_PPC_MMUCFG:
		*value = tlb_e500_mmucfg();
		return 0;
	case KVM_REG_PPC_TLB0CFG:
	case KVM_REG_PPC_TLB1CFG:
		*value = tlb_e500_config(vcpu->cpu.booke.tlb, id - KVM_REG_PPC_TLB0CFG);
		return 0;
	case KVM_REG_PPC_TLB2CFG:
	case KVM_REG_PPC_TLB3CFG:
	case KVM_REG_PPC_TLB0PS:
	case KVM_REG_PPC_TLB1PS:
	case KVM_REG_PPC_TLB2PS:
	case KVM_REG_PPC_TLB3PS:
	case KVM_REG_PPC_EPTCFG:
		*value = 0;
		return 0;
	default:
		return -EINVAL;
	}
}

int hv_booke_get_one_reg(struct hv_vcpu *vcpu, u64 id, u64 *value)
{
	struct booke *b = &vcpu->cpu.booke;
	const u64 *word = word_of(vcpu, id);
	const struct spr *row = spr_of(vcpu, id);

	if (word) {
		*value = (u32)*word;
		return 0;
	}
	if (row && is_settable(id % SPR_NUMBERS)) {
		*value = row->get(&vcpu->cpu);
		return 0;
	}
	switch (id) {
	case KVM_REG_PPC_TCR:
		*value = b->timers.tcr;
		return 0;
	case KVM_REG_PPC_TSR:
		*value = booke_get_tsr(&b->timers, now(vcpu));
		return 0;
	case KVM_REG_PPC_EPR:
		*value = vcpu->epr;
		return 0;
	case KVM_REG_PPC_DEBUG_INST:
		*value = HV_DEBUG_INST;
		return 0;
	case KVM_REG_PPC_MAS7_3:
		if (hv_tlb_kind(vcpu) != KVM_CPU_E500V2)
			return -EINVAL;
		*value = mas7_3(b);
		return 0;
	case KVM_REG_PPC_PAPYR_TLB0_NEXT:
		if (hv_tlb_kind(vcpu) != KVM_CPU_E500V2)
			return -EINVAL;
		*value = b->tlb->victim;
		return 0;
	case KVM_REG_PPC_PAPYR_ATB_AHEAD:
		if (hv_tlb_kind(vcpu) != KVM_CPU_E500V2)
			return -EINVAL;
		*value = b->atb_ahead;
		return 0;
	default:
		return get_geometry(vcpu, id, value);
	}
}

/* It is what it is, and may be said so. */
static int set_geometry(const struct hv_vcpu *vcpu, u64 id, u64 value)
{
	u64 is;
	int ret = get_geometry(vcpu, id, &is);

	return ret ? ret : value == is ? 0 : -EINVAL;
}

static int set_timers(struct hv_vcpu *vcpu, u64 id, u32 value)
{
	struct booke_timers *t = &vcpu->cpu.booke.timers;
	u64 tb = now(vcpu);

	switch (id) {
	case KVM_REG_PPC_TCR:
		booke_set_tcr(t, value, tb);
		break;
	case KVM_REG_PPC_TSR:
		booke_set_tsr(t, value, tb);
		break;
	case KVM_REG_PPC_OR_TSR:
		booke_set_tsr(t, booke_get_tsr(t, tb) | value, tb);
		break;
	case KVM_REG_PPC_CLEAR_TSR:
		booke_write_tsr(t, value, tb);
		break;
	default:
		return -EINVAL;
	}
	timers_set(vcpu);
	return 0;
}

int hv_booke_set_one_reg(struct hv_vcpu *vcpu, u64 id, u64 value)
{
	const struct spr *row = spr_of(vcpu, id);
	u64 *word = word_of(vcpu, id);

	if (word) {
		*word = (u32)value;
		return 0;
	}
	if (row && is_settable(id % SPR_NUMBERS)) {
		row->set(&vcpu->cpu, (u32)value);
		return 0;
	}
	if (id == KVM_REG_PPC_EPR) {
		vcpu->epr = value;
		return 0;
	}
	if (id == KVM_REG_PPC_MAS7_3 && hv_tlb_kind(vcpu) == KVM_CPU_E500V2) {
		vcpu->cpu.booke.mas[3] = (u32)value;
		vcpu->cpu.booke.mas[7] = value >> 32;
		return 0;
	}
	if (id == KVM_REG_PPC_PAPYR_TLB0_NEXT && hv_tlb_kind(vcpu) == KVM_CPU_E500V2) {
		struct booke_tlb *tlb = vcpu->cpu.booke.tlb;

		tlb->victim = value & (tlb->tlb0_ways - 1);
		return 0;
	}
	if (id == KVM_REG_PPC_PAPYR_ATB_AHEAD && hv_tlb_kind(vcpu) == KVM_CPU_E500V2) {
		vcpu->cpu.booke.atb_ahead = value;
		return 0;
	}
	if (!set_geometry(vcpu, id, value))
		return 0;
	return set_timers(vcpu, id, value);
}
