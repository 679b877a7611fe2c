/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of the control socket, for the command's verbs.
 */
#ifndef PAPYR_MONITOR_CLIENT_H
#define PAPYR_MONITOR_CLIENT_H

#include <jansson.h>

#include "platform/error.h"

struct control;

/* Connects to the guest called @name and says qmp_capabilities. NULL: no such guest, or it doesn't
 * answer. */
struct control *control_open(const char *name, struct error *err);
void control_close(struct control *c);

/* Called for each event that comes while a command's answer is waited for. */
void control_on_event(struct control *c, void (*fn)(void *opaque, const char *name, json_t *data),
		      void *opaque);

/* Runs a command; takes over @args (NULL: none). The answer's value, to be released, or NULL. */
json_t *control_execute(struct control *c, const char *command, json_t *args, struct error *err);
/* Hands over a descriptor under @name. */
int control_send_fd(struct control *c, const char *name, int fd, struct error *err);
/* Waits until the other end closes: the guest is gone. */
void control_wait_end(struct control *c);

/* The names of all sockets, running or left behind; free each and the array. */
char **control_names(size_t *n);

#endif
