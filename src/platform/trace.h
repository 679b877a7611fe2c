/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guest does, told in lines (<papyr/papyr.h> has their form). Who runs the guest tells
 * what it sees; the machine tells of the RTAS calls that it answers itself. On a KVM that tells
 * nothing, Linux's, the machine tells of what reaches it: those hypercalls that KVM passes on, and
 * why KVM_RUN came back.
 */
#ifndef PAPYR_PLATFORM_TRACE_H
#define PAPYR_PLATFORM_TRACE_H

#include "base/trace_words.h"
#include "platform/machine.h"
#include "platform/vcpu.h"

/*
 * From now on until it is called again, any thread. @events: PAPYR_TRACE_*, 0: no more. @fd: as for
 * papyr_trace(), and stays the caller's.
 */
int machine_trace(struct machine *m, unsigned events, int fd, struct error *err);

/* Does the machine itself tell of this? */
static inline bool machine_traces(const struct machine *m, unsigned event)
{
	return unlikely(__atomic_load_n(&m->traced, __ATOMIC_RELAXED) & event);
}

/* Vcpus' threads. KVM_RUN came back, with errno @error if it failed. */
void trace_vcpu_exit(struct vcpu *vcpu, int error);
/* The hypercall in vcpu->run was answered. */
void trace_vcpu_hcall(struct vcpu *vcpu, const struct traced_hcall *call);
/* An RTAS call was answered: as trace_rtas(). */
void trace_vcpu_rtas(struct vcpu *vcpu, const char *name, u32 token, const u8 *in, unsigned n_in,
		     const u8 *out, unsigned n_out);

#endif
