/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/models.h"

#include <string.h>

/*
 * ibm,pa-features, attribute type 0: a bit for each facility that a guest may use. What isn't done
 * (transactional memory: byte 22) stays 0, and the bytes must reach that far for Linux to believe
 * it.
 */
/* clang-format off */
static const u8 pa_features_201[] = { 6, 0, 0xf2, 0x40, 0x00, 0x00, 0x00, 0x00 };
static const u8 pa_features_206[] = { 6, 0, 0xf6, 0x1f, 0xc7, 0x00, 0x80, 0xc0 };
static const u8 pa_features_207[] = {
	24,   0,                                  /* bytes, type */
	0xf6, 0x3f, 0xc7, 0xc0, 0x80, 0xf0,       /* 0: MMU, FPU; large cache-inhibited pages */
	0x80, 0x00, 0x00, 0x00, 0x00, 0x00,       /* 6 */
	0x00, 0x00, 0x00, 0x00, 0x80, 0x00,       /* 12; 16: VMX */
	0x80, 0x00, 0x80, 0x00, 0x00, 0x00,       /* 18: VSX; 20: extended PPR */
};
/* clang-format on */

static const struct machine_model models[] = {
    {
	.name = "POWER8",
	.dt_name = "PowerPC,POWER8",
	.pvr = 0x004d0200,
	.logical_pvr = 0x0f000004,
	.has_modes = true,
	.vmx = 2,
	.has_dfp = true,
	.has_purr = true,
	.pa_features = pa_features_207,
	.n_pa_features = sizeof(pa_features_207),
    },
    {
	.name = "POWER7",
	.dt_name = "PowerPC,POWER7",
	.pvr = 0x003f0203,
	.logical_pvr = 0x0f000003,
	.has_modes = false,
	.vmx = 2,
	.has_dfp = true,
	.has_purr = true,
	.pa_features = pa_features_206,
	.n_pa_features = sizeof(pa_features_206),
    },
    {
	.name = "PPC970",
	.dt_name = "PowerPC,970",
	.pvr = 0x00390202,
	.logical_pvr = 0x00390202,
	.no_level = true,
	.vmx = 1,
	.pa_features = pa_features_201,
	.n_pa_features = sizeof(pa_features_201),
    },
    {
	.name = "440",
	.board = "bamboo",
	.pvr = 0x422218d3,
    },
    {
	.name = "e500v2",
	.board = "ppce500",
	.pvr = 0x80210030,
    },
};

const struct machine_model *machine_model_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++)
		if (!strcmp(models[i].name, name))
			return &models[i];
	return NULL;
}
