/* SPDX-License-Identifier: Apache-2.0 */
/* A network card (virtio 1.2, 5.1) on one of devices/net's links. */
#ifndef PAPYR_DEVICES_VIRTIO_NET_H
#define PAPYR_DEVICES_VIRTIO_NET_H

#include "devices/net/net.h"

/*
 * Adds one to a machine that hasn't been booted, and takes @link over. @mac: its address; NULL: one
 * that comes of the guest's name.
 */
int virtio_net_new(struct machine *m, struct net_link *link, const u8 *mac, struct error *err);

#endif
