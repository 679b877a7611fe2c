/* SPDX-License-Identifier: Apache-2.0 */
/* A disk (virtio 1.2, 5.2): /dev/vda and the like of Linux guests. */
#ifndef PAPYR_DEVICES_VIRTIO_BLK_H
#define PAPYR_DEVICES_VIRTIO_BLK_H

#include "devices/block/block.h"

#define VIRTIO_BLK_SERIAL_MAX 20

struct machine;

/* Adds one to a machine that hasn't been booted. */
int virtio_blk_new(struct machine *m, const struct block_options *o, const char *serial,
		   struct error *err);

#endif
