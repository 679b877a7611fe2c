/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/console.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/lock.h"
#include "platform/term.h"
#include "platform/thread.h"

#define IN_BYTES  65536
#define OUT_BYTES 65536
#define CTRL_A	  1

/* Bytes first in, first out. */
struct fifo {
	u8 *data;
	unsigned size, head, len;
};

struct console {
	struct loop *loop;
	int in_fd, out_fd;
	const struct console_ops *ops;
	void *opaque;
	bool raw;    /* the terminal is ours: Ctrl-A is a command */
	bool escape; /* main thread: the last byte was Ctrl-A */
	bool in_watched;

	struct lock lock;
	pthread_cond_t changed;
	struct fifo in, out; /* under lock */
	u8 in_data[IN_BYTES], out_data[OUT_BYTES];
	bool writing; /* under lock: the writer has bytes that are not out */
	bool broken;  /* under lock: nobody will ever read the output */
	bool telling; /* under lock: who was refused is just told of room */
	bool refused; /* under lock: there was no room, and nobody was told yet that there is */
	bool told;    /* the writer: that output is lost, since the last that wasn't */
	bool quit;    /* under lock */
	pthread_t writer;
	bool has_writer;
};

static unsigned fifo_room(const struct fifo *f)
{
	return f->size - f->len;
}

static void fifo_push(struct fifo *f, const u8 *buf, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		f->data[(f->head + f->len + i) % f->size] = buf[i];
	f->len += len;
}

static u8 fifo_at(const struct fifo *f, unsigned i)
{
	return f->data[(f->head + i) % f->size];
}

static unsigned fifo_pop(struct fifo *f, u8 *buf, unsigned max)
{
	unsigned n = f->len < max ? f->len : max;

	for (unsigned i = 0; i < n; i++)
		buf[i] = fifo_at(f, i);
	f->head = (f->head + n) % f->size;
	f->len -= n;
	return n;
}

/* ---- Output ---- */

static bool write_all(int fd, const u8 *buf, unsigned len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = fd, .events = POLLOUT};

			poll(&p, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf += n;
		len -= n;
	}
	return true;
}

/* Told once, not for each line; a disk may have room again later, a reader doesn't come back. */
static bool can_write(struct console *con, const u8 *buf, unsigned len)
{
	int error;

	if (write_all(con->out_fd, buf, len)) {
		con->told = false;
		return true;
	}
	error = errno;
	if (!con->told && con->ops->lost)
		con->ops->lost(con->opaque, error);
	con->told = true;
	return error != EPIPE && error != EIO && error != EBADF;
}

/* More may be refused meanwhile. */
static void tell_room(struct console *con)
{
	con->refused = false;
	con->telling = true;
	lock_release(&con->lock);
	if (con->ops->room)
		con->ops->room(con->opaque);
	lock_acquire(&con->lock);
	con->telling = false;
}

static void *writer_main(void *arg)
{
	struct console *con = arg;
	u8 buf[4096];

	pthread_setname_np(pthread_self(), "console");
	lock_acquire(&con->lock);
	while (!con->quit) {
		unsigned n = fifo_pop(&con->out, buf, sizeof(buf));

		if (!n) {
			lock_wait(&con->lock, &con->changed);
			continue;
		}
		con->writing = true;
		if (!con->broken) {
			bool ok;

			lock_release(&con->lock);
			ok = con->out_fd >= 0 && can_write(con, buf, n);
			lock_acquire(&con->lock);
			con->broken = !ok;
		}
		con->writing = false;
		if (con->refused && !con->quit)
			tell_room(con);
		pthread_cond_broadcast(&con->changed);
	}
	lock_release(&con->lock);
	return NULL;
}

bool console_write(struct console *con, const u8 *buf, unsigned len)
{
	bool fits;

	if (!len)
		return true;
	lock_acquire(&con->lock);
	fits = fifo_room(&con->out) >= len;
	con->refused |= !fits;
	if (fits) {
		fifo_push(&con->out, buf, len);
		pthread_cond_broadcast(&con->changed);
	}
	lock_release(&con->lock);
	return fits;
}

bool console_drain(struct console *con, int timeout_ms)
{
	struct timespec until;
	bool done;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000l;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	lock_acquire(&con->lock);
	while (!(done = !con->out.len && !con->writing && !con->refused && !con->telling)) {
		if (timeout_ms < 0)
			lock_wait(&con->lock, &con->changed);
		else if (lock_wait_until(&con->lock, &con->changed, &until) == ETIMEDOUT)
			break;
	}
	lock_release(&con->lock);
	return done;
}

/* ---- Input ---- */

static void show_help(struct console *con)
{
	static const char text[] = "\r\npapyr: Ctrl-A x  quit\r\n"
				   "       Ctrl-A Ctrl-A  send Ctrl-A to the guest\r\n"
				   "       Ctrl-A h  this help\r\n";

	console_write(con, (const u8 *)text, sizeof(text) - 1);
}

/* Sorts out our own commands; what is left is the guest's. Returns how many bytes stay in @buf. */
static unsigned filter_escapes(struct console *con, u8 *buf, unsigned len)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < len; i++) {
		u8 c = buf[i];

		if (!con->escape) {
			if (c == CTRL_A)
				con->escape = true;
			else
				buf[kept++] = c;
			continue;
		}
		con->escape = false;
		if (c == CTRL_A)
			buf[kept++] = c;
		else if (c == 'x' || c == 'X')
			con->ops->quit(con->opaque);
		else if (c == 'h' || c == '?')
			show_help(con);
	}
	return kept;
}

