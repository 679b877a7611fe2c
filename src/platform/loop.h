/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main thread's event loop: descriptors with callbacks, nothing else. Callbacks run on the
 * thread that calls loop_run() and may add and remove any watch, their own included.
 */
#ifndef PAPYR_PLATFORM_LOOP_H
#define PAPYR_PLATFORM_LOOP_H

#include "base/bits.h"

struct loop;

/* @events are poll()'s; errors and hang-ups are told too. */
typedef void (*loop_fn)(void *opaque, int fd, unsigned events);

struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* -1: there are LOOP_MAX already. */
#define LOOP_MAX 64
int loop_add(struct loop *loop, int fd, unsigned events, loop_fn fn, void *opaque);
/* Changes what is waited for; 0 waits for nothing, not even hang-up. */
void loop_events(struct loop *loop, int fd, unsigned events);
void loop_remove(struct loop *loop, int fd);

/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
