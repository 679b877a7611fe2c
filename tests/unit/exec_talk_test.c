/* SPDX-License-Identifier: Apache-2.0 */
/* papyr exec and an agent that isn't what it should be: each time it ends, with a sentence. */
#include <endian.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "cmd/exec.h"

static char *command[] = {"true", NULL}, *environment[] = {NULL};
static const struct exec_options options = {
    .host_name = "papyr", .command = command, .environment = environment};

struct said {
	int fd;
	char data[4096];
	size_t bytes;
};

static void *say(void *arg)
{
	struct said *s = arg;

	assert_int_equal(write(s->fd, s->data, s->bytes), s->bytes);
	shutdown(s->fd, SHUT_WR);
	return NULL;
}

static void add(struct said *s, u8 type, u8 stream, u32 claimed, const void *data, size_t bytes)
{
	struct agent_frame f = {.type = type, .stream = stream, .bytes = htole32(claimed)};

	memcpy(s->data + s->bytes, &f, sizeof(f));
	if (bytes)
		memcpy(s->data + s->bytes + sizeof(f), data, bytes);
	s->bytes += sizeof(f) + bytes;
}

static void add_number(struct said *s, u8 type, u8 stream, u32 n)
{
	n = htole32(n);
	add(s, type, stream, sizeof(n), &n, sizeof(n));
}

static void greet(struct said *s, u32 version)
{
	struct agent_hello h = {htole32(AGENT_MAGIC), htole32(version)};

	add(s, AGENT_HELLO, 0, sizeof(h), &h, sizeof(h));
}

/* What exec says of an agent that says that, and then no more. */
static int talk(struct said *s, struct error *err)
{
	struct exec_guest g = {.pid = -1, .log = -1};
	pthread_t thread;
	int ends[2], status;

	*err = (struct error){0};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	g.fd = ends[0];
	s->fd = ends[1];
	pthread_create(&thread, NULL, say, s);
	status = exec_talk(&g, &options, err);
	pthread_join(thread, NULL);
	close(ends[0]);
	close(ends[1]);
	return status;
}

static void assert_breaks(struct said *s, const char *why)
{
	struct error err;

	assert_int_equal(talk(s, &err), -1);
	if (!strstr(err.text, why))
		fail_msg("'%s', not '%s'", err.text, why);
}

static void one_that_does_well(void **state)
{
	struct said s = {0};
	struct error err;

	greet(&s, AGENT_VERSION);
	add(&s, AGENT_STARTED, 0, 0, NULL, 0);
	add(&s, AGENT_DATA, 1, 0, NULL, 0);
	add(&s, AGENT_DATA, 2, 0, NULL, 0);
	add_number(&s, AGENT_EXITED, 0, 3);
	assert_int_equal(talk(&s, &err), 3);
	assert_string_equal(err.text, "");
}

static void one_that_cannot(void **state)
{
	const char failed[] = "\x7f\0\0\0not found";
	struct said s = {0};
	struct error err;

	greet(&s, AGENT_VERSION);
	add(&s, AGENT_FAILED, 0, sizeof(failed) - 1, failed, sizeof(failed) - 1);
	assert_int_equal(talk(&s, &err), 127);
	assert_string_equal(err.text, "not found");
}

static void those_that_lie(void **state)
{
	static const char bytes[3072];
	struct said s;

	s = (struct said){0};
	assert_breaks(&s, "ended before");
	s = (struct said){0};
	greet(&s, AGENT_VERSION + 1);
	assert_breaks(&s, "another version");
	s = (struct said){0};
	add(&s, AGENT_STARTED, 0, 0, NULL, 0);
	assert_breaks(&s, "didn't greet");
	s = (struct said){0};
	add(&s, AGENT_HELLO, 0, 4, "Moin", 4);
	assert_breaks(&s, "no agent");
	s = (struct said){0};
	greet(&s, AGENT_VERSION);
	greet(&s, AGENT_VERSION);
	assert_breaks(&s, "no agent");
	s = (struct said){0};
	greet(&s, AGENT_VERSION);
	add(&s, AGENT_DATA, 1, AGENT_DATA_MAX + 1, NULL, 0);
	assert_breaks(&s, "too long");
	s = (struct said){0};
	greet(&s, AGENT_VERSION);
	add(&s, AGENT_DATA, 3, 0, NULL, 0);
	assert_breaks(&s, "isn't known");
	s = (struct said){0};
	greet(&s, AGENT_VERSION);
	add(&s, AGENT_DATA, 1, 0, NULL, 0);
	add(&s, AGENT_DATA, 1, sizeof(bytes), bytes, sizeof(bytes));
	assert_breaks(&s, "more than it may");
	s = (struct said){0};
	greet(&s, AGENT_VERSION);
	add(&s, AGENT_EXITED, 0, 2, "ab", 2);
	assert_breaks(&s, "no number");
}

static unsigned calls;

static void note_call(struct exec_guest *g, const struct exec_options *o)
{
	assert_true(g->greeted);
	calls++;
}

/* Of a restored guest, whose agent greeted somebody else, it asks for a greeting first. */
static void restored(void **state)
{
	struct exec_guest g = {.pid = -1, .log = -1, .warm = true, .ready = note_call};
	struct said s = {0};
	struct agent_frame f;
	struct error err = {0};
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	g.fd = ends[0];
	s.fd = ends[1];
	greet(&s, AGENT_VERSION);
	add_number(&s, AGENT_EXITED, 0, 7);
	say(&s);
	assert_int_equal(exec_talk(&g, &options, &err), 7);
	assert_int_equal(calls, 1);
	assert_int_equal(read(ends[1], &f, sizeof(f)), sizeof(f));
	assert_int_equal(f.type, AGENT_AGAIN);
	assert_int_equal(f.bytes, 0);
	close(ends[0]);
	close(ends[1]);
}

/* Frames that are none, and such as might be. */
static void random_ones(void **state)
{
	struct error err;

	for (unsigned i = 0; i < 3000; i++) {
		struct said s = {0};

		srandom(i);
		if (i % 4)
			greet(&s, AGENT_VERSION);
		while (s.bytes < 3000 && random() % 16) {
			char data[64];
			size_t n = (size_t)random() % sizeof(data);
			u8 type = (u8)(random() % 4 ? 3 + random() % 6 : random());

			for (size_t k = 0; k < n; k++)
				data[k] = (char)random();
			if (type == AGENT_DATA)
				n = 0; /* it would be printed */
			add(&s, type, (u8)(random() % 4), random() % 8 ? (u32)n : (u32)random(),
			    data, n);
		}
		talk(&s, &err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_that_does_well), cmocka_unit_test(one_that_cannot),
	    cmocka_unit_test(those_that_lie),	  cmocka_unit_test(restored),
	    cmocka_unit_test(random_ones),
	};

	close(STDIN_FILENO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
