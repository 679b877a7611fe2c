/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/frame.h"

#include <stdlib.h>
#include <string.h>

void frame_init(struct frame *f, size_t max, unsigned max_depth)
{
	memset(f, 0, sizeof(*f));
	f->max = max;
	f->max_depth = max_depth;
}

void frame_free(struct frame *f)
{
	free(f->buf);
	memset(f, 0, sizeof(*f));
}

static void start_over(struct frame *f, bool skipping)
{
	f->len = 0;
	f->depth = 0;
	f->in_string = f->escaped = false;
	f->skipping = skipping;
}

/* NULL: fine; else why it can't be kept. */
static const char *keep(struct frame *f, char c)
{
	if (f->len >= f->max)
		return "the message is too long";
	if (f->len == f->size) {
		size_t size = f->size ? 2 * f->size : 512;
		char *bigger = realloc(f->buf, size);

		if (!bigger)
			return "there is no memory for the message";
		f->buf = bigger;
		f->size = size;
	}
	f->buf[f->len++] = c;
	return NULL;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Looks at one character. NULL: fine; *complete: it ended a message. Else what is wrong. */
static const char *take(struct frame *f, char c, bool *complete)
{
	const char *problem;

	if (!f->depth && !f->in_string && c != '{')
		return "a message must be a JSON object";
	problem = keep(f, c);
	if (problem)
		return problem;
	if (f->in_string) {
		/* Else a forgotten quotation mark would swallow all commands to come. */
		if (c == '\n')
			return "a string doesn't end in its line";
		if (f->escaped)
			f->escaped = false;
		else if (c == '\\')
			f->escaped = true;
		else if (c == '"')
			f->in_string = false;
		return NULL;
	}
	if (c == '"') {
		f->in_string = true;
	} else if (c == '{' || c == '[') {
		if (++f->depth > f->max_depth)
			return "the message is nested too deeply";
	} else if (c == '}' || c == ']') {
		f->depth--;
		*complete = !f->depth;
	}
	return NULL;
}

void frame_feed(struct frame *f, const char *data, size_t len, frame_fn fn, void *opaque)
{
	for (size_t i = 0; i < len; i++) {
		bool complete = false;
		const char *problem;

		if (f->skipping) {
			f->skipping = data[i] != '\n';
			continue;
		}
		if (!f->depth && blank(data[i]))
			continue;
		problem = take(f, data[i], &complete);
		if (problem) {
			start_over(f, data[i] != '\n');
			fn(opaque, NULL, 0, problem);
		} else if (complete) {
			fn(opaque, f->buf, f->len, NULL);
			start_over(f, false);
		}
	}
}
