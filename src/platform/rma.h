/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's real-mode area, if it has one: memory of KVM's own, which the guest's begins with.
 */
#ifndef PAPYR_PLATFORM_RMA_H
#define PAPYR_PLATFORM_RMA_H

#include "platform/machine.h"

/* Is it a size that real mode can be given? */
bool rma_size_is_good(u64 bytes);

/*
 * Takes the area that was asked for, or that the processor needs, and puts it where the guest's
 * memory begins. m->cfg.rma_bytes then is its size, or 0.
 */
int rma_new(struct machine *m, struct error *err);

#endif
