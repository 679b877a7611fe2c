/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/pmu.h"

#define PMC_NEGATIVE  0x80000000u
#define MMCR0_FC      0x80000000u /* freeze all, */
#define MMCR0_FCS     0x40000000u /* ... in supervisor, */
#define MMCR0_FCP     0x20000000u /* ... in problem state */
#define MMCR0_FCM1    0x10000000u /* ... while MSR[PMM] is 1, */
#define MMCR0_FCM0    0x08000000u /* ... and 0 */
#define MMCR0_PMAE    0x04000000u /* an alert is enabled */
#define MMCR0_FCECE   0x02000000u /* ... and freezes */
#define MMCR0_PMC1CE  0x00008000u /* PMC1's being negative alerts, */
#define MMCR0_PMCJCE  0x00004000u /* ... the others' */
#define MMCR0_PMAO    0x00000080u /* an alert occurred */
#define MMCR0_FC56    0x00000010u
#define MMCR0_PROBLEM (MMCR0_FC | MMCR0_PMAE | MMCR0_PMAO) /* what problem state changes */

/* MMCR2: nine bits a counter, of which the first two freeze it in supervisor and problem state. */
#define MMCR2_FCS(n) PPC_BIT((n)*9)
#define MMCR2_FCP(n) PPC_BIT((n)*9 + 1)

#define SIER_SIPR	0x0002000000000000ull /* SIAR is of problem state */
#define SIER_SIAR_VALID 0x0000000000400000ull

/* Cycles are the timebase's ticks times 4000 / 512. */
static u64 cycles_at(u64 tb)
{
	return tb / 16 * 125 + tb % 16 * 125 / 16;
}

enum event { EVENT_NONE, EVENT_INSNS, EVENT_CYCLES };

/* A PPC970's registers have other fields, and its events other numbers. */
static bool is_970(const struct cpu *cpu)
{
	return cpu->model->pmcs > 6;
}

/* Each counter of a PPC970 has a field of five bits, those of the first two in MMCR0. */
static enum event event_of_970(const struct cpu *cpu, unsigned n)
{
	unsigned select = n < 2 ? cpu->mmcr[0] >> (8 - 7 * n) : cpu->mmcr[1] >> (37 - 5 * n);

	switch (select & 0x1f) {
	case 0x0f: /* PM_CYC */
		return EVENT_CYCLES;
	case 0x05: /* PM_RUN_CYC, of PMC1 */
		return n == 0 ? EVENT_CYCLES : EVENT_NONE;
	case 0x09: /* PM_INST_CMPL */
		return EVENT_INSNS;
	default:
		return EVENT_NONE;
	}
}

/* What PMC @n + 1 counts: the first four as MMCR1's bytes say, by POWER8's numbers. */
static enum event event_of(const struct cpu *cpu, unsigned n)
{
	if (is_970(cpu))
		return event_of_970(cpu, n);
	if (n == 4)
		return EVENT_INSNS;
	if (n == 5)
		return EVENT_CYCLES;
	switch (cpu->mmcr[1] >> (24 - 8 * n) & 0xff) {
	case 0x1e: /* PM_CYC */
	case 0xf4: /* PM_RUN_CYC, of PMC2 */
		return EVENT_CYCLES;
	case 0x02: /* PM_INST_CMPL */
		return EVENT_INSNS;
	case 0xf2: /* PM_1PLUS_PPC_CMPL of PMC1, PM_INST_DISP of PMC2 and PMC3 */
		return n < 3 ? EVENT_INSNS : EVENT_NONE;
	case 0xfa: /* PM_RUN_INST_CMPL, of PMC4 */
		return n == 3 ? EVENT_INSNS : EVENT_NONE;
	default:
		return EVENT_NONE;
	}
}

static bool frozen(const struct cpu *cpu, unsigned n)
{
	bool user = cpu->msr & MSR_PR, marked = cpu->msr & MSR_PMM;

	if (cpu->mmcr[0] &
	    (MMCR0_FC | (user ? MMCR0_FCP : MMCR0_FCS) | (marked ? MMCR0_FCM1 : MMCR0_FCM0)))
		return true;
	if (is_970(cpu))
		return false;
	return (n >= 4 && (cpu->mmcr[0] & MMCR0_FC56)) ||
	       (cpu->mmcr[2] & (user ? MMCR2_FCP(n) : MMCR2_FCS(n)));
}

