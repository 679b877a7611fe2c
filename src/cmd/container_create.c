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
	int start; /* a pipe's end: a byte comes */
	int signals;
} keeper;

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

	container_report("");
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

/* The cache of guests is the user's, though a manager may not say whose home is where. */
static void find_home(void)
{
	const struct passwd *p = getenv("HOME") ? NULL : getpwuid(getuid());

	if (p)
		setenv("HOME", p->pw_dir, 1);
}

/* What the process is made with. */
struct keeping {
	const struct container_options *o;
	struct container_config *config;
	const struct container *c;
};

static int prepare(const struct keeping *k, struct error *err)
{
	char path[PATH_MAX];

	container_start_path(k->c, path);
	/* For writing, too: else, once somebody opened it and went, it is at its end for good. */
	keeper.start = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (keeper.start < 0)
		return error_errno(err, "%s", path);
	keeper.signals = exec_watch_signals();
	find_home();
	if ((k->config->network && container_enter_network(k->config, err)) ||
	    container_enter_mounts(k->config, err))
		return -1;
	return k->config->exec.terminal ? container_console(k->o->console_socket, err) : 0;
}

/* The container's process: its life is the container's. */
static _Noreturn void keep(void *opaque)
{
	const struct keeping *k = opaque;
	struct exec_options *e = &k->config->exec;
	struct error err = {0};
	int status = EXEC_FAILED;

	e->hold = wait_for_start;
	if (!prepare(k, &err))
		status = exec_run(e, &err);
	if (!container_has_reported())
		container_report(*err.text ? err.text : "the guest can't be started");
	else if (*err.text)
		cmd_error("oci: %s", err.text);
	_exit(status);
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

/* Where it waits to be started, and where further commands come in. */
static int make_places(const struct container *c, struct container_config *config,
		       struct error *err)
{
	static char sessions[PATH_MAX];
	char start[PATH_MAX];

	container_start_path(c, start);
	container_sessions_path(c, sessions);
	if (mkfifo(start, 0600))
		return error_errno(err, "%s", start);
	if (mkdir(sessions, 0700))
		return error_errno(err, "%s", sessions);
	/* A name that no socket can have: then there are none. */
	if (strlen(sessions) + 2 < sizeof(((struct sockaddr_un *)NULL)->sun_path))
		config->exec.sessions = sessions;
	return 0;
}

int container_create(const struct container_options *o, const char *id, struct error *err)
{
	static struct container_config config;
	struct container c;
	struct keeping k = {o, &config, &c};
	const char *folder = o->bundle ? o->bundle : ".";
	char bundle[PATH_MAX];

	if (!realpath(folder, bundle))
		return error_errno(err, "--bundle %s", folder);
	if (container_read_config(&config, bundle, err) || check_console(o, &config, err) ||
	    container_new(&c, o, id, err))
		return -1;
	if (make_places(&c, &config, err)) {
		container_remove(&c);
		return -1;
	}
	c.pid = container_spawn(keep, &k, err);
	if (!*err->text && !container_record(&c, bundle, config.version, config.annotations, err) &&
	    !container_write_pid(o->pid_file, c.pid, err))
		return 0;
	if (c.pid > 0)
		kill(c.pid, SIGKILL);
	container_remove(&c);
	return -1;
}
