/* SPDX-License-Identifier: Apache-2.0 */
/* Making a processor, and the registers that are kept in pieces. */
#include <errno.h>
#include <stdlib.h>
#include "cpu/booke_debug.h"
#include "cpu/engine/code.h"
#include "cpu/pmu.h"
#include "cpu/mmu/tlb.h"

static int booke_init(struct cpu *cpu)
{
	struct booke_tlb *tlb = malloc(sizeof(*tlb));
	bool e500 = cpu->model->level == ISA_E500;

	if (!tlb || booke_tlb_init(tlb, e500 ? BOOKE_E500V2 : BOOKE_440)) {
		free(tlb);
		return -ENOMEM;
	}
	cpu->booke.tlb = tlb;
	booke_timers_reset(&cpu->booke.timers, e500, cpu_timebase(cpu));
	return 0;
}

static void booke_fini(struct cpu *cpu)
{
	if (!cpu_is_booke(cpu))
		return;
	booke_tlb_fini(cpu->booke.tlb);
	free(cpu->booke.tlb);
	cpu->booke.tlb = NULL;
}

int cpu_init(struct cpu *cpu, const struct cpu_model *model, const struct cpu_host *host,
	     bool first)
{
	/* As long as its owner has none: it always goes on. */
	static struct cpu_time all_of_it = {.alive = ~0ull >> 1};

	cpu->host = host;
	cpu->time = &all_of_it;
	cpu->reserve_gpa = ~0ull;
	cpu->link_from = NULL;
	cpu->model = model;
	cpu->pvr = model->pvr;
	if (model->level < ISA_32 && booke_init(cpu))
		return -ENOMEM;
	if (tlb_init(cpu)) {
		booke_fini(cpu);
		return -ENOMEM;
	}
	if (code_init(cpu, code_room(first))) {
		tlb_fini(cpu);
		booke_fini(cpu);
		return -ENOMEM;
	}
	cpu->slb_nr = model->slb_entries;
	cpu->dec_expires = cpu_timebase(cpu) + 0x7fffffff;
	cpu->hdec_expires = ~0ull >> 1;
	cpu_set_so(cpu, false);
	cpu_set_msr(cpu, cpu_is_booke(cpu) ? 0 : MSR_SF | MSR_ME);
	return 0;
}

void cpu_fini(struct cpu *cpu)
{
	code_fini(cpu);
	tlb_fini(cpu);
	booke_fini(cpu);
}

/* MSR bits that change how instructions are decoded or where the caches look. */
static u32 mode_of(const struct cpu *cpu, u64 msr)
{
	/* Address space 0 of BookE, where all usually is, is what translation is on servers. */
	if (cpu_is_booke(cpu))
		msr ^= MSR_IS | MSR_DS;
	return (msr & MSR_SF ? MODE_SF : 0) | (msr & MSR_PR ? MODE_PR : 0) |
	       (msr & MSR_FP ? MODE_FP : 0) | (msr & MSR_VEC ? MODE_VEC : 0) |
	       (msr & MSR_VSX ? MODE_VSX : 0) | (msr & MSR_LE ? MODE_LE : 0) |
	       (msr & MSR_IR ? MODE_IR : 0) | (msr & MSR_DR ? MODE_DR : 0) |
	       (cpu->unit_shift == CPU_PAGE_SHIFT ? MODE_NARROW : 0);
}

void cpu_set_msr(struct cpu *cpu, u64 msr)
{
	if (unlikely(cpu->pmu_on) && ((cpu->msr ^ msr) & (MSR_PR | MSR_PMM)))
		pmu_catch_up(cpu);
	cpu->msr = msr & cpu->model->msr_mask & ~MSR_HV;
	cpu->mode = mode_of(cpu, cpu->msr) | (cpu->pmu_on ? MODE_COUNT : 0);
	cpu->traced_msr = cpu_is_booke(cpu) ? booke_traces(cpu) : cpu->msr & (MSR_SE | MSR_BE);
	cpu->ea_mask = cpu->msr & MSR_SF ? ~0ull : 0xffffffffull;
	cpu->cr0_shift = cpu->msr & MSR_SF ? 0 : 32;
	cpu->big = !(cpu->msr & MSR_LE);
	cpu->swap = cpu->big == BASE_HOST_LE;
	tlb_select(cpu);
	jumps_select(cpu);
}

u32 cpu_get_cr(const struct cpu *cpu)
{
	u32 cr = 0;

	for (unsigned i = 0; i < 8; i++)
		cr = cr << 4 | cpu->cr[i];
	return cr;
}

void cpu_set_cr(struct cpu *cpu, u32 cr)
{
	for (unsigned i = 0; i < 8; i++)
		cpu->cr[i] = cr >> (28 - 4 * i) & 15;
}

#define XER_SO (1u << 31)
#define XER_OV (1u << 30)
#define XER_CA (1u << 29)

u64 cpu_get_xer(const struct cpu *cpu)
{
	return (cpu->so ? XER_SO : 0) | (cpu->ov ? XER_OV : 0) | (cpu->ca ? XER_CA : 0) |
	       cpu->xer_len;
}

void cpu_set_xer(struct cpu *cpu, u64 xer)
{
	cpu_set_so(cpu, xer & XER_SO);
	cpu->ov = !!(xer & XER_OV);
	cpu->ca = !!(xer & XER_CA);
	cpu->xer_len = xer & 0x7f;
}

void cpu_request(struct cpu *cpu, u32 bits)
{
	__atomic_fetch_or(&cpu->request, bits, __ATOMIC_SEQ_CST);
}

void cpu_irq_set(struct cpu *cpu, u32 bits)
{
	__atomic_fetch_or(&cpu->pending, bits, __ATOMIC_SEQ_CST);
	cpu_request(cpu, CPU_REQ_IRQ);
}

void cpu_irq_clear(struct cpu *cpu, u32 bits)
{
	__atomic_fetch_and(&cpu->pending, ~bits, __ATOMIC_SEQ_CST);
}
