/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr_trace(): what guests do, in lines of text.
 *
 * Which events are wanted stands in each vcpu's cpu.traced, so that asking costs a load of a line
 * that is in use anyway, and is asked only where much more is done: at hypercalls, interrupts,
 * misses of the translation caches and the ends of KVM_RUN.
 */
#ifndef PAPYR_HV_TRACE_H
#define PAPYR_HV_TRACE_H

#include "base/bits.h"
#include "cpu/cpu.h"

struct hv_vm;
struct hv_vcpu;

void hv_trace_init(struct hv_vm *vm);
void hv_trace_fini(struct hv_vm *vm);
/* As papyr_trace(). -EINVAL, -EBADF, -EMFILE. */
int hv_trace(struct hv_vm *vm, unsigned events, int fd);

/* The vcpu's thread: a hypercall begins; it was answered, registers are the guest's again. */
void hv_trace_hcall_begin(struct hv_vcpu *vcpu);
void hv_trace_hcall_end(struct hv_vcpu *vcpu);
/* KVM_RUN returns @ret. */
void hv_trace_exit(struct hv_vcpu *vcpu, int ret);
/* An RTAS call was answered; as trace_rtas(). */
void hv_trace_rtas(struct hv_vcpu *vcpu, const char *name, const u8 *in, unsigned n_in,
		   const u8 *out, unsigned n_out);

/* The vcpu's thread, between two blocks: where it is, if that was not told a moment ago. */
void hv_trace_sample(struct hv_vcpu *vcpu);

/* struct cpu_host's. */
void hv_trace_interrupt(struct cpu *cpu, unsigned vector);
void hv_trace_translation(struct cpu *cpu, const struct cpu_access *access, unsigned vector,
			  u64 why);

#endif
