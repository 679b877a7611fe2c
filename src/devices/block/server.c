/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A qemu-nbd that serves one image to us alone. It gets a socket to listen on, in the way of
 * systemd's, which has a name only until we are connected: nobody else finds it, and nothing of it
 * is left behind. It ends when its only client is gone, however that went, and by a signal if it
 * doesn't notice.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "devices/block/internal.h"

/* It writes out what it has, for which a slow disk may take long. */
#define END_MS 60000

#define NOT_FOUND 127 /* the shell's status */

/* Two ends of a connection: one that still listens, and one that is connected to it. */
static int listening_pair(int pair[2])
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/papyr-XXXXXX"; /* its owner's only */
	int r = -1;

	pair[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pair[1] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (pair[0] < 0 || pair[1] < 0 || !mkdtemp(folder))
		return -1;
	snprintf(name.sun_path, sizeof(name.sun_path), "%s/nbd", folder);
	if (!bind(pair[0], (struct sockaddr *)&name, sizeof(name))) {
		r = listen(pair[0], 1) || connect(pair[1], (struct sockaddr *)&name, sizeof(name));
		unlink(name.sun_path);
	}
	rmdir(folder);
	return r;
}

/*
 * The image's options: only files, of names that are nothing but names; a comma is doubled.
 * NULL: no memory.
 */
static char *image_options(const struct block_options *o)
{
	char *text = NULL;
	size_t bytes;
	FILE *f = open_memstream(&text, &bytes);

	if (!f)
		return NULL;
	fputs("driver=qcow2,file.driver=file,file.filename=", f);
	for (const char *c = o->path; *c; c++)
		fputs(*c == ',' ? ",," : (char[]){*c, 0}, f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

/*
 * In the child. A session of its own: signals of our terminal are ours to deal with. The shell
 * knows its own number, which the one that listens wants to see in its environment.
 */
static void become_server(int listener, int errors, pid_t parent, char *image, bool read_only)
{
	char *const args[] = {"sh",
			      "-c",
			      "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\"",
			      "qemu-nbd",
			      "--image-opts",
			      "--discard=unmap",
			      image,
			      read_only ? "--read-only" : NULL,
			      NULL};
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* 3 is where the listening socket is looked for. */
	if (errors == 3)
		errors = dup(errors);
	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(errors, 2) < 0 || dup2(listener, 3) < 0)
		_exit(1);
	fcntl(3, F_SETFD, 0);
	execv("/bin/sh", args);
	_exit(NOT_FOUND);
}

static int start(struct block_server *s, int listener, int errors, const struct block_options *o,
		 struct error *err)
{
	char *image = image_options(o);
	pid_t parent = getpid();

	if (!image)
		return error_nomem(err, "a disk");
	s->pid = fork();
	if (!s->pid)
		become_server(listener, errors, parent, image, o->read_only);
	free(image);
	if (s->pid < 0) {
		s->pid = 0;
		return error_errno(err, "cannot start qemu-nbd for disk %s", o->path);
	}
	return 0;
}

int block_server_start(struct block_server *s, const struct block_options *o, struct error *err)
{
	int pair[2] = {-1, -1}, errors[2] = {-1, -1}, r = -1;

	s->errors = -1;
	/* What nobody reads must not stop it. */
	if (listening_pair(pair) || pipe2(errors, O_CLOEXEC | O_NONBLOCK))
		error_errno(err, "cannot start qemu-nbd for disk %s", o->path);
	else
		r = start(s, pair[0], errors[1], o, err);
	if (pair[0] >= 0)
		close(pair[0]);
	if (errors[1] >= 0)
		close(errors[1]);
	s->errors = errors[0];
	if (!r)
		return pair[1];
	if (pair[1] >= 0)
		close(pair[1]);
	return -1;
}

/* ---- Its end ---- */

static bool ends(struct block_server *s, int ms, int *status)
{
	struct timespec pause = {.tv_nsec = 5000000};

	for (; ms > 0; ms -= 5) {
		if (waitpid(s->pid, status, WNOHANG)) {
			s->pid = 0;
			return true;
		}
		nanosleep(&pause, NULL);
	}
	return false;
}

void block_server_explain(struct block_server *s, const char *path, struct error *err)
{
	char said[300], *end;
	int status = 0;
	ssize_t n;

	/* Whoever closed its end of the connection has said why, or says it now. */
	if (s->pid && ends(s, 2000, &status) && WIFEXITED(status) &&
	    WEXITSTATUS(status) == NOT_FOUND) {
		error_set(err, "disk %s: there is no qemu-nbd (Debian: apt-get install qemu-utils)",
			  path);
		return;
	}
	n = read(s->errors, said, sizeof(said) - 1);
	if (n <= 0)
		return;
	said[n] = 0;
	end = strchr(said, '\n');
	if (end)
		*end = 0;
	error_set(err, "cannot open disk %s: %s", path, said);
}

void block_server_stop(struct block_server *s)
{
	int status;

	if (s->pid && !ends(s, END_MS, &status)) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, &status, 0);
	}
	s->pid = 0;
	if (s->errors >= 0)
		close(s->errors);
	s->errors = -1;
}
