/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between a machine that stands still, where not said otherwise, and the plain structs of saved.h:
 * what an image file and a live migration both send.
 */
#ifndef PAPYR_MIGRATION_CAPTURE_H
#define PAPYR_MIGRATION_CAPTURE_H

#include "migration/state/saved.h"
#include "platform/machine.h"

/* ---- Out of the machine ---- */

/* The guest's timebase now. Of a machine that stands still: a register waits for its vcpu. */
u64 capture_timebase(const struct machine *m);
/* What the machine is, all but its timebase; it may run. */
void capture_machine(struct machine *m, struct saved_machine *c);
/*
 * All that is small of a machine that stands still, packed: each vcpu, the interrupt sources, the
 * devices, in this order. @sink gets what is whole, and does not keep it.
 */
enum capture_part { CAPTURE_VCPU, CAPTURE_XICS, CAPTURE_DEVICES };
typedef int (*capture_sink)(void *opaque, enum capture_part part, u32 instance,
			    const struct state_out *out, struct error *err);
int capture_parts(struct machine *m, capture_sink sink, void *opaque, struct error *err);

int capture_vcpu(struct vcpu *vcpu, struct saved_vcpu *v, struct error *err);
int capture_xics(struct machine *m, struct saved_xics *x, struct error *err);

/* ---- Into a machine whose vcpus have not run yet ---- */

/* Resets a vcpu, for apply_vcpu() to be quick; @reset gets what it holds then. */
int prepare_vcpu(struct vcpu *vcpu, struct saved_vcpu *reset, struct error *err);
/*
 * The state of a vcpu that was prepared; @tb_offset takes the place of the saved one, to the tick
 * where the host can. @stopped: the guest's timebase when it was captured.
 */
int apply_vcpu(struct vcpu *vcpu, const struct saved_vcpu *v, const struct saved_vcpu *reset,
	       u64 tb_offset, u64 stopped, struct error *err);
/*
 * After the vcpus: an interrupt that waits at its source is presented at once, and must find the
 * server as it was.
 */
int apply_xics(struct machine *m, const struct saved_xics *x, struct error *err);

#endif
