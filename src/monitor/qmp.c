/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/qmp.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gdb/server.h"
#include "migration/live/live.h"
#include "monitor/json_memory.h"
#include "monitor/migrate.h"
#include "monitor/paths.h"
#include "monitor/qmp_client.h"
#include "platform/events.h"

#define CLIENTS_MAX 16

struct qmp {
	struct machine *m;
	struct live *live;
	struct machine_observer observer;
	int listen_fd;
	char path[CONTROL_PATH_MAX];
	struct qmp_client *clients[CLIENTS_MAX];
	bool migration_events;
	struct gdb_server *gdb;
	struct balloon_events *balloon;
};

bool *qmp_migration_events(struct qmp *qmp)
{
	return &qmp->migration_events;
}

struct gdb_server **qmp_gdb_server(struct qmp *qmp)
{
	return &qmp->gdb;
}

struct machine *qmp_machine_of(struct qmp *qmp)
{
	return qmp->m;
}

struct machine *qmp_machine(struct qmp_client *client)
{
	return qmp_of(client)->m;
}

struct live *qmp_live(struct qmp_client *client)
{
	return qmp_of(client)->live;
}

void qmp_event(struct qmp *qmp, const char *name, json_t *data)
{
	json_t *msg = qmp_event_message(name, data);

	if (json_memory_was_short()) {
		json_decref(msg);
		msg = NULL;
	}
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (qmp->clients[i] && qmp_client_is_ready(qmp->clients[i]))
			qmp_client_send(qmp->clients[i], json_incref(msg));
	json_decref(msg);
}

void qmp_forget(struct qmp *qmp, const struct qmp_client *c)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (qmp->clients[i] == c)
			qmp->clients[i] = NULL;
}

/* ---- What the machine tells ---- */

static const char *end_reason(const struct machine *m, bool *guest)
{
	*guest = true;
	switch (m->ended_by) {
	case REQUEST_PANIC:
		return "guest-panic";
	case REQUEST_RESET:
		return "guest-reset";
	case REQUEST_POWEROFF:
		return "guest-shutdown";
	case REQUEST_ERROR:
		*guest = false;
		return "host-error";
	default:
		*guest = false;
		return "host-qmp-quit";
	}
}

static void on_machine(struct machine *m, enum machine_event event, void *opaque)
{
	struct qmp *qmp = opaque;
	const char *reason;
	bool guest;

	switch (event) {
	case EVENT_STOP:
		qmp_event(qmp, "STOP", NULL);
		break;
	case EVENT_RESUME:
		qmp_event(qmp, "RESUME", NULL);
		break;
	case EVENT_POWERDOWN:
		qmp_event(qmp, "POWERDOWN", NULL);
		break;
	case EVENT_BALLOON:
		balloon_events_note(qmp->balloon);
		break;
	case EVENT_RESET_OR_END:
	case EVENT_DEBUG:
		break;
	case EVENT_RESET:
	case EVENT_SHUTDOWN:
		reason = end_reason(m, &guest);
		if (m->ended_by == REQUEST_PANIC)
			qmp_event(qmp, "GUEST_PANICKED",
				  json_pack("{s:s,s:s}", "action", "poweroff", "x-message",
					    machine_failure(m)->text));
		qmp_event(qmp, event == EVENT_RESET ? "RESET" : "SHUTDOWN",
			  json_pack("{s:b,s:s}", "guest", guest, "reason", reason));
		break;
	}
}

/* ---- Life ---- */

static void on_connect(void *opaque, int fd, unsigned events)
{
	struct qmp *qmp = opaque;
	int client_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	unsigned i;

	if (client_fd < 0)
		return;
	for (i = 0; i < CLIENTS_MAX && qmp->clients[i]; i++)
		;
	if (i == CLIENTS_MAX)
		close(client_fd);
	else
		qmp->clients[i] = qmp_client_new(qmp, client_fd);
}

static bool somebody_listens(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* One that has a queue of others before us listens too. */
	bool yes = fd >= 0 && (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ||
			       errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return yes;
}

bool qmp_name_is_free(const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	return !control_path(name, addr.sun_path, sizeof(addr.sun_path), NULL) &&
	       !somebody_listens(&addr);
}

static int listen_at(struct qmp *qmp, const char *name, struct error *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	if (control_dir_make(err) || control_path(name, qmp->path, sizeof(qmp->path), err))
		return -1;
	strcpy(addr.sun_path, qmp->path);
	qmp->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (qmp->listen_fd < 0)
		return error_errno(err, "cannot make the control socket");
	if (bind(qmp->listen_fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		if (errno != EADDRINUSE)
			return error_errno(err, "cannot make the control socket %s", qmp->path);
		if (somebody_listens(&addr)) {
			qmp->path[0] = 0;
			return error_set(
			    err, "a guest called '%s' is running; choose another --name", name);
		}
		/* Left behind by a process that was killed. */
		unlink(qmp->path);
		if (bind(qmp->listen_fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
			return error_errno(err, "cannot make the control socket %s", qmp->path);
	}
	if (listen(qmp->listen_fd, 8) < 0)
		return error_errno(err, "cannot listen at %s", qmp->path);
	return 0;
}

struct qmp *qmp_new(struct machine *m, struct live *live, struct error *err)
{
	struct qmp *qmp = calloc(1, sizeof(*qmp));

	if (!qmp)
		abort();
	json_memory_watch();
	qmp->m = m;
	qmp->live = live;
	qmp->observer = (struct machine_observer){.fn = on_machine, .opaque = qmp};
	qmp->listen_fd = -1;
	qmp->balloon = balloon_events_new(qmp, err);
	if (!qmp->balloon || listen_at(qmp, m->cfg.name, err)) {
		balloon_events_free(qmp->balloon);
		if (qmp->listen_fd >= 0)
			close(qmp->listen_fd);
		free(qmp);
		return NULL;
	}
	loop_add(m->loop, qmp->listen_fd, POLLIN, on_connect, qmp);
	migrate_watch(qmp, live);
	machine_on(m, &qmp->observer);
	return qmp;
}

void qmp_free(struct qmp *qmp)
{
	if (!qmp)
		return;
	gdb_server_free(qmp->gdb);
	balloon_events_free(qmp->balloon);
	machine_off(qmp->m, &qmp->observer);
	live_on_state(qmp->live, NULL, NULL);
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		struct qmp_client *c = qmp->clients[i];

		if (!c)
			continue;
		qmp_client_drain(c);
		qmp_client_free(c);
	}
	loop_remove(qmp->m->loop, qmp->listen_fd);
	close(qmp->listen_fd);
	unlink(qmp->path);
	free(qmp);
}
