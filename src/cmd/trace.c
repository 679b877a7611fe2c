/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr trace: what a running guest does, for as long as the command runs.
 */
#include <errno.h>
#include <stdio.h>

#include "base/trace.h"
#include "cmd/cmd.h"
#include "cmd/tracing.h"
#include "monitor/client.h"

static const char help[] =
    "Usage: papyr trace NAME LIST\n"
    "Prints what a running guest does, until Ctrl-C or the guest's end. LIST: hcall, irq, trap,\n"
    "exit, rtas, mmu, sample, with commas between them, or all; 'papyr run --trace' is the same\n"
    "from the start. Whatever else was traced of the guest is not any more. Lines that come\n"
    "faster than they are taken are lost, and counted.\n\n"
    "      --help\n";

#define PIPE_BYTES (1 << 20)

/* Has the guest's process write to @fd. */
static int ask(const char *name, const char *list, int fd, struct error *err)
{
	struct control *c = control_open(name, err);
	json_t *value = NULL;

	if (c && !control_send_fd(c, "trace", fd, err))
		value = control_execute(
		    c, "x-trace", json_pack("{s:s,s:s}", "events", list, "fdname", "trace"), err);
	control_close(c);
	json_decref(value);
	return value ? 0 : -1;
}

int tracing_start(const char *name, const char *list, struct error *err)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) || fcntl(fd[1], F_SETFL, O_NONBLOCK))
		return error_set(err, "cannot make a pipe: %s", strerror(errno));
	/* More room than usual, if we may. */
	fcntl(fd[1], F_SETPIPE_SZ, PIPE_BYTES);
	if (ask(name, list, fd[1], err)) {
		close(fd[0]);
		fd[0] = -1;
	}
	close(fd[1]);
	return fd[0];
}

static int show(int fd)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR)) {
		if (n > 0 && (fwrite(buf, 1, n, stdout) < (size_t)n || fflush(stdout)))
			return cmd_error("cannot write: %s", strerror(errno));
	}
	return STATUS_OK;
}

int cmd_trace(int argc, char **argv)
{
	const char *args[2];
	struct parsed p = parse_verb(argc, argv, help, args, 2);
	struct trace_request request;
	char why[TRACE_WHY];
	struct error err;
	int fd, status;

	if (p.done)
		return p.status;
	if (!trace_parse(args[1], &request, why))
		return cmd_usage("trace", "%s", why);
	if (request.file)
		return cmd_usage("trace", "%s: lines are printed, not written to a file", args[1]);
	fd = tracing_start(args[0], args[1], &err);
	if (fd < 0)
		return cmd_error("%s", err.text);
	status = show(fd);
	close(fd);
	return status;
}
