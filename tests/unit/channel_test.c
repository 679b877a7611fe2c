/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transports without a guest: what is refused, what ends in time, and what stays behind.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "migration/channel/internal.h"

static const struct channel_options plain = {.timeout_ms = 300, .cancel_fd = -1, .fd = -1};

static char folder[] = "/tmp/channel-test-XXXXXX";

static const char *path(const char *name)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s/%s", folder, name);
	return text;
}

/* An eventfd that is readable now. */
static int cancelled_fd(void)
{
	return eventfd(1, EFD_CLOEXEC);
}

static void ports(void **state)
{
	static const char *const bad[] = {
	    "tcp:localhost:99999", "tcp:localhost:0",	 "tcp:localhost:", "tcp:localhost",
	    "tcp:localhost:-1",	   "tcp:localhost:http", "tcp:h:65536",	   "tcp:h:4294967297"};
	struct error err;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(channel_check_uri(bad[i], &err), -1);
	assert_non_null(strstr(err.text, "1 to 65535"));
	assert_int_equal(channel_check_uri("tcp:localhost:65535", &err), 0);
	assert_int_equal(channel_check_uri("tcp:[::1]:1", &err), 0);
	assert_int_equal(channel_check_uri("tcp::9300", &err), 0);
}

/* ---- Commands ---- */

static struct channel *command(const char *text)
{
	char uri[512];
	struct error err;
	struct channel *ch;

	snprintf(uri, sizeof(uri), "exec:%s", text);
	ch = channel_connect(uri, &plain, &err);
	assert_non_null(ch);
	return ch;
}

/* How long it takes to close; is any of the command's processes left then? */
static u64 close_ms(const char *text, bool *left)
{
	struct pollfd p = {.events = POLLIN};
	struct channel *ch;
	struct error err;
	int ends[2];
	u64 begin;
	u8 byte;

	/* All that the command starts has the pipe open until it ends. */
	assert_int_equal(pipe(ends), 0);
	ch = command(text);
	close(ends[1]);
	/* It says when it is ready. */
	assert_int_equal(channel_read(ch, &byte, 1, &err), 0);
	begin = channel_now_ms();
	channel_close(ch);
	begin = channel_now_ms() - begin;
	p.fd = ends[0];
	*left = poll(&p, 1, 200) == 0;
	close(ends[0]);
	return begin;
}

static void commands_end(void **state)
{
	bool left;

	assert_true(close_ms("echo; exec cat >/dev/null", &left) < 500);
	assert_false(left);
	/* One that only a signal ends, with a child; one that won't hear of SIGTERM. */
	assert_true(close_ms("echo; sleep 100; true", &left) < 3000);
	assert_false(left);
	assert_true(close_ms("echo; sleep 100 & exit 0", &left) < 3000);
	assert_false(left);
	assert_true(close_ms("trap '' TERM; echo; sleep 100; sleep 100", &left) < 4000);
	assert_false(left);
}

static void failing_commands(void **state)
{
	struct channel *ch = command("exit 3");
	struct error err;
	u8 byte = 0;

	assert_int_equal(channel_read(ch, &byte, 1, &err), -1);
	assert_non_null(strstr(err.text, "ended with status 3"));
	while (!channel_write(ch, &byte, 1, &err))
		;
	assert_non_null(strstr(err.text, "ended with status 3"));
	channel_close(ch);
	ch = command("kill -9 $$");
	assert_int_equal(channel_read(ch, &byte, 1, &err), -1);
	assert_non_null(strstr(err.text, "signal 9"));
	assert_int_equal(err.kind, ERROR_CLOSED);
	channel_close(ch);
}

/* Longer than the timeout, before anybody says anything. */
static void patient_listeners(void **state)
{
	struct listener *l;
	struct channel *ch;
	struct error err;
	u8 byte;

	l = channel_listen("exec:sleep 0.6; echo; cat", &plain, &err);
	ch = channel_accept(l, &err);
	assert_non_null(ch);
	assert_int_equal(channel_read(ch, &byte, 1, &err), 0);
	/* From then on there is one. */
	assert_int_equal(channel_read(ch, &byte, 1, &err), -1);
	assert_non_null(strstr(err.text, "stood still"));
	assert_int_equal(err.kind, ERROR_TIMEOUT);
	channel_close(ch);
	listener_close(l);
}

/* ---- Cancelling ---- */

static void cancelled_reads(void **state)
{
	int pair[2], cancel = cancelled_fd();
	struct channel *ch;
	struct error err;
	u8 byte = 7;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[1], "abc", 3), 3);
	ch = channel_from_fd(pair[0], &plain);
	assert_int_equal(channel_read(ch, &byte, 1, &err), 0);
	channel_set_cancel(ch, cancel);
	assert_int_equal(channel_read(ch, &byte, 1, &err), -1);
	assert_int_equal(err.kind, ERROR_CANCELLED);
	assert_int_equal(channel_write(ch, &byte, 1, &err), -1);
	channel_last_word(ch);
	assert_int_equal(channel_write(ch, "!", 1, &err), 0);
	assert_int_equal(read(pair[1], &byte, 1), 1);
	assert_int_equal(byte, '!');
	channel_close(ch);
	close(pair[1]);
	close(cancel);
}

