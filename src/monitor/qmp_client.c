/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/qmp_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "monitor/args.h"
#include "monitor/frame.h"
#include "monitor/htab_watch.h"
#include "monitor/json_memory.h"
#include "platform/dirtylog.h"
#include "platform/state.h"

#define FDS_MAX 4
/* A client that doesn't read gets no more than this kept for it. */
#define OUT_MAX (4u << 20)

struct qmp_client {
	struct qmp *qmp;
	int fd;
	bool ready; /* qmp_capabilities was said */
	bool dead;  /* to be freed when nobody uses it */
	struct frame in;
	char *out;
	size_t out_len, out_size;
	int received_fd; /* came with the present message; -1: none */
	struct {
		char name[32];
		int fd;
	} fds[FDS_MAX];
	struct htab_watch *watches[QMP_WATCHES];
};

struct qmp *qmp_of(struct qmp_client *client)
{
	return client->qmp;
}

bool qmp_client_is_ready(const struct qmp_client *c)
{
	return c->ready;
}

struct htab_watch **qmp_client_watch(struct qmp_client *client, enum qmp_watch which)
{
	return &client->watches[which];
}

/* ---- Output ---- */

static void flush(struct qmp_client *c)
{
	while (c->out_len) {
		ssize_t n = send(c->fd, c->out, c->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			c->dead = true;
		if (n <= 0)
			break;
		memmove(c->out, c->out + n, c->out_len - n);
		c->out_len -= n;
	}
	if (c->dead) {
		c->out_len = 0;
		shutdown(c->fd, SHUT_RDWR); /* the event loop will notice and free it */
	}
	loop_events(qmp_machine(c)->loop, c->fd, POLLIN | (c->out_len ? POLLOUT : 0));
}

/* The event loop will notice, and free it. */
static void hang_up(struct qmp_client *c)
{
	c->dead = true;
	shutdown(c->fd, SHUT_RDWR);
}

static void append(struct qmp_client *c, const char *s, size_t len)
{
	if (c->dead)
		return;
	if (c->out_len + len > OUT_MAX) {
		hang_up(c);
		return;
	}
	if (c->out_len + len > c->out_size) {
		size_t size = 2 * (c->out_len + len);
		char *bigger = realloc(c->out, size);

		if (!bigger) {
			hang_up(c);
			return;
		}
		c->out = bigger;
		c->out_size = size;
	}
	memcpy(c->out + c->out_len, s, len);
	c->out_len += len;
}

/* Jansson may pass over what this can't take, and tell nothing: @opaque remembers it. */
static int add_text(const char *s, size_t len, void *opaque)
{
	struct state_out *text = opaque;

	put_bytes(text, s, len);
	return text->failed ? -1 : 0;
}

void qmp_client_send(struct qmp_client *c, json_t *msg)
{
	struct state_out text = {0};
	int r = json_dump_callback(msg, add_text, &text, JSON_COMPACT | JSON_PRESERVE_ORDER);
	bool was_short = json_memory_was_short() || text.failed;

	json_decref(msg);
	/* Who was not told something for want of memory must not go on as if there were nothing. */
	if (r || was_short)
		hang_up(c);
	else
		append(c, (char *)text.data, text.len);
	if (!c->dead)
		append(c, "\r\n", 2);
	state_free(&text);
	flush(c);
}

json_t *qmp_event_message(const char *name, json_t *data)
{
	struct timespec now;
	json_t *msg;

	clock_gettime(CLOCK_REALTIME, &now);
	msg = json_pack("{s:{s:I,s:I},s:s}", "timestamp", "seconds", (json_int_t)now.tv_sec,
			"microseconds", (json_int_t)now.tv_nsec / 1000, "event", name);
	if (data)
		json_object_set_new(msg, "data", data);
	return msg;
}

void qmp_client_event(struct qmp_client *c, const char *name, json_t *data)
{
	qmp_client_send(c, qmp_event_message(name, data));
}

/* ---- Descriptors that clients hand over ---- */

int qmp_keep_fd(struct qmp_client *c, const char *name)
{
	int slot = -1;

	if (c->received_fd < 0)
		return -1;
	for (int i = 0; i < FDS_MAX; i++)
		if (c->fds[i].fd >= 0 && !strcmp(c->fds[i].name, name))
			slot = i;
	for (int i = 0; i < FDS_MAX && slot < 0; i++)
		if (c->fds[i].fd < 0)
			slot = i;
	if (slot < 0)
		return -1;
	if (c->fds[slot].fd >= 0)
		close(c->fds[slot].fd);
	snprintf(c->fds[slot].name, sizeof(c->fds[slot].name), "%s", name);
	c->fds[slot].fd = c->received_fd;
	c->received_fd = -1;
	return 0;
}

int qmp_take_fd(struct qmp_client *c, const char *name)
{
	for (int i = 0; i < FDS_MAX; i++)
		if (c->fds[i].fd >= 0 && !strcmp(c->fds[i].name, name)) {
			int fd = c->fds[i].fd;

			c->fds[i].fd = -1;
			return fd;
		}
	return -1;
}

/* ---- Input ---- */

static json_t *error_json(const char *class, const char *desc)
{
	return json_pack("{s:{s:s,s:s}}", "error", "class", class, "desc", desc);
}

/* What is wrong with a message before one looks at its command. NULL: nothing. */
static const char *check_message(json_t *msg, struct error *err)
{
	json_t *args = json_object_get(msg, "arguments"), *value;
	const char *key;

	json_object_foreach(msg, key, value) {
		if (strcmp(key, "execute") && strcmp(key, "arguments") && strcmp(key, "id")) {
			error_set(err, "a message has no member '%.64s'", key);
			return err->text;
		}
	}
	if (!json_is_string(json_object_get(msg, "execute")))
		return "there is no 'execute' with a command's name";
	if (args && !json_is_object(args))
		return "'arguments' is not an object";
	return NULL;
}

/* qmp_capabilities, of which there are none to be enabled. */
static json_t *make_ready(struct qmp_client *c, json_t *args)
{
	struct error err;

	if (qmp_check_args("enable:list?", args, &err))
		return error_json(QMP_GENERIC_ERROR, err.text);
	if (json_array_size(json_object_get(args, "enable")))
		return error_json(QMP_GENERIC_ERROR, "there is no capability to be enabled");
	c->ready = true;
	return json_pack("{s:{}}", "return");
}

/* The answer to a message, without its id. */
static json_t *answer(struct qmp_client *c, json_t *msg)
{
	struct qmp_result result = {0};
	const char *command, *problem = check_message(msg, &result.error);
	json_t *args = json_object_get(msg, "arguments");
	bool capabilities;

	if (problem)
		return error_json(QMP_GENERIC_ERROR, problem);
	command = json_string_value(json_object_get(msg, "execute"));
	capabilities = !strcmp(command, "qmp_capabilities");
	if (!c->ready && !capabilities)
		return error_json(QMP_COMMAND_NOT_FOUND, "say qmp_capabilities first");
	if (!c->ready)
		return make_ready(c, args);
	if (capabilities)
		return error_json(QMP_COMMAND_NOT_FOUND, "qmp_capabilities was said already");
	qmp_execute(c, command, args, &result);
	if (result.error_class) {
		json_decref(result.value);
		return error_json(result.error_class, result.error.text);
	}
	/* Without memory there is none, and the client is hung up on. */
	return json_pack("{s:o}", "return", result.value ? result.value : json_object());
}

static void on_message(void *opaque, const char *text, size_t len, const char *problem)
{
	struct qmp_client *c = opaque;
	json_error_t json_err;
	json_t *msg = NULL, *reply, *id;
	struct error err;

	if (c->dead)
		return;
	if (!problem) {
		json_memory_was_short();
		msg = json_loadb(text, len, JSON_REJECT_DUPLICATES, &json_err);
		if (json_memory_was_short()) {
			json_decref(msg);
			msg = NULL;
			problem = "there is no memory for the message";
		} else if (!msg) {
			error_set(&err, "that is not JSON: %s", json_err.text);
			problem = err.text;
		} else if (!json_is_object(msg))
			problem = "that is not a JSON object";
	}
	reply = problem ? error_json(QMP_GENERIC_ERROR, problem) : answer(c, msg);
	id = json_object_get(msg, "id");
	if (id)
		json_object_set(reply, "id", id);
	json_decref(msg);
	qmp_client_send(c, reply);
}

/* Of the descriptors that came with one message the first is kept for getfd, no other. */
static void take_descriptors(struct qmp_client *c, struct msghdr *msg)
{
	bool got = false;

	for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h; h = CMSG_NXTHDR(msg, h)) {
		size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(int));
			if (got) {
				close(fd);
				continue;
			}
			if (c->received_fd >= 0)
				close(c->received_fd);
			c->received_fd = fd;
			got = true;
		}
	}
}

