/* SPDX-License-Identifier: Apache-2.0 */
/* System call, return from interrupt, MSR, SLB and doorbells (Power ISA 2.07, Book III-S). */
#include "cpu/insn/op.h"
#include "cpu/mmu/tlb.h"

/* After the MSR changed: interrupts that are let through now, and traced instructions, are the
 * dispatcher's. */
static const struct op *resume_at(struct cpu *cpu, u64 nip)
{
	u32 pending = __atomic_load_n(&cpu->pending, __ATOMIC_RELAXED);

	nip &= cpu->ea_mask;
	if ((pending && (cpu->msr & MSR_EE)) || cpu->traced_msr) {
		cpu->nip = nip;
		STOP;
	}
	return cpu_goto(cpu, nip);
}

/* Problem state implies translation and external interrupts. */
static u64 implied_by_pr(u64 msr)
{
	return msr & MSR_PR ? msr | MSR_EE | MSR_IR | MSR_DR : msr;
}

OP(sc)
{
	unsigned lev = field(op->insn, 20, 26);
	u64 nia = NIA();

	if (lev == 1 && !(cpu->msr & MSR_PR)) {
		/* The hypervisor's system call interrupt is taken through the same registers. */
		cpu->srr0 = nia;
		cpu->srr1 = cpu->msr;
		cpu->nip = nia;
		cpu->ops = op + 1; /* CIA() is nia now */
		if (!cpu->host->hcall(cpu))
			cpu->leave = true;
		if (cpu->leave || __atomic_load_n(&cpu->request, __ATOMIC_RELAXED))
			STOP;
		return resume_at(cpu, cpu->nip);
	}
	cpu_interrupt(cpu, VEC_SYSCALL, nia, 0);
	return cpu_goto(cpu, cpu->nip);
}

/* MSR bits that rfid leaves alone in a guest. */
#define RFID_KEEPS   (MSR_HV | MSR_ME)
#define MTMSRD_KEEPS (MSR_HV | MSR_ME | MSR_LE)

OP(rfid)
{
	u64 msr = (cpu->srr1 & ~RFID_KEEPS) | (cpu->msr & RFID_KEEPS);

	cpu_set_msr(cpu, implied_by_pr(msr));
	return resume_at(cpu, cpu->srr0 & ~3ull);
}

OP(mfmsr)
{
	cpu->gpr[op->t] = cpu->msr;
	NEXT;
}

#define MTMSR_L(op) ((op)->insn >> 16 & 1) /* only EE and RI change */

static const struct op *write_msr(struct cpu *cpu, const struct op *op, u64 mask)
{
	u64 nia = NIA(), new = cpu->gpr[op->t];

	if (MTMSR_L(op))
		cpu_set_msr(cpu, (cpu->msr & ~(MSR_EE | MSR_RI)) | (new &(MSR_EE | MSR_RI)));
	else
		cpu_set_msr(cpu, (cpu->msr & ~mask) | (implied_by_pr(new) & mask));
	return resume_at(cpu, nia);
}

OP(mtmsr)
{
	return write_msr(cpu, op, 0xffffffffull & ~MTMSRD_KEEPS);
}

OP(mtmsrd)
{
	return write_msr(cpu, op, ~MTMSRD_KEEPS);
}

/* --- SLB (ISA 2.07 Book III-S 5.9.3.1) --- */

#define SLB_ESID_MASK  0xfffffffff0000000ull
#define SLB_INDEX_MASK 0xfffull
#define SLB_VSID_WORD  0xfffffffffffffff0ull /* the bits of slbmte's RS that an entry keeps */

static unsigned slb_index(const struct cpu *cpu, u64 rb)
{
	return (rb & SLB_INDEX_MASK) % cpu->slb_nr;
}

OP(slbmte)
{
	u64 rb = cpu->gpr[op->b], rs = cpu->gpr[op->t];
	struct slb_entry new = {rb & (SLB_ESID_MASK | SLB_ESID_V), rs & SLB_VSID_WORD & ~0x40ull};
	struct slb_entry *s = &cpu->slb[slb_index(cpu, rb)];
	bool same;
	struct slb_entry old = *s;

	/* Segments of 1 TB and other sizes of large pages came later. */
	if (cpu->model->level < ISA_203)
		new.vsid &= ~(SLB_VSID_B | SLB_VSID_LP);
	same = old.esid == new.esid && old.vsid == new.vsid;
	*s = new;
	/* Nothing was remembered under an entry that was not valid. */
	if ((old.esid & SLB_ESID_V) && !same)
		tlb_forget_segment(cpu, old.esid);
	NEXT;
}

