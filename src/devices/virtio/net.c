/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/virtio/net.h"

#include <stdlib.h>
#include <string.h>

#include "devices/virtio/net_filter.h"
#include "devices/virtio/virtio.h"
#include "platform/machine.h"

#define F_CSUM	     (1ull << 0) /* the guest's frames may lack a checksum */
#define F_GUEST_CSUM (1ull << 1) /* those for it, too */
#define F_MAC	     (1ull << 5)
#define F_GUEST_TSO4 (1ull << 7)
#define F_GUEST_TSO6 (1ull << 8)
#define F_HOST_TSO4  (1ull << 11)
#define F_HOST_TSO6  (1ull << 12)
#define F_MERGE	     (1ull << 15) /* a frame may be in several chains */
#define F_STATUS     (1ull << 16)
#define F_CONTROL    (1ull << 17)
#define F_MODES	     (1ull << 18) /* the driver says what is heard */
#define F_VLANS	     (1ull << 19)
#define F_MODES_MORE (1ull << 20)
#define F_ANNOUNCE   (1ull << 21) /* the guest tells its network where it is now */
#define F_SET_MAC    (1ull << 23)
#define F_LARGE	     (F_GUEST_TSO4 | F_GUEST_TSO6)

#define MAC_AT	     0 /* in its configuration */
#define STATUS_AT    6
#define STATUS_UP    1
#define STATUS_TELL  2 /* please announce */
#define CONFIG_BYTES 8

enum { RECEIVE, SEND, CONTROL, N_QUEUES };

/* What comes by the control queue: a class, a command of it, and what that needs. */
enum { CLASS_MODES, CLASS_MACS, CLASS_VLANS, CLASS_ANNOUNCE };
#define COMMAND_BYTES 2
#define MACS_TABLES   0
#define MACS_OWN      1
#define ANNOUNCE_DONE 0
#define CONTROL_DONE  0
#define CONTROL_ERROR 1

/* What is ahead of each frame. */
#define HEADER_BYTES  12
#define FLAGS	      0
#define FLAG_NO_CSUM  1
#define FLAG_VALID    2
#define SEGMENT_TYPE  1
#define SEGMENT_NONE  0
#define SEGMENT_TCPV4 1
#define SEGMENT_TCPV6 4
#define SEGMENT_ECN   0x80
#define HEADERS_LEN   2
#define SEGMENT_SIZE  4
#define CSUM_START    6
#define CSUM_OFFSET   8
#define N_BUFFERS     10

#define ETHERNET_BYTES 14
#define TCP_CSUM       16  /* where TCP's is */
#define HEADERS_MAX    128 /* Ethernet's, IP's and TCP's with all options */
#define SEGMENT_LEAST  16
#define CHAINS_MAX     64 /* for one frame */
#define CHAINS_LARGE   48 /* hold a large one if each holds a usual one */

/* All but the first two under the lock. */
struct virtio_net {
	struct virtio_device virtio;
	struct net_link *link;
	u8 mac[NET_MAC_BYTES]; /* that a driver finds; what it sets is in config */
	bool mac_given;	       /* by the user: a guest that comes must have it */
	bool moved;	       /* its driver is to announce that */
	struct net_filter filter;
	struct virtio_chain chains[CHAINS_MAX]; /* of a frame that is being received */
	u32 written[CHAINS_MAX];
};

static struct virtio_net *net_of(struct virtio_device *v)
{
	return container_of(v, struct virtio_net, virtio);
}

static u8 *mac_of(struct virtio_net *n)
{
	return n->virtio.config + MAC_AT;
}

/* ---- Sending ---- */

/* The pieces behind the header. */
static unsigned frame_pieces(const struct virtio_chain *c, struct iovec *iov)
{
	u64 skip = HEADER_BYTES;
	unsigned n = 0;

	for (unsigned i = 0; i < c->n_out; i++) {
		if (skip >= c->iov[i].iov_len) {
			skip -= c->iov[i].iov_len;
			continue;
		}
		iov[n++] =
		    (struct iovec){(u8 *)c->iov[i].iov_base + skip, c->iov[i].iov_len - skip};
		skip = 0;
	}
	return n;
}

/* Is it a packet of TCP, whose checksum a link makes, and which alone can be cut? */
static bool is_tcp(const struct virtio_chain *c, u64 bytes)
{
	u8 headers[HEADERS_MAX] = {0};
	struct tcp_place p;

	virtio_read(c, HEADER_BYTES, headers, sizeof(headers));
	return tcp_find(headers, bytes, &p);
}

static bool send_pieces(struct virtio_net *n, const struct virtio_chain *c, struct net_frame *f)
{
	struct iovec iov[VIRTIO_PIECES_MAX];

	return n->link->ops->send(n->link, iov, frame_pieces(c, iov), f);
}

