/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts: how they are taken (Power ISA 2.07, Book III-S, chapter 6), and which are taken
 * first. */
#include "cpu/pmu.h"
#include "cpu/engine/block.h"
#include "cpu/booke_exception.h"
#include "cpu/raise.h"

/* SRR1 bits 33:36 and 42:47 tell of the interrupt; the others are the MSR's. */
#define SRR1_INFO 0x783f0000ull

#define AIL_2_OFFSET 0x0000000000018000ull
#define AIL_3_OFFSET 0xc000000000004000ull

static bool ail_applies(const struct cpu *cpu, unsigned vector)
{
	if ((cpu->msr & (MSR_IR | MSR_DR)) != (MSR_IR | MSR_DR))
		return false;
	return vector != VEC_RESET && vector != VEC_MACHINE_CHECK;
}

/* Where SRR0, SRR1, MSR and nip are set: what there is besides. */
static void taken(struct cpu *cpu, unsigned vector)
{
	cpu->interrupted = true;
	cpu->counts.interrupts++;
	cpu->link_from = NULL;
	if (cpu_traces(cpu, PAPYR_TRACE_IRQ | PAPYR_TRACE_TRAP))
		cpu->host->took_interrupt(cpu, vector);
}

static void interrupt_by_vector(struct cpu *cpu, unsigned vector, u64 nip, u64 srr1_bits)
{
	u64 msr = MSR_SF | (cpu->msr & MSR_ME) | (cpu->lpcr & LPCR_ILE ? MSR_LE : 0);
	u64 ail = ail_applies(cpu, vector) ? (cpu->lpcr & LPCR_AIL) / LPCR_AIL_0 : 0;
	u64 base = ail == 3 ? AIL_3_OFFSET : ail == 2 ? AIL_2_OFFSET : 0;

	if (base)
		msr |= MSR_IR | MSR_DR;
	cpu->srr0 = nip;
	cpu->srr1 = (cpu->msr & ~SRR1_INFO) | srr1_bits;
	cpu_set_msr(cpu, msr);
	cpu->nip = base + vector;
}

void cpu_interrupt(struct cpu *cpu, unsigned vector, u64 nip, u64 srr1_bits)
{
	if (cpu_is_booke(cpu))
		booke_interrupt(cpu, vector, nip, srr1_bits);
	else
		interrupt_by_vector(cpu, vector, nip, srr1_bits);
	taken(cpu, vector);
}

void cpu_machine_check(struct cpu *cpu, u64 nip, u64 srr1_bits)
{
	u64 srr0 = cpu->srr0, srr1 = cpu->srr1;

	cpu->srr0 = nip;
	cpu->srr1 = (cpu->msr & ~SRR1_INFO) | srr1_bits;
	if (!cpu->host->machine_check(cpu)) {
		cpu->srr0 = srr0;
		cpu->srr1 = srr1;
		cpu_interrupt(cpu, VEC_MACHINE_CHECK, nip, srr1_bits);
		return;
	}
	cpu->nip = nip;
	cpu->leave = true;
}

const struct op *cpu_raise(struct cpu *cpu, const struct op *op, unsigned vector, u64 srr1_bits)
{
	cpu_interrupt(cpu, vector, CIA() & cpu->ea_mask, srr1_bits);
	return NULL;
}

const struct op *cpu_raise_program(struct cpu *cpu, const struct op *op, u64 reason)
{
	return cpu_raise(cpu, op, VEC_PROGRAM, reason);
}

const struct op *cpu_raise_data(struct cpu *cpu, const struct op *op, unsigned vector, u64 ea,
				u64 dsisr)
{
	if (cpu_is_booke(cpu))
		return cpu_raise(cpu, op, vector, booke_data_fails(cpu, vector, ea, dsisr));
	cpu->dar = ea;
	if (vector == VEC_DSI)
		cpu->dsisr = dsisr;
	return cpu_raise(cpu, op, vector, 0);
}

