/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket, spoken to directly: however a command is cut in pieces, whatever its parts
 * are, and however much comes, there is one answer to each and the next one is understood.
 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_machine.h"
#include "migration/live/live.h"
#include "monitor/qmp.h"
#include "platform/loop.h"

#define PATIENCE_S 30

static struct {
	struct machine *m;
	struct live *live;
	struct qmp *qmp;
	pthread_t thread; /* the main thread of a papyr */
	int stop[2];
	char folder[64];
} f;

static void on_stop(void *opaque, int fd, unsigned events)
{
	loop_stop(opaque);
}

static void *main_thread(void *arg)
{
	loop_run(f.m->loop);
	return NULL;
}

static int setup(void **state)
{
	struct machine_config cfg = fake_config(1);
	struct error err = {"", ERROR_FAILED};

	strcpy(f.folder, "/tmp/papyr-qmp-XXXXXX");
	assert_non_null(mkdtemp(f.folder));
	setenv("XDG_RUNTIME_DIR", f.folder, 1);
	f.m = fake_machine_new(&cfg, NULL, NULL);
	f.live = live_new(f.m);
	f.qmp = qmp_new(f.m, f.live, &err);
	assert_non_null(f.qmp);
	assert_int_equal(pipe(f.stop), 0);
	assert_int_equal(loop_add(f.m->loop, f.stop[0], POLLIN, on_stop, f.m->loop), 0);
	return pthread_create(&f.thread, NULL, main_thread, NULL);
}

static int teardown(void **state)
{
	char path[128];

	assert_int_equal(write(f.stop[1], "", 1), 1);
	pthread_join(f.thread, NULL);
	loop_remove(f.m->loop, f.stop[0]);
	close(f.stop[0]);
	close(f.stop[1]);
	qmp_free(f.qmp);
	live_free(f.live);
	machine_free(f.m);
	snprintf(path, sizeof(path), "%s/papyr", f.folder);
	rmdir(path);
	return rmdir(f.folder);
}

/* ---- A client ---- */

struct client {
	int fd;
	FILE *in;
	char *line;
	size_t line_bytes;
};

static json_t *receive(struct client *c)
{
	json_t *answer;

	assert_true(getline(&c->line, &c->line_bytes, c->in) > 0);
	answer = json_loads(c->line, 0, NULL);
	assert_non_null(answer);
	return answer;
}

static void connect_to(struct client *c)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = PATIENCE_S};

	*c = (struct client){.fd = socket(AF_UNIX, SOCK_STREAM, 0)};
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/papyr/test.sock", f.folder);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	c->in = fdopen(c->fd, "r");
	json_decref(receive(c)); /* the greeting */
}

static void leave(struct client *c)
{
	fclose(c->in);
	free(c->line);
}

static void say(struct client *c, const char *text, size_t bytes)
{
	for (size_t done = 0; done < bytes;) {
		ssize_t n = send(c->fd, text + done, bytes - done, MSG_NOSIGNAL);

		assert_true(n > 0);
		done += (size_t)n;
	}
}

/* Sends a command, @step bytes at a time, and tells whether the answer is no error. */
static bool asked(struct client *c, const char *text, size_t step)
{
	size_t len = strlen(text);
	json_t *answer;
	bool good;

	for (size_t at = 0; at < len; at += step)
		say(c, text + at, len - at < step ? len - at : step);
	answer = receive(c);
	good = json_object_get(answer, "return") != NULL;
	assert_true(good || json_object_get(json_object_get(answer, "error"), "desc"));
	json_decref(answer);
	return good;
}

static bool ask(struct client *c, const char *text)
{
	return asked(c, text, strlen(text));
}

static void begin(struct client *c)
{
	connect_to(c);
	assert_true(ask(c, "{\"execute\": \"qmp_capabilities\"}\n"));
}

/* Its next command is understood, and has the next answer. */
static void still_there(struct client *c)
{
	static const char command[] = "{\"execute\": \"query-name\", \"id\": 7}\n";
	json_t *answer;

	say(c, command, sizeof(command) - 1);
	answer = receive(c);
	assert_int_equal(json_integer_value(json_object_get(answer, "id")), 7);
	assert_non_null(json_object_get(answer, "return"));
	json_decref(answer);
}

/* ---- */

static void pieces(void **state)
{
	static const char text[] =
	    "{\"execute\":\n \"query-status\",\r\n\"id\": \"\\u00e4 {[\\\"\"}\n";
	struct client c;

	begin(&c);
	for (size_t step = 1; step < sizeof(text); step++)
		assert_true(asked(&c, text, step));
	still_there(&c);
	leave(&c);
}

