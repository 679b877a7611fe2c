/* SPDX-License-Identifier: Apache-2.0 */
/* Making a processor, its models, and the registers that are kept in pieces. */
#include <stdlib.h>
#include <strings.h>
#include <errno.h>
#include "cpu/engine/code.h"
#include "cpu/mmu/tlb.h"

#define MSR_BASE                                                                                   \
	(MSR_SF | MSR_HV | MSR_EE | MSR_PR | MSR_FP | MSR_ME | MSR_FE0 | MSR_SE | MSR_BE |         \
	 MSR_FE1 | MSR_IR | MSR_DR | MSR_PMM | MSR_RI | MSR_VEC)

const struct cpu_model cpu_model_970 = {
    .name = "970",
    .pvr = 0x00390202,
    .level = ISA_201,
    .slb_entries = 64,
    .pmcs = 8,
    .threads_per_core = 1,
    .has_vrma = false,
    .msr_mask = MSR_BASE,
};
const struct cpu_model cpu_model_power7 = {
    .name = "POWER7",
    .pvr = 0x003f0203,
    .level = ISA_206,
    .slb_entries = 32,
    .pmcs = 6,
    .threads_per_core = 4,
    .has_vrma = true,
    .msr_mask = MSR_BASE | MSR_VSX | MSR_LE,
};
const struct cpu_model cpu_model_power8 = {
    .name = "POWER8",
    .pvr = 0x004d0200,
    .level = ISA_207,
    .slb_entries = 32,
    .pmcs = 6,
    .threads_per_core = 8,
    .has_vrma = true,
    .msr_mask = MSR_BASE | MSR_VSX | MSR_LE,
};

static const struct cpu_model *const models[] = {&cpu_model_power8, &cpu_model_power7,
						 &cpu_model_970};

const struct cpu_model *cpu_model_by_name(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(models); i++)
		if (!strcasecmp(name, models[i]->name))
			return models[i];
	return NULL;
}

const struct cpu_model *cpu_model_by_pvr(u32 pvr)
{
	u32 version = pvr >> 16;

	switch (version) {
	case 0x4a: /* POWER7+ */
		return &cpu_model_power7;
	case 0x4b: /* POWER8E, POWER8NVL */
	case 0x4c:
		return &cpu_model_power8;
	case 0x3c: /* 970FX, 970MP, 970GX */
	case 0x44:
	case 0x45:
		return &cpu_model_970;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(models); i++)
		if (models[i]->pvr >> 16 == version)
			return models[i];
	return NULL;
}

int cpu_init(struct cpu *cpu, const struct cpu_model *model, const struct cpu_host *host)
{
	memset(cpu, 0, sizeof(*cpu));
	cpu->host = host;
	cpu->reserve_gpa = ~0ull;
	cpu->link_from = NULL;
	if (tlb_init(cpu))
		return -ENOMEM;
	if (code_init(cpu)) {
		tlb_fini(cpu);
		return -ENOMEM;
	}
	cpu_set_model(cpu, model);
	cpu->dec_expires = cpu_timebase(cpu) + 0x7fffffff;
	cpu->hdec_expires = ~0ull >> 1;
	cpu_set_msr(cpu, MSR_SF | MSR_ME);
	return 0;
}

void cpu_fini(struct cpu *cpu)
{
	code_fini(cpu);
	tlb_fini(cpu);
}

void cpu_set_model(struct cpu *cpu, const struct cpu_model *model)
{
	cpu->model = model;
	cpu->pvr = model->pvr;
	cpu->slb_nr = model->slb_entries;
	cpu_flush_all_code(cpu); /* decoded by another model's table */
	cpu_flush_all(cpu);
}

/* MSR bits that change how instructions are decoded or where the caches look. */
static u32 mode_of(u64 msr)
{
	return (msr & MSR_SF ? MODE_SF : 0) | (msr & MSR_PR ? MODE_PR : 0) |
	       (msr & MSR_FP ? MODE_FP : 0) | (msr & MSR_VEC ? MODE_VEC : 0) |
	       (msr & MSR_VSX ? MODE_VSX : 0) | (msr & MSR_LE ? MODE_LE : 0) |
	       (msr & MSR_IR ? MODE_IR : 0);
}

void cpu_set_msr(struct cpu *cpu, u64 msr)
{
	cpu->msr = msr & cpu->model->msr_mask & ~MSR_HV;
	cpu->mode = mode_of(cpu->msr);
	cpu->ea_mask = msr & MSR_SF ? ~0ull : 0xffffffffull;
	cpu->cr0_shift = msr & MSR_SF ? 0 : 32;
	cpu->big = !(cpu->msr & MSR_LE);
	cpu->swap = cpu->big == BASE_HOST_LE;
	tlb_select(cpu);
	code_select(cpu);
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
	cpu->so = !!(xer & XER_SO);
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
