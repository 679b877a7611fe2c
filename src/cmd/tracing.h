/* SPDX-License-Identifier: Apache-2.0 */
/* Traces of a running guest, for the verbs that read them: trace.c. */
#ifndef PAPYR_CMD_TRACING_H
#define PAPYR_CMD_TRACING_H

#include "platform/error.h"

/*
 * Has the guest called @name write what @list says to a pipe, until that is closed. Returns the end
 * to read from, to be closed; -1: @err says why not.
 */
int tracing_start(const char *name, const char *list, struct error *err);

#endif
