/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86-64's fused multiply-add, for fast.h: present on most hosts, and not in the baseline that
 * the compiler is allowed. The compiler's own library has asked the processor at start.
 */
#ifndef PAPYR_CPU_FPU_X86_H
#define PAPYR_CPU_FPU_X86_H

#ifndef FPU_X86_HAS_FMA /* a test says otherwise */
#define FPU_X86_HAS_FMA() __builtin_cpu_supports("fma")
#endif

static inline bool fpu_host_has_fma(void)
{
	return FPU_X86_HAS_FMA();
}

/* a * b + c. Only where fpu_host_has_fma(). */
static inline double fpu_host_fma(double a, double b, double c)
{
	__asm__("vfmadd231sd %2, %1, %0" : "+x"(c) : "x"(a), "x"(b));
	return c;
}

static inline float fpu_host_fmaf(float a, float b, float c)
{
	__asm__("vfmadd231ss %2, %1, %0" : "+x"(c) : "x"(a), "x"(b));
	return c;
}

#endif
