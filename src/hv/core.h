/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual cores: what the threads of one have in common. vcpu id / hv_vm_smt() is a core's number,
 * the remainder the thread's. core.c has the protocol.
 *
 * A thread of a core is in the guest, or blocked in H_CEDE (vcpu->asleep), or busy in the host.
 */
#ifndef PAPYR_HV_CORE_H
#define PAPYR_HV_CORE_H

#include <stdatomic.h>
#include "base/bits.h"

#define HV_SMT_MAX 8 /* threads in a core at most */

struct cpu;
struct hv_vcpu;
struct hv_vm;

struct hv_core {
	/* NULL: no such vcpu yet. They live as long as the VM. */
	struct hv_vcpu *_Atomic thread[HV_SMT_MAX];
	/* 63..56: the threads in the guest, by their numbers. 55..0: ticks that the core has run;
	 * less the guest's time as long as one of them is in it. */
	_Atomic u64 presence;
	/* What VTB was set to, less the ticks of then. */
	_Atomic u64 vtb_base;
	/* Ticks at which a thread last left, which may have read them: they never go back behind
	 * that. */
	_Atomic u64 seen;
	/* DPDES of threads that there are not. */
	_Atomic u64 dpdes_of_none;
};

/* A new vcpu's core, made with its first thread. NULL: no memory. With vm->lock held. */
struct hv_core *hv_core_of_new(struct hv_vm *vm, unsigned id);

/*
 * As the vcpu enters and leaves the guest, at @now of the guest's time (cpu_guest_time()); before
 * who enters looked at that, hv_core_look() said @seen.
 */
u64 hv_core_look(const struct hv_vcpu *vcpu);
void hv_core_enter(struct hv_vcpu *vcpu, u64 seen, u64 now);
void hv_core_leave(struct hv_vcpu *vcpu, u64 now);
/*
 * The vcpu, which is in the guest, had no processor of the host's for @ticks: nor had its core, if
 * no other thread was in the guest.
 */
void hv_core_stolen(struct hv_vcpu *vcpu, u64 now, u64 ticks);
/* Does another thread of its core run in the guest? */
bool hv_core_others_run(struct hv_vcpu *vcpu);

/* The virtual timebase: runs while a thread of the core is in the guest. Any thread of ours. */
u64 hv_get_vtb(struct hv_vcpu *vcpu);
void hv_set_vtb(struct hv_vcpu *vcpu, u64 vtb);
/* struct cpu_host's: the same, for the guest. */
u64 hv_virtual_time(struct cpu *cpu);

#endif
