/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/virtio/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "devices/virtio/virtio.h"
#include "platform/machine.h"
#include "platform/thread.h"

#define F_MULTIPORT  (1ull << 1)
#define MAX_PORTS    4 /* in its configuration */
#define CONFIG_BYTES 12

/* Queues: of the port, which is the first and only one, and of what is said about it. */
enum { TO_GUEST, FROM_GUEST, SAID_TO_GUEST, SAID_BY_GUEST, N_QUEUES };

/* What is said: port (4), event (2), value (2). */
#define MESSAGE_BYTES 8
enum {
	DEVICE_READY,
	PORT_ADD,
	PORT_REMOVE,
	PORT_READY,
	CONSOLE_PORT,
	RESIZE,
	PORT_OPEN,
	PORT_NAME
};

#define IN_BYTES  4096u	 /* that came from the socket, and for which the guest had no buffer */
#define OUT_BYTES 65536u /* of the guest's, which the socket didn't take yet */

struct guest_channel {
	struct virtio_device virtio;
	char name[CHANNEL_NAME_MAX + 1];
	struct sockaddr_un address;
	int listen_fd, wake_fd;
	pthread_t thread;
	bool has_thread;

	/* Under the lock. */
	bool quit;
	int fd;				       /* -1: nobody is connected */
	bool drop;			       /* whoever is connected isn't to be any more */
	bool guest_open, host_open, announced; /* the last: the guest was told so of the host */
	bool add_due, name_due, open_due;      /* to be said to the guest */
	u8 in[IN_BYTES];
	u32 in_at, in_bytes;
	u8 out[OUT_BYTES]; /* a ring */
	u32 out_at, out_bytes;
	struct virtio_chain chain;
};

static struct guest_channel *channel_of(struct virtio_device *v)
{
	return container_of(v, struct guest_channel, virtio);
}

/* Has the thread look at all again. */
static void wake(struct guest_channel *c)
{
	static const u64 one = 1;

	if (write(c->wake_fd, &one, sizeof(one)) < 0)
		return; /* it is awake */
}

/* ---- What is said about the port; all of it with the lock held ---- */

/* False: the guest has no buffer for it now. */
static bool say(struct guest_channel *c, u16 event, u16 value, const char *more)
{
	u8 message[MESSAGE_BYTES + CHANNEL_NAME_MAX] = {0};
	size_t bytes = MESSAGE_BYTES + strlen(more);

	if (!virtio_pop(&c->virtio, SAID_TO_GUEST, &c->chain))
		return false;
	put_le(message + 4, event, 2);
	put_le(message + 6, value, 2);
	memcpy(message + MESSAGE_BYTES, more, strlen(more));
	bytes = virtio_write(&c->virtio, &c->chain, 0, message, bytes);
	virtio_push(&c->virtio, SAID_TO_GUEST, &c->chain, bytes);
	return true;
}

static void say_what_is_due(struct guest_channel *c)
{
	if (c->add_due && say(c, PORT_ADD, 1, ""))
		c->add_due = false;
	if (c->name_due && say(c, PORT_NAME, 1, c->name))
		c->name_due = false;
	/* It reads all that came before it hears of the end. */
	if (c->open_due && !c->name_due && (c->host_open || !c->in_bytes) &&
	    say(c, PORT_OPEN, c->host_open, "")) {
		c->open_due = false;
		c->announced = c->host_open;
	}
}

static void hear(struct guest_channel *c, u16 event, u16 value)
{
	switch (event) {
	case DEVICE_READY:
		c->add_due = value;
		break;
	case PORT_READY:
		c->name_due = c->open_due = value;
		break;
	case PORT_OPEN:
		c->guest_open = value;
		if (!value && c->host_open)
			c->drop = true;
		break;
	}
}

static void hear_guest(struct guest_channel *c)
{
	u8 message[MESSAGE_BYTES];

	while (virtio_pop(&c->virtio, SAID_BY_GUEST, &c->chain)) {
		size_t bytes = virtio_read(&c->chain, 0, message, sizeof(message));

		virtio_push(&c->virtio, SAID_BY_GUEST, &c->chain, 0);
		/* The first is about the device, whatever port it names. */
		if (bytes == sizeof(message) &&
		    (!get_le(message, 4) || get_le(message + 4, 2) == DEVICE_READY))
			hear(c, get_le(message + 4, 2), get_le(message + 6, 2));
	}
}

/* ---- Data; the same ---- */

static void give_guest(struct guest_channel *c)
{
	while (c->guest_open && c->in_bytes && virtio_pop(&c->virtio, TO_GUEST, &c->chain)) {
		size_t done = virtio_write(&c->virtio, &c->chain, 0, c->in + c->in_at, c->in_bytes);

		virtio_push(&c->virtio, TO_GUEST, &c->chain, done);
		c->in_at += done;
		c->in_bytes -= done;
		if (!done)
			break;
	}
}

