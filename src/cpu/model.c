/* SPDX-License-Identifier: Apache-2.0 */
/* The processors that there are. */
#include <strings.h>
#include "cpu/cpu.h"

#define MSR_BASE                                                                                   \
	(MSR_SF | MSR_HV | MSR_EE | MSR_PR | MSR_FP | MSR_ME | MSR_FE0 | MSR_SE | MSR_BE |         \
	 MSR_FE1 | MSR_IR | MSR_DR | MSR_PMM | MSR_RI | MSR_VEC)

const struct cpu_model cpu_model_970 = {
    .name = "970",
    .pvr = 0x00390202,
    .level = ISA_201,
    .slb_entries = 64,
    .pmcs = 8,
    .threads = 1,
    .has_rma = true,
    .msr_mask = MSR_BASE,
};
const struct cpu_model cpu_model_power7 = {
    .name = "POWER7",
    .pvr = 0x003f0203,
    .level = ISA_206,
    .slb_entries = 32,
    .pmcs = 6,
    .threads = 4,
    .has_vrma = true,
    .has_rma = true,
    .msr_mask = MSR_BASE | MSR_VSX | MSR_LE,
};
const struct cpu_model cpu_model_power8 = {
    .name = "POWER8",
    .pvr = 0x004d0200,
    .level = ISA_207,
    .slb_entries = 32,
    .pmcs = 6,
    .threads = 8,
    .has_vrma = true,
    .msr_mask = MSR_BASE | MSR_VSX | MSR_LE,
};

#define MSR_BOOKE                                                                                  \
	(MSR_WE | MSR_CE | MSR_EE | MSR_PR | MSR_ME | MSR_FE0 | MSR_DWE | MSR_DE | MSR_FE1 |       \
	 MSR_IS | MSR_DS)

/* As the 440EP, which has a floating-point unit. */
const struct cpu_model cpu_model_440 = {
    .name = "440",
    .pvr = 0x422218d3,
    .level = ISA_440,
    .threads = 1,
    .msr_mask = MSR_BOOKE | MSR_FP,
};
const struct cpu_model cpu_model_e500v2 = {
    .name = "e500v2",
    .pvr = 0x80210030,
    .level = ISA_E500,
    .threads = 1,
    .msr_mask = MSR_BOOKE | MSR_UCLE | MSR_SPE | MSR_PMM,
};

static const struct cpu_model *const models[] = {&cpu_model_power8, &cpu_model_power7,
						 &cpu_model_970, &cpu_model_440,
						 &cpu_model_e500v2};

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
