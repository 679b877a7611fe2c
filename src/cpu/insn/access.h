/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What loads and stores of general and of floating-point registers share (mem.c, fp_mem.c). Not
 * for others. Each instruction is in two parts: one for an address that the translation cache has,
 * which needs no stack, and one for all others, which is kept out of its way.
 */
#ifndef PAPYR_CPU_INSN_ACCESS_H
#define PAPYR_CPU_INSN_ACCESS_H

#include "cpu/mmu/mem.h"

#define SLOW static __attribute__((noinline, cold)) const struct op *

#define SWAP_8(v) (v)
#define SWAP_16	  __builtin_bswap16
#define SWAP_32	  __builtin_bswap32
#define SWAP_64	  __builtin_bswap64

/* From what is in memory to the register's value. */
#define AS_IS(v)    (v)
#define FROM_S16(v) ((u64)(s64)(s16)(v))
#define FROM_S32(v) ((u64)(s64)(s32)(v))

#endif
