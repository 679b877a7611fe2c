/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that papyr oci leaves behind: how they begin, what they have, what they report. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmd/container.h"

/* In the process, to who made it: "" is success, else why not; -1: it was told. */
static int report_to = -1;

void container_report(const char *text)
{
	if (report_to < 0)
		return;
	if (write(report_to, text, strlen(text) + 1) < 0)
		_exit(EXEC_FAILED);
	close(report_to);
	report_to = -1;
}

bool container_has_reported(void)
{
	return report_to < 0;
}

static int send_descriptor(const char *path, int fd, struct error *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char name[] = "console", control[CMSG_SPACE(sizeof(fd))] = {0};
	struct iovec iov = {name, sizeof(name)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), failed;

	if (strlen(path) >= sizeof(a.sun_path))
		return error_set(err, "--console-socket %s: too long", path);
	strcpy(a.sun_path, path);
	*c = (struct cmsghdr){
	    .cmsg_len = CMSG_LEN(sizeof(fd)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	failed = s < 0 || connect(s, (struct sockaddr *)&a, sizeof(a)) ||
		 sendmsg(s, &m, MSG_NOSIGNAL) < 0;
	if (failed)
		error_errno(err, "--console-socket %s", path);
	close(s);
	return failed ? -1 : 0;
}

/* A terminal for this process, whose other end the caller gets. */
int container_console(const char *socket_path, struct error *err)
{
	int master, slave;

	if (openpty(&master, &slave, NULL, NULL, NULL))
		return error_errno(err, "can't make a terminal");
	if (send_descriptor(socket_path, master, err))
		return -1;
	close(master);
	ioctl(slave, TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		dup2(slave, i);
	if (slave > 2)
		close(slave);
	return 0;
}

/* Nothing of the caller's stays open but the command's streams and @fd, which is now 3. */
static void keep_descriptors(int fd)
{
	if (fd != 3)
		dup2(fd, 3);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	close_range(4, ~0u, 0);
	report_to = 3;
}

/* What the process says of its beginnings. */
static int hear(int fd, struct error *err)
{
	char text[sizeof(err->text)];
	size_t n = 0;
	ssize_t r;

	while (n < sizeof(text) - 1 && (r = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)r;
	text[n] = 0;
	if (!n)
		return error_set(err, "the container's process ended at once");
	return *text ? error_set(err, "%s", text) : 0;
}

pid_t container_spawn(container_process run, void *opaque, struct error *err)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return error_errno(err, "can't make a pipe");
	pid = fork();
	if (!pid) {
		close(ends[0]);
		setsid();
		keep_descriptors(ends[1]);
		run(opaque);
	}
	close(ends[1]);
	if (pid < 0)
		error_errno(err, "can't fork");
	else
		hear(ends[0], err);
	close(ends[0]);
	return pid;
}

int container_write_pid(const char *path, pid_t pid, struct error *err)
{
	FILE *f = path ? fopen(path, "we") : NULL;
	bool good = f && fprintf(f, "%d", pid) > 0;

	if (f)
		good &= !fclose(f);
	return !path || good ? 0 : error_errno(err, "--pid-file %s", path);
}
