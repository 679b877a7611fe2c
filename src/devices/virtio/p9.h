/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of the host's for Linux's 9p file system ("mount -t 9p TAG"). */
#ifndef PAPYR_DEVICES_VIRTIO_P9_H
#define PAPYR_DEVICES_VIRTIO_P9_H

#include <stdbool.h>

#include "platform/error.h"

#define VIRTIO_P9_TAG_MAX 31

struct machine;

/* Adds one to a machine that hasn't been booted; the guest knows the folder by @tag. */
int virtio_p9_new(struct machine *m, const char *folder, const char *tag, bool read_only,
		  struct error *err);

#endif
