/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes through a channel.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "migration/channel/internal.h"
#include "platform/aside.h"

/* For a word of farewell. */
#define LAST_WORD_MS 1000

void channel_set_timeout(struct channel *ch, unsigned timeout_ms)
{
	ch->timeout_ms = timeout_ms;
	ch->meet_by_ms = 0;
}

void channel_set_cancel(struct channel *ch, int fd)
{
	ch->cancel_fd = fd;
}

void channel_last_word(struct channel *ch)
{
	ch->cancel_fd = -1;
	channel_set_timeout(ch, LAST_WORD_MS);
}

bool channel_one_way(const struct channel *ch)
{
	return ch->one_way;
}

u64 channel_written(const struct channel *ch)
{
	return ch->written;
}

bool channel_is_broken(const struct channel *ch)
{
	return ch->broken;
}

u64 channel_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int channel_poll(int fd, short events, int cancel_fd, u64 until_ms, struct error *err)
{
	struct pollfd p[2] = {
	    {.fd = fd, .events = events},
	    {.fd = cancel_fd, .events = POLLIN},
	};

	for (;;) {
		u64 now = channel_now_ms(), left = now < until_ms ? until_ms - now : 0;
		int n = poll(p, 2, left > 1000000 ? 1000000 : left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot wait for the connection");
		if (p[1].revents)
			return error_of(ERROR_CANCELLED, err, "cancelled");
		if (n)
			return 1;
		if (channel_now_ms() >= until_ms)
			return 0;
	}
}

int channel_wait(struct channel *ch, short events, struct error *err)
{
	u64 end = channel_now_ms() + ch->timeout_ms;
	bool meeting = ch->meet_by_ms && ch->meet_by_ms < end;
	int r = channel_poll(ch->stalled ? -1 : ch->fd, events, ch->cancel_fd,
			     meeting ? ch->meet_by_ms : end, err);

	if (r)
		return r > 0 ? 0 : -1;
	if (meeting)
		return error_of(ERROR_TIMEOUT, err,
				"somebody connected and said nothing that makes sense in time");
	return error_of(ERROR_TIMEOUT, err, "the connection stood still for %g s",
			ch->timeout_ms / 1000.0);
}

static ssize_t send_some(struct channel *ch, const void *data, size_t bytes, struct error *err)
{
	ssize_t n;

	if (ch->tls)
		return channel_tls_send(ch, data, bytes, err);
	n = ch->is_socket ? send(ch->fd, data, bytes, MSG_NOSIGNAL) : write(ch->fd, data, bytes);
	if (n < 0 && errno != EAGAIN)
		error_errno(err, "cannot send");
	return n;
}

static ssize_t receive_some(struct channel *ch, void *buf, size_t bytes, struct error *err)
{
	ssize_t n;

	if (ch->tls)
		return channel_tls_recv(ch, buf, bytes, err);
	n = read(ch->fd, buf, bytes);
	if (n < 0 && errno != EAGAIN)
		error_errno(err, "cannot receive");
	return n;
}

static bool is_cancelled(struct channel *ch)
{
	struct pollfd p = {.fd = ch->cancel_fd, .events = POLLIN};

	return ch->cancel_fd >= 0 && poll(&p, 1, 0) > 0;
}

int channel_write(struct channel *ch, const void *data, size_t bytes, struct error *err)
{
	const u8 *p = data;

	if (ch->broken)
		return error_of(ERROR_CLOSED, err, "the connection is broken");
	if (is_cancelled(ch))
		return error_of(ERROR_CANCELLED, err, "cancelled");
	while (bytes) {
		ssize_t n = -1;

		errno = EAGAIN;
		if (!ch->stalled)
			n = send_some(ch, p, bytes, err);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			ch->broken = true;
			channel_command_ended(ch->child, err);
			return -1;
		}
		if (n < 0 && channel_wait(ch, POLLOUT, err)) {
			ch->broken = true;
			return -1;
		}
		if (n <= 0)
			continue;
		p += n;
		bytes -= n;
		ch->written += n;
	}
	return 0;
}

/* The other side closed the connection; one that is refused for how he begins is hung up on. */
static int hung_up(const struct channel *ch, struct error *err)
{
	if (ch->one_way)
		return error_of(ERROR_CLOSED, err, "the file ends too early");
	if (channel_command_ended(ch->child, err))
		return -1;
	if (ch->heard || ch->tls || ch->server)
		return error_of(ERROR_CLOSED, err, "the other side closed the connection");
	return error_of(ERROR_CLOSED, err,
			"the other side closed the connection without a word: is it a papyr that "
			"waits, and with the same TLS options?");
}

int channel_read(struct channel *ch, void *buf, size_t bytes, struct error *err)
{
	u8 *p = buf;

	/* As long as more is there already, nothing waits for it, and so for nothing else. */
	if (is_cancelled(ch))
		return error_of(ERROR_CANCELLED, err, "cancelled");
	while (bytes) {
		ssize_t n = -1;

		errno = EAGAIN;
		if (!ch->stalled)
			n = receive_some(ch, p, bytes, err);
		if (n < 0 && errno == EINTR)
			continue;
		if (!n || (n < 0 && errno == ECONNRESET))
			return hung_up(ch, err);
		if (n < 0 && errno != EAGAIN) {
			channel_command_ended(ch->child, err);
			return -1;
		}
		if (n < 0 && channel_wait(ch, POLLIN, err))
			return -1;
		if (n < 0)
			continue;
		ch->heard = true;
		p += n;
		bytes -= n;
	}
	return 0;
}

/* ---- Files ---- */

int channel_flush(struct channel *ch, struct error *err)
{
	return ch->one_way && fsync(ch->fd) < 0 && errno != EINVAL
		   ? error_errno(err, "cannot write the file")
		   : 0;
}

static void forget_file(struct channel *ch)
{
	free(ch->temp);
	free(ch->path);
	ch->temp = ch->path = NULL;
	ch->cut_to = -1;
}

int channel_keep(struct channel *ch, struct error *err)
{
	if (ch->temp && aside_rename(ch->temp, ch->path, false, err))
		return -1;
	if (ch->temp && aside_sync_folder(ch->path, err)) {
		unlink(ch->path);
		return -1;
	}
	forget_file(ch);
	return 0;
}

/* Nobody can start from what did not get complete. */
static void drop_file(struct channel *ch)
{
	if (ch->temp)
		unlink(ch->temp);
	/* If even that fails, its last record is missing nevertheless. */
	if (ch->cut_to >= 0 && ftruncate(ch->fd, ch->cut_to) < 0)
		ch->cut_to = -1;
	forget_file(ch);
}

/* ---- Life ---- */

struct channel *channel_from_fd(int fd, const struct channel_options *opts)
{
	struct channel *ch = calloc(1, sizeof(*ch));
	struct stat st;

	if (!ch) {
		close(fd);
		return NULL;
	}
	ch->fd = fd;
	ch->cut_to = -1;
	ch->timeout_ms = opts->timeout_ms;
	ch->cancel_fd = opts->cancel_fd;
	if (fstat(fd, &st) == 0) {
		ch->one_way = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode);
		ch->is_socket = S_ISSOCK(st.st_mode);
	}
	if (!ch->one_way)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return ch;
}

void channel_close(struct channel *ch)
{
	if (!ch)
		return;
	channel_tls_end(ch);
	drop_file(ch);
	close(ch->fd);
	if (ch->child)
		channel_end_command(ch->child);
	free(ch);
}
