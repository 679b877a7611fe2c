/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel between a program in the guest and one of the host's: a port of a virtio console
 * (virtio 1.2, 5.3) with a name, and a socket of the host's that one program at a time may connect
 * to. A connection ends for both as soon as either closes its side.
 */
#ifndef PAPYR_DEVICES_VIRTIO_CHANNEL_H
#define PAPYR_DEVICES_VIRTIO_CHANNEL_H

#include "platform/error.h"

#define CHANNEL_NAME_MAX 48
#define CHANNEL_PATH_MAX 108

struct machine;

/*
 * Adds one to a machine that hasn't been booted. A socket is made at @path. If that is "fd:N", N is
 * a socket that is connected already, of which the guest hears as soon as it asks: also one that
 * was saved, as if the connection had been there all the time.
 */
int virtio_channel_new(struct machine *m, const char *name, const char *path, struct error *err);

#endif
