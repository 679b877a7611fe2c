/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

struct watch {
	int fd; /* -1: free */
	unsigned events;
	loop_fn fn;
	void *opaque;
};

struct loop {
	/* Once it runs it needs no more memory: a guest that runs must not end for want of any. */
	struct watch watches[LOOP_MAX];
	struct pollfd fds[LOOP_MAX];
	size_t n;
	bool stopped;
};

struct loop *loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		abort();
	return loop;
}

void loop_free(struct loop *loop)
{
	free(loop);
}

static struct watch *find(struct loop *loop, int fd)
{
	for (size_t i = 0; i < loop->n; i++)
		if (loop->watches[i].fd == fd)
			return &loop->watches[i];
	return NULL;
}

int loop_add(struct loop *loop, int fd, unsigned events, loop_fn fn, void *opaque)
{
	struct watch *w = find(loop, -1);

	if (!w) {
		if (loop->n == LOOP_MAX)
			return -1;
		w = &loop->watches[loop->n++];
	}
	*w = (struct watch){.fd = fd, .events = events, .fn = fn, .opaque = opaque};
	return 0;
}

void loop_events(struct loop *loop, int fd, unsigned events)
{
	struct watch *w = find(loop, fd);

	if (w)
		w->events = events;
}

void loop_remove(struct loop *loop, int fd)
{
	struct watch *w = find(loop, fd);

	if (w)
		w->fd = -1;
}

/* One round: callbacks may change the table, so it is looked up anew for each ready descriptor. */
static void once(struct loop *loop)
{
	struct pollfd *fds = loop->fds;
	size_t n = loop->n;

	for (size_t i = 0; i < n; i++) {
		fds[i].fd = loop->watches[i].events ? loop->watches[i].fd : -1;
		fds[i].events = loop->watches[i].events;
	}
	if (poll(fds, n, -1) > 0) {
		for (size_t i = 0; i < n && !loop->stopped; i++) {
			struct watch *w =
			    fds[i].fd >= 0 && fds[i].revents ? find(loop, fds[i].fd) : NULL;

			if (w && w->events)
				w->fn(w->opaque, w->fd, fds[i].revents);
		}
	}
}

void loop_run(struct loop *loop)
{
	while (!loop->stopped)
		once(loop);
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}
