/* SPDX-License-Identifier: Apache-2.0 */
/* The TLB and the special registers of a BookE vcpu that stands still. */
#ifndef PAPYR_MIGRATION_BOOKE_H
#define PAPYR_MIGRATION_BOOKE_H

#include "migration/state/saved.h"
#include "platform/vcpu.h"

int capture_booke(struct vcpu *vcpu, struct saved_booke *b, struct error *err);
/*
 * After the timebase was set: by it the decrementer counts. @stopped: the guest's timebase when it
 * was captured.
 */
int apply_booke(struct vcpu *vcpu, const struct saved_booke *b, u64 stopped, struct error *err);
/*
 * What is left of a decrementer after @passed ticks in which nobody looked: it rings at once if
 * nothing is. One that stands at 0 doesn't count.
 */
u32 booke_dec_left(u32 dec, u64 passed);

#endif
