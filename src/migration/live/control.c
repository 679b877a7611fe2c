/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control of a migration from the main thread: starting, cancelling, telling.
 */
#include "migration/live/internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "platform/console.h"
#include "platform/thread.h"
#include "platform/xics.h"

const char *live_state_name(enum live_state state)
{
	static const char *const names[LIVE_STATES] = {
	    "none", "setup", "active", "device", "completed", "failed", "cancelling", "cancelled",
	};

	return names[state];
}

void live_default_params(struct live_params *p)
{
	*p = (struct live_params){
	    .downtime_ms = 5,
	    .throttle_max = 99,
	    .throttle_initial = 20,
	    .throttle_increment = 10,
	    .timeout_ms = 30000,
	    .compress = true,
	};
}

u64 live_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct channel_options live_channel_options(struct live *l, const struct live_params *p)
{
	return (struct channel_options){
	    .timeout_ms = p->timeout_ms,
	    .cancel_fd = l ? l->cancel_fd : -1,
	    .fd = l ? l->fd : -1,
	    .tls = &p->tls,
	};
}

/* ---- From the thread to the main one ---- */

static void wake(int fd)
{
	u64 one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* With l->lock held. */
static void queue_event(struct live *l, struct live_event event)
{
	if (l->n_events < LIVE_EVENTS_MAX)
		l->events[l->n_events++] = event;
	wake(l->event_fd);
}

static void tell(struct live *l, struct live_event event)
{
	lock_acquire(&l->lock);
	queue_event(l, event);
	lock_release(&l->lock);
}

void live_tell(struct live *l, int what)
{
	tell(l, (struct live_event){.what = what});
}

void live_set_state(struct live *l, enum live_state state)
{
	lock_acquire(&l->lock);
	l->status.state = state;
	lock_release(&l->lock);
	tell(l, (struct live_event){.what = LIVE_EVENT_STATE, .state = state});
}

void live_end(struct live *l, enum live_state state, const char *why)
{
	lock_acquire(&l->lock);
	snprintf(l->status.message, sizeof(l->status.message), "%s", why);
	l->status.total_ms = (live_now_ns() - l->begin_ns) / 1e6;
	l->status.state = state;
	l->done = true;
	lock_release(&l->lock);
	tell(l, (struct live_event){.what = LIVE_EVENT_STATE, .state = state});
}

static void arrived(struct machine *m)
{
	console_start(m->console);
	/* Input that the guest has not fetched yet wants its interrupt again. */
	if (console_has_input(m->console))
		xics_pulse(m, IRQ_VTY);
}

static void handle(struct live *l, const struct live_event *e)
{
	struct machine *m = l->m;

	switch (e->what) {
	case LIVE_EVENT_STATE:
		if (l->on_state)
			l->on_state(l->on_state_opaque, e->state);
		break;
	case LIVE_EVENT_STOP:
	case LIVE_EVENT_RESUME:
		machine_tell(m, e->what == LIVE_EVENT_STOP ? EVENT_STOP : EVENT_RESUME);
		break;
	case LIVE_EVENT_ARRIVED:
		arrived(m);
		break;
	}
}

/* What the thread had for its work. */
static void forget(struct live *l)
{
	free(l->uri);
	l->uri = NULL;
	if (l->own_arrival)
		arrival_free(l->arrival);
	l->arrival = NULL;
}

static void join(struct live *l)
{
	if (!l->has_thread)
		return;
	pthread_join(l->thread, NULL);
	l->has_thread = false;
	forget(l);
}

static void on_event(void *opaque, int fd, unsigned events)
{
	struct live *l = opaque;
	struct live_event queue[LIVE_EVENTS_MAX];
	unsigned n;
	bool done;
	u64 count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
	lock_acquire(&l->lock);
	n = l->n_events;
	memcpy(queue, l->events, n * sizeof(queue[0]));
	l->n_events = 0;
	done = l->done;
	lock_release(&l->lock);
	if (done)
		join(l);
	for (unsigned i = 0; i < n; i++)
		handle(l, &queue[i]);
}

/* ---- Life ---- */

static int give_up(struct live *l, const char *why)
{
	bool late;

	lock_acquire(&l->lock);
	late = l->handed_over;
	if (!late && !l->cancelled) {
		l->cancelled = true;
		snprintf(l->cancel_why, sizeof(l->cancel_why), "%s", why);
		if (!l->done)
			queue_event(l, (struct live_event){.what = LIVE_EVENT_STATE,
							   .state = LIVE_CANCELLING});
		wake(l->cancel_fd);
	}
	lock_release(&l->lock);
	return late ? -1 : 0;
}

/* A guest that is about to be started anew, or ended: nothing of it is worth moving any more. */
static void on_machine(struct machine *m, enum machine_event event, void *opaque)
{
	struct live *l = opaque;

	if (event != EVENT_RESET_OR_END || !l->has_thread)
		return;
	give_up(l, m->ended_by == REQUEST_RESET ? "the guest was reset" : "the guest ended");
	join(l);
}

struct live *live_new(struct machine *m)
{
	struct live *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->m = m;
	l->fd = -1;
	l->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	lock_init(&l->lock, LOCK_LIVE);
	live_default_params(&l->params);
	loop_add(m->loop, l->event_fd, POLLIN, on_event, l);
	l->observer = (struct machine_observer){.fn = on_machine, .opaque = l};
	machine_on(m, &l->observer);
	return l;
}

void live_free(struct live *l)
{
	if (!l)
		return;
	if (l->has_thread) {
		give_up(l, "the process ends");
		join(l);
	}
	loop_remove(l->m->loop, l->event_fd);
	machine_off(l->m, &l->observer);
	close(l->event_fd);
	close(l->cancel_fd);
	lock_destroy(&l->lock);
	free(l);
}

void live_on_state(struct live *l, void (*fn)(void *opaque, enum live_state state), void *opaque)
{
	l->on_state = fn;
	l->on_state_opaque = opaque;
}

void live_get_params(struct live *l, struct live_params *p)
{
	lock_acquire(&l->lock);
	*p = l->params;
	lock_release(&l->lock);
}

void live_set_params(struct live *l, const struct live_params *p)
{
	lock_acquire(&l->lock);
	l->params = *p;
	lock_release(&l->lock);
}

void live_get_status(struct live *l, struct live_status *s)
{
	lock_acquire(&l->lock);
	*s = l->status;
	if (!l->done && s->state != LIVE_NONE)
		s->total_ms = (live_now_ns() - l->begin_ns) / 1e6;
	if (l->cancelled && !l->done)
		s->state = LIVE_CANCELLING;
	lock_release(&l->lock);
}

/* ---- Starting and giving up ---- */

static int start(struct live *l, bool incoming, void *(*fn)(void *), struct error *err)
{
	u64 count;

	if (read(l->cancel_fd, &count, sizeof(count)) < 0)
		count = 0;
	lock_acquire(&l->lock);
	memset(&l->status, 0, sizeof(l->status));
	l->status.incoming = incoming;
	l->status.total = guest_mem_present(&l->m->mem);
	l->status.remaining = incoming ? 0 : l->status.total;
	l->cancelled = l->handed_over = l->done = false;
	l->begin_ns = live_now_ns();
	lock_release(&l->lock);
	live_set_state(l, LIVE_SETUP);
	if (thread_start(&l->thread, fn, l)) {
		error_errno(err, "cannot start the migration's thread");
		live_end(l, LIVE_FAILED, "there is no thread to be had");
		forget(l);
		return -1;
	}
	pthread_setname_np(l->thread, "migration");
	l->has_thread = true;
	return 0;
}

/* A thread that has said its last word is not in the way. */
static bool busy(struct live *l)
{
	bool done;

	lock_acquire(&l->lock);
	done = l->done;
	lock_release(&l->lock);
	if (l->has_thread && done)
		join(l);
	return l->has_thread;
}

int live_migrate(struct live *l, const char *uri, int fd, struct error *err)
{
	enum machine_place place = machine_where(l->m);

	if (busy(l))
		return error_set(err, "a migration is under way already");
	if (place != PLACE_HERE)
		return error_set(err, "the guest is not here: it %s",
				 place == PLACE_COMING ? "is yet to come" : "was handed over");
	if (channel_check_uri(uri, err))
		return -1;
	l->uri = strdup(uri);
	if (!l->uri)
		return error_nomem(err, "the migration");
	l->fd = fd;
	return start(l, false, live_source_main, err);
}

int live_cancel(struct live *l, struct error *err)
{
	if (!busy(l))
		return 0;
	if (give_up(l, "cancelled"))
		return error_set(err, "too late: the guest was handed over");
	return 0;
}

void live_expect(struct live *l)
{
	l->expecting = true;
	machine_expect(l->m);
}

int live_receive_guest(struct live *l, struct arrival *a, struct error *err)
{
	l->expecting = false;
	l->arrival = a;
	l->own_arrival = false;
	return start(l, true, live_dest_main, err);
}

int live_incoming(struct live *l, const char *uri, int fd, struct error *err)
{
	struct live_params p;
	struct arrival *a;

	if (!l->expecting || busy(l))
		return error_set(err, "this guest is not waited for: start it with '--incoming "
				      "defer', and say this once");
	if (channel_check_uri(uri, err))
		return -1;
	live_get_params(l, &p);
	l->fd = fd;
	a = arrival_listen(uri, l, &p, err);
	if (!a)
		return -1;
	l->arrival = a;
	l->own_arrival = true;
	return start(l, true, live_dest_main, err);
}
