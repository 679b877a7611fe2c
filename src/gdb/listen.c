/* SPDX-License-Identifier: Apache-2.0 */
#include "gdb/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gdb/server.h"

/* ---- unix:PATH ---- */

static int unix_address(const char *path, struct sockaddr_un *addr, struct error *err)
{
	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (!*path || strlen(path) >= sizeof(addr->sun_path))
		return error_set(err, "unix:%s: a socket's path has 1 to %zu characters", path,
				 sizeof(addr->sun_path) - 1);
	strcpy(addr->sun_path, path);
	return 0;
}

/* Is it a socket that nobody uses any more? One that has a queue of others before us is used. */
static bool is_left_behind(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool used = fd < 0 || connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ||
		    errno == EAGAIN;
	struct stat st;

	if (fd >= 0)
		close(fd);
	return !used && !lstat(addr->sun_path, &st) && S_ISSOCK(st.st_mode);
}

static int bind_unix(int fd, const struct sockaddr_un *addr)
{
	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -1;
	if (!is_left_behind(addr)) {
		errno = EADDRINUSE;
		return -1;
	}
	if (unlink(addr->sun_path) < 0)
		return -1;
	return bind(fd, (const struct sockaddr *)addr, sizeof(*addr));
}

static int listen_unix(struct gdb_listener *l, const char *path, struct error *err)
{
	struct sockaddr_un addr;

	if (unix_address(path, &addr, err))
		return -1;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return error_errno(err, "cannot make a socket for gdb");
	if (bind_unix(l->fd, &addr) < 0)
		return error_errno(err, "cannot make the socket %s for gdb", path);
	snprintf(l->path, sizeof(l->path), "%s", path);
	snprintf(l->address, sizeof(l->address), "%s", path);
	return 0;
}

/* ---- tcp:[HOST:]PORT ---- */

/* HOST and PORT of the text behind "tcp:"; addresses of IPv6 have brackets. */
static bool split(const char *text, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;

	*port = colon ? colon + 1 : text;
	if (!colon || !len)
		len = snprintf(host, size, "127.0.0.1");
	else if (text[0] == '[' && text[len - 1] == ']' && len - 2 < size)
		snprintf(host, size, "%.*s", (int)len - 2, text + 1);
	else if (len < size)
		snprintf(host, size, "%.*s", (int)len, text);
	else
		return false;
	if (!strcmp(host, "localhost"))
		snprintf(host, size, "127.0.0.1");
	return **port && strspn(*port, "0123456789") == strlen(*port) && strlen(*port) <= 5;
}

/* For freeaddrinfo(); NULL: there is no such address. A name's would have to be waited for. */
static struct addrinfo *tcp_address(const char *text, struct error *err)
{
	struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
	};
	struct addrinfo *found = NULL;
	const char *port;
	char host[64];

	if (!split(text, host, sizeof(host), &port) || getaddrinfo(host, port, &hints, &found))
		error_set(err, "tcp:%s: is no address and port, like tcp:1234 or tcp:0.0.0.0:1234",
			  text);
	return found;
}

static void name_tcp(struct gdb_listener *l)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char host[64] = "", port[8] = "";

	if (!getsockname(l->fd, (struct sockaddr *)&addr, &len))
		getnameinfo((struct sockaddr *)&addr, len, host, sizeof(host), port, sizeof(port),
			    NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(l->address, sizeof(l->address),
		 addr.ss_family == AF_INET6 ? "tcp:[%s]:%s" : "tcp:%s:%s", host, port);
}

static int listen_tcp(struct gdb_listener *l, const char *text, struct error *err)
{
	struct addrinfo *a = tcp_address(text, err);
	int one = 1, r = -1;

	if (!a)
		return -1;
	l->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd >= 0) {
		setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		r = bind(l->fd, a->ai_addr, a->ai_addrlen);
	}
	freeaddrinfo(a);
	if (r < 0)
		return error_errno(err, "cannot wait for gdb at tcp:%s", text);
	name_tcp(l);
	return 0;
}

/* ---- Either ---- */

int gdb_check_where(const char *where, struct error *err)
{
	struct sockaddr_un addr;
	struct addrinfo *a;

	if (!strncmp(where, "unix:", 5))
		return unix_address(where + 5, &addr, err);
	if (strncmp(where, "tcp:", 4))
		return error_set(err, "%s: gdb is waited for at tcp:[HOST:]PORT or unix:PATH",
				 where);
	a = tcp_address(where + 4, err);
	if (a)
		freeaddrinfo(a);
	return a ? 0 : -1;
}

int gdb_listen(struct gdb_listener *l, const char *where, struct error *err)
{
	int r;

	*l = (struct gdb_listener){.fd = -1};
	r = gdb_check_where(where, err);
	if (!r)
		r = where[0] == 'u' ? listen_unix(l, where + 5, err)
				    : listen_tcp(l, where + 4, err);
	if (!r && listen(l->fd, 1) < 0)
		r = error_errno(err, "cannot wait for gdb at %s", where);
	if (r)
		gdb_listen_end(l);
	return r;
}

void gdb_listen_end(struct gdb_listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	if (l->path[0])
		unlink(l->path);
	*l = (struct gdb_listener){.fd = -1};
}
