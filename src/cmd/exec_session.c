/* SPDX-License-Identifier: Apache-2.0 */
/* One more command in a guest that runs one: by a channel of its own (agent/protocol.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmd/exec.h"

void exec_session_path(char path[PATH_MAX], const char *folder, unsigned number)
{
	snprintf(path, PATH_MAX, "%s/%u", folder, number);
}

/*
 * Whose the socket is as long as its command runs: a file beside it is locked. -1, and @err is
 * empty if it is another's.
 */
static int take_socket(const char *socket_path, struct error *err)
{
	char path[PATH_MAX + 8];
	int fd;

	snprintf(path, sizeof(path), "%s.lock", socket_path);
	fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	if (fd < 0 || errno != EWOULDBLOCK)
		error_errno(err, "%s", path);
	if (fd >= 0)
		close(fd);
	return -1;
}

static int connect_to(const char *path, struct error *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(a.sun_path))
		errno = ENAMETOOLONG;
	else if (fd >= 0)
		strcpy(a.sun_path, path);
	if (fd >= 0 && *a.sun_path && !connect(fd, (const struct sockaddr *)&a, sizeof(a)))
		return fd;
	error_errno(err, "%s", path);
	if (fd >= 0)
		close(fd);
	return -1;
}

#define TRIES 100

/*
 * The guest closes its side behind each command, maybe a moment after the next one called: who
 * wasn't greeted calls again.
 */
static int run(const char *path, const struct exec_options *o, struct error *err)
{
	struct exec_guest g;
	int status = -1;

	for (unsigned i = 0; i < TRIES && status < 0; i++) {
		*err = (struct error){0};
		g = (struct exec_guest){.pid = -1, .log = -1, .warm = true};
		g.fd = connect_to(path, err);
		if (g.fd < 0)
			return -1;
		status = exec_talk(&g, o, err);
		close(g.fd);
		if (g.greeted)
			break;
		usleep(20000);
	}
	return status;
}

int exec_session(const char *folder, const struct exec_options *o, struct error *err)
{
	char path[PATH_MAX];
	int status, lock;

	for (unsigned i = 0; i < AGENT_SESSIONS_MAX; i++) {
		exec_session_path(path, folder, i);
		lock = take_socket(path, err);
		if (lock < 0 && *err->text)
			return EXEC_FAILED;
		if (lock < 0)
			continue;
		status = run(path, o, err);
		close(lock);
		return status < 0 ? EXEC_FAILED : status;
	}
	error_set(err, "no more than %d commands beside the first can run in it at a time",
		  AGENT_SESSIONS_MAX);
	return EXEC_FAILED;
}
