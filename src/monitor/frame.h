/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts a stream of bytes into JSON values: QMP's messages follow one another with or without white
 * space. Only brackets and strings are looked at; whether it is JSON the parser says.
 */
#ifndef PAPYR_MONITOR_FRAME_H
#define PAPYR_MONITOR_FRAME_H

#include <stdbool.h>
#include <stddef.h>

struct frame {
	char *buf;
	size_t len, size;
	size_t max; /* bytes of a message */
	unsigned max_depth;
	unsigned depth;
	bool in_string, escaped;
	bool skipping; /* after a problem: everything up to the line's end */
};

/* A message, or with @problem what was wrong with one (then @text is NULL). */
typedef void (*frame_fn)(void *opaque, const char *text, size_t len, const char *problem);

void frame_init(struct frame *f, size_t max, unsigned max_depth);
void frame_free(struct frame *f);
void frame_feed(struct frame *f, const char *data, size_t len, frame_fn fn, void *opaque);

#endif
