/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command of the control socket takes, and whether it is that what came.
 *
 * It is described by words NAME:TYPE with a blank between them, and a '?' behind those that may be
 * left out: "path:str quit:bool?". Types: str, bool, int, num (with or without a fraction), list.
 */
#ifndef PAPYR_MONITOR_ARGS_H
#define PAPYR_MONITOR_ARGS_H

#include <jansson.h>

#include "platform/error.h"

/* @args may be NULL: none came. */
int qmp_check_args(const char *takes, json_t *args, struct error *err);

#endif
