/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/virtio/net_filter.h"

#include <string.h>

/* Commands of the class for modes: 1 switches one on, 0 off. */
enum { PROMISCUOUS, ALL_MULTICAST, ALL_UNICAST, NO_MULTICAST, NO_UNICAST, NO_BROADCAST, N_MODES };

enum { VLAN_ADD, VLAN_REMOVE };

#define COMMAND_BYTES 2	 /* ahead of what it is about */
#define VLAN_AT	      12 /* in a frame */
#define VLAN_TAG      0x8100
#define VLAN_END      16 /* of the tag */
#define VLAN_NUMBER   0xfff

void net_filter_reset(struct net_filter *f)
{
	memset(f, 0, sizeof(*f));
	f->modes = 1 << PROMISCUOUS;
}

/* ---- Hearing ---- */

static bool is_set(const struct net_filter *f, unsigned mode)
{
	return f->modes >> mode & 1;
}

static bool has(const struct net_filter_table *t, const u8 *mac)
{
	for (u32 i = 0; i < t->n; i++)
		if (!memcmp(t->macs[i], mac, NET_MAC_BYTES))
			return true;
	return t->overflow;
}

static unsigned word_at(const u8 *p)
{
	return p[0] << 8 | p[1];
}

/* Number 0 is a frame with a priority and no VLAN. */
static bool is_of_vlan(const struct net_filter *f, const struct net_frame *frame)
{
	unsigned vlan;

	if (frame->bytes < VLAN_END || word_at(frame->data + VLAN_AT) != VLAN_TAG)
		return true;
	vlan = word_at(frame->data + VLAN_AT + 2) & VLAN_NUMBER;
	return !vlan || f->vlans[vlan / 8] >> vlan % 8 & 1;
}

bool net_filter_hears(const struct net_filter *f, const struct net_frame *frame, const u8 *mac,
		      bool by_vlan)
{
	static const u8 all[NET_MAC_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const u8 *to = frame->data;

	if (is_set(f, PROMISCUOUS) || frame->bytes < NET_MAC_BYTES)
		return true;
	if (by_vlan && !is_of_vlan(f, frame))
		return false;
	if (!memcmp(to, all, sizeof(all)))
		return !is_set(f, NO_BROADCAST);
	if (to[0] & 1)
		return !is_set(f, NO_MULTICAST) &&
		       (is_set(f, ALL_MULTICAST) || has(&f->multicast, to));
	return !is_set(f, NO_UNICAST) &&
	       (is_set(f, ALL_UNICAST) || !memcmp(to, mac, NET_MAC_BYTES) || has(&f->unicast, to));
}

/* ---- What the driver says ---- */

bool net_filter_set_mode(struct net_filter *f, u8 command, const struct virtio_chain *c)
{
	u8 on;

	if (command >= N_MODES || !virtio_read(c, COMMAND_BYTES, &on, 1) || on > 1)
		return false;
	f->modes = (f->modes & ~(1u << command)) | on << command;
	return true;
}

/* One table: how many (4), and they. Where the next one is goes to *@at. */
static bool take_table(struct net_filter_table *t, const struct virtio_chain *c, u64 *at)
{
	u8 count[4];
	u64 n;

	if (virtio_read(c, *at, count, sizeof(count)) < sizeof(count))
		return false;
	n = get_le(count, sizeof(count));
	*at += sizeof(count);
	if (n > (c->out_bytes - *at) / NET_MAC_BYTES)
		return false;
	t->overflow = n > NET_FILTER_MACS;
	t->n = t->overflow ? 0 : n;
	virtio_read(c, *at, t->macs, (size_t)t->n * NET_MAC_BYTES);
	*at += n * NET_MAC_BYTES;
	return true;
}

/* Both or neither. */
bool net_filter_set_tables(struct net_filter *f, const struct virtio_chain *c)
{
	struct net_filter_table unicast = {.n = 0}, multicast = {.n = 0};
	u64 at = COMMAND_BYTES;

	if (!take_table(&unicast, c, &at) || !take_table(&multicast, c, &at))
		return false;
	f->unicast = unicast;
	f->multicast = multicast;
	return true;
}

bool net_filter_set_vlan(struct net_filter *f, u8 command, const struct virtio_chain *c)
{
	u8 number[2], bit;
	u64 vlan;

	if (command > VLAN_REMOVE ||
	    virtio_read(c, COMMAND_BYTES, number, sizeof(number)) < sizeof(number))
		return false;
	vlan = get_le(number, sizeof(number));
	if (vlan >= NET_FILTER_VLANS)
		return false;
	bit = 1u << vlan % 8;
	if (command == VLAN_ADD)
		f->vlans[vlan / 8] |= bit;
	else
		f->vlans[vlan / 8] &= ~bit;
	return true;
}

/* ---- Saved state ---- */

static void save_table(const struct net_filter_table *t, struct state_out *out)
{
	put_u8(out, t->overflow);
	put_u32(out, t->n);
	put_bytes(out, t->macs, (size_t)t->n * NET_MAC_BYTES);
}

static int load_table(struct net_filter_table *t, struct state_in *in)
{
	u8 overflow = get_u8(in);

	t->n = get_u32(in);
	if (in->bad || overflow > 1 || t->n > NET_FILTER_MACS)
		return -1;
	t->overflow = overflow;
	get_bytes(in, t->macs, (size_t)t->n * NET_MAC_BYTES);
	return in->bad ? -1 : 0;
}

void net_filter_save(const struct net_filter *f, struct state_out *out)
{
	put_u8(out, f->modes);
	save_table(&f->unicast, out);
	save_table(&f->multicast, out);
	put_bytes(out, f->vlans, sizeof(f->vlans));
}

int net_filter_load(struct net_filter *f, struct state_in *in)
{
	f->modes = get_u8(in);
	if (in->bad || f->modes >> N_MODES || load_table(&f->unicast, in) ||
	    load_table(&f->multicast, in))
		return -1;
	get_bytes(in, f->vlans, sizeof(f->vlans));
	return in->bad ? -1 : 0;
}
