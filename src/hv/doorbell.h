/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directed privileged doorbells between the threads of a virtual core (Power ISA 2.07, Book III-S,
 * chapter 11): doorbell.c.
 */
#ifndef PAPYR_HV_DOORBELL_H
#define PAPYR_HV_DOORBELL_H

#include "base/bits.h"

struct cpu;
struct hv_vcpu;

/* Callbacks of struct cpu_host: msgsndp to thread @thread of the core, and its DPDES. */
void hv_doorbell(struct cpu *cpu, unsigned thread);
u64 hv_doorbells(struct cpu *cpu);

/*
 * KVM_REG_PPC_DPDES: the same of @vcpu's core, with what a client has set for threads that there
 * aren't. The other threads may run; who sets it while they ring doorbells may take these away.
 */
u64 hv_get_dpdes(struct hv_vcpu *vcpu);
void hv_set_dpdes(struct hv_vcpu *vcpu, u64 dpdes);

#endif
