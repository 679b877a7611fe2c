/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event BALLOON_CHANGE: how much memory the guest has by its balloon's account. A driver tells
 * after each piece of a mebibyte, of which a client wants to know once a second, and the last.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "monitor/qmp.h"
#include "platform/balloon.h"
#include "platform/loop.h"

struct balloon_events {
	struct qmp *qmp;
	int timer;    /* runs for a second after each event */
	bool running; /* it does */
	bool due;     /* something has changed since the event */
};

static void tell(struct balloon_events *b)
{
	static const struct itimerspec second = {.it_value.tv_sec = 1};
	struct machine *m = qmp_machine_of(b->qmp);

	b->due = false;
	b->running = !timerfd_settime(b->timer, 0, &second, NULL);
	qmp_event(b->qmp, "BALLOON_CHANGE",
		  json_pack("{s:I}", "actual", (json_int_t)balloon_actual(m)));
}

static void on_second(void *opaque, int fd, unsigned events)
{
	struct balloon_events *b = opaque;
	u64 count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
	b->running = false;
	if (b->due)
		tell(b);
}

void balloon_events_note(struct balloon_events *b)
{
	b->due = true;
	if (!b->running)
		tell(b);
}

struct balloon_events *balloon_events_new(struct qmp *qmp, struct error *err)
{
	struct balloon_events *b = calloc(1, sizeof(*b));

	if (!b) {
		error_nomem(err, "a balloon's events");
		return NULL;
	}
	b->qmp = qmp;
	b->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (b->timer < 0) {
		error_errno(err, "cannot make a timer");
		free(b);
		return NULL;
	}
	loop_add(qmp_machine_of(qmp)->loop, b->timer, POLLIN, on_second, b);
	return b;
}

void balloon_events_free(struct balloon_events *b)
{
	if (!b)
		return;
	loop_remove(qmp_machine_of(b->qmp)->loop, b->timer);
	close(b->timer);
	free(b);
}
