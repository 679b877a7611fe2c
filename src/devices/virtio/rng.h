/* SPDX-License-Identifier: Apache-2.0 */
/* A device that fills buffers with random bytes of the host's (virtio 1.2, 5.4). */
#ifndef PAPYR_DEVICES_VIRTIO_RNG_H
#define PAPYR_DEVICES_VIRTIO_RNG_H

#include "platform/error.h"

struct machine;

/* Adds one to a machine that hasn't been booted. */
int virtio_rng_new(struct machine *m, struct error *err);

#endif