static void watch_input(struct console *con, bool on)
{
	if (con->in_fd < 0 || con->in_watched == on)
		return;
	con->in_watched = on;
	loop_events(con->loop, con->in_fd, on ? POLLIN : 0);
}

/*
 * No more is taken from the descriptor than the guest has room for; while a terminal is ours one
 * byte of room is enough to go on looking for Ctrl-A x.
 */
static void on_input(void *opaque, int fd, unsigned events)
{
	struct console *con = opaque;
	u8 buf[256];
	unsigned room;
	ssize_t n;

	lock_acquire(&con->lock);
	room = fifo_room(&con->in);
	lock_release(&con->lock);
	if (!room && con->raw)
		room = 1;
	if (!room) {
		/* console_read() makes room; look again in a moment, without spinning. */
		poll(NULL, 0, 10);
		return;
	}
	n = read(fd, buf, room < sizeof(buf) ? room : sizeof(buf));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* End of input. The guest goes on without. */
		watch_input(con, false);
		return;
	}
	if (con->raw)
		n = filter_escapes(con, buf, n);
	lock_acquire(&con->lock);
	if (n > (ssize_t)fifo_room(&con->in))
		n = fifo_room(&con->in);
	fifo_push(&con->in, buf, n);
	lock_release(&con->lock);
	if (n)
		con->ops->input(con->opaque);
}

/* How much of the input, at most @max, has no NUL behind a CR. */
static unsigned before_cr_nul(const struct fifo *f, unsigned max)
{
	for (unsigned i = 1; i < max && i < f->len; i++)
		if (fifo_at(f, i - 1) == '\r' && !fifo_at(f, i))
			return i;
	return max;
}

unsigned console_read(struct console *con, u8 *buf, unsigned max)
{
	unsigned n;

	lock_acquire(&con->lock);
	n = fifo_pop(&con->in, buf, before_cr_nul(&con->in, max));
	lock_release(&con->lock);
	return n;
}

bool console_has_input(struct console *con)
{
	bool has;

	lock_acquire(&con->lock);
	has = con->in.len;
	lock_release(&con->lock);
	return has;
}

/* ---- Life ---- */

struct console *console_new(struct loop *loop, int in_fd, int out_fd, const struct console_ops *ops,
			    void *opaque)
{
	struct console *con = calloc(1, sizeof(*con));
	pthread_condattr_t attr;

	if (!con)
		abort();
	con->loop = loop;
	con->in_fd = in_fd;
	con->out_fd = out_fd;
	con->ops = ops;
	con->opaque = opaque;
	con->in = (struct fifo){.data = con->in_data, .size = IN_BYTES};
	con->out = (struct fifo){.data = con->out_data, .size = OUT_BYTES};
	lock_init(&con->lock, LOCK_CONSOLE);
	/* A wait is as long whatever the host's date is set to meanwhile. */
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&con->changed, &attr);
	pthread_condattr_destroy(&attr);
	con->has_writer = thread_start(&con->writer, writer_main, con) == 0;
	if (!con->has_writer)
		con->broken = true;
	return con;
}

void console_start(struct console *con)
{
	if (con->in_fd < 0 || con->in_watched)
		return;
	con->raw = term_raw(con->in_fd);
	/* A terminal that is another job's: reading it would only stop us. */
	if (!con->raw && isatty(con->in_fd))
		return;
	con->in_watched = true;
	loop_add(con->loop, con->in_fd, POLLIN, on_input, con);
}

void console_free(struct console *con)
{
	bool stuck;

	if (!con)
		return;
	lock_acquire(&con->lock);
	con->quit = true;
	stuck = con->writing;
	pthread_cond_broadcast(&con->changed);
	lock_release(&con->lock);
	if (con->has_writer) {
		/*
		 * A writer stuck in a terminal that stands still is left behind with its console.
		 */
		if (stuck) {
			term_restore();
			pthread_detach(con->writer);
			return;
		}
		pthread_join(con->writer, NULL);
	}
	if (con->in_fd >= 0)
		loop_remove(con->loop, con->in_fd);
	term_restore();
	free(con);
}

/* ---- State ---- */

static void save_fifo(const struct fifo *f, struct state_out *out)
{
	put_u32(out, f->len);
	for (unsigned i = 0; i < f->len; i++)
		put_u8(out, f->data[(f->head + i) % f->size]);
}

static int load_fifo(struct fifo *f, struct state_in *in)
{
	u32 len = get_u32(in);

	if (len > f->size || len > state_left(in))
		return -1;
	f->head = 0;
	f->len = len;
	get_bytes(in, f->data, len);
	return 0;
}

void console_save(struct console *con, struct state_out *out)
{
	lock_acquire(&con->lock);
	save_fifo(&con->in, out);
	/* Output that is accepted reaches this process's terminal, not the next one's. */
	lock_release(&con->lock);
}

int console_load(struct console *con, struct state_in *in)
{
	int r;

	lock_acquire(&con->lock);
	r = load_fifo(&con->in, in);
	lock_release(&con->lock);
	return r;
}

void console_reset(struct console *con)
{
	lock_acquire(&con->lock);
	con->in.len = 0;
	lock_release(&con->lock);
}
