/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host's FPU can do: x86-64. Nothing is left of this file elsewhere.
 */
#include "cpu/fp/fpu.h"

#if defined(__x86_64__) && !defined(__FP_FAST_FMA)

bool fpu_x86_has_fma;

__attribute__((constructor)) static void look_for_fma(void)
{
	__builtin_cpu_init();
	fpu_x86_has_fma = __builtin_cpu_supports("fma");
}

#endif
