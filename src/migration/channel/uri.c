/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels from URIs.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "migration/channel/internal.h"
#include "platform/aside.h"

enum kind { KIND_TCP, KIND_UNIX, KIND_FD, KIND_EXEC, KIND_FILE, KIND_NONE };

/* For who connects to say who he is. */
#define MEET_MS 10000

struct listener {
	enum kind kind;
	int fd;
	const char *rest; /* of the URI */
	char *uri;
	struct channel_options opts;
	bool made_socket; /* at rest, to be removed */
	bool used;
};

static enum kind parse(const char *uri, const char **rest)
{
	static const char *const schemes[] = {"tcp:", "unix:", "fd:", "exec:", "file:"};

	for (unsigned i = 0; i < ARRAY_SIZE(schemes); i++)
		if (!strncmp(uri, schemes[i], strlen(schemes[i]))) {
			*rest = uri + strlen(schemes[i]);
			return **rest ? (enum kind)i : KIND_NONE;
		}
	return KIND_NONE;
}

/* HOST:PORT, with a port that a connection can have. */
static int check_tcp(const char *uri, const char *rest, struct error *err)
{
	const char *colon = strrchr(rest, ':');
	long port;

	if (!colon || !colon[1])
		return error_set(err, "'%.200s' has no port", uri);
	port = strspn(colon + 1, "0123456789") == strlen(colon + 1) ? atol(colon + 1) : 0;
	if (port < 1 || port > 65535 || strlen(colon + 1) > 5)
		return error_set(err, "'%.200s': a port is a number from 1 to 65535", uri);
	if (colon - rest > 255)
		return error_set(err, "'%.200s...': no host has so long a name", uri);
	return 0;
}

int channel_check_uri(const char *uri, struct error *err)
{
	const char *rest;

	switch (parse(uri, &rest)) {
	case KIND_NONE:
		return error_set(err,
				 "'%.200s' is none of tcp:HOST:PORT, unix:PATH, fd:N, "
				 "exec:COMMAND and file:PATH",
				 uri);
	case KIND_TCP:
		return check_tcp(uri, rest, err);
	default:
		return 0;
	}
}

/* ---- TCP ---- */

static struct addrinfo *resolve(const char *rest, bool passive, char *host, size_t size,
				const struct channel_options *opts, u64 until_ms, struct error *err)
{
	const char *colon = strrchr(rest, ':');

	snprintf(host, size, "%.*s", (int)(colon - rest), rest);
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = 0;
		memmove(host, host + 1, strlen(host));
	}
	return channel_resolve(host, colon + 1, passive, opts->cancel_fd, until_ms, err);
}

/* connect() with the channel's patience. */
static int connect_within(int fd, const struct sockaddr *addr, socklen_t len,
			  const struct channel_options *opts, u64 until_ms, struct error *err)
{
	int error = 0, r;
	socklen_t n = sizeof(error);

	while (connect(fd, addr, len) < 0) {
		if (errno == EINPROGRESS)
			break;
		/* A unix: socket at which enough are waiting already. */
		if (errno != EAGAIN)
			return error_errno(err, "cannot connect");
		if (channel_now_ms() >= until_ms)
			goto late;
		if (channel_poll(-1, 0, opts->cancel_fd, channel_now_ms() + 20, err))
			return -1;
	}
	r = channel_poll(fd, POLLOUT, opts->cancel_fd, until_ms, err);
	if (r < 0)
		return -1;
	if (!r)
		goto late;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n);
	errno = error;
	return error ? error_errno(err, "cannot connect") : 0;
late:
	return error_of(ERROR_TIMEOUT, err, "cannot connect: nobody answered for %g s",
			opts->timeout_ms / 1000.0);
}

static void no_delay(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static int tcp_connect(const char *rest, char *host, size_t size,
		       const struct channel_options *opts, struct error *err)
{
	/* Name and all its addresses together have the one timeout. */
	u64 until_ms = channel_now_ms() + opts->timeout_ms;
	struct addrinfo *list = resolve(rest, false, host, size, opts, until_ms, err);
	int fd = -1;

	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0)
			error_errno(err, "cannot make a socket");
		else if (connect_within(fd, a->ai_addr, a->ai_addrlen, opts, until_ms, err)) {
			close(fd);
			fd = -1;
		}
	}
	if (list)
		freeaddrinfo(list);
	if (fd >= 0)
		no_delay(fd);
	return fd;
}

