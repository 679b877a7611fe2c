/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections whose other ends are this process's, and end with it. A guest that goes on elsewhere
 * learns that when it sends something; one that only listens would wait for ever. So the latest
 * connections are noted, and there each is asked by a segment that is nowhere in its window. The
 * guest answers with what it expects, and to that the network says that it knows no such thing.
 */
#include "devices/net/net.h"

#include <string.h>

#define FLAG_SYN  0x02
#define FLAG_ACK  0x10
#define TCP_FLAGS 13
#define TCP_BYTES 20
#define HOPS	  64
#define QUESTION  (14 + 40 + TCP_BYTES) /* the longest */

static size_t address_bytes(const struct tcp_place *p)
{
	return p->v6 ? 16 : 4;
}

void net_flows_note(struct net_flows *flows, const u8 *frame, const struct tcp_place *p)
{
	const u8 *addresses = frame + p->ip + (p->v6 ? 8 : 12);
	struct net_flow f = {.version = p->v6 ? 6 : 4};

	if (!(frame[p->tcp + TCP_FLAGS] & FLAG_SYN))
		return;
	memcpy(f.macs, frame, sizeof(f.macs));
	memcpy(f.guest, addresses, address_bytes(p));
	memcpy(f.other, addresses + address_bytes(p), address_bytes(p));
	memcpy(f.guest_port, frame + p->tcp, 2);
	memcpy(f.other_port, frame + p->tcp + 2, 2);
	for (unsigned i = 0; i < NET_FLOWS; i++)
		if (!memcmp(&flows->flows[i], &f, sizeof(f)))
			return;
	flows->flows[flows->next++ % NET_FLOWS] = f;
}

static void put_ip(u8 *ip, const struct net_flow *f, struct tcp_place *p)
{
	u8 *addresses = ip + (p->v6 ? 8 : 12);
	u16 sum;

	if (p->v6) {
		ip[0] = 0x60;
		ip[5] = TCP_BYTES;
		ip[6] = 6; /* TCP */
		ip[7] = HOPS;
	} else {
		ip[0] = 0x45;
		ip[3] = 20 + TCP_BYTES;
		ip[8] = HOPS;
		ip[9] = 6;
	}
	memcpy(addresses, f->other, address_bytes(p));
	memcpy(addresses + address_bytes(p), f->guest, address_bytes(p));
	if (!p->v6) {
		sum = ~inet_sum(ip, 20, 0);
		ip[10] = sum >> 8;
		ip[11] = sum;
	}
}

/* What the other end might send: nothing new, long ago. */
static size_t make_question(u8 *frame, const struct net_flow *f)
{
	struct tcp_place p = {.ip = 14, .v6 = f->version == 6};
	u8 *tcp;

	p.tcp = p.ip + (p.v6 ? 40 : 20);
	p.payload = p.end = p.tcp + TCP_BYTES;
	memset(frame, 0, p.end);
	memcpy(frame, f->macs + 6, 6);
	memcpy(frame + 6, f->macs, 6);
	frame[12] = p.v6 ? 0x86 : 0x08;
	frame[13] = p.v6 ? 0xdd : 0x00;
	put_ip(frame + p.ip, f, &p);
	tcp = frame + p.tcp;
	memcpy(tcp, f->other_port, 2);
	memcpy(tcp + 2, f->guest_port, 2);
	tcp[12] = TCP_BYTES / 4 << 4;
	tcp[TCP_FLAGS] = FLAG_ACK;
	tcp_fill_checksum(frame, &p);
	return p.end;
}

void net_flows_ask(struct net_flows *flows, ssize_t (*send)(const void *, size_t, void *),
		   void *opaque)
{
	u8 frame[QUESTION];

	for (unsigned i = 0; i < NET_FLOWS; i++)
		if (flows->flows[i].version)
			send(frame, make_question(frame, &flows->flows[i]), opaque);
	memset(flows, 0, sizeof(*flows));
}

void net_flows_save(const struct net_flows *flows, struct state_out *out)
{
	for (unsigned i = 0; i < NET_FLOWS; i++)
		if (flows->flows[i].version)
			put_bytes(out, &flows->flows[i], sizeof(flows->flows[i]));
	put_u8(out, 0);
}

void net_flows_load(struct net_flows *flows, struct state_in *in)
{
	struct net_flow f;

	while ((f.version = get_u8(in)) && flows->next < NET_FLOWS) {
		get_bytes(in, (u8 *)&f + 1, sizeof(f) - 1);
		flows->flows[flows->next++] = f;
	}
	if (in->bad)
		memset(flows, 0, sizeof(*flows));
}