/* One without a checksum that isn't TCP's: it is made here, of a copy. */
static void send_summed(struct virtio_net *n, const struct virtio_chain *c, struct net_frame *f,
			unsigned start, unsigned offset)
{
	u8 *copy = malloc(f->bytes);
	struct iovec iov = {copy, f->bytes};
	u16 sum;

	if (copy && start + offset + 2 <= f->bytes) {
		virtio_read(c, HEADER_BYTES, copy, f->bytes);
		sum = ~inet_sum(copy + start, f->bytes - start, 0);
		/* 0 would say that there is none. */
		if (!sum)
			sum = 0xffff;
		copy[start + offset] = sum >> 8;
		copy[start + offset + 1] = sum;
		n->link->ops->send(n->link, &iov, 1, f);
	}
	free(copy);
}

/* What makes no frame isn't sent. */
static void send_chain(struct virtio_net *n, const struct virtio_chain *c)
{
	struct net_frame f = {.bytes = c->out_bytes - HEADER_BYTES};
	u8 h[HEADER_BYTES], type;
	bool tcp;

	if (virtio_read(c, 0, h, sizeof(h)) < sizeof(h) || f.bytes < ETHERNET_BYTES ||
	    f.bytes > NET_FRAME_MAX)
		return;
	type = h[SEGMENT_TYPE] & ~SEGMENT_ECN;
	tcp = (type != SEGMENT_NONE || h[FLAGS] & FLAG_NO_CSUM) && is_tcp(c, f.bytes);
	if (type != SEGMENT_NONE) {
		f.segment_bytes = get_le(h + SEGMENT_SIZE, 2);
		if (!tcp || f.segment_bytes < SEGMENT_LEAST)
			return;
	}
	f.checksum_missing = h[FLAGS] & FLAG_NO_CSUM;
	if (f.checksum_missing && !(tcp && get_le(h + CSUM_OFFSET, 2) == TCP_CSUM)) {
		f.checksum_missing = false;
		send_summed(n, c, &f, get_le(h + CSUM_START, 2), get_le(h + CSUM_OFFSET, 2));
		return;
	}
	send_pieces(n, c, &f);
}

/* The link may give frames to the card meanwhile: nothing may be locked. */
static void send_all(struct virtio_device *v)
{
	struct virtio_chain c;
	bool more;

	virtio_begin(v);
	do {
		lock_acquire(&v->pci.lock);
		more = virtio_pop(v, SEND, &c);
		lock_release(&v->pci.lock);
		if (!more)
			break;
		send_chain(net_of(v), &c);
		lock_acquire(&v->pci.lock);
		virtio_push(v, SEND, &c, 0);
		lock_release(&v->pci.lock);
	} while (more);
	virtio_end(v);
}

/* ---- Receiving ---- */

/* Takes chains for @bytes; how many, or 0: there aren't enough, and all are as before. */
static unsigned take_chains(struct virtio_net *n, u64 bytes)
{
	struct virtio_device *v = &n->virtio;
	unsigned max = virtio_has(v, F_MERGE) ? CHAINS_MAX : 1, i = 0;
	u64 room = 0;

	while (room < bytes && i < max && virtio_pop(v, RECEIVE, &n->chains[i]))
		room += n->chains[i++].in_bytes;
	if (room >= bytes)
		return i;
	if (virtio_runs(v))
		virtio_unpop(v, RECEIVE, n->chains, i);
	return 0;
}

/* Writes on from byte @at of the frame and its header. */
static void scatter(struct virtio_net *n, unsigned chains, u64 at, const u8 *data, size_t bytes)
{
	u64 first = 0;

	for (unsigned i = 0; i < chains && bytes; i++) {
		u64 room = n->chains[i].in_bytes;
		size_t done;

		if (at < first + room) {
			done = virtio_write(&n->virtio, &n->chains[i], at - first, data, bytes);
			n->written[i] = at - first + done;
			data += done;
			bytes -= done;
			at += done;
		}
		first += room;
	}
}

/*
 * What the guest learns of a frame. Of a large one it is told where the checksum goes, and finds
 * the sum of the pseudo header there, as if it came from a card that has nothing done yet.
 */
