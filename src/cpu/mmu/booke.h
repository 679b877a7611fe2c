/* SPDX-License-Identifier: Apache-2.0 */
/* What instructions and registers of BookE processors tell the caches of. Own thread only. */
#ifndef PAPYR_CPU_MMU_BOOKE_H
#define PAPYR_CPU_MMU_BOOKE_H

#include "cpu/cpu.h"

/* Is data at @ea little-endian? */
bool booke_little(const struct cpu *cpu, u64 ea);
/* One of the PIDs is another one. */
void booke_pid_changed(struct cpu *cpu);
/* A page that was valid is about to go, or to be another one: a booke_gone of struct cpu's. */
void booke_page_gone(void *cpu, const struct booke_page *page);

#endif
