/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket's server: QMP, the protocol of QEMU's monitor, so that its clients work.
 *
 * Each connection gets a greeting, must say qmp_capabilities first, and then sends commands
 * ({"execute": ..., "arguments": {...}, "id": ...}) and gets answers and events. All of it happens
 * on the main thread.
 */
#ifndef PAPYR_MONITOR_QMP_H
#define PAPYR_MONITOR_QMP_H

#include <jansson.h>

#include "platform/machine.h"

struct live;
struct qmp;
struct qmp_client;

/* What a client may send at once, and how deep it may nest: more ends in an error. */
#define QMP_MESSAGE_MAX (256 * 1024)
#define QMP_DEPTH_MAX	64

/*
 * Serves @m under its name, and its migrations, which @live does. NULL if the socket can't be made,
 * or a guest of that name runs already.
 */
struct qmp *qmp_new(struct machine *m, struct live *live, struct error *err);
/* Could a guest be called so: is there none of that name at this moment? */
bool qmp_name_is_free(const char *name);
/* Sends what is still to be sent, then closes everything and removes the socket. */
void qmp_free(struct qmp *qmp);

/* An event to all clients; takes over @data (NULL: none). */
void qmp_event(struct qmp *qmp, const char *name, json_t *data);

/* Are clients told of a migration's states? The capability 'events', which is off at first. */
bool *qmp_migration_events(struct qmp *qmp);

/* What gdb.c keeps; NULL at first, freed with @qmp. */
struct gdb_server **qmp_gdb_server(struct qmp *qmp);
struct machine *qmp_machine_of(struct qmp *qmp);

struct qmp *qmp_of(struct qmp_client *client);
struct machine *qmp_machine(struct qmp_client *client);
struct live *qmp_live(struct qmp_client *client);
/* The client's connection, to tell it of progress in the middle of a command. */
void qmp_client_event(struct qmp_client *client, const char *name, json_t *data);
/* Takes the descriptor that came with the command getfd under @name; -1 if there is none. */
int qmp_take_fd(struct qmp_client *client, const char *name);
/* Keeps the one that came with the present message under @name. */
int qmp_keep_fd(struct qmp_client *client, const char *name);
/*
 * What x-htab and x-stats keep from one time to the next: NULL at first, freed with the connection.
 */
struct htab_watch;
enum qmp_watch { QMP_WATCH_HTAB, QMP_WATCH_STATS, QMP_WATCHES };
struct htab_watch **qmp_client_watch(struct qmp_client *client, enum qmp_watch which);

/* ---- commands.c ---- */

/* The error's class, as QMP knows them. */
#define QMP_GENERIC_ERROR     "GenericError"
#define QMP_COMMAND_NOT_FOUND "CommandNotFound"

struct qmp_result {
	json_t *value;		 /* NULL: {} */
	const char *error_class; /* NULL: no error */
	struct error error;
};

/* The command failed, and result->error says why. Returns -1. */
int qmp_fail(struct qmp_result *result);

/* Runs one command. @args may be NULL. */
void qmp_execute(struct qmp_client *client, const char *command, json_t *args,
		 struct qmp_result *result);
json_t *qmp_version(void);

/* ---- gdb.c ---- */

struct gdb_server;
/*
 * Has gdb waited for at @where (gdb/server.h), or in the control socket's folder: NULL; in place of
 * where it was waited for before, which hangs up on who is connected. "none": nowhere any more.
 * What "target remote" takes, until the next call; NULL: nowhere, or with @err set, it can't be.
 */
const char *qmp_wait_for_gdb(struct qmp *qmp, const char *where, struct error *err);
void qmp_x_gdb(struct qmp_client *client, json_t *args, struct qmp_result *result);

/* ---- balloon.c ---- */

void qmp_balloon(struct qmp_client *client, json_t *args, struct qmp_result *result);
void qmp_query_balloon(struct qmp_client *client, json_t *args, struct qmp_result *result);
void qmp_x_balloon(struct qmp_client *client, json_t *args, struct qmp_result *result);

/* ---- balloon_events.c ---- */

struct balloon_events *balloon_events_new(struct qmp *qmp, struct error *err);
void balloon_events_free(struct balloon_events *b);
/* The guest has more memory than before, or less. */
void balloon_events_note(struct balloon_events *b);

/* ---- watch.c ---- */

void qmp_x_htab(struct qmp_client *client, json_t *args, struct qmp_result *result);
void qmp_x_trace(struct qmp_client *client, json_t *args, struct qmp_result *result);
void qmp_x_stats(struct qmp_client *client, json_t *args, struct qmp_result *result);

/* ---- tlb.c ---- */

void qmp_x_tlb(struct qmp_client *client, json_t *args, struct qmp_result *result);

#endif
