/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interface of the host's, which it knows by name. The host's kernel cuts large frames of TCP
 * where the other side wants that, and makes checksums.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/racy.h"
#include "devices/net/net.h"

#define AT_ONCE	    64 /* frames that are taken before the machine may stand still */
#define HEADER_ROOM sizeof(struct virtio_net_hdr)

struct tap_link {
	struct net_link link;
	int fd;
	u8 received[HEADER_ROOM + NET_FRAME_MAX]; /* the thread's */

	struct lock lock; /* what follows */
	u8 sent[HEADER_ROOM + NET_FRAME_MAX];
};

static struct tap_link *tap_of(struct net_link *l)
{
	return container_of(l, struct tap_link, link);
}

/* What the kernel still has to do with a frame. */
static void describe(struct virtio_net_hdr *h, u8 *frame, const struct net_frame *f)
{
	struct tcp_place p;

	memset(h, 0, sizeof(*h));
	if (!f->checksum_missing || !tcp_find(frame, f->bytes, &p))
		return;
	tcp_fill_pseudo_checksum(frame, &p);
	h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	h->csum_start = p.tcp;
	h->csum_offset = 16;
	if (f->segment_bytes) {
		h->gso_type = p.v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
		h->gso_size = f->segment_bytes;
		h->hdr_len = p.payload;
	}
}

static bool send_frame(struct net_link *l, const struct iovec *iov, unsigned n,
		       const struct net_frame *f)
{
	struct tap_link *t = tap_of(l);
	u8 *frame = t->sent + HEADER_ROOM, *to = frame;
	ssize_t done;

	lock_acquire(&t->lock);
	for (unsigned i = 0; i < n; to += iov[i++].iov_len)
		racy_copy_bytes(to, iov[i].iov_base, iov[i].iov_len);
	describe((struct virtio_net_hdr *)t->sent, frame, f);
	done = write(t->fd, t->sent, HEADER_ROOM + f->bytes);
	lock_release(&t->lock);
	return done >= 0;
}

static void set_large(struct net_link *l, bool large)
{
	ioctl(tap_of(l)->fd, TUNSETOFFLOAD,
	      large ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 : TUN_F_CSUM);
}

static void receive(struct tap_link *t, size_t bytes)
{
	const struct virtio_net_hdr *h = (void *)t->received;
	struct net_frame f = {.data = t->received + HEADER_ROOM, .bytes = bytes - HEADER_ROOM};
	struct tcp_place p;

	f.checksum_good = h->flags & VIRTIO_NET_HDR_F_DATA_VALID;
	if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		u8 *field = f.data + h->csum_start + h->csum_offset;
		u16 sum;

		if ((size_t)h->csum_start + h->csum_offset + 2 > f.bytes)
			return;
		sum = ~inet_sum(f.data + h->csum_start, f.bytes - h->csum_start, 0);
		field[0] = sum >> 8;
		field[1] = sum;
		f.checksum_good = true;
	}
	if (h->gso_type != VIRTIO_NET_HDR_GSO_NONE && tcp_find(f.data, f.bytes, &p))
		f.segment_bytes = h->gso_size;
	t->link.card_ops->receive(t->link.card, &f);
}

static int serve_tap(struct net_link *l)
{
	struct tap_link *t = tap_of(l);
	bool ready = l->card_ops->ready(l->card);
	ssize_t bytes = 0;

	for (unsigned i = 0; i < AT_ONCE && ready; i++) {
		bytes = read(t->fd, t->received, sizeof(t->received));
		if (bytes < (ssize_t)HEADER_ROOM)
			break;
		receive(t, bytes);
		ready = l->card_ops->ready(l->card);
	}
	l->fds[1] = (struct pollfd){.fd = t->fd, .events = ready ? POLLIN : 0};
	l->n_fds = ready ? 2 : 1;
	return -1;
}

static void tap_free(struct net_link *l)
{
	struct tap_link *t = tap_of(l);

	if (t->fd >= 0)
		close(t->fd);
	net_link_fini(l);
	lock_destroy(&t->lock);
	free(t);
}

static const struct net_link_ops tap_ops = {
    .kind = "tap",
    .switched = true,
    .send = send_frame,
    .set_large = set_large,
    .serve = serve_tap,
    .free = tap_free,
};

static int attach(struct tap_link *t, const char *name, struct error *err)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int header = HEADER_ROOM;

	if (!*name || strlen(name) >= sizeof(r.ifr_name))
		return error_set(err, "--net tap:%s: no name of an interface", name);
	strcpy(r.ifr_name, name);
	t->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (t->fd < 0)
		return error_errno(err,
				   "--net tap:%s: cannot open /dev/net/tun ('modprobe tun' makes "
				   "it, a container has to be given it)",
				   name);
	if (!ioctl(t->fd, TUNSETIFF, &r) && !ioctl(t->fd, TUNSETVNETHDRSZ, &header)) {
		set_large(&t->link, false);
		return 0;
	}
	if (errno == EBUSY)
		return error_set(err, "--net tap:%s: another program uses this interface", name);
	if (errno == EPERM)
		return error_set(err,
				 "--net tap:%s: you may not use this interface; root can make one "
				 "for you: ip tuntap add dev %s mode tap user $USER; "
				 "ip link set %s up",
				 name, name, name);
	return error_errno(err, "--net tap:%s: cannot use this interface", name);
}

struct net_link *tap_open(const struct net_options *o, struct error *err)
{
	struct tap_link *t = calloc(1, sizeof(*t));

	if (!t) {
		error_nomem(err, "a network");
		return NULL;
	}
	t->fd = -1;
	lock_init(&t->lock, LOCK_NET_SEND);
	if (net_link_init(&t->link, &tap_ops, err) || attach(t, o->tap, err)) {
		tap_free(&t->link);
		return NULL;
	}
	return &t->link;
}
