/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network of its own for each card, by libslirp: its gateway is the host, its connections are the
 * process's own sockets. What the guest sends goes into a ring, and there waits for the link's
 * thread, so that a vcpu pays for one copy; it empties the ring by itself if it finds it full, or
 * sends little while the thread has nothing to do.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/lock.h"
#include "base/racy.h"
#include "devices/net/net.h"

#define NETWORK	  0x0a000200u /* 10.0.2.0/24 */
#define NETMASK	  0xffffff00u
#define GATEWAY	  (NETWORK + 2)
#define RESOLVER  (NETWORK + 3)
#define GUEST	  (NETWORK + 15)
#define MTU	  65521 /* the most that libslirp does */
#define TIMERS	  4
#define RING_SIZE (1u << 20)

/* What a guest with an MTU of 1500 makes of a connection's data, with time stamps. */
#define SEGMENT_BYTES 1448
#define SEGMENT_MOST  (MTU - 40 - 1)
#define PLAIN_BYTES   1514 /* of a frame that any guest takes */

#define AT_ONCE_MOST 1514 /* of a frame that a vcpu takes out of the ring itself */

struct ring_frame {
	u32 bytes; /* 0: nothing, up to the ring's end */
	u16 segment_bytes;
	bool checksum_missing;
};

struct timer {
	bool used;
	SlirpTimerId id;
	void *opaque;
	s64 expires_ms; /* -1: not set */
};

struct user_link {
	struct net_link link;

	struct lock lock; /* libslirp, taking out of the ring, what follows */
	Slirp *slirp;
	struct timer timers[TIMERS];
	struct net_flows flows;
	bool ask;   /* after those flows, which are another process's */
	bool large; /* atomic */

	struct lock send_lock; /* putting into the ring */
	u8 *ring;
	u64 head, tail; /* atomic; of bytes that were ever taken out, and put in */
};

static struct user_link *user_of(struct net_link *l)
{
	return container_of(l, struct user_link, link);
}

/* ---- What libslirp calls, with u->lock held ---- */

static ssize_t send_packet(const void *data, size_t bytes, void *opaque)
{
	struct user_link *u = opaque;
	struct net_frame f = {.data = (void *)data, .bytes = bytes, .checksum_good = true};
	struct tcp_place p;

	if (!u->link.card_ops)
		return bytes;
	if (bytes > PLAIN_BYTES && tcp_find(data, bytes, &p))
		f.segment_bytes = SEGMENT_BYTES;
	u->link.card_ops->receive(u->link.card, &f);
	return bytes;
}

/* A guest may cause as many as it likes: nobody wants to read them. */
static void guest_error(const char *text, void *opaque)
{
}

static int64_t clock_ns(void *opaque)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static s64 clock_ms(void)
{
	return clock_ns(NULL) / 1000000;
}

static void *timer_new(SlirpTimerId id, void *timer_opaque, void *opaque)
{
	struct user_link *u = opaque;

	for (unsigned i = 0; i < TIMERS; i++)
		if (!u->timers[i].used) {
			u->timers[i] = (struct timer){true, id, timer_opaque, -1};
			return &u->timers[i];
		}
	return NULL;
}

static void timer_free(void *timer, void *opaque)
{
	struct timer *t = timer;

	if (t)
		t->used = false;
}

static void timer_set(void *timer, int64_t expires_ms, void *opaque)
{
	struct timer *t = timer;

	if (t)
		t->expires_ms = expires_ms;
}

static void watch_fd(int fd, void *opaque)
{
}

static void notify(void *opaque)
{
	struct user_link *u = opaque;

	net_wake(&u->link);
}

static const SlirpCb callbacks = {
    .send_packet = send_packet,
    .guest_error = guest_error,
    .clock_get_ns = clock_ns,
    .timer_free = timer_free,
    .timer_mod = timer_set,
    .register_poll_fd = watch_fd,
    .unregister_poll_fd = watch_fd,
    .notify = notify,
    .timer_new_opaque = timer_new,
};

/* ---- What the guest sends ---- */

/* In the ring a frame is in one piece. NULL: there is no room. With send_lock held. */
static u8 *reserve(struct user_link *u, size_t bytes)
{
	size_t at = u->tail % RING_SIZE, skipped = 0;
	u64 head = __atomic_load_n(&u->head, __ATOMIC_ACQUIRE);

	if (at + bytes > RING_SIZE)
		skipped = RING_SIZE - at;
	if (u->tail + skipped + bytes - head > RING_SIZE)
		return NULL;
	if (skipped) {
		*(struct ring_frame *)(u->ring + at) = (struct ring_frame){0};
		__atomic_store_n(&u->tail, u->tail + skipped, __ATOMIC_RELEASE);
	}
	return u->ring + u->tail % RING_SIZE;
}

/* All begin where a header does, so that there is always room for one before the end. */
static size_t ring_bytes(size_t bytes)
{
	return (sizeof(struct ring_frame) + bytes + 7) & ~7ul;
}

