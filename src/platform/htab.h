/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's hash table: of which order it is, and how it becomes another, by the guest's own wish
 * while it runs (H_RESIZE_HPT_PREPARE, H_RESIZE_HPT_COMMIT) or by a migration or a reset while it
 * doesn't.
 */
#ifndef PAPYR_PLATFORM_HTAB_H
#define PAPYR_PLATFORM_HTAB_H

#include "base/bits.h"

struct machine;
struct vcpu;

/* A table; @number tells it from those that were before it. */
struct htab_seen {
	unsigned order;
	u32 number;
};

/*
 * What the guest has now. Who reads the table's descriptor asks before and after: if the number is
 * the same, what was read is of this table. Any thread, not with m->lock.
 */
struct htab_seen machine_htab(struct machine *m);

/*
 * An empty table of that order instead, no vcpu being in the guest. -1 with errno, and it is what
 * it was. Not with m->lock.
 */
int machine_allocate_htab(struct machine *m, unsigned order);

/* Can KVM resize it? */
bool machine_resizes_htab(const struct machine *m);

/* Hypercalls, of hcall.c's table. */
s64 h_resize_hpt_prepare(struct vcpu *vcpu, u64 *args);
s64 h_resize_hpt_commit(struct vcpu *vcpu, u64 *args);

#endif
