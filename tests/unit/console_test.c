/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console: escapes on a terminal, pipes taken as they are, and the terminal given back.
 */
#include <pthread.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/console.h"
#include "platform/term.h"

struct seen {
	struct loop *loop;
	unsigned inputs, quits;
};

static void on_input(void *opaque)
{
	struct seen *s = opaque;

	s->inputs++;
	loop_stop(s->loop);
}

static void on_quit(void *opaque)
{
	struct seen *s = opaque;

	s->quits++;
	loop_stop(s->loop);
}

static const struct console_ops ops = {.input = on_input, .quit = on_quit};

static void pipe_is_plain(void **state)
{
	struct seen s = {.loop = loop_new()};
	struct console *con;
	int fds[2];
	u8 buf[16];

	assert_int_equal(pipe(fds), 0);
	con = console_new(s.loop, fds[0], -1, &ops, &s);
	console_start(con);
	/* Ctrl-A is a character like others. */
	assert_int_equal(write(fds[1], "a\001x", 3), 3);
	loop_run(s.loop);
	assert_int_equal(s.quits, 0);
	assert_true(console_has_input(con));
	assert_int_equal(console_read(con, buf, 2), 2);
	assert_memory_equal(buf, "a\001", 2);
	assert_int_equal(console_read(con, buf, sizeof(buf)), 1);
	assert_int_equal(buf[0], 'x');
	assert_int_equal(console_read(con, buf, sizeof(buf)), 0);
	console_free(con);
	loop_free(s.loop);
	close(fds[0]);
	close(fds[1]);
}

static void pending_input_is_saved(void **state)
{
	struct seen s = {.loop = loop_new()};
	struct state_out out = {0};
	struct state_in in;
	struct console *con;
	int fds[2];
	u8 buf[16];

	assert_int_equal(pipe(fds), 0);
	con = console_new(s.loop, fds[0], -1, &ops, &s);
	console_start(con);
	assert_int_equal(write(fds[1], "hello", 5), 5);
	loop_run(s.loop);
	assert_int_equal(console_read(con, buf, 2), 2);
	console_save(con, &out);
	console_reset(con);
	assert_int_equal(console_read(con, buf, 2), 0);
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(console_load(con, &in), 0);
	assert_true(state_ok(&in));
	assert_int_equal(console_read(con, buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "llo", 3);
	/* Cut off anywhere, it is refused. */
	for (size_t n = 0; n < out.len; n++) {
		in = (struct state_in){.data = out.data, .len = n};
		assert_true(console_load(con, &in) || !state_ok(&in));
	}
	state_free(&out);
	console_free(con);
	loop_free(s.loop);
	close(fds[0]);
	close(fds[1]);
}

/*
 * On a terminal, in a process of its own that has it as its controlling one. The child's exit
 * status is 0 if all was right.
 */
static int child(int slave)
{
	struct seen s = {.loop = loop_new()};
	struct termios before, during, after;
	struct console *con;
	u8 buf[16];

	if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0 || tcgetattr(slave, &before) < 0)
		return 1;
	con = console_new(s.loop, slave, slave, &ops, &s);
	console_start(con);
	tcgetattr(slave, &during);
	if ((during.c_lflag & (ICANON | ECHO | ISIG)) || !(before.c_lflag & ICANON))
		return 2;
	if (write(slave, "go", 2) != 2)
		return 3;
	loop_run(s.loop);
	/* The parent sent: a, Ctrl-A Ctrl-A, b, Ctrl-A and something unknown. */
	if (console_read(con, buf, sizeof(buf)) != 3 || memcmp(buf, "a\001b", 3))
		return 4;
	console_free(con);
	loop_free(s.loop);
	tcgetattr(slave, &after);
	return before.c_iflag == after.c_iflag && before.c_oflag == after.c_oflag &&
		       before.c_lflag == after.c_lflag
		   ? 0
		   : 5;
}

/* @run is the child, on whose terminal @keys are typed once it has said two letters. */
static void type(const char *keys, int (*run)(int slave))
{
	int master, slave, status;
	ssize_t n = strlen(keys);
	char buf[2];
	pid_t pid;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	pid = fork();
	if (!pid) {
		close(master);
		_exit(run(slave));
	}
	assert_int_equal(read(master, buf, 2), 2);
	assert_int_equal(write(master, keys, n), n);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(master);
	close(slave);
}

static void terminal(void **state)
{
	type("a\001\001b\001z", child);
}

static int child_quit(int slave)
{
	struct seen s = {.loop = loop_new()};
	struct console *con;

	if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		return 1;
	con = console_new(s.loop, slave, slave, &ops, &s);
	console_start(con);
	if (write(slave, "go", 2) != 2)
		return 3;
	loop_run(s.loop);
	return s.quits == 1 && !console_has_input(con) ? 0 : 4;
}

static void ctrl_a_x_quits(void **state)
{
	type("\001x", child_quit);
}

/* Killed by a signal, the process leaves the terminal as it was. */
static void signal_restores(void **state)
{
	struct termios before, after;
	int master, slave, status;
	char buf[2];
	pid_t pid;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(tcgetattr(slave, &before), 0);
	pid = fork();
	if (!pid) {
		close(master);
		signal(SIGTERM, SIG_DFL);
		if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0 || !term_raw(slave) ||
		    write(slave, "go", 2) != 2)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(master, buf, 2), 2);
	tcgetattr(slave, &after);
	assert_false(after.c_lflag & ICANON);
	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	tcgetattr(slave, &after);
	assert_int_equal(before.c_lflag, after.c_lflag);
	assert_int_equal(before.c_iflag, after.c_iflag);
	close(master);
	close(slave);
}

/* A terminal that isn't this session's, as a harness gives one: nobody else reads it. */
static void foreign_terminal_is_read(void **state)
{
	struct seen s = {.loop = loop_new()};
	int master, slave;
	struct console *con;
	u8 buf[4];

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	con = console_new(s.loop, slave, slave, &ops, &s);
	console_start(con);
	assert_int_equal(write(master, "hi", 2), 2);
	loop_run(s.loop);
	assert_int_equal(console_read(con, buf, sizeof(buf)), 2);
	assert_memory_equal(buf, "hi", 2);
	console_free(con);
	loop_free(s.loop);
	close(master);
	close(slave);
}

/* What the guest's driver would drop the NUL of never comes at once. */
static void nul_behind_cr_comes_alone(void **state)
{
	struct seen s = {.loop = loop_new()};
	struct console *con;
	int fds[2];
	u8 buf[16];

	assert_int_equal(pipe(fds), 0);
	con = console_new(s.loop, fds[0], -1, &ops, &s);
	console_start(con);
	assert_int_equal(write(fds[1], "\r\0A\0\r\0", 6), 6);
	loop_run(s.loop);
	assert_int_equal(console_read(con, buf, sizeof(buf)), 1);
	assert_memory_equal(buf, "\r", 1);
	assert_int_equal(console_read(con, buf, sizeof(buf)), 4);
	assert_memory_equal(buf, "\0A\0\r", 4);
	assert_int_equal(console_read(con, buf, sizeof(buf)), 1);
	assert_int_equal(buf[0], 0);
	console_free(con);
	loop_free(s.loop);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pipe_is_plain),
	    cmocka_unit_test(pending_input_is_saved),
	    cmocka_unit_test(terminal),
	    cmocka_unit_test(ctrl_a_x_quits),
	    cmocka_unit_test(signal_restores),
	    cmocka_unit_test(foreign_terminal_is_read),
	    cmocka_unit_test(nul_behind_cr_comes_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