static bool put(struct user_link *u, const struct iovec *iov, unsigned n, const struct net_frame *f)
{
	size_t bytes = ring_bytes(f->bytes);
	u8 *at;

	lock_acquire(&u->send_lock);
	at = reserve(u, bytes);
	if (at) {
		u8 *to = at + sizeof(struct ring_frame);

		*(struct ring_frame *)at =
		    (struct ring_frame){f->bytes, f->segment_bytes, f->checksum_missing};
		for (unsigned i = 0; i < n; to += iov[i++].iov_len)
			racy_copy_bytes(to, iov[i].iov_base, iov[i].iov_len);
		__atomic_store_n(&u->tail, u->tail + bytes, __ATOMIC_SEQ_CST);
	}
	lock_release(&u->send_lock);
	return at;
}

/*
 * libslirp cuts what it sends to a guest into segments of the size that the guest offered, which it
 * did for its MTU. A guest that takes large frames is given few large ones.
 */
static void input(struct user_link *u, u8 *frame, const struct ring_frame *f)
{
	struct tcp_place p;

	if (tcp_find(frame, f->bytes, &p)) {
		if (f->checksum_missing)
			tcp_fill_checksum(frame, &p);
		net_flows_note(&u->flows, frame, &p);
		if (__atomic_load_n(&u->large, __ATOMIC_RELAXED))
			tcp_offer_segments(frame, &p, SEGMENT_MOST);
	}
	slirp_input(u->slirp, frame, f->bytes);
}

/* With u->lock held. */
static void drain(struct user_link *u)
{
	u64 head = u->head;

	while (head != __atomic_load_n(&u->tail, __ATOMIC_SEQ_CST)) {
		size_t at = head % RING_SIZE;
		const struct ring_frame *f = (void *)(u->ring + at);

		if (f->bytes) {
			input(u, u->ring + at + sizeof(*f), f);
			head += ring_bytes(f->bytes);
		} else {
			head += RING_SIZE - at;
		}
		__atomic_store_n(&u->head, head, __ATOMIC_RELEASE);
	}
}

static bool send_frame(struct net_link *l, const struct iovec *iov, unsigned n,
		       const struct net_frame *f)
{
	struct user_link *u = user_of(l);

	while (!put(u, iov, n, f)) {
		lock_acquire(&u->lock);
		drain(u);
		lock_release(&u->lock);
	}
	/* A small one is rather waited for: it needn't wait for the thread to wake. */
	if (f->bytes <= AT_ONCE_MOST && lock_try(&u->lock)) {
		drain(u);
		lock_release(&u->lock);
	}
	net_wake(l);
	return true;
}

static void set_large(struct net_link *l, bool large)
{
	__atomic_store_n(&user_of(l)->large, large, __ATOMIC_RELAXED);
}

/* ---- The thread ---- */

static const struct {
	int slirp;
	short poll;
} event_names[] = {
    {SLIRP_POLL_IN, POLLIN},   {SLIRP_POLL_OUT, POLLOUT}, {SLIRP_POLL_PRI, POLLPRI},
    {SLIRP_POLL_ERR, POLLERR}, {SLIRP_POLL_HUP, POLLHUP},
};

static int add_poll(int fd, int events, void *opaque)
{
	struct net_link *l = opaque;
	struct pollfd *p = &l->fds[l->n_fds];

	if (l->n_fds == NET_FDS_MAX)
		return -1;
	*p = (struct pollfd){.fd = fd};
	for (size_t i = 0; i < ARRAY_SIZE(event_names); i++)
		if (events & event_names[i].slirp)
			p->events |= event_names[i].poll;
	return l->n_fds++;
}

static int get_events(int i, void *opaque)
{
	const struct net_link *l = opaque;
	int events = 0;

	if (i < 0 || (unsigned)i >= l->n_fds)
		return 0;
	for (size_t k = 0; k < ARRAY_SIZE(event_names); k++)
		if (l->fds[i].revents & event_names[k].poll)
			events |= event_names[k].slirp;
	return events;
}

/* How long until the next is due, of @wait_ms at most. */
static u32 run_timers(struct user_link *u, u32 wait_ms)
{
	s64 now = clock_ms();

	for (unsigned i = 0; i < TIMERS; i++) {
		struct timer *t = &u->timers[i];

		if (t->used && t->expires_ms >= 0 && t->expires_ms <= now) {
			t->expires_ms = -1;
			slirp_handle_timer(u->slirp, t->id, t->opaque);
		}
		if (t->used && t->expires_ms >= 0 && t->expires_ms - now < wait_ms)
			wait_ms = t->expires_ms > now ? t->expires_ms - now : 0;
	}
	return wait_ms;
}