static void wrong_types(void **state)
{
	static const char *const wrong[] = {
	    "{\"execute\": null}\n",
	    "{\"execute\": [\"query-status\"]}\n",
	    "{\"execute\": {\"query-status\": 1}}\n",
	    "{\"execute\": \"\"}\n",
	    "{\"execute\": \"query-status\", \"arguments\": null}\n",
	    "{\"execute\": \"query-status\", \"arguments\": \"x\"}\n",
	    "{\"execute\": \"migrate\", \"arguments\": {\"uri\": {}}}\n",
	    "{\"execute\": \"migrate\", \"arguments\": {\"uri\": [\"unix:/x\"]}}\n",
	    "{\"execute\": \"migrate\", \"arguments\": {\"uri\": 1e99}}\n",
	    "{\"execute\": \"migrate-set-parameters\", \"arguments\": {\"max-bandwidth\": -1}}\n",
	    "{\"execute\": \"migrate-set-parameters\", \"arguments\": {\"max-bandwidth\": "
	    "\"1\"}}\n",
	    "{\"execute\": \"migrate-set-parameters\", \"arguments\": {\"max-cpu-throttle\": "
	    "100}}\n",
	    "{\"execute\": \"migrate-set-capabilities\", \"arguments\": {\"capabilities\": {}}}\n",
	    "{\"execute\": \"migrate-set-capabilities\", \"arguments\": {\"capabilities\": [1]}}\n",
	    "{\"execute\": \"x-save\", \"arguments\": {\"path\": \"relative\"}}\n",
	    "{\"execute\": \"x-htab\", \"arguments\": {\"fdname\": true}}\n",
	    "{\"execute\": 1e999}\n",
	    "{\"execute\": \"query-status\", \"id\": \"\xff\"}\n",
	};
	struct client c;

	begin(&c);
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (ask(&c, wrong[i]))
			fail_msg("obeyed: %s", wrong[i]);
		still_there(&c);
	}
	leave(&c);
}

/* A command of @bytes in all; one whose id is @depth lists in one another. */
static char *large(size_t bytes)
{
	static const char head[] = "{\"execute\": \"query-name\", \"id\": \"", tail[] = "\"}";
	char *text = malloc(bytes + 2);

	memset(text, 'x', bytes);
	memcpy(text, head, sizeof(head) - 1);
	memcpy(text + bytes - sizeof(tail) + 1, tail, sizeof(tail) - 1);
	memcpy(text + bytes, "\n", 2);
	return text;
}

static char *deep(unsigned depth)
{
	char *text = calloc(1, 64 + 2 * depth), *p = text;

	p += sprintf(p, "{\"execute\": \"query-name\", \"id\": ");
	memset(p, '[', depth);
	memset(p + depth, ']', depth);
	strcpy(p + 2 * depth, "}\n");
	return text;
}

static bool ask_and_free(struct client *c, char *text)
{
	bool good = ask(c, text);

	free(text);
	return good;
}

static void bounds(void **state)
{
	struct client c;

	begin(&c);
	assert_true(ask_and_free(&c, large(QMP_MESSAGE_MAX)));
	assert_false(ask_and_free(&c, large(QMP_MESSAGE_MAX + 1)));
	still_there(&c);
	assert_false(ask_and_free(&c, large(8 * QMP_MESSAGE_MAX)));
	still_there(&c);
	/* The command's own braces are the first level. */
	assert_true(ask_and_free(&c, deep(QMP_DEPTH_MAX - 1)));
	assert_false(ask_and_free(&c, deep(QMP_DEPTH_MAX)));
	still_there(&c);
	assert_false(ask_and_free(&c, deep(100000)));
	still_there(&c);
	leave(&c);
}

/* Who doesn't read is left; others are not kept by him. */
static void deaf(void **state)
{
	static const char command[] = "{\"execute\": \"query-commands\"}\n";
	struct client c, other;
	unsigned sent = 0;

	begin(&c);
	begin(&other);
	while (send(c.fd, command, sizeof(command) - 1, MSG_NOSIGNAL) > 0 && sent < 100000)
		sent++;
	assert_true(sent < 100000);
	still_there(&other);
	leave(&other);
	leave(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(pieces, setup, teardown),
	    cmocka_unit_test_setup_teardown(wrong_types, setup, teardown),
	    cmocka_unit_test_setup_teardown(bounds, setup, teardown),
	    cmocka_unit_test_setup_teardown(deaf, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
