/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/term.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static volatile sig_atomic_t raw_fd = -1;

/* tcsetattr() may be called in a signal handler. */
void term_restore(void)
{
	int fd = raw_fd;

	raw_fd = -1;
	if (fd >= 0)
		tcsetattr(fd, TCSANOW, &saved);
}

/*
 * Restores, then lets the signal do what it would have done (SA_RESETHAND took the handler away).
 */
static void on_fatal(int sig)
{
	term_restore();
	raise(sig);
}

bool term_raw(int fd)
{
	static const int fatal[] = {SIGHUP,  SIGINT, SIGQUIT, SIGTERM, SIGABRT,
				    SIGSEGV, SIGBUS, SIGILL,  SIGFPE};
	static bool prepared;
	struct termios raw;
	pid_t front;

	if (raw_fd >= 0 || !isatty(fd) || tcgetattr(fd, &saved) < 0)
		return false;
	/*
	 * In the background, touching the terminal would only stop us. One that isn't our session's
	 * controlling terminal has no foreground to tell, and nobody to stop us.
	 */
	front = tcgetpgrp(fd);
	if (front >= 0 && front != getpgrp())
		return false;
	if (!prepared) {
		atexit(term_restore);
		for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
			struct sigaction act = {.sa_handler = on_fatal, .sa_flags = SA_RESETHAND};
			struct sigaction old;

			/* Somebody who handles it already exits in order, or is the sanitizer. */
			if (sigaction(fatal[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
				sigaction(fatal[i], &act, NULL);
		}
		prepared = true;
	}
	raw = saved;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSADRAIN, &raw) < 0)
		return false;
	raw_fd = fd;
	return true;
}
