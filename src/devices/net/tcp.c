/* SPDX-License-Identifier: Apache-2.0 */
/* TCP in a frame: where it is, its checksum, and the size of segments that it agrees on. */
#include "devices/net/net.h"

#include <string.h>

#define ETHER_BYTES  14
#define TYPE_IPV4    0x0800
#define TYPE_IPV6    0x86dd
#define TYPE_VLAN    0x8100
#define IPV6_BYTES   40
#define PROTOCOL_TCP 6
#define TCP_BYTES    20
#define FLAG_SYN     0x02
#define OPTION_END   0
#define OPTION_NONE  1
#define OPTION_MSS   2

/* Offsets in headers. */
#define IPV4_LENGTH   2
#define IPV4_FRAGMENT 6
#define IPV4_PROTOCOL 9
#define IPV4_SOURCE   12
#define IPV6_LENGTH   4
#define IPV6_NEXT     6
#define IPV6_SOURCE   8
#define TCP_OFFSET    12
#define TCP_FLAGS     13
#define TCP_CHECKSUM  16

static u16 load_be16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

static void store_be16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static u16 fold(u64 sum)
{
	sum = (sum >> 32) + (u32)sum;
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (sum >> 16) + (sum & 0xffff);
}

/* The sum is the same in either byte order, but for the order of its own bytes. */
u16 inet_sum(const void *data, size_t bytes, u32 sum)
{
	const u8 *p = data;
	u64 total = 0;
	u32 word;
	u8 last[4] = {0};

	for (; bytes >= 4; p += 4, bytes -= 4) {
		memcpy(&word, p, 4);
		total += word;
	}
	memcpy(last, p, bytes);
	memcpy(&word, last, 4);
	total += word;
	return fold((u64)sum + be16(fold(total)));
}

static bool find_ipv4(const u8 *frame, size_t bytes, struct tcp_place *p)
{
	const u8 *ip = frame + p->ip;
	size_t header;

	if (p->ip + 20 > bytes || ip[0] >> 4 != 4 || ip[IPV4_PROTOCOL] != PROTOCOL_TCP)
		return false;
	if (load_be16(ip + IPV4_FRAGMENT) & 0x3fff) /* more of them, or not the first */
		return false;
	header = (ip[0] & 15) * 4;
	p->tcp = p->ip + header;
	p->end = p->ip + load_be16(ip + IPV4_LENGTH);
	return header >= 20;
}

static bool find_ipv6(const u8 *frame, size_t bytes, struct tcp_place *p)
{
	const u8 *ip = frame + p->ip;

	if (p->ip + IPV6_BYTES > bytes || ip[0] >> 4 != 6 || ip[IPV6_NEXT] != PROTOCOL_TCP)
		return false;
	p->v6 = true;
	p->tcp = p->ip + IPV6_BYTES;
	p->end = p->tcp + load_be16(ip + IPV6_LENGTH);
	return true;
}

bool tcp_find(const u8 *frame, size_t bytes, struct tcp_place *p)
{
	size_t at = ETHER_BYTES;
	u16 type;

	if (bytes < ETHER_BYTES)
		return false;
	type = load_be16(frame + at - 2);
	if (type == TYPE_VLAN && bytes >= at + 4) {
		at += 4;
		type = load_be16(frame + at - 2);
	}
	*p = (struct tcp_place){.ip = at};
	if (type == TYPE_IPV4 ? !find_ipv4(frame, bytes, p)
			      : type != TYPE_IPV6 || !find_ipv6(frame, bytes, p))
		return false;
	if (p->end > bytes || p->tcp + TCP_BYTES > p->end)
		return false;
	p->payload = p->tcp + (frame[p->tcp + TCP_OFFSET] >> 4) * 4;
	return p->payload >= p->tcp + TCP_BYTES && p->payload <= p->end;
}

static u32 pseudo_sum(const u8 *frame, const struct tcp_place *p)
{
	u32 sum = PROTOCOL_TCP + (u32)(p->end - p->tcp);

	if (p->v6)
		return inet_sum(frame + p->ip + IPV6_SOURCE, 32, sum);
	return inet_sum(frame + p->ip + IPV4_SOURCE, 8, sum);
}

void tcp_fill_pseudo_checksum(u8 *frame, const struct tcp_place *p)
{
	store_be16(frame + p->tcp + TCP_CHECKSUM, pseudo_sum(frame, p));
}

void tcp_fill_checksum(u8 *frame, const struct tcp_place *p)
{
	u8 *checksum = frame + p->tcp + TCP_CHECKSUM;

	store_be16(checksum, 0);
	store_be16(checksum, ~inet_sum(frame + p->tcp, p->end - p->tcp, pseudo_sum(frame, p)));
}

/* As RFC 1624 has it. The option may lie across the words that are summed. */
static void change_checked(u8 *frame, const struct tcp_place *p, u8 *field, u16 value)
{
	u8 *checksum = frame + p->tcp + TCP_CHECKSUM;
	unsigned odd = (field - (frame + p->tcp)) % 2;
	u8 *words = field - odd;
	u16 old = inet_sum(words, odd ? 4 : 2, 0);
	u32 sum = (u16)~load_be16(checksum) + (u16)~old;

	store_be16(field, value);
	store_be16(checksum, ~inet_sum(words, odd ? 4 : 2, sum));
}

void tcp_offer_segments(u8 *frame, const struct tcp_place *p, u16 bytes)
{
	u8 *o = frame + p->tcp + TCP_BYTES, *end = frame + p->payload;

	if (!(frame[p->tcp + TCP_FLAGS] & FLAG_SYN))
		return;
	while (o < end && *o != OPTION_END) {
		if (*o == OPTION_NONE) {
			o++;
			continue;
		}
		if (end - o < 2 || o[1] < 2 || o[1] > end - o)
			return;
		if (*o == OPTION_MSS && o[1] == 4) {
			change_checked(frame, p, o + 2, bytes);
			return;
		}
		o += o[1];
	}
}
