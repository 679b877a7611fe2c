/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to the control socket: messages in, answers and events out, descriptors that come
 * along. What it is to the commands is in qmp.h; here is what the server does with it.
 */
#ifndef PAPYR_MONITOR_QMP_CLIENT_H
#define PAPYR_MONITOR_QMP_CLIENT_H

#include "monitor/qmp.h"

/* Greets who has connected by @fd, which is taken over, also when it fails. NULL: no memory. */
struct qmp_client *qmp_client_new(struct qmp *qmp, int fd);
/* Closes the connection; qmp_forget() is called. */
void qmp_client_free(struct qmp_client *c);
/* Waits a second at the most until what was sent is gone. */
void qmp_client_drain(struct qmp_client *c);

/* Was qmp_capabilities said? */
bool qmp_client_is_ready(const struct qmp_client *c);
/* Takes over @msg; NULL, there was no memory for it: hangs up. */
void qmp_client_send(struct qmp_client *c, json_t *msg);
/* An event as a message, to be sent to several; takes over @data (NULL: none). */
json_t *qmp_event_message(const char *name, json_t *data);

/* The server's: it has this client no more. */
void qmp_forget(struct qmp *qmp, const struct qmp_client *c);

#endif