/* An alert, if one is enabled and a counter that may cause it is negative. */
static void look_for_alert(struct cpu *cpu)
{
	bool due = false;

	for (unsigned n = 0; n < cpu->model->pmcs; n++)
		due |= (cpu->pmc[n] & PMC_NEGATIVE) &&
		       (cpu->mmcr[0] & (n ? MMCR0_PMCJCE : MMCR0_PMC1CE));
	if (!due || !(cpu->mmcr[0] & MMCR0_PMAE))
		return;
	cpu->mmcr[0] = (cpu->mmcr[0] & ~(u64)MMCR0_PMAE) | MMCR0_PMAO;
	if (cpu->mmcr[0] & MMCR0_FCECE)
		cpu->mmcr[0] |= MMCR0_FC;
	cpu->siar = cpu->nip;
	cpu->sier = SIER_SIAR_VALID | (cpu->msr & MSR_PR ? SIER_SIPR : 0);
	cpu_irq_set(cpu, CPU_IRQ_PERFMON);
}

void pmu_catch_up(struct cpu *cpu)
{
	u64 insns = cpu_insns(cpu), tb = host_timebase();
	u64 add[] = {
	    [EVENT_INSNS] = insns - cpu->pmu_insns,
	    [EVENT_CYCLES] = cycles_at(tb) - cycles_at(cpu->pmu_tb),
	};

	cpu->pmu_insns = insns;
	cpu->pmu_tb = tb;
	for (unsigned n = 0; n < cpu->model->pmcs; n++)
		if (!frozen(cpu, n))
			cpu->pmc[n] = (u32)(cpu->pmc[n] + add[event_of(cpu, n)]);
	look_for_alert(cpu);
}

static void settings_changed(struct cpu *cpu)
{
	bool on = !(cpu->mmcr[0] & MMCR0_FC);

	if (on != cpu->pmu_on) {
		cpu->pmu_on = on;
		cpu_set_msr(cpu, cpu->msr); /* blocks of another kind from now on */
	}
	if (cpu->mmcr[0] & MMCR0_PMAO)
		cpu_irq_set(cpu, CPU_IRQ_PERFMON);
	else
		cpu_irq_clear(cpu, CPU_IRQ_PERFMON);
}

static void count_from_here(struct cpu *cpu)
{
	cpu->pmu_insns = cpu_insns(cpu);
	cpu->pmu_tb = host_timebase();
}

void cpu_pmu_start(struct cpu *cpu)
{
	bool idle = (cpu->mmcr[0] & (MMCR0_FC | MMCR0_PMAO)) == MMCR0_FC && !cpu->pmu_on;

	/* Nearly always: no clock is read for it. */
	if (likely(idle) &&
	    !(__atomic_load_n(&cpu->pending, __ATOMIC_RELAXED) & CPU_IRQ_PERFMON))
		return;
	count_from_here(cpu);
	settings_changed(cpu);
}

void cpu_pmu_stop(struct cpu *cpu)
{
	if (cpu->pmu_on)
		pmu_catch_up(cpu);
}

static void begin_change(struct cpu *cpu)
{
	if (cpu->pmu_on)
		pmu_catch_up(cpu);
	else
		count_from_here(cpu);
}

void pmu_set_mmcr0(struct cpu *cpu, u64 v)
{
	u64 mask = cpu->msr & MSR_PR ? MMCR0_PROBLEM : 0xffffffffu;

	begin_change(cpu);
	cpu->mmcr[0] = (cpu->mmcr[0] & ~mask) | (v & mask);
	settings_changed(cpu);
	look_for_alert(cpu);
}

void pmu_set(struct cpu *cpu, u64 *reg, u64 v)
{
	begin_change(cpu);
	*reg = v;
	look_for_alert(cpu);
}

u64 pmu_get(struct cpu *cpu, const u64 *reg)
{
	if (cpu->pmu_on)
		pmu_catch_up(cpu);
	return *reg;
}