static int tcp_listen(const char *rest, const struct channel_options *opts, struct error *err)
{
	char host[256];
	struct addrinfo *list =
	    resolve(rest, true, host, sizeof(host), opts, channel_now_ms() + opts->timeout_ms, err);
	int fd = -1, one = 1;

	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd >= 0)
			setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (fd < 0 || bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, 1) < 0) {
			error_errno(err, "cannot listen at tcp:%s", rest);
			if (fd >= 0)
				close(fd);
			fd = -1;
		}
	}
	if (list)
		freeaddrinfo(list);
	return fd;
}

/* ---- Sockets in the file system ---- */

static int unix_address(const char *path, struct sockaddr_un *addr, struct error *err)
{
	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(addr->sun_path))
		return error_set(err, "the path of the socket %s is too long", path);
	strcpy(addr->sun_path, path);
	return 0;
}

static int unix_connect(const char *path, const struct channel_options *opts, struct error *err)
{
	struct sockaddr_un addr;
	int fd;

	if (unix_address(path, &addr, err))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect_within(fd, (struct sockaddr *)&addr, sizeof(addr), opts,
				      channel_now_ms() + opts->timeout_ms, err)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int unix_listen(const char *path, struct error *err)
{
	struct sockaddr_un addr;
	struct stat st;
	mode_t old;
	int fd, r;

	if (unix_address(path, &addr, err))
		return -1;
	/*
	 * One that nobody listens at any more makes room; anything else stays. Where so many wait
	 * to be let in that no more may, somebody listens.
	 */
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 &&
		    errno == ECONNREFUSED)
			unlink(path);
		close(fd);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	old = umask(077);
	r = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	umask(old);
	if (r < 0 || listen(fd, 1) < 0) {
		error_errno(err, "cannot listen at unix:%s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* ---- The others ---- */

static int take_fd(const char *rest, const struct channel_options *opts, struct error *err)
{
	char *end;
	long n;

	if (opts->fd >= 0)
		return opts->fd;
	n = strtol(rest, &end, 10);
	if (*end || n < 0 || n > 1 << 20 || fcntl(n, F_GETFD) < 0)
		return error_set(err, "fd:%.40s is no open descriptor", rest);
	return n;
}

/* Where in a file that was open already what is written will begin. */
static off_t stream_begins(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	return fcntl(fd, F_GETFL) & O_APPEND ? st.st_size : lseek(fd, 0, SEEK_CUR);
}

/* It gets its name when it is complete. */
static int create_file(const char *path, char **temp, struct error *err)
{
	if (access(path, F_OK) == 0)
		return error_set(err, "cannot make %.200s: it is there already", path);
	return aside_create(path, temp, err);
}

static int open_file(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		error_errno(err, "cannot open %s", path);
	return fd;
}

/* ---- Both ends ---- */

/* Where there is but one connection, its first byte is somebody's coming. */
static int first_byte(const struct channel *ch, struct error *err)
{
	return channel_poll(ch->fd, POLLIN, ch->cancel_fd, NEVER_MS, err) < 0 ? -1 : 0;
}

/*
 * @meet_by_ms: until when the other side may say who it is, 0: no limit but the timeout, which a
 * server begins to count when something has come.
 */
static struct channel *finish(int fd, pid_t child, const struct channel_options *opts, bool server,
			      u64 meet_by_ms, const char *host, struct error *err)
{
	struct channel *ch;
	int r = 0;

	if (fd < 0)
		return NULL;
	ch = channel_from_fd(fd, opts);
	if (!ch) {
		if (child)
			channel_end_command(child);
		error_nomem(err, "the connection");
		return NULL;
	}
	ch->child = child;
	ch->server = server;
	ch->meet_by_ms = meet_by_ms;
	if (tls_wanted(opts->tls) && ch->one_way)
		r = error_set(err, "TLS needs a connection, not a file");
	else if (server && !meet_by_ms && !ch->one_way)
		r = first_byte(ch, err);
	if (!r && tls_wanted(opts->tls))
		r = channel_tls_start(ch, opts->tls, server, host, err);
	if (!r)
		return ch;
	channel_close(ch);
	return NULL;
}

struct channel *channel_connect(const char *uri, const struct channel_options *opts,
				struct error *err)
{
	struct error why = {""};
	struct channel *ch;
	char host[256] = "", *temp = NULL;
	const char *rest;
	pid_t child = 0;
	enum kind kind;
	int fd = -1;

	if (channel_check_uri(uri, err))
		return NULL;
	kind = parse(uri, &rest);
	switch (kind) {
	case KIND_TCP:
		fd = tcp_connect(rest, host, sizeof(host), opts, &why);
		break;
	case KIND_UNIX:
		fd = unix_connect(rest, opts, &why);
		break;
	case KIND_FD:
		fd = take_fd(rest, opts, &why);
		break;
	case KIND_EXEC:
		fd = channel_spawn(rest, &child, &why);
		break;
	default:
		fd = create_file(rest, &temp, &why);
	}
	ch = finish(fd, child, opts, false, 0, host, &why);
	if (!ch && temp)
		unlink(temp);
	if (!ch) {
		free(temp);
		error_wrap(err, &why, "%.150s", uri);
		return NULL;
	}
	if (kind == KIND_FILE) {
		ch->temp = temp;
		ch->path = strdup(rest);
		if (!ch->path) {
			channel_close(ch);
			error_nomem(err, "the file's name");
			return NULL;
		}
	} else if (kind == KIND_FD && ch->one_way)
		ch->cut_to = stream_begins(fd);
	return ch;
}

struct listener *channel_listen(const char *uri, const struct channel_options *opts,
				struct error *err)
{
	struct listener *l;
	const char *rest;

	if (channel_check_uri(uri, err))
		return NULL;
	/* Else everybody who comes would be told off for what is wrong here. */
	if (tls_wanted(opts->tls) && channel_tls_check(opts->tls, true, err))
		return NULL;
	l = calloc(1, sizeof(*l));
	if (!l || !(l->uri = strdup(uri))) {
		free(l);
		error_nomem(err, "listening");
		return NULL;
	}
	l->kind = parse(l->uri, &rest);
	l->rest = rest;
	l->opts = *opts;
	l->fd = -1;
	if (l->kind == KIND_TCP)
		l->fd = tcp_listen(rest, opts, err);
	else if (l->kind == KIND_UNIX)
		l->fd = unix_listen(rest, err);
	else
		return l;
	if (l->fd < 0) {
		listener_close(l);
		return NULL;
	}
	l->made_socket = l->kind == KIND_UNIX;
	return l;
}

bool listener_lasts(const struct listener *l)
{
	return l->fd >= 0;
}

/* The next one who says anything: who only looks whether somebody listens is none. */
static struct channel *accept_one(struct listener *l, struct error *err)
{
	for (;;) {
		u64 meet_by_ms;
		char byte;
		int fd, r;

		if (channel_poll(l->fd, POLLIN, l->opts.cancel_fd, NEVER_MS, err) < 0)
			return NULL;
		fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			continue;
		meet_by_ms = channel_now_ms() + MEET_MS;
		r = channel_poll(fd, POLLIN, l->opts.cancel_fd, meet_by_ms, err);
		if (r > 0 && recv(fd, &byte, 1, MSG_PEEK) > 0) {
			if (l->kind == KIND_TCP)
				no_delay(fd);
			return finish(fd, 0, &l->opts, true, meet_by_ms, "", err);
		}
		close(fd);
		if (!r)
			error_of(ERROR_TIMEOUT, err, "somebody connected and said nothing");
		if (r <= 0)
			return NULL;
	}
}

struct channel *channel_accept(struct listener *l, struct error *err)
{
	pid_t child = 0;
	int fd;

	if (l->fd >= 0)
		return accept_one(l, err);
	if (l->used) {
		error_set(err, "%s has no second connection", l->uri);
		return NULL;
	}
	l->used = true;
	if (l->kind == KIND_FD)
		fd = take_fd(l->rest, &l->opts, err);
	else if (l->kind == KIND_EXEC)
		fd = channel_spawn(l->rest, &child, err);
	else
		fd = open_file(l->rest, err);
	return finish(fd, child, &l->opts, true, 0, "", err);
}

void listener_close(struct listener *l)
{
	if (!l)
		return;
	if (l->fd >= 0)
		close(l->fd);
	if (l->made_socket)
		unlink(l->rest);
	free(l->uri);
	free(l);
}
