/* SPDX-License-Identifier: Apache-2.0 */
/* papyr oci create, and the container's process, which it leaves behind. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/container.h"

/* What the process has while it waits to be started. */
static struct {
	int start;  /* a pipe's end: a byte comes */
	int report; /* to papyr oci create: "" is success, else why not; -1: it was told */
	int signals;
} keeper;

static void report(const char *text)
{
	if (keeper.report < 0)
		return;
	if (write(keeper.report, text, strlen(text) + 1) < 0)
		_exit(EXEC_FAILED);
	close(keeper.report);
	keeper.report = -1;
}

/* The command's own signals end what there is of it now. */
static int ending_signal(void)
{
	struct signalfd_siginfo s;

	while (read(keeper.signals, &s, sizeof(s)) == sizeof(s))
		if (s.ssi_signo != SIGWINCH && s.ssi_signo != SIGCONT)
			return (int)s.ssi_signo;
	return 0;
}

static int wait_for_start(void)
{
	struct pollfd p[] = {{.fd = keeper.start, .events = POLLIN},
			     {.fd = keeper.signals, .events = POLLIN}};
	int status = 0;

	report("");
	while (keeper.start >= 0 && !status && !(p[0].revents & POLLIN)) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return EXEC_FAILED;
		if (p[1].revents && (status = ending_signal()))
			status += 128;
	}
	if (keeper.start >= 0)
		close(keeper.start);
	keeper.start = -1;
	close(keeper.signals);
	return status;
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
static int make_console(const char *socket_path, struct error *err)
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

/* The cache of guests is the user's, though a manager may not say whose home is where. */
static void find_home(void)
{
	const struct passwd *p = getenv("HOME") ? NULL : getpwuid(getuid());

	if (p)
		setenv("HOME", p->pw_dir, 1);
}

/* Nothing of the caller's stays open but the command's streams and @report, which is now 3. */
static void keep_descriptors(int report_to)
{
	if (report_to != 3)
		dup2(report_to, 3);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	close_range(4, ~0u, 0);
	keeper.report = 3;
}

static int prepare(const struct container_options *o, struct container_config *config,
		   const struct container *c, struct error *err)
{
	char path[PATH_MAX];

	container_start_path(c, path);
	keeper.start = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (keeper.start < 0)
		return error_errno(err, "%s", path);
	keeper.signals = exec_watch_signals();
	find_home();
	if (container_enter(config, err))
		return -1;
	return config->exec.terminal ? make_console(o->console_socket, err) : 0;
}

/* The container's process: its life is the container's. */
static _Noreturn void keep(const struct container_options *o, struct container_config *config,
			   const struct container *c, int report_to)
{
	struct error err = {0};
	int status = EXEC_FAILED;

	setsid();
	keep_descriptors(report_to);
	config->exec.hold = wait_for_start;
	if (!prepare(o, config, c, &err))
		status = exec_run(&config->exec, &err);
	if (keeper.report >= 0)
		report(*err.text ? err.text : "the guest can't be started");
	else if (*err.text)
		cmd_error("oci: %s", err.text);
	_exit(status);
}

static int write_pid(const char *path, pid_t pid, struct error *err)
{
	FILE *f = path ? fopen(path, "we") : NULL;
	bool good = f && fprintf(f, "%d", pid) > 0;

	if (f)
		good &= !fclose(f);
	return !path || good ? 0 : error_errno(err, "--pid-file %s", path);
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

static int start_keeper(const struct container_options *o, struct container_config *config,
			struct container *c, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return error_errno(err, "can't make a pipe");
	c->pid = fork();
	if (!c->pid) {
		close(ends[0]);
		keep(o, config, c, ends[1]);
	}
	close(ends[1]);
	if (c->pid < 0)
		error_errno(err, "can't fork");
	else
		hear(ends[0], err);
	close(ends[0]);
	return *err->text ? -1 : 0;
}

static int check_console(const struct container_options *o, const struct container_config *config,
			 struct error *err)
{
	if (config->exec.terminal && !o->console_socket)
		return error_set(err, "config.json wants a terminal, and there is no "
				      "--console-socket to give it to");
	if (!config->exec.terminal && o->console_socket)
		return error_set(err, "--console-socket, and config.json wants no terminal");
	return 0;
}

int container_create(const struct container_options *o, const char *id, struct error *err)
{
	static struct container_config config;
	struct container c;
	char bundle[PATH_MAX], start[PATH_MAX];

	if (!realpath(o->bundle ? o->bundle : ".", bundle))
		return error_errno(err, "--bundle %s", o->bundle);
	if (container_read_config(&config, bundle, err) || check_console(o, &config, err) ||
	    container_new(&c, o, id, err))
		return -1;
	container_start_path(&c, start);
	if (mkfifo(start, 0600))
		error_errno(err, "%s", start);
	else if (!start_keeper(o, &config, &c, err) &&
		 !container_record(&c, bundle, config.version, config.annotations, err) &&
		 !write_pid(o->pid_file, c.pid, err))
		return 0;
	if (c.pid > 0)
		kill(c.pid, SIGKILL);
	container_remove(&c);
	return -1;
}
