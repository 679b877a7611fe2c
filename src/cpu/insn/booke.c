/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's instructions of BookE processors, and what else only they have. */
#include "cpu/insn/op.h"
#include "cpu/mmu/booke.h"
#include "cpu/mmu/mem.h"

/* --- MSR, and the ways out of interrupts --- */

/* Interrupts that are let through now are the dispatcher's. */
static const struct op *resume(struct cpu *cpu, u64 nip)
{
	nip &= cpu->ea_mask;
	if ((__atomic_load_n(&cpu->pending, __ATOMIC_RELAXED) && (cpu->msr & (MSR_EE | MSR_CE))) ||
	    cpu->traced_msr) {
		cpu->nip = nip;
		STOP;
	}
	return cpu_goto(cpu, nip);
}

/* MSR[WE] is seen by nobody: an interrupt ends the waiting, and so does what wakes for another
 * reason. */
static const struct op *go_on(struct cpu *cpu, u64 msr, u64 nip)
{
	cpu_set_msr(cpu, (u32)msr & ~MSR_WE);
	if (!(msr & MSR_WE))
		return resume(cpu, nip);
	cpu->nip = nip & cpu->ea_mask;
	if (cpu->host->waits)
		cpu->host->waits(cpu);
	STOP;
}

OP(rfi)
{
	return go_on(cpu, cpu->srr1, cpu->srr0 & ~3ull);
}

OP(rfci)
{
	return go_on(cpu, cpu->booke.csrr1, cpu->booke.csrr0 & ~3ull);
}

OP(rfmci)
{
	return go_on(cpu, cpu->booke.mcsrr1, cpu->booke.mcsrr0 & ~3ull);
}

OP(booke_mtmsr)
{
	return go_on(cpu, cpu->gpr[op->t], NIA());
}

static const struct op *write_ee(struct cpu *cpu, const struct op *op, bool ee)
{
	cpu_set_msr(cpu, (cpu->msr & ~MSR_EE) | (ee ? MSR_EE : 0));
	if (ee && __atomic_load_n(&cpu->pending, __ATOMIC_RELAXED)) {
		cpu->nip = NIA();
		STOP;
	}
	NEXT;
}

OP(wrtee)
{
	return write_ee(cpu, op, cpu->gpr[op->t] & MSR_EE);
}

OP(wrteei)
{
	return write_ee(cpu, op, op->insn & MSR_EE); /* E is where MSR has EE */
}

OP(booke_sc)
{
	cpu_interrupt(cpu, VEC_SYSCALL, NIA(), 0);
	return resume(cpu, cpu->nip);
}

/* --- device control registers: the owner's --- */

static const struct op *dcr(struct cpu *cpu, const struct op *op, bool write)
{
	u64 nia = NIA();

	if (!cpu->host->dcr)
		return cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL);
	if (cpu->host->dcr(cpu, (unsigned)op->imm, write, op->t))
		NEXT;
	cpu->nip = nia;
	cpu->leave = true;
	STOP;
}

OP(mfdcr)
{
	return dcr(cpu, op, false);
}

OP(mtdcr)
{
	return dcr(cpu, op, true);
}

/* --- the 440's TLB --- */

#define MMUCR_STS  0x10000u
#define MMUCR_STID 0xffu

/* What entry @i says ceases to be true. */
static void entry_goes(struct cpu *cpu, unsigned i)
{
	struct booke_page page;

	if (booke_tlb_page(cpu->booke.tlb, i, &page))
		booke_page_gone(cpu, &page);
}

OP(tlbre440)
{
	struct booke_tlb *tlb = cpu->booke.tlb;
	unsigned i = cpu->gpr[op->a] % TLB440_ENTRIES;

	if (op->b >= TLB440_WORDS)
		return cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL);
	if (op->b == 0)
		cpu->booke.mmucr = (cpu->booke.mmucr & ~MMUCR_STID) | tlb->e[i].ppc440.tid;
	cpu->gpr[op->t] = tlb440_read(tlb, i, op->b);
	NEXT;
}

OP(tlbwe440)
{
	unsigned i = cpu->gpr[op->a] % TLB440_ENTRIES;

	if (op->b >= TLB440_WORDS)
		return cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL);
	entry_goes(cpu, i);
	tlb440_write(cpu->booke.tlb, i, op->b, (u32)cpu->gpr[op->t],
		     (u32)cpu->booke.mmucr & MMUCR_STID);
	NEXT;
}