/* Into the ring; a chain that it has no room for is too long for any, and cut. */
static void keep(struct guest_channel *c)
{
	u64 at = 0, bytes = c->chain.out_bytes;

	while (at < bytes && c->out_bytes < OUT_BYTES) {
		u32 to = (c->out_at + c->out_bytes) % OUT_BYTES, room = OUT_BYTES - c->out_bytes;
		u32 piece = OUT_BYTES - to < room ? OUT_BYTES - to : room;

		piece = virtio_read(&c->chain, at, c->out + to, piece);
		if (!piece)
			break;
		at += piece;
		c->out_bytes += piece;
	}
}

/* Half of the ring is free: more than a page, which is the most that Linux sends in one piece. */
static void take_from_guest(struct guest_channel *c)
{
	while (c->out_bytes <= OUT_BYTES / 2 && virtio_pop(&c->virtio, FROM_GUEST, &c->chain)) {
		/* What nobody reads is lost, as it would be with a cable that isn't plugged in. */
		if (c->host_open)
			keep(c);
		virtio_push(&c->virtio, FROM_GUEST, &c->chain, 0);
	}
}

static void pump(struct guest_channel *c)
{
	hear_guest(c);
	say_what_is_due(c);
	give_guest(c);
	say_what_is_due(c);
	take_from_guest(c);
}

static void channel_notified(struct virtio_device *v, unsigned queue)
{
	struct guest_channel *c = channel_of(v);

	lock_acquire(&v->pci.lock);
	pump(c);
	lock_release(&v->pci.lock);
	wake(c);
}

/* ---- The socket; on the thread, with the lock held ---- */

static void hang_up(struct guest_channel *c)
{
	close(c->fd);
	c->fd = -1;
	c->drop = false;
	c->host_open = false;
	c->open_due = true;
	c->out_bytes = 0;
}

/* Only when the guest knows of the end of the one before, and has all that came by it. */
static bool may_answer(const struct guest_channel *c)
{
	return c->listen_fd >= 0 && c->fd < 0 && !c->in_bytes && !c->open_due;
}

static void answer_call(struct guest_channel *c)
{
	c->fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (c->fd < 0)
		return;
	c->host_open = true;
	c->open_due = true;
	c->in_bytes = c->out_bytes = 0;
}

static bool is_gone(ssize_t done)
{
	return !done || (done < 0 && errno != EAGAIN && errno != EINTR);
}

static void send_host(struct guest_channel *c)
{
	while (c->out_bytes) {
		u32 piece = OUT_BYTES - c->out_at;
		ssize_t done;

		if (piece > c->out_bytes)
			piece = c->out_bytes;
		done = send(c->fd, c->out + c->out_at, piece, MSG_NOSIGNAL);
		if (done <= 0) {
			c->drop |= is_gone(done);
			return;
		}
		c->out_at = (c->out_at + done) % OUT_BYTES;
		c->out_bytes -= done;
	}
}

static void hear_host(struct guest_channel *c)
{
	ssize_t done;

	if (c->in_bytes)
		return;
	done = recv(c->fd, c->in, IN_BYTES, 0);
	c->in_at = 0;
	c->in_bytes = done > 0 ? done : 0;
	c->drop |= is_gone(done);
}

static void serve_socket(struct guest_channel *c)
{
	if (may_answer(c))
		answer_call(c);
	if (c->fd < 0)
		return;
	/* What the guest wrote before it closed its side is still sent. */
	send_host(c);
	if (!c->drop)
		hear_host(c);
	if (c->drop)
		hang_up(c);
}

/* What is to be waited for. */
static void set_up(struct guest_channel *c, struct pollfd *fds)
{
	fds[0] = (struct pollfd){.fd = c->wake_fd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = may_answer(c) ? c->listen_fd : c->fd};
	fds[1].events = (c->in_bytes ? 0 : POLLIN) | (c->out_bytes ? POLLOUT : 0);
	/* One who hung up would be told of all the time. */
	if (c->in_bytes && !c->out_bytes)
		fds[1].fd = -1;
}

static void *serve(void *arg)
{
	struct guest_channel *c = arg;
	struct lock *lock = &c->virtio.pci.lock;
	struct pollfd fds[2];
	bool quit = false;
	u64 count;

	pthread_setname_np(pthread_self(), "channel");
	while (!quit && machine_io_enter(c->virtio.pci.dev.m)) {
		lock_acquire(lock);
		serve_socket(c);
		pump(c);
		set_up(c, fds);
		quit = c->quit;
		lock_release(lock);
		machine_io_end(c->virtio.pci.dev.m);
		if (!quit && poll(fds, 2, -1) > 0 && fds[0].revents &&
		    read(c->wake_fd, &count, sizeof(count)) < 0)
			break;
	}
	return NULL;
}

/* ---- The device ---- */

static int channel_start(struct machine_device *d, struct error *err)
{
	struct guest_channel *c = container_of(d, struct guest_channel, virtio.pci.dev);

	if (thread_start(&c->thread, serve, c))
		return error_errno(err, "cannot start a channel's thread");
	c->has_thread = true;
	return 0;
}

/* A driver that begins anew knows of no connection. Who wasn't answered yet waits on. */
static void channel_reset(struct virtio_device *v)
{
	struct guest_channel *c = channel_of(v);

	if (c->announced) {
		c->drop |= c->host_open;
		c->in_bytes = c->out_bytes = 0;
	}
	c->add_due = c->name_due = c->open_due = c->guest_open = c->announced = false;
	if (c->wake_fd >= 0)
		wake(c);
}