static size_t make_header(struct virtio_net *n, const struct net_frame *f, unsigned chains,
			  u8 *header, u8 *start)
{
	size_t bytes = f->bytes < HEADERS_MAX ? f->bytes : HEADERS_MAX;
	struct tcp_place p;

	memset(header, 0, HEADER_BYTES);
	put_le(header + N_BUFFERS, chains, 2);
	memcpy(start, f->data, bytes);
	if (!virtio_has(&n->virtio, F_GUEST_CSUM))
		return bytes;
	if (!f->segment_bytes || !tcp_find(f->data, f->bytes, &p) || p.tcp + TCP_CSUM + 2 > bytes) {
		header[FLAGS] = f->checksum_good ? FLAG_VALID : 0;
		return bytes;
	}
	tcp_fill_pseudo_checksum(start, &p);
	header[FLAGS] = FLAG_NO_CSUM;
	header[SEGMENT_TYPE] = p.v6 ? SEGMENT_TCPV6 : SEGMENT_TCPV4;
	put_le(header + HEADERS_LEN, p.payload, 2);
	put_le(header + SEGMENT_SIZE, f->segment_bytes, 2);
	put_le(header + CSUM_START, p.tcp, 2);
	put_le(header + CSUM_OFFSET, TCP_CSUM, 2);
	return bytes;
}

static void net_receive(void *card, const struct net_frame *f)
{
	struct virtio_net *n = card;
	u8 header[HEADER_BYTES], start[HEADERS_MAX];
	unsigned chains;
	size_t bytes;

	lock_acquire(&n->virtio.pci.lock);
	if (virtio_has(&n->virtio, F_MODES) &&
	    !net_filter_hears(&n->filter, f, mac_of(n), virtio_has(&n->virtio, F_VLANS)))
		chains = 0;
	/* It was promised that it would be cut, by a driver before this one. */
	else if (f->segment_bytes && (n->virtio.accepted & F_LARGE) != F_LARGE)
		chains = 0;
	else
		chains = take_chains(n, HEADER_BYTES + f->bytes);
	if (chains) {
		memset(n->written, 0, sizeof(n->written));
		bytes = make_header(n, f, chains, header, start);
		scatter(n, chains, 0, header, sizeof(header));
		scatter(n, chains, HEADER_BYTES, start, bytes);
		scatter(n, chains, HEADER_BYTES + bytes, f->data + bytes, f->bytes - bytes);
		virtio_push_all(&n->virtio, RECEIVE, n->chains, n->written, chains);
	}
	lock_release(&n->virtio.pci.lock);
}

/* The first time that it runs here. With the lock held. */
static void tell_of_move(struct virtio_net *n)
{
	struct virtio_device *v = &n->virtio;

	n->moved = false;
	if (!virtio_has(v, F_ANNOUNCE))
		return;
	v->config[STATUS_AT] |= STATUS_TELL;
	virtio_config_changed(v);
}

static bool net_ready(void *card)
{
	struct virtio_device *v = &((struct virtio_net *)card)->virtio;
	bool large, ready;

	lock_acquire(&v->pci.lock);
	if (net_of(v)->moved)
		tell_of_move(net_of(v));
	large = virtio_has(v, F_MERGE) && virtio_has(v, F_LARGE);
	ready = virtio_has_room(v, RECEIVE, large ? CHAINS_LARGE : 1);
	lock_release(&v->pci.lock);
	return ready;
}

static const struct net_card_ops card_ops = {.receive = net_receive, .ready = net_ready};

/* ---- The control queue, with the lock held ---- */

/* An address of a group, or of nobody, is none of a card's. */
static bool set_mac(struct virtio_net *n, const struct virtio_chain *c)
{
	static const u8 none[NET_MAC_BYTES];
	u8 mac[NET_MAC_BYTES];

	if (virtio_read(c, COMMAND_BYTES, mac, sizeof(mac)) < sizeof(mac) || mac[0] & 1 ||
	    !memcmp(mac, none, sizeof(mac)))
		return false;
	memcpy(mac_of(n), mac, sizeof(mac));
	return true;
}

static bool control(struct virtio_net *n, const struct virtio_chain *c)
{
	struct virtio_device *v = &n->virtio;
	u8 command[COMMAND_BYTES];

	if (virtio_read(c, 0, command, sizeof(command)) < sizeof(command))
		return false;
	switch (command[0]) {
	case CLASS_MODES:
		return virtio_has(v, F_MODES) && net_filter_set_mode(&n->filter, command[1], c);
	case CLASS_MACS:
		if (command[1] == MACS_TABLES)
			return virtio_has(v, F_MODES) && net_filter_set_tables(&n->filter, c);
		return command[1] == MACS_OWN && virtio_has(v, F_SET_MAC) && set_mac(n, c);
	case CLASS_VLANS:
		return virtio_has(v, F_VLANS) && net_filter_set_vlan(&n->filter, command[1], c);
	case CLASS_ANNOUNCE:
		if (command[1] != ANNOUNCE_DONE || !virtio_has(v, F_ANNOUNCE))
			return false;
		v->config[STATUS_AT] &= ~STATUS_TELL;
		return true;
	default:
		return false;
	}
}

