/* SPDX-License-Identifier: Apache-2.0 */
/* Does the guest's time go on? standstill.c */
#ifndef PAPYR_HV_STANDSTILL_H
#define PAPYR_HV_STANDSTILL_H

#include "base/bits.h"

struct cpu;
struct hv_vm;

/* struct cpu_host's was_alive. */
void hv_was_alive(struct cpu *cpu);
/* The ticks that the guest's time is behind the host's, now (any thread). */
u64 hv_time_lag(struct hv_vm *vm);
/* The same, without asking: the client says what time it is. */
u64 hv_time_is_set(struct hv_vm *vm);

#endif
