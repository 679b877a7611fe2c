/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts of BookE processors: each has a vector of its own in IVPR and an IVOR, ESR says why,
 * and critical ones and machine checks have save registers and MSR bits of their own.
 */
#include "cpu/booke_exception.h"
#include "cpu/booke_debug.h"

enum booke_class { ORDINARY, CRITICAL, BROKEN };

struct booke_vector {
	u8 ivor;
	u8 class;
	bool sets_esr;
};

static struct booke_vector vector_of(unsigned vector)
{
	switch (vector) {
	case VEC_CRITICAL:
		return (struct booke_vector){0, CRITICAL, false};
	case VEC_MACHINE_CHECK:
		return (struct booke_vector){1, BROKEN, false};
	case VEC_DSI:
		return (struct booke_vector){2, ORDINARY, true};
	case VEC_ISI:
		return (struct booke_vector){3, ORDINARY, true};
	case VEC_EXTERNAL:
		return (struct booke_vector){4, ORDINARY, false};
	case VEC_ALIGNMENT:
		return (struct booke_vector){5, ORDINARY, true};
	case VEC_FP_UNAVAILABLE:
		return (struct booke_vector){7, ORDINARY, false};
	case VEC_SYSCALL:
		return (struct booke_vector){8, ORDINARY, false};
	case VEC_DECREMENTER:
		return (struct booke_vector){10, ORDINARY, false};
	case VEC_FIT:
		return (struct booke_vector){11, ORDINARY, false};
	case VEC_WATCHDOG:
		return (struct booke_vector){12, CRITICAL, false};
	case VEC_DTLB:
		return (struct booke_vector){13, ORDINARY, true};
	case VEC_DEBUG:
		return (struct booke_vector){15, CRITICAL, false};
	case VEC_ITLB:
		return (struct booke_vector){14, ORDINARY, false};
	default: /* VEC_PROGRAM */
		return (struct booke_vector){6, ORDINARY, true};
	}
}

/* A program interrupt's reasons are a server's, an instruction storage interrupt's too. */
static u32 esr_of(unsigned vector, u64 why)
{
	if (vector == VEC_PROGRAM)
		return (why & SRR1_PROG_ILLEGAL ? ESR_PIL : 0) |
		       (why & SRR1_PROG_PRIV ? ESR_PPR : 0) | (why & SRR1_PROG_TRAP ? ESR_PTR : 0) |
		       (why & SRR1_PROG_FP ? ESR_FP : 0);
	if (vector == VEC_ISI)
		return why & DSISR_BADATTR ? ESR_BO : 0;
	return (u32)why;
}

static void load_mas(struct cpu *cpu, u64 ea, bool space)
{
	u64 *mas = cpu->booke.mas;
	struct booke_mas m = {.mas3 = (u32)mas[3], .mas4 = (u32)mas[4]};

	tlb_e500_miss(cpu->booke.tlb, &m, (u32)ea, space, cpu->booke.pid);
	mas[0] = m.mas0;
	mas[1] = m.mas1;
	mas[2] = m.mas2;
	mas[3] = m.mas3;
	mas[6] = m.mas6;
	mas[7] = m.mas7;
}

u64 booke_data_fails(struct cpu *cpu, unsigned vector, u64 ea, u64 dsisr)
{
	cpu->booke.dear = ea;
	if (vector == VEC_DTLB && cpu->booke.tlb->kind == BOOKE_E500V2)
		load_mas(cpu, ea, cpu->msr & MSR_DS);
	return (dsisr & DSISR_STORE ? ESR_ST : 0) | (dsisr & DSISR_BADATTR ? ESR_BO : 0);
}

static void save(struct cpu *cpu, enum booke_class class, u64 nip)
{
	u64 msr = cpu->msr & (class == BROKEN	  ? 0
			      : class == CRITICAL ? MSR_ME
						  : MSR_CE | MSR_ME | MSR_DE);

	*(class == BROKEN     ? &cpu->booke.mcsrr0
	  : class == CRITICAL ? &cpu->booke.csrr0
			      : &cpu->srr0) = nip;
	*(class == BROKEN     ? &cpu->booke.mcsrr1
	  : class == CRITICAL ? &cpu->booke.csrr1
			      : &cpu->srr1) = cpu->msr;
	cpu_set_msr(cpu, msr);
}

void booke_interrupt(struct cpu *cpu, unsigned vector, u64 nip, u64 why)
{
	struct booke_vector v;

	if (vector == VEC_PROGRAM && (why & SRR1_PROG_TRAP) && booke_debug_trap(cpu))
		vector = VEC_DEBUG;
	v = vector_of(vector);
	if (vector == VEC_ITLB && cpu->booke.tlb->kind == BOOKE_E500V2)
		load_mas(cpu, nip, cpu->msr & MSR_IS);
	if (v.sets_esr)
		cpu->booke.esr = esr_of(vector, why);
	save(cpu, v.class, nip);
	cpu->nip = (cpu->booke.ivpr & 0xffff0000u) | (cpu->booke.ivor[v.ivor] & 0xfff0u);
	if (v.class == ORDINARY)
		booke_debug_interrupt(cpu);
}

/* --- what waits for MSR[EE] and MSR[CE] --- */

static void show(struct cpu *cpu, u32 bit, bool due)
{
	if (due)
		__atomic_fetch_or(&cpu->pending, bit, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&cpu->pending, ~bit, __ATOMIC_RELAXED);
}

void booke_look_at_timers(struct cpu *cpu)
{
	u32 due = booke_timers_look(&cpu->booke.timers, cpu_timebase(cpu));

	show(cpu, CPU_IRQ_DECR, due & BOOKE_TIMER_DEC);
	show(cpu, CPU_IRQ_FIT, due & BOOKE_TIMER_FIT);
	show(cpu, CPU_IRQ_WATCHDOG, due & BOOKE_TIMER_WATCHDOG);
	if ((due & BOOKE_TIMER_RESET) && cpu->host->reset)
		cpu->host->reset(cpu);
}

/* The first that is pending and let through, most important first; 0: none. */
static unsigned chosen(const struct cpu *cpu, u32 pending)
{
	static const struct {
		u32 bit;
		unsigned vector;
		u64 needs;
	} order[] = {
	    {CPU_IRQ_CRITICAL, VEC_CRITICAL, MSR_CE}, {CPU_IRQ_WATCHDOG, VEC_WATCHDOG, MSR_CE},
	    {CPU_IRQ_EXTERNAL, VEC_EXTERNAL, MSR_EE}, {CPU_IRQ_FIT, VEC_FIT, MSR_EE},
	    {CPU_IRQ_DECR, VEC_DECREMENTER, MSR_EE},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(order); i++)
		if ((pending & order[i].bit) && (cpu->msr & order[i].needs))
			return order[i].vector;
	return 0;
}

bool booke_take_pending(struct cpu *cpu)
{
	unsigned vector;

	booke_look_at_timers(cpu);
	vector = chosen(cpu, __atomic_load_n(&cpu->pending, __ATOMIC_ACQUIRE));
	if (!vector)
		return false;
	if (vector == VEC_EXTERNAL && cpu->external_edge)
		cpu_irq_clear(cpu, CPU_IRQ_EXTERNAL);
	cpu_interrupt(cpu, vector, cpu->nip, 0);
	return true;
}
