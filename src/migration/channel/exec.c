/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands as transports. Each has a session of its own: so all that it starts can be ended with
 * it, and none of it is stopped for reading the terminal in the background.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "migration/channel/internal.h"

/* For a command that closed its end to end too, and for each way of ending it to work. */
#define LAST_MS 200
#define END_MS	1000

int channel_spawn(const char *command, pid_t *child, struct error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, "cannot run '%.200s'", command);
	*child = fork();
	if (!*child) {
		sigset_t none;

		setsid();
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		dup2(pair[1], 0);
		dup2(pair[1], 1);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	if (*child < 0) {
		/* What fences a guest's process in (src/sandbox) lets it start none. */
		error_errno(err, "cannot run '%.200s'%s", command,
			    errno == EPERM ? " (only 'papyr migrate' can, or a guest that was "
					     "started with --no-sandbox)"
					   : "");
		close(pair[0]);
		return -1;
	}
	return pair[0];
}

bool channel_command_ended(pid_t child, struct error *err)
{
	u64 end = channel_now_ms() + LAST_MS;
	siginfo_t info = {0};

	if (!child)
		return false;
	/* It is looked at only: until channel_close() the number must stay its own. */
	while (waitid(P_PID, child, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid) {
		if (channel_now_ms() >= end)
			return false;
		poll(NULL, 0, 5);
	}
	if (info.si_code == CLD_EXITED)
		error_of(ERROR_CLOSED, err, "the command ended with status %d", info.si_status);
	else
		error_of(ERROR_CLOSED, err, "signal %d ended the command", info.si_status);
	return true;
}

/* Does all of it end in time? What ended and that nobody reaps counts as if it hadn't. */
static bool ends(pid_t child, bool *reaped)
{
	u64 end = channel_now_ms() + END_MS;

	for (int pause_ms = 1;; pause_ms += pause_ms < 16 ? pause_ms : 0) {
		if (!*reaped)
			*reaped = waitpid(child, NULL, WNOHANG) != 0;
		if (*reaped && kill(-child, 0) < 0)
			return true;
		if (channel_now_ms() >= end)
			return false;
		poll(NULL, 0, pause_ms);
	}
}

static void send_signal(pid_t child, bool reaped, int sig)
{
	/* It may not have come to its own session yet. */
	if (kill(-child, sig) < 0 && !reaped)
		kill(child, sig);
}

void channel_end_command(pid_t child)
{
	bool reaped = false;

	if (ends(child, &reaped))
		return;
	send_signal(child, reaped, SIGTERM);
	if (ends(child, &reaped))
		return;
	send_signal(child, reaped, SIGKILL);
	if (!reaped)
		ends(child, &reaped);
}
