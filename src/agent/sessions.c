/* SPDX-License-Identifier: Apache-2.0 */
/* Commands beside the first one: papyr oci exec connects to ports of their own. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/agent.h"

/* The driver signals that the host came or went; what comes between two looks is found later. */
static void wait_for_host(int port)
{
	static const struct timespec second = {.tv_sec = 1};
	sigset_t io;

	sigemptyset(&io);
	sigaddset(&io, SIGIO);
	sigprocmask(SIG_BLOCK, &io, NULL);
	fcntl(port, F_SETOWN, getpid());
	fcntl(port, F_SETFL, O_NONBLOCK | O_ASYNC);
	while (!boot_is_connected(port))
		sigtimedwait(&io, NULL, &second);
	fcntl(port, F_SETFL, O_NONBLOCK);
}

/*
 * The port is the session's alone, and closed with it: the host is told so, and nothing that was
 * meant for one session comes to another.
 */
static _Noreturn void serve_all(const char *name, void (*serve)(int port))
{
	for (;;) {
		int port = boot_open_by_name(name);
		pid_t pid;

		if (port < 0) {
			sleep(1);
			continue;
		}
		wait_for_host(port);
		pid = fork();
		if (!pid)
			serve(port);
		close(port);
		while (pid > 0 && waitpid(pid, NULL, 0) != pid)
			;
	}
}

void sessions_begin(void (*serve)(int port))
{
	for (unsigned i = 0; i < AGENT_SESSIONS_MAX; i++) {
		char name[64];
		int port;

		snprintf(name, sizeof(name), AGENT_SESSION_PORT "%u", i);
		port = boot_open_by_name(name);
		if (port < 0)
			return;
		close(port);
		if (fork())
			continue;
		/* The first command's streams are not theirs: its input would have no end. */
		close_range(3, ~0u, 0);
		serve_all(name, serve);
	}
}
