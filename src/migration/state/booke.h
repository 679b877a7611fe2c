/* SPDX-License-Identifier: Apache-2.0 */
/* The TLB and the special registers of a BookE vcpu that stands still. */
#ifndef PAPYR_MIGRATION_BOOKE_H
#define PAPYR_MIGRATION_BOOKE_H

#include "migration/state/saved.h"
#include "platform/vcpu.h"

int capture_booke(struct vcpu *vcpu, struct saved_booke *b, struct error *err);
/* After the timebase was set: by it the decrementer counts. */
int apply_booke(struct vcpu *vcpu, const struct saved_booke *b, struct error *err);

#endif
