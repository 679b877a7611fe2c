/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/client.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/frame.h"
#include "monitor/paths.h"

/* Answers are larger than commands: x-info with a thousand vcpus. */
#define ANSWER_MAX (4u << 20)

struct control {
	int fd;
	struct frame in;
	json_t *message; /* greeting or answer */
	bool broken;
	void (*on_event)(void *opaque, const char *name, json_t *data);
	void *opaque;
};

static void on_message(void *opaque, const char *text, size_t len, const char *problem)
{
	struct control *c = opaque;
	json_t *msg = problem ? NULL : json_loadb(text, len, 0, NULL);
	const char *event = json_string_value(json_object_get(msg, "event"));

	if (!msg) {
		c->broken = true;
	} else if (event) {
		if (c->on_event)
			c->on_event(c->opaque, event, json_object_get(msg, "data"));
		json_decref(msg);
	} else {
		json_decref(c->message);
		c->message = msg;
	}
}

/* Reads until a message that is no event is there. */
static json_t *receive(struct control *c, struct error *err)
{
	json_t *msg;

	while (!c->message) {
		char buf[4096];
		ssize_t n = read(c->fd, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0)
			frame_feed(&c->in, buf, n, on_message, c);
		if (n <= 0 || c->broken) {
			error_set(err, "the guest's process went away");
			return NULL;
		}
	}
	msg = c->message;
	c->message = NULL;
	return msg;
}

static int send_with_fd(struct control *c, const char *text, size_t len, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {.iov_base = (char *)(uintptr_t)text, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd >= 0) {
		struct cmsghdr *h;

		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		h = CMSG_FIRSTHDR(&msg);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), &fd, sizeof(int));
	}
	return sendmsg(c->fd, &msg, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -1;
}

static json_t *execute(struct control *c, const char *command, json_t *args, int fd,
		       struct error *err)
{
	json_t *msg = json_pack("{s:s}", "execute", command), *reply, *value;
	char *text;
	int r;

	if (args)
		json_object_set_new(msg, "arguments", args);
	text = json_dumps(msg, JSON_COMPACT);
	json_decref(msg);
	r = send_with_fd(c, text, strlen(text), fd);
	free(text);
	if (r) {
		error_set(err, "the guest's process went away");
		return NULL;
	}
	reply = receive(c, err);
	if (!reply)
		return NULL;
	value = json_object_get(reply, "return");
	if (!value) {
		const char *desc =
		    json_string_value(json_object_get(json_object_get(reply, "error"), "desc"));

		error_set(err, "%s", desc ? desc : "the guest's process gave no answer");
	}
	json_incref(value);
	json_decref(reply);
	return value;
}

json_t *control_execute(struct control *c, const char *command, json_t *args, struct error *err)
{
	return execute(c, command, args, -1, err);
}

int control_send_fd(struct control *c, const char *name, int fd, struct error *err)
{
	json_t *value = execute(c, "getfd", json_pack("{s:s}", "fdname", name), fd, err);

	json_decref(value);
	return value ? 0 : -1;
}

void control_on_event(struct control *c, void (*fn)(void *opaque, const char *name, json_t *data),
		      void *opaque)
{
	c->on_event = fn;
	c->opaque = opaque;
}

void control_wait_end(struct control *c)
{
	char buf[4096];
	ssize_t n;

	do
		n = read(c->fd, buf, sizeof(buf));
	while (n > 0 || (n < 0 && errno == EINTR));
}

struct control *control_open(const char *name, struct error *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct control *c;
	json_t *msg;

	if (control_path(name, addr.sun_path, sizeof(addr.sun_path), err))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c) {
		error_nomem(err, "the connection to the guest");
		return NULL;
	}
	frame_init(&c->in, ANSWER_MAX, 256);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		error_set(err, "no guest called '%s' is running; 'papyr list' shows those that are",
			  name);
		goto fail;
	}
	msg = receive(c, err);
	if (!msg)
		goto fail;
	json_decref(msg);
	msg = control_execute(c, "qmp_capabilities", NULL, err);
	if (!msg)
		goto fail;
	json_decref(msg);
	return c;
fail:
	control_close(c);
	return NULL;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	frame_free(&c->in);
	json_decref(c->message);
	free(c);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **control_names(size_t *n)
{
	char dir[CONTROL_PATH_MAX];
	char **names = NULL;
	struct dirent *entry;
	DIR *d;

	*n = 0;
	if (control_dir(dir, sizeof(dir), NULL))
		return NULL;
	d = opendir(dir);
	while (d && (entry = readdir(d))) {
		size_t len = strlen(entry->d_name);

		if (len <= 5 || strcmp(entry->d_name + len - 5, ".sock"))
			continue;
		names = realloc(names, (*n + 1) * sizeof(*names));
		if (!names)
			abort();
		names[(*n)++] = strndup(entry->d_name, len - 5);
	}
	if (d)
		closedir(d);
	if (*n)
		qsort(names, *n, sizeof(*names), compare);
	return names;
}
