/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jansson goes on where it got no memory: a string lacks a letter then, an object a member. Who
 * must not take such a thing for what was said asks whether it got all that it wanted.
 */
#ifndef PAPYR_MONITOR_JSON_MEMORY_H
#define PAPYR_MONITOR_JSON_MEMORY_H

#include <stdbool.h>

/* From now on it is seen. */
void json_memory_watch(void);
/* Did this thread get no memory for something of JSON's since it last asked? */
bool json_memory_was_short(void);

#endif
