/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which frames a network card hears, as its driver says by the control queue (virtio 1.2, 5.1.6.5):
 * modes, tables of addresses, and VLANs.
 */
#ifndef PAPYR_DEVICES_VIRTIO_NET_FILTER_H
#define PAPYR_DEVICES_VIRTIO_NET_FILTER_H

#include "devices/net/net.h"
#include "devices/virtio/virtio.h"

#define NET_FILTER_MACS	 64
#define NET_FILTER_VLANS 4096

/* Of addresses, beside the card's own; with more than fit all are heard. */
struct net_filter_table {
	u8 macs[NET_FILTER_MACS][NET_MAC_BYTES];
	u32 n;
	bool overflow;
};

struct net_filter {
	u8 modes; /* a bit for each command of that class */
	struct net_filter_table unicast, multicast;
	u8 vlans[NET_FILTER_VLANS / 8];
};

/* Everything is heard until the driver says something else. */
void net_filter_reset(struct net_filter *f);
/* Is a frame for a card whose address is @mac? @by_vlan: of the VLANs only those that were said. */
bool net_filter_hears(const struct net_filter *f, const struct net_frame *frame, const u8 *mac,
		      bool by_vlan);
/* What the driver says, behind the two bytes of a command. False: it makes no sense. */
bool net_filter_set_mode(struct net_filter *f, u8 command, const struct virtio_chain *c);
bool net_filter_set_tables(struct net_filter *f, const struct virtio_chain *c);
bool net_filter_set_vlan(struct net_filter *f, u8 command, const struct virtio_chain *c);
void net_filter_save(const struct net_filter *f, struct state_out *out);
int net_filter_load(struct net_filter *f, struct state_in *in);

#endif