/* ---- Names ---- */

static void slow_names(void **state)
{
	int cancel = cancelled_fd();
	struct error err;
	u64 begin = channel_now_ms();

	/* Whatever answers here, it isn't before now. */
	assert_null(channel_resolve("papyr.invalid", "9", false, -1, begin, &err));
	assert_null(channel_resolve("papyr.invalid", "9", false, cancel, begin + 60000, &err));
	assert_true(channel_now_ms() - begin < 1000);
	assert_null(channel_resolve("999.1.1.1.invalid", "9", false, -1, begin, &err));
	close(cancel);
}

/* ---- Sockets in the file system ---- */

static int connect_to(const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(addr.sun_path, path(name));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void full_backlog(void **state)
{
	struct listener *l;
	struct error err;
	char uri[160];
	int fds[8];
	u64 begin;

	snprintf(uri, sizeof(uri), "unix:%s", path("full"));
	l = channel_listen(uri, &plain, &err);
	assert_non_null(l);
	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = connect_to("full");
	assert_int_equal(fds[ARRAY_SIZE(fds) - 1], -1);
	alarm(20);
	begin = channel_now_ms();
	assert_null(channel_listen(uri, &plain, &err));
	assert_non_null(strstr(err.text, "in use"));
	assert_null(channel_connect(uri, &plain, &err));
	assert_non_null(strstr(err.text, "nobody answered"));
	assert_int_equal(err.kind, ERROR_TIMEOUT);
	assert_true(channel_now_ms() - begin < 2000);
	alarm(0);
	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	listener_close(l);
}

/* Who only looks is nobody. */
static void lookers(void **state)
{
	struct listener *l;
	struct channel *ch;
	struct error err;
	char uri[160];
	u8 byte;
	int fd;

	snprintf(uri, sizeof(uri), "unix:%s", path("look"));
	l = channel_listen(uri, &plain, &err);
	close(connect_to("look"));
	fd = connect_to("look");
	assert_int_equal(write(fd, "x", 1), 1);
	ch = channel_accept(l, &err);
	assert_non_null(ch);
	assert_int_equal(channel_read(ch, &byte, 1, &err), 0);
	assert_int_equal(byte, 'x');
	close(fd);
	assert_int_equal(channel_read(ch, &byte, 1, &err), -1);
	channel_close(ch);
	listener_close(l);
}

/* ---- Files ---- */

static void kept_files(void **state)
{
	struct channel *ch;
	struct error err;
	char uri[160];

	snprintf(uri, sizeof(uri), "file:%s", path("file"));
	for (int keep = 0; keep < 2; keep++) {
		ch = channel_connect(uri, &plain, &err);
		assert_non_null(ch);
		assert_int_equal(channel_write(ch, "abc", 3, &err), 0);
		assert_int_equal(channel_flush(ch, &err), 0);
		assert_int_equal(access(path("file"), F_OK), -1);
		if (keep)
			assert_int_equal(channel_keep(ch, &err), 0);
		channel_close(ch);
		assert_int_equal(access(path("file"), F_OK), keep - 1);
	}
	unlink(path("file"));
}

static void open_files(void **state)
{
	for (int keep = 0; keep < 2; keep++) {
		int fd = memfd_create("stream", 0), other = dup(fd);
		struct channel *ch;
		struct error err;
		struct stat st;
		char uri[32];

		assert_int_equal(write(fd, "before", 6), 6);
		snprintf(uri, sizeof(uri), "fd:%d", fd);
		ch = channel_connect(uri, &plain, &err);
		assert_non_null(ch);
		assert_int_equal(channel_write(ch, "abc", 3, &err), 0);
		assert_int_equal(channel_flush(ch, &err), 0);
		if (keep)
			assert_int_equal(channel_keep(ch, &err), 0);
		channel_close(ch);
		assert_int_equal(fstat(other, &st), 0);
		assert_int_equal(st.st_size, keep ? 9 : 6);
		close(other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ports),
	    cmocka_unit_test(commands_end),
	    cmocka_unit_test(failing_commands),
	    cmocka_unit_test(patient_listeners),
	    cmocka_unit_test(cancelled_reads),
	    cmocka_unit_test(slow_names),
	    cmocka_unit_test(full_backlog),
	    cmocka_unit_test(lookers),
	    cmocka_unit_test(kept_files),
	    cmocka_unit_test(open_files),
	};
	int r;

	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(folder))
		return 1;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return r;
}