#define SLBIE_B(rb) ((rb) >> 25 & 3) /* the segment's size: 1 is 1 TB */

OP(slbie)
{
	u64 rb = cpu->gpr[op->b];
	unsigned shift = rb & PPC_BIT(38) ? 40 : 28; /* B's low bit: its high one is 0 */

	for (unsigned i = 0; i < cpu->slb_nr; i++) {
		struct slb_entry *s = &cpu->slb[i];
		unsigned s_shift = s->vsid & SLB_VSID_B_1T ? 40 : 28;

		if ((s->esid & SLB_ESID_V) && s_shift == shift && s->esid >> shift == rb >> shift) {
			s->esid &= ~SLB_ESID_V;
			tlb_forget_segment(cpu, rb);
		}
	}
	NEXT;
}

OP(slbia)
{
	for (unsigned i = 1; i < cpu->slb_nr; i++) {
		struct slb_entry *s = &cpu->slb[i];

		if (s->esid & SLB_ESID_V)
			tlb_forget_segment(cpu, s->esid);
		s->esid &= ~SLB_ESID_V;
	}
	NEXT;
}

OP(slbmfee)
{
	const struct slb_entry *s = &cpu->slb[slb_index(cpu, cpu->gpr[op->b])];

	cpu->gpr[op->t] = s->esid & SLB_ESID_V ? s->esid : 0;
	NEXT;
}

OP(slbmfev)
{
	const struct slb_entry *s = &cpu->slb[slb_index(cpu, cpu->gpr[op->b])];

	cpu->gpr[op->t] = s->esid & SLB_ESID_V ? s->vsid : 0;
	NEXT;
}

OP(slbfee)
{
	u64 ea = cpu->gpr[op->b];

	cpu->cr[0] = cpu->so;
	cpu->gpr[op->t] = 0;
	for (unsigned i = 0; i < cpu->slb_nr; i++) {
		const struct slb_entry *s = &cpu->slb[i];
		unsigned shift = s->vsid & SLB_VSID_B_1T ? 40 : 28;

		if ((s->esid & SLB_ESID_V) && s->esid >> shift == ea >> shift) {
			cpu->gpr[op->t] = s->vsid;
			cpu->cr[0] |= 2;
			break;
		}
	}
	NEXT;
}

/* --- directed privileged doorbells (ISA 2.07 Book III-S 11) --- */

#define DOORBELL_TYPE(rb)   ((rb) >> 27 & 31)
#define DOORBELL_PRIVILEGED 5
#define DOORBELL_TIR(rb)    ((rb)&0x7f)

OP(msgsndp)
{
	u64 rb = cpu->gpr[op->b];

	if (DOORBELL_TYPE(rb) == DOORBELL_PRIVILEGED)
		cpu->host->doorbell(cpu, DOORBELL_TIR(rb));
	NEXT;
}

OP(msgclrp)
{
	if (DOORBELL_TYPE(cpu->gpr[op->b]) == DOORBELL_PRIVILEGED)
		cpu_irq_clear(cpu, CPU_IRQ_DOORBELL);
	NEXT;
}

/*
 * The supervisor's own translations: those of a page, or (IS at bits 52 and 53 of RB not 0) a
 * congruence class of them; without hypervisor state IS = 3 means the partition's too (ISA 2.07
 * Book III-S 5.9.3.3). Dropping all is within what is asked for: a translation that is still in the
 * table is found again.
 */
OP(tlbiel)
{
	cpu_flush_all(cpu);
	NEXT;
}

/* A guest never gets here: what stands in for a hypervisor's instruction is the
 * privileged-instruction interrupt. */
#define HYPERVISOR_ONLY(name)                                                                      \
	OP(name)                                                                                   \
	{                                                                                          \
		return cpu_raise_program(cpu, op, SRR1_PROG_PRIV);                                 \
	}

HYPERVISOR_ONLY(hrfid)
HYPERVISOR_ONLY(tlbie)
HYPERVISOR_ONLY(tlbsync)
HYPERVISOR_ONLY(msgsnd)
HYPERVISOR_ONLY(msgclr)
HYPERVISOR_ONLY(doze)
HYPERVISOR_ONLY(nap)
HYPERVISOR_ONLY(sleep)
HYPERVISOR_ONLY(rvwinkle)
HYPERVISOR_ONLY(lbzcix)
HYPERVISOR_ONLY(lhzcix)
HYPERVISOR_ONLY(lwzcix)
HYPERVISOR_ONLY(ldcix)
HYPERVISOR_ONLY(stbcix)
HYPERVISOR_ONLY(sthcix)
HYPERVISOR_ONLY(stwcix)
HYPERVISOR_ONLY(stdcix)