static int serve_user(struct net_link *l)
{
	struct user_link *u = user_of(l);
	u32 wait_ms;

	lock_acquire(&u->lock);
	if (u->ask)
		net_flows_ask(&u->flows, send_packet, u);
	u->ask = false;
	slirp_pollfds_poll(u->slirp, 0, get_events, l);
	drain(u);
	wait_ms = run_timers(u, INT32_MAX);
	l->n_fds = 1;
	slirp_pollfds_fill(u->slirp, &wait_ms, add_poll, l);
	lock_release(&u->lock);
	return wait_ms;
}

/* ---- State: what is left of libslirp without its sockets, which are the process's ---- */

static ssize_t write_state(const void *data, size_t bytes, void *opaque)
{
	put_bytes(opaque, data, bytes);
	return bytes;
}

static ssize_t read_state(void *data, size_t bytes, void *opaque)
{
	struct state_in *in = opaque;

	get_bytes(in, data, bytes);
	return in->bad ? 0 : bytes;
}

static void save(struct net_link *l, struct state_out *out)
{
	struct user_link *u = user_of(l);

	net_flows_save(&u->flows, out);
	put_u32(out, slirp_state_version());
	slirp_state_save(u->slirp, write_state, out);
}

#define STATE_MOST 4096

/*
 * Leases of addresses are all that is in libslirp's. That begins with a list of sockets, which is
 * empty here: one that isn't is nobody's that we want. What another libslirp wrote that this one
 * doesn't know is no reason not to go on either.
 */
static void load(struct net_link *l, struct state_in *in)
{
	struct user_link *u = user_of(l);
	u32 version;

	net_flows_load(&u->flows, in);
	u->ask = true;
	version = get_u32(in);
	if (!in->bad && state_left(in) && state_left(in) <= STATE_MOST && !in->data[in->pos])
		slirp_state_load(u->slirp, version, read_state, in);
}

/* ---- Making ---- */

static void user_free(struct net_link *l)
{
	struct user_link *u = user_of(l);

	if (u->slirp)
		slirp_cleanup(u->slirp);
	net_link_fini(l);
	lock_destroy(&u->lock);
	lock_destroy(&u->send_lock);
	free(u->ring);
	free(u);
}

static const struct net_link_ops user_ops = {
    .kind = "user",
    .send = send_frame,
    .set_large = set_large,
    .serve = serve_user,
    .save = save,
    .load = load,
    .free = user_free,
};

static struct in_addr address(u32 number)
{
	return (struct in_addr){htonl(number)};
}

static int add_forward(struct user_link *u, const struct net_forward *f, struct error *err)
{
	struct in_addr host = address(f->host_address);
	char text[INET_ADDRSTRLEN];

	if (!slirp_add_hostfwd(u->slirp, f->udp, host, f->host_port, address(GUEST), f->guest_port))
		return 0;
	inet_ntop(AF_INET, &host, text, sizeof(text));
	if (errno == EADDRINUSE)
		return error_set(err,
				 "--net: another program uses port %u of %s on this host: forward "
				 "another one",
				 f->host_port, text);
	if (errno == EACCES)
		return error_set(err, "--net: only root may forward port %u: take one from 1024 on",
				 f->host_port);
	return error_errno(err, "--net: cannot forward port %u of %s", f->host_port, text);
}

static Slirp *new_slirp(const struct net_options *o, struct user_link *u)
{
	SlirpConfig config = {
	    .version = 4,
	    .restricted = o->restricted,
	    .in_enabled = true,
	    .vnetwork = address(NETWORK),
	    .vnetmask = address(NETMASK),
	    .vhost = address(GATEWAY),
	    .vdhcp_start = address(GUEST),
	    .vnameserver = address(RESOLVER),
	    .in6_enabled = true,
	    .vprefix_len = 64,
	    .if_mtu = MTU,
	    .if_mru = MTU,
	};

	inet_pton(AF_INET6, "fec0::", &config.vprefix_addr6);
	inet_pton(AF_INET6, "fec0::2", &config.vhost6);
	inet_pton(AF_INET6, "fec0::3", &config.vnameserver6);
	return slirp_new(&config, &callbacks, u);
}

struct net_link *user_open(const struct net_options *o, struct error *err)
{
	struct user_link *u = calloc(1, sizeof(*u));

	if (!u) {
		error_nomem(err, "a network");
		return NULL;
	}
	lock_init(&u->lock, LOCK_NET);
	lock_init(&u->send_lock, LOCK_NET_SEND);
	u->ring = malloc(RING_SIZE);
	if (net_link_init(&u->link, &user_ops, err))
		goto fail;
	u->slirp = u->ring ? new_slirp(o, u) : NULL;
	if (!u->slirp) {
		error_set(err, "--net user: libslirp cannot make a network");
		goto fail;
	}
	for (unsigned i = 0; i < o->n_forwards; i++)
		if (add_forward(u, &o->forwards[i], err))
			goto fail;
	return &u->link;
fail:
	user_free(&u->link);
	return NULL;
}