const struct op *cpu_raise_alignment(struct cpu *cpu, const struct op *op, u64 ea)
{
	/* DSISR's description of the instruction is optional since 2.05; POWER8 leaves it alone,
	 * software decodes. */
	if (cpu_is_booke(cpu)) {
		cpu->booke.dear = ea;
		return cpu_raise(cpu, op, VEC_ALIGNMENT, 0);
	}
	cpu->dar = ea;
	cpu->dsisr = (op->insn >> 16) & 0x3ff;
	return cpu_raise(cpu, op, VEC_ALIGNMENT, 0);
}

#define FSCR_CAUSE_SHIFT 56

const struct op *cpu_raise_facility(struct cpu *cpu, const struct op *op, unsigned facility)
{
	cpu->fscr = (cpu->fscr & ~(0xffull << FSCR_CAUSE_SHIFT)) | (u64)facility
								       << FSCR_CAUSE_SHIFT;
	return cpu_raise(cpu, op, VEC_FACILITY_UNAVAILABLE, 0);
}

const struct op *cpu_raise_fp(struct cpu *cpu, const struct op *op)
{
	return cpu_raise_program(cpu, op, SRR1_PROG_FP);
}

/*
 * The decrementer's exception is there as long as its top bit is 1, and ceases when that becomes 0,
 * by counting too (ISA 2.07 Book III-S 7.3). Counting takes 2^31 ticks for that; who wasn't looked
 * at for longer (its host slept, its thread was stopped) rather has the interrupt than to wait for
 * the next round.
 */
static void look_at_clock(struct cpu *cpu)
{
	u64 now = cpu_timebase(cpu);
	s64 left = (s64)(cpu->dec_expires - now);
	bool watched = now - cpu->dec_looked < 1ull << 31;

	if (left >= 0 || watched)
		cpu->dec_looked = now;
	if (left >= 0)
		return;
	if ((s32)left < 0 || !watched)
		__atomic_fetch_or(&cpu->pending, CPU_IRQ_DECR, __ATOMIC_RELAXED);
	else
		cpu_irq_clear(cpu, CPU_IRQ_DECR);
}

bool cpu_has_pending(struct cpu *cpu)
{
	if (cpu_is_booke(cpu)) {
		booke_look_at_timers(cpu);
		return __atomic_load_n(&cpu->pending, __ATOMIC_ACQUIRE);
	}
	look_at_clock(cpu);
	if (unlikely(cpu->pmu_on))
		pmu_catch_up(cpu);
	return __atomic_load_n(&cpu->pending, __ATOMIC_ACQUIRE);
}

bool cpu_take_pending(struct cpu *cpu)
{
	u32 pending = __atomic_load_n(&cpu->pending, __ATOMIC_ACQUIRE);

	if (cpu_is_booke(cpu))
		return booke_take_pending(cpu);
	if (!pending || !(cpu->msr & MSR_EE))
		return false;
	if (pending & CPU_IRQ_DECR) {
		look_at_clock(cpu);
		pending = __atomic_load_n(&cpu->pending, __ATOMIC_ACQUIRE);
	}
	if (pending & CPU_IRQ_EXTERNAL) {
		if (cpu->external_edge)
			cpu_irq_clear(cpu, CPU_IRQ_EXTERNAL);
		cpu_interrupt(cpu, VEC_EXTERNAL, cpu->nip, 0);
		return true;
	}
	if (pending & CPU_IRQ_PERFMON) {
		/* It stays until MMCR0[PMAO] is cleared. */
		cpu_interrupt(cpu, VEC_PERFMON, cpu->nip, 0);
		return true;
	}
	if (pending & CPU_IRQ_DECR) {
		/* Level triggered: it stays until the decrementer is written. */
		cpu_interrupt(cpu, VEC_DECREMENTER, cpu->nip, 0);
		return true;
	}
	if (pending & CPU_IRQ_DOORBELL) {
		cpu_irq_clear(cpu, CPU_IRQ_DOORBELL);
		cpu_interrupt(cpu, VEC_DOORBELL, cpu->nip, 0);
		return true;
	}
	return false;
}