/* What the guest was sent it gets; the connection stays where it is. */
static void channel_save(struct virtio_device *v, struct state_out *out)
{
	struct guest_channel *c = channel_of(v);

	put_string(out, c->name);
	put_u8(out, c->guest_open);
	put_u8(out, c->add_due);
	put_u8(out, c->name_due);
	put_u8(out, c->open_due || c->host_open);
	put_u32(out, c->in_bytes);
	put_bytes(out, c->in + c->in_at, c->in_bytes);
}

static int channel_load(struct virtio_device *v, struct state_in *in)
{
	struct guest_channel *c = channel_of(v);
	char name[CHANNEL_NAME_MAX + 1];
	u32 bytes;

	get_string(in, name, sizeof(name));
	c->guest_open = get_u8(in) & 1;
	c->add_due = get_u8(in) & 1;
	c->name_due = get_u8(in) & 1;
	c->open_due = get_u8(in) & 1;
	bytes = get_u32(in);
	if (in->bad || strcmp(name, c->name) || bytes > IN_BYTES)
		return -1;
	get_bytes(in, c->in, bytes);
	c->in_at = 0;
	c->in_bytes = in->bad ? 0 : bytes;
	return 0;
}

static void channel_free(struct virtio_device *v)
{
	struct guest_channel *c = channel_of(v);

	lock_acquire(&v->pci.lock);
	c->quit = true;
	lock_release(&v->pci.lock);
	if (c->has_thread) {
		wake(c);
		pthread_join(c->thread, NULL);
	}
	if (c->fd >= 0)
		close(c->fd);
	if (c->listen_fd >= 0) {
		close(c->listen_fd);
		unlink(c->address.sun_path);
	}
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	virtio_fini(v);
	free(c);
}

static const struct virtio_ops channel_ops = {
    .kind = 3,
    .class_code = 0x078000,
    .n_queues = N_QUEUES,
    .queue_size = 64,
    .pci = {.node = "channel", VIRTIO_PCI_OPS},
    .device = {.name = "virtio-channel", .version = 1, VIRTIO_DEVICE_OPS, .start = channel_start},
    .notified = channel_notified,
    .reset = channel_reset,
    .save = channel_save,
    .load = channel_load,
    .free = channel_free,
};

static bool somebody_listens(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = fd >= 0 && !connect(fd, (const struct sockaddr *)address, sizeof(*address));

	if (fd >= 0)
		close(fd);
	return yes;
}

static int make_socket(struct guest_channel *c, struct error *err)
{
	const struct sockaddr *address = (const struct sockaddr *)&c->address;
	const char *path = c->address.sun_path;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return error_errno(err, "cannot make the socket of channel '%s'", c->name);
	r = bind(fd, address, sizeof(c->address));
	if (r && errno == EADDRINUSE && !somebody_listens(&c->address) && errno == ECONNREFUSED) {
		/* A socket that was left behind by a process that was killed. */
		unlink(path);
		r = bind(fd, address, sizeof(c->address));
	} else if (r) {
		errno = EADDRINUSE;
	}
	if (r || listen(fd, 8)) {
		error_errno(err, "cannot make the socket %s of channel '%s'", path, c->name);
		close(fd);
		return -1;
	}
	c->listen_fd = fd;
	return 0;
}

/* "fd:N", a socket that is connected. */
static int take_connection(struct guest_channel *c, const char *path, struct error *err)
{
	char *end;
	long fd = strtol(path + 3, &end, 10);
	struct stat st;

	if (end == path + 3 || *end || fd <= STDERR_FILENO || fd > INT_MAX || fstat((int)fd, &st) ||
	    !S_ISSOCK(st.st_mode) || fcntl((int)fd, F_SETFL, O_NONBLOCK) ||
	    fcntl((int)fd, F_SETFD, FD_CLOEXEC))
		return error_set(err, "channel '%s': %s is no socket that was handed over", c->name,
				 path);
	c->fd = (int)fd;
	c->host_open = true;
	return 0;
}

int virtio_channel_new(struct machine *m, const char *name, const char *path, struct error *err)
{
	struct guest_channel *c = calloc(1, sizeof(*c));

	if (!c)
		return error_nomem(err, "a channel");
	c->fd = c->listen_fd = c->wake_fd = -1;
	snprintf(c->name, sizeof(c->name), "%s", name);
	c->address.sun_family = AF_UNIX;
	snprintf(c->address.sun_path, sizeof(c->address.sun_path), "%s", path);
	c->virtio.offered = F_MULTIPORT;
	put_le(c->virtio.config + MAX_PORTS, 1, 4);
	c->virtio.config_bytes = CONFIG_BYTES;
	if (virtio_init(&c->virtio, m, &channel_ops, err))
		return -1;
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->wake_fd < 0)
		return error_errno(err, "cannot make channel '%s'", name);
	return strncmp(path, "fd:", 3) ? make_socket(c, err) : take_connection(c, path, err);
}
