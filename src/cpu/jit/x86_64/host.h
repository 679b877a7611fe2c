/* SPDX-License-Identifier: Apache-2.0 */
/* What the host's processor has beyond SSE2. */
#ifndef PAPYR_CPU_X86_64_HOST_H
#define PAPYR_CPU_X86_64_HOST_H

#include "base/bits.h"

enum host_feature {
	HOST_LZCNT = 1u << 0,
	HOST_AVX = 1u << 1, /* and all of SSE */
	HOST_AVX2 = 1u << 2,
	HOST_AES = 1u << 3,
	HOST_PCLMUL = 1u << 4,
	HOST_AVX512 = 1u << 5, /* F, VL and BW */
	HOST_VBMI = 1u << 6,
	HOST_POPCNT = 1u << 7,
	HOST_GFNI = 1u << 8,
	HOST_FMA = 1u << 9,
	HOST_BMI2 = 1u << 10,
};

/*
 * A set of the above, as far as the host's system keeps the registers. PAPYR_HOST in the
 * environment (sse, avx, avx2) leaves out what came later.
 */
u32 host_features(void);

#endif
