/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A balloon (virtio 1.2, 5.5): the guest gives pages up when it is asked to, and takes them back;
 * and it tells of free ones by itself. The host has them back as long.
 */
#ifndef PAPYR_DEVICES_VIRTIO_BALLOON_H
#define PAPYR_DEVICES_VIRTIO_BALLOON_H

#include "platform/error.h"

struct machine;

/* Adds the one balloon to a machine that hasn't been booted. */
int virtio_balloon_new(struct machine *m, struct error *err);

#endif