static void control_all(struct virtio_device *v)
{
	struct virtio_chain c;

	lock_acquire(&v->pci.lock);
	while (virtio_pop(v, CONTROL, &c)) {
		u8 answer = control(net_of(v), &c) ? CONTROL_DONE : CONTROL_ERROR;

		virtio_push(v, CONTROL, &c, virtio_write(v, &c, 0, &answer, 1));
	}
	lock_release(&v->pci.lock);
}

/* ---- The device ---- */

static void net_notified(struct virtio_device *v, unsigned queue)
{
	if (queue == SEND)
		send_all(v);
	else if (queue == CONTROL)
		control_all(v);
	else
		net_wake(net_of(v)->link);
}

static void net_started(struct virtio_device *v)
{
	struct net_link *l = net_of(v)->link;

	if (l->ops->set_large)
		l->ops->set_large(l, (v->accepted & F_LARGE) == F_LARGE);
}

static int net_begin(struct machine_device *d, struct error *err)
{
	struct virtio_net *n = container_of(d, struct virtio_net, virtio.pci.dev);

	return net_start(n->link, d->m, &card_ops, n, err);
}

static void net_reset(struct virtio_device *v)
{
	struct virtio_net *n = net_of(v);

	memcpy(mac_of(n), n->mac, NET_MAC_BYTES);
	v->config[STATUS_AT] = STATUS_UP;
	n->moved = false;
	net_filter_reset(&n->filter);
}

static void net_save_card(struct virtio_device *v, struct state_out *out)
{
	struct virtio_net *n = net_of(v);

	put_bytes(out, n->mac, NET_MAC_BYTES);
	net_save(n->link, out);
	/* One that came from version 1 has no control queue here either. */
	if (v->offered & F_CONTROL) {
		put_bytes(out, mac_of(n), NET_MAC_BYTES);
		net_filter_save(&n->filter, out);
	}
}

/* Its network may be another than it was. */
static int net_load_card(struct virtio_device *v, struct state_in *in)
{
	struct virtio_net *n = net_of(v);
	u8 mac[NET_MAC_BYTES];

	get_bytes(in, mac, sizeof(mac));
	if (in->bad || (n->mac_given && memcmp(mac, n->mac, sizeof(mac))))
		return -1;
	memcpy(n->mac, mac, sizeof(mac));
	net_reset(v);
	if (net_load(n->link, in))
		return -1;
	if (v->offered & F_CONTROL) {
		get_bytes(in, mac_of(n), NET_MAC_BYTES);
		if (in->bad || net_filter_load(&n->filter, in))
			return -1;
	}
	net_started(v);
	n->moved = v->status & VIRTIO_STATUS_DRIVER_OK;
	if (n->moved)
		net_announce(n->link, mac_of(n));
	return 0;
}

static void virtio_net_free(struct virtio_device *v)
{
	struct virtio_net *n = net_of(v);

	net_free(n->link);
	virtio_fini(v);
	free(n);
}

static const struct virtio_ops net_ops = {
    .kind = 1,
    .class_code = 0x020000,
    .n_queues = N_QUEUES,
    .n_polled = 1, /* the control queue */
    .queue_size = 256,
    .pci = {.node = "ethernet", VIRTIO_PCI_OPS},
    .device = {.name = "virtio-net", .version = 2, VIRTIO_DEVICE_OPS, .start = net_begin},
    .notified = net_notified,
    .started = net_started,
    .reset = net_reset,
    .save = net_save_card,
    .load = net_load_card,
    .free = virtio_net_free,
};

int virtio_net_new(struct machine *m, struct net_link *link, const u8 *mac, struct error *err)
{
	struct virtio_net *n = calloc(1, sizeof(*n));

	if (!n) {
		net_free(link);
		return error_nomem(err, "a network card");
	}
	n->link = link;
	n->mac_given = mac;
	n->virtio.offered = F_CSUM | F_GUEST_CSUM | F_MAC | F_LARGE | F_HOST_TSO4 | F_HOST_TSO6 |
			    F_MERGE | F_STATUS | F_CONTROL | F_MODES | F_VLANS | F_MODES_MORE |
			    F_ANNOUNCE | F_SET_MAC;
	n->virtio.config_bytes = CONFIG_BYTES;
	if (mac)
		memcpy(n->mac, mac, NET_MAC_BYTES);
	if (virtio_init(&n->virtio, m, &net_ops, err))
		return -1; /* the machine's, which frees it */
	if (!mac)
		net_make_mac(m, n->virtio.pci.dev.index, n->mac);
	memcpy(mac_of(n), n->mac, NET_MAC_BYTES);
	return 0;
}
