/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a loop that waits for another thread does each time round: leaves the core's other threads
 * the execution units.
 */
#ifndef PAPYR_BASE_PAUSE_H
#define PAPYR_BASE_PAUSE_H

static inline void spin_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__powerpc64__)
	__asm__ volatile("or 27,27,27" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#else
	__asm__ volatile("" ::: "memory");
#endif
}

#endif
