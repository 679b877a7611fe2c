/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slows a guest down: takes its vcpus out of it for a share of the time.
 */
#ifndef PAPYR_MIGRATION_THROTTLE_H
#define PAPYR_MIGRATION_THROTTLE_H

#include "platform/machine.h"

struct throttle;

/* Nothing is taken until it is set. NULL: there is no memory, or no thread, for it. */
struct throttle *throttle_new(struct machine *m);
/* 0 to 99 percent of the time. */
void throttle_set(struct throttle *t, unsigned percent);
/* The guest has all of its time again. NULL is fine. */
void throttle_free(struct throttle *t);

#endif