/* RT keeps its value when there is no entry. */
static bool search440(struct cpu *cpu, const struct op *op)
{
	u64 tid = cpu->booke.mmucr & MMUCR_STID;
	int i = booke_tlb_find(cpu->booke.tlb, (u32)EA_X(), cpu->booke.mmucr & MMUCR_STS, &tid, 1);

	if (i >= 0)
		cpu->gpr[op->t] = (u64)i;
	return i >= 0;
}

OP(tlbsx440)
{
	search440(cpu, op);
	NEXT;
}

OP(tlbsx440_rc)
{
	cpu->cr[0] = (search440(cpu, op) ? 2 : 0) | cpu->so;
	NEXT;
}

/* --- the e500's TLBs --- */

static struct booke_mas get_mas(const struct cpu *cpu)
{
	const u64 *mas = cpu->booke.mas;

	return (struct booke_mas){.mas0 = (u32)mas[0],
				  .mas1 = (u32)mas[1],
				  .mas2 = (u32)mas[2],
				  .mas3 = (u32)mas[3],
				  .mas4 = (u32)mas[4],
				  .mas6 = (u32)mas[6],
				  .mas7 = (u32)mas[7]};
}

/* All that reading and searching may change. */
static void set_mas(struct cpu *cpu, const struct booke_mas *m)
{
	u64 *mas = cpu->booke.mas;

	mas[0] = m->mas0;
	mas[1] = m->mas1;
	mas[2] = m->mas2;
	mas[3] = m->mas3;
	mas[7] = m->mas7;
}

OP(tlbre_e500)
{
	struct booke_mas mas = get_mas(cpu);

	tlb_e500_read(cpu->booke.tlb, &mas);
	set_mas(cpu, &mas);
	NEXT;
}

OP(tlbwe_e500)
{
	struct booke_mas mas = get_mas(cpu);

	entry_goes(cpu, tlb_e500_named(cpu->booke.tlb, &mas));
	tlb_e500_write(cpu->booke.tlb, &mas);
	NEXT;
}

OP(tlbsx_e500)
{
	struct booke_mas mas = get_mas(cpu);

	tlb_e500_search(cpu->booke.tlb, &mas, (u32)EA_X());
	set_mas(cpu, &mas);
	NEXT;
}

OP(tlbivax)
{
	tlb_e500_invalidate(cpu->booke.tlb, (u32)EA_X(), booke_page_gone, cpu);
	NEXT;
}

/* There is one processor that a TLB's invalidations are of. */
OP(booke_tlbsync)
{
	NEXT;
}

/* --- caches that aren't there --- */

#define BOOKE_LINE 32u

OP(dcbz32)
{
	if (!mem_zero(cpu, op, EA_X() & ~(u64)(BOOKE_LINE - 1), BOOKE_LINE))
		STOP;
	NEXT;
}

OP(dcba)
{
	NEXT;
}

/* What was stored may be lost: who mayn't store, mayn't do this. */
OP(dcbi)
{
	if (!mem_probe_line(cpu, op, EA_X(), CPU_STORE, CPU_STORE))
		STOP;
	NEXT;
}

OP(dccci)
{
	NEXT;
}

OP(iccci)
{
	NEXT;
}

/* No line is valid: there is no word of one. */
OP(dcread)
{
	cpu->gpr[op->t] = 0;
	NEXT;
}

OP(icread)
{
	NEXT;
}

/* A line is locked by anybody only where the supervisor lets him (MSR[UCLE]). */
#define LOCKS(name, which)                                                                         \
	OP(name)                                                                                   \
	{                                                                                          \
		if ((cpu->msr & (MSR_PR | MSR_UCLE)) == MSR_PR)                                    \
			return cpu_raise(cpu, op, VEC_DSI, which);                                 \
		NEXT;                                                                              \
	}

LOCKS(dcbtls, ESR_DLK)
LOCKS(dcbtstls, ESR_DLK)
LOCKS(dcblc, ESR_DLK)
LOCKS(icbtls, ESR_ILK)
LOCKS(icblc, ESR_ILK)
