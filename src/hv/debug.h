/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KVM_SET_GUEST_DEBUG, and what comes of it: KVM_EXIT_DEBUG. The processor does the work
 * (cpu/debug.h).
 *
 * A single step that a client has a part in, by answering a hypercall or an access without memory,
 * is over when it was answered: the next KVM_RUN says so before it enters the guest.
 */
#ifndef PAPYR_HV_DEBUG_H
#define PAPYR_HV_DEBUG_H

#include <papyr/kvm.h>
#include "cpu/cpu.h"

struct hv_vcpu;

/* The instruction of KVM_REG_PPC_DEBUG_INST. */
#define HV_DEBUG_INST 0x00dddd00u

/* Break- and watchpoints, together. */
#define HV_DEBUG_POINTS CPU_POINTS
/* Breakpoints besides: PAPYR_CAP_BREAKPOINTS. */
#define HV_DEBUG_BREAKS (CPU_BREAKS - CPU_POINTS)

/* KVM_SET_GUEST_DEBUG. -EINVAL: flags or points that are none. */
int hv_set_guest_debug(struct hv_vcpu *vcpu, const struct kvm_guest_debug *debug);
/* PAPYR_CAP_BREAKPOINTS: @n of them, at most HV_DEBUG_BREAKS. */
void hv_set_breakpoints(struct hv_vcpu *vcpu, const u64 *addrs, unsigned n);

/* struct cpu_host's. */
void hv_debug_stopped(struct cpu *cpu, enum cpu_stop why, u64 ea);

/* The step was carried out: the exit that tells it. */
void hv_debug_stepped(struct hv_vcpu *vcpu);

#endif
