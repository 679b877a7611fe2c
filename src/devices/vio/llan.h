/* SPDX-License-Identifier: Apache-2.0 */
/* The logical LAN adapter (PAPR 17.4): a network card whose driver moves frames by hypercalls. */
#ifndef PAPYR_DEVICES_LLAN_H
#define PAPYR_DEVICES_LLAN_H

#include "devices/net/net.h"

struct machine;

/*
 * Adds a card to a machine that hasn't been booted, and has it served by @link, which is taken over
 * in any case. @mac: or NULL for one made of the machine's name and the card's number.
 */
int llan_new(struct machine *m, struct net_link *link, const u8 *mac, struct error *err);

/* ---- The interface: descriptors of buffers, entries of the receive queue, attributes ---- */

#define LLAN_BUFFERS 6 /* of a frame that is sent */

/* Of a buffer: its address in the lower half, and its length in 24 bits above. */
#define LLAN_BUF_VALID	 (1ull << 63)
#define LLAN_BUF_TOGGLE	 (1ull << 62) /* in the list's first, the receive queue's */
#define LLAN_BUF_NO_CSUM (1ull << 57) /* TCP's checksum is missing */

/* Of an entry: the frame's offset in its buffer << 32, its length; then the buffer's handle. */
#define LLAN_RXQ_TOGGLE	   (1ull << 63) /* 1 on the first way through the queue, 0 on the second */
#define LLAN_RXQ_VALID	   (1ull << 62)
#define LLAN_RXQ_LARGE	   (1ull << 58) /* behind the buffer's first 8 bytes: TCP's segment size */
#define LLAN_RXQ_CSUM_GOOD (1ull << 56)
#define LLAN_RXQ_BYTES	   16

#define LLAN_ATTR_LARGE	      0x10000u /* the guest takes large frames */
#define LLAN_ATTR_LARGE_SEND  0x8000u
#define LLAN_ATTR_PADDED_CSUM 0x2000u
#define LLAN_ATTR_CSUM_IPV6   0x4u
#define LLAN_ATTR_CSUM_IPV4   0x2u
#define LLAN_ATTR_CHANGES     (LLAN_ATTR_LARGE | LLAN_ATTR_CSUM_IPV6 | LLAN_ATTR_CSUM_IPV4)
#define LLAN_ATTR_FIXED	      (LLAN_ATTR_LARGE_SEND | LLAN_ATTR_PADDED_CSUM)

/* Flags of H_MULTICAST_CTRL; its answer has the enables and, below, the number of filters. */
#define LLAN_MCAST_SET_RECEIVE 0x80000u
#define LLAN_MCAST_SET_FILTER  0x40000u
#define LLAN_MCAST_RECEIVE     0x20000u
#define LLAN_MCAST_FILTER      0x10000u
#define LLAN_MCAST_TABLE       0x3u /* what is done to the table: */
#define LLAN_MCAST_ADD	       0x1u
#define LLAN_MCAST_REMOVE      0x2u
#define LLAN_MCAST_CLEAR       0x3u
#define LLAN_FILTERS	       255

#endif
