/* SPDX-License-Identifier: Apache-2.0 */
/* What the links have in common: a thread that waits for descriptors. */
#include "devices/net/net.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "platform/device.h"
#include "platform/machine.h"
#include "platform/thread.h"

struct net_link *net_open(const struct net_options *o, struct error *err)
{
	return o->kind == NET_TAP ? tap_open(o, err) : user_open(o, err);
}

int net_link_init(struct net_link *l, const struct net_link_ops *ops, struct error *err)
{
	l->ops = ops;
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->wake_fd < 0)
		return error_errno(err, "cannot make what wakes a network card's thread");
	l->fds[0] = (struct pollfd){.fd = l->wake_fd, .events = POLLIN};
	l->n_fds = 1;
	return 0;
}

void net_link_fini(struct net_link *l)
{
	if (l->wake_fd >= 0)
		close(l->wake_fd);
}

void net_free(struct net_link *l)
{
	if (!l)
		return;
	if (l->has_thread) {
		__atomic_store_n(&l->quit, true, __ATOMIC_SEQ_CST);
		net_wake(l);
		pthread_join(l->thread, NULL);
	}
	l->ops->free(l);
}

void net_wake(struct net_link *l)
{
	u64 one = 1;

	if (!__atomic_exchange_n(&l->asleep, false, __ATOMIC_SEQ_CST))
		return;
	while (write(l->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* ---- Announcing ---- */

/* Whoever missed the first may have the last, half a second later. */
#define ANNOUNCEMENTS	   5
#define ANNOUNCE_FIRST_MS  50
#define ANNOUNCE_LONGER_MS 50
#define RARP_BYTES	   60 /* the least that a frame may have */

static s64 now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

void net_announce(struct net_link *l, const u8 *mac)
{
	if (!l->ops->switched)
		return;
	memcpy(l->announced, mac, NET_MAC_BYTES);
	l->announcements = ANNOUNCEMENTS;
	l->announce_ms = 0;
}

/*
 * A request of RARP (RFC 903) for the own address, to all: of what a guest may be using it says
 * nothing, and whoever answers tells a guest nothing that it asked for.
 */
static void send_announcement(struct net_link *l)
{
	static const u8 rarp[] = {0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3};
	u8 data[RARP_BYTES] = {0};
	struct iovec iov = {data, sizeof(data)};
	struct net_frame f = {.data = data, .bytes = sizeof(data)};

	memset(data, 0xff, NET_MAC_BYTES);
	memcpy(data + 6, l->announced, NET_MAC_BYTES);
	memcpy(data + 12, rarp, sizeof(rarp));
	memcpy(data + 22, l->announced, NET_MAC_BYTES);
	memcpy(data + 32, l->announced, NET_MAC_BYTES);
	l->ops->send(l, &iov, 1, &f);
}

/* Sends what is due; for how long nothing is, of @wait_ms at most (-1: for ever). */
static int announce(struct net_link *l, int wait_ms)
{
	s64 now = now_ms(), left;

	if (l->announcements && now >= l->announce_ms) {
		send_announcement(l);
		l->announce_ms = now + ANNOUNCE_FIRST_MS +
				 (ANNOUNCEMENTS - l->announcements) * ANNOUNCE_LONGER_MS;
		l->announcements--;
	}
	if (!l->announcements)
		return wait_ms;
	left = l->announce_ms - now;
	return wait_ms >= 0 && wait_ms < left ? wait_ms : left;
}

void net_make_mac(const struct machine *m, unsigned index, u8 *mac)
{
	const char *name = m->cfg.name;
	u32 hash = 2166136261u ^ index; /* FNV-1a */

	while (name && *name)
		hash = (hash ^ (u8)*name++) * 16777619u;
	mac[0] = 0x02;
	mac[1] = 0x50;
	store_be32(mac + 2, hash);
}

/* ---- The thread ---- */

static void take_wake(struct net_link *l)
{
	u64 count;

	if (l->fds[0].revents && read(l->wake_fd, &count, sizeof(count)) < 0)
		return;
}

/*
 * The network stands still whenever the guest does: nobody writes to its memory then, and what the
 * link knows can be saved. What comes meanwhile waits at the host.
 */
static void *serve(void *arg)
{
	struct net_link *l = arg;
	int wait_ms;

	while (machine_io_enter(l->m)) {
		/*
		 * Said before it looks: what comes later than its look is woken for. And said
		 * after it took what waked it: who then finds it asleep writes what nobody has
		 * read when it sleeps.
		 */
		take_wake(l);
		__atomic_store_n(&l->asleep, true, __ATOMIC_SEQ_CST);
		wait_ms = announce(l, l->ops->serve(l));
		machine_io_end(l->m);
		if (__atomic_load_n(&l->quit, __ATOMIC_SEQ_CST))
			break;
		if (poll(l->fds, l->n_fds, wait_ms) <= 0)
			for (unsigned i = 0; i < l->n_fds; i++)
				l->fds[i].revents = 0;
	}
	return NULL;
}

int net_start(struct net_link *l, struct machine *m, const struct net_card_ops *ops, void *card,
	      struct error *err)
{
	l->m = m;
	l->card_ops = ops;
	l->card = card;
	if (thread_start(&l->thread, serve, l))
		return error_errno(err, "cannot start a network card's thread");
	l->has_thread = true;
	return 0;
}

void net_save(struct net_link *l, struct state_out *out)
{
	struct state_out own = {0};

	if (l->ops->save)
		l->ops->save(l, &own);
	put_string(out, l->ops->kind);
	put_u32(out, own.len);
	put_bytes(out, own.data, own.len);
	out->failed |= own.failed;
	state_free(&own);
}

int net_load(struct net_link *l, struct state_in *in)
{
	struct state_in own;
	char kind[16];
	u32 len;

	get_string(in, kind, sizeof(kind));
	len = get_u32(in);
	if (in->bad || len > state_left(in))
		return -1;
	own = (struct state_in){.data = in->data + in->pos, .len = len};
	in->pos += len;
	if (!strcmp(kind, l->ops->kind) && l->ops->load)
		l->ops->load(l, &own);
	return 0;
}