/* Reads once. */
static ssize_t receive(struct qmp_client *c, char *buf, size_t size)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {.iov_base = buf, .iov_len = size};
	struct msghdr msg = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(c->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return n;
	take_descriptors(c, &msg);
	return n;
}

void qmp_client_free(struct qmp_client *c)
{
	struct machine *m = qmp_machine(c);

	loop_remove(m->loop, c->fd);
	close(c->fd);
	if (c->received_fd >= 0)
		close(c->received_fd);
	for (unsigned i = 0; i < FDS_MAX; i++)
		if (c->fds[i].fd >= 0)
			close(c->fds[i].fd);
	qmp_forget(c->qmp, c);
	if (c->watches[QMP_WATCH_STATS])
		machine_count_no_writes(m);
	for (unsigned i = 0; i < QMP_WATCHES; i++)
		htab_watch_free(c->watches[i]);
	frame_free(&c->in);
	free(c->out);
	free(c);
}

static void on_client(void *opaque, int fd, unsigned events)
{
	struct qmp_client *c = opaque;
	char buf[4096];
	ssize_t n;

	if (events & POLLOUT)
		flush(c);
	if (events & (POLLIN | POLLHUP | POLLERR)) {
		n = receive(c, buf, sizeof(buf));
		if (n > 0)
			frame_feed(&c->in, buf, n, on_message, c);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			c->dead = true;
	}
	if (c->dead)
		qmp_client_free(c);
}

/* ---- Life ---- */

struct qmp_client *qmp_client_new(struct qmp *qmp, int fd)
{
	struct qmp_client *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return NULL;
	}
	c->qmp = qmp;
	c->fd = fd;
	c->received_fd = -1;
	for (unsigned f = 0; f < FDS_MAX; f++)
		c->fds[f].fd = -1;
	frame_init(&c->in, QMP_MESSAGE_MAX, QMP_DEPTH_MAX);
	if (loop_add(qmp_machine(c)->loop, fd, POLLIN, on_client, c)) {
		qmp_client_free(c);
		return NULL;
	}
	qmp_client_send(
	    c, json_pack("{s:{s:o,s:[]}}", "QMP", "version", qmp_version(), "capabilities"));
	return c;
}

void qmp_client_drain(struct qmp_client *c)
{
	for (int tries = 0; c->out_len && tries < 10; tries++) {
		struct pollfd p = {.fd = c->fd, .events = POLLOUT};

		poll(&p, 1, 100);
		flush(c);
	}
}
