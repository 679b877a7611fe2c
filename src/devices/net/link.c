/* SPDX-License-Identifier: Apache-2.0 */
/* What the links have in common: a thread that waits for descriptors. */
#include "devices/net/net.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "platform/device.h"
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
		wait_ms = l->ops->serve(l);
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
