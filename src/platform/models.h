/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processor models a guest can be given.
 */
#ifndef PAPYR_PLATFORM_MODELS_H
#define PAPYR_PLATFORM_MODELS_H

#include "base/bits.h"

struct machine_model {
	const char *name;    /* as for --cpu */
	const char *dt_name; /* "PowerPC,POWER8" */
	const char *board;   /* the one kind of machine that has it; NULL: a PAPR partition */
	u32 pvr;
	u32 logical_pvr; /* what to confine another processor to, for real KVM */
	bool no_level;	 /* it is older than those levels: @logical_pvr is its own */
	bool has_modes;	 /* H_SET_MODE: ILE and AIL */
	unsigned vmx;	 /* 1: VMX, 2: VSX too */
	bool has_dfp, has_purr;
	const u8 *pa_features;
	unsigned n_pa_features;
};

const struct machine_model *machine_model_find(const char *name);

#endif
