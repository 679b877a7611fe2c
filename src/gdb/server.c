/* SPDX-License-Identifier: Apache-2.0 */
#include "gdb/server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gdb/guest.h"
#include "gdb/listen.h"
#include "platform/events.h"
#include "platform/loop.h"

/* Who doesn't read gets no more than this kept for it. */
#define OUT_MAX (1u << 20)

struct gdb_server {
	struct machine *m;
	struct machine_observer observer;
	struct gdb_listener listener;

	/* The connection; -1: there is none. */
	int fd;
	struct gdb_guest guest;
	struct gdb_stub *stub;
	bool broken;
	char *out;
	size_t out_len, out_size;
};

/* ---- What goes out ---- */

static void flush(struct gdb_server *s)
{
	while (s->out_len && !s->broken) {
		ssize_t n = send(s->fd, s->out, s->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			s->broken = true;
		if (n <= 0)
			break;
		memmove(s->out, s->out + n, s->out_len - n);
		s->out_len -= n;
	}
	loop_events(s->m->loop, s->fd, POLLIN | (s->out_len ? POLLOUT : 0));
}

/* The event loop will notice, and hang up. */
static void give_up(struct gdb_server *s)
{
	s->broken = true;
	shutdown(s->fd, SHUT_RDWR);
}

static void on_send(void *opaque, const char *data, size_t len)
{
	struct gdb_server *s = opaque;
	size_t size = 2 * (s->out_len + len);
	char *bigger;

	if (s->out_len + len > s->out_size && s->out_len + len <= OUT_MAX) {
		bigger = realloc(s->out, size);
		if (bigger) {
			s->out = bigger;
			s->out_size = size;
		}
	}
	if (s->out_len + len > s->out_size) {
		give_up(s);
		return;
	}
	memcpy(s->out + s->out_len, data, len);
	s->out_len += len;
	flush(s);
}

/* ---- The connection ---- */

static void hang_up(struct gdb_server *s)
{
	if (s->fd < 0)
		return;
	gdb_guest_detach(&s->guest);
	gdb_stub_free(s->stub);
	s->stub = NULL;
	loop_remove(s->m->loop, s->fd);
	close(s->fd);
	s->fd = -1;
	free(s->out);
	s->out = NULL;
	s->out_len = s->out_size = 0;
	s->broken = false;
}

static void on_client(void *opaque, int fd, unsigned events)
{
	struct gdb_server *s = opaque;
	char buf[4096];
	ssize_t n;

	if (events & POLLOUT)
		flush(s);
	if (events & (POLLIN | POLLHUP | POLLERR)) {
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0)
			gdb_stub_feed(s->stub, buf, n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			s->broken = true;
	}
	if (s->broken || gdb_stub_is_done(s->stub))
		hang_up(s);
}

static int take(struct gdb_server *s, int fd, struct error *err)
{
	int one = 1;

	if (gdb_guest_attach(&s->guest, s->m, err))
		return -1;
	s->stub = gdb_stub_new(&s->guest.target, on_send, s);
	if (!s->stub || loop_add(s->m->loop, fd, POLLIN, on_client, s)) {
		gdb_stub_free(s->stub);
		s->stub = NULL;
		gdb_guest_detach(&s->guest);
		return error_set(err, "too much is open already");
	}
	/* Packets are small, and each is waited for. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	s->fd = fd;
	return 0;
}

static void on_connect(void *opaque, int listener, unsigned events)
{
	struct gdb_server *s = opaque;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct error err;

	if (fd >= 0 && (s->fd >= 0 || take(s, fd, &err)))
		close(fd); /* gdb says that it was hung up on */
}

/* ---- What the machine tells ---- */

static void on_machine(struct machine *m, enum machine_event event, void *opaque)
{
	struct gdb_server *s = opaque;

	if (s->fd < 0)
		return;
	if (event == EVENT_DEBUG)
		gdb_stub_look(s->stub);
	else if (event == EVENT_RESET)
		gdb_guest_was_reset(&s->guest);
	else if (event == EVENT_SHUTDOWN)
		gdb_stub_ended(s->stub, m->exit_status);
}

/* ---- Life ---- */

struct gdb_server *gdb_server_new(struct machine *m, const char *where, struct error *err)
{
	struct gdb_server *s = calloc(1, sizeof(*s));

	if (!s) {
		error_nomem(err, "a debugger's socket");
		return NULL;
	}
	s->m = m;
	s->fd = -1;
	s->observer = (struct machine_observer){.fn = on_machine, .opaque = s};
	if (gdb_listen(&s->listener, where, err)) {
		free(s);
		return NULL;
	}
	if (loop_add(m->loop, s->listener.fd, POLLIN, on_connect, s)) {
		error_set(err, "too much is open already");
		gdb_listen_end(&s->listener);
		free(s);
		return NULL;
	}
	machine_on(m, &s->observer);
	return s;
}

void gdb_server_free(struct gdb_server *s)
{
	if (!s)
		return;
	hang_up(s);
	machine_off(s->m, &s->observer);
	loop_remove(s->m->loop, s->listener.fd);
	gdb_listen_end(&s->listener);
	free(s);
}

const char *gdb_server_address(const struct gdb_server *s)
{
	return s->listener.address;
}
