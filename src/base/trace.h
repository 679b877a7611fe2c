/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traces: what is asked for, where the lines go, and the lines themselves. The hypervisor and its
 * client both write some; <papyr/papyr.h> says what a line tells.
 *
 * A line is made on the stack and leaves by a single write(2) to a descriptor that never has the
 * guest wait: nothing is kept here, and what there is no room for is lost and counted.
 */
#ifndef PAPYR_BASE_TRACE_H
#define PAPYR_BASE_TRACE_H

#include <errno.h>
#include <fcntl.h>
#include <papyr/papyr.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/lock.h"

/* ---- What is asked for: LIST[:FILE] ---- */

struct trace_request {
	unsigned events;  /* PAPYR_TRACE_* */
	const char *file; /* NULL: standard error */
};

#define TRACE_WHY 160 /* bytes of a sentence that says what is wrong */

#define TRACE_NAME_ROW(bit, name, word)	 {1u << (bit), word},
#define TRACE_NAME_LIST(bit, name, word) word ", "
static const struct {
	unsigned event;
	const char *word;
} trace_words[] = {PAPYR_TRACE_EVENTS(TRACE_NAME_ROW){PAPYR_TRACE_ALL, "all"}};

/* The event called so, of @len characters; 0: none. */
static inline unsigned trace_event(const char *word, size_t len)
{
	for (unsigned i = 0; i < ARRAY_SIZE(trace_words); i++)
		if (strlen(trace_words[i].word) == len && !memcmp(trace_words[i].word, word, len))
			return trace_words[i].event;
	return 0;
}

/* False with a sentence in @why. The request's file points into @arg. */
static inline bool trace_parse(const char *arg, struct trace_request *r, char why[TRACE_WHY])
{
	const char *colon = strchr(arg, ':'), *end = colon ? colon : arg + strlen(arg);

	*r = (struct trace_request){.file = colon ? colon + 1 : NULL};
	for (const char *word = arg; word <= end;) {
		size_t len = strcspn(word, ",:");
		unsigned event = trace_event(word, len);

		if (!event) {
			snprintf(why, TRACE_WHY,
				 "'%.*s' is nothing to trace: there are " PAPYR_TRACE_EVENTS(
				     TRACE_NAME_LIST) "and all",
				 len > 40 ? 40 : (int)len, word);
			return false;
		}
		r->events |= event;
		word += len + 1;
	}
	if (r->file && !*r->file) {
		snprintf(why, TRACE_WHY, "there is no file's name behind the ':'");
		return false;
	}
	return true;
}

/* Standard error by a description of its own, so that only our writes don't wait. */
static inline int trace_open_stderr(char why[TRACE_WHY])
{
	struct stat st;
	int fd = -1;

	if (isatty(STDERR_FILENO)) {
		snprintf(why, TRACE_WHY,
			 "lines would run into what else is on this terminal: name a file "
			 "(LIST:FILE)");
		return -1;
	}
	if (!fstat(STDERR_FILENO, &st))
		fd = S_ISREG(st.st_mode) ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
					 : open("/proc/self/fd/2",
						O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		snprintf(why, TRACE_WHY,
			 "standard error can't be written to without waiting for its reader: "
			 "name a file (LIST:FILE)");
	return fd;
}

/* Where a request's lines shall go, as papyr_trace() wants it. -1 with a sentence in @why. */
static inline int trace_open(const struct trace_request *r, char why[TRACE_WHY])
{
	int fd;

	if (!r->file)
		return trace_open_stderr(why);
	fd = open(r->file, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
		  0666);
	if (fd < 0)
		snprintf(why, TRACE_WHY, "cannot open %.80s: %s%s", r->file, strerror(errno),
			 errno == ENXIO ? " (nobody reads it)" : "");
	return fd;
}

/* ---- A line ---- */

#define TRACE_LINE_MAX 640

struct trace_line {
	unsigned len;
	char text[TRACE_LINE_MAX];
};

__attribute__((format(printf, 2, 3))) static inline void trace_add(struct trace_line *l,
								  const char *fmt, ...)
{
	unsigned room = sizeof(l->text) - 1 - l->len; /* the line's end fits always */
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->text + l->len, room, fmt, ap);
	va_end(ap);
	l->len += n < 0 ? 0 : (unsigned)n < room ? (unsigned)n : room - 1;
}

static inline void trace_begin(struct trace_line *l, const char *event)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	l->len = 0;
	trace_add(l, "%lld.%09ld %s", (long long)now.tv_sec, now.tv_nsec, event);
}

static inline void trace_begin_vcpu(struct trace_line *l, unsigned vcpu, const char *event)
{
	trace_begin(l, "vcpu ");
	trace_add(l, "%u %s ", vcpu, event);
}

/* ---- Where lines go ---- */

struct trace_sink {
	struct lock lock;
	int fd;	   /* -1: nobody listens */
	bool torn; /* the last line went out in part */
	u64 lost;
};

static inline void trace_sink_init(struct trace_sink *s)
{
	lock_init(&s->lock, LOCK_TRACE);
	s->fd = -1;
	s->torn = false;
	s->lost = 0;
}

/* Takes over @fd; -1: no more lines. */
static inline void trace_sink_set(struct trace_sink *s, int fd)
{
	lock_acquire(&s->lock);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = fd;
	s->torn = false;
	s->lost = 0;
	lock_release(&s->lock);
}

static inline void trace_sink_fini(struct trace_sink *s)
{
	trace_sink_set(s, -1);
	lock_destroy(&s->lock);
}

/* @fd can be written to without waiting: a file, or one that is told not to. */
static inline bool trace_fd_is_good(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	return S_ISREG(st.st_mode) || (fcntl(fd, F_GETFL) & O_NONBLOCK);
}

/* What a pipe without a reader does to a thread, undone; all have the signal blocked or ignored. */
static inline void trace_drop_sigpipe(void)
{
	const struct timespec at_once = {0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigtimedwait(&set, NULL, &at_once);
}

static inline bool trace_put(struct trace_sink *s, const char *text, unsigned len)
{
	ssize_t n = write(s->fd, text, len);

	if (n < 0 && errno == EPIPE) {
		trace_drop_sigpipe();
		close(s->fd);
		s->fd = -1;
	}
	if (n > 0)
		s->torn = n < len;
	return n == len;
}

/* The lines that were lost since the last one that wasn't. */
static inline void trace_tell_lost(struct trace_sink *s)
{
	struct trace_line l;

	trace_begin(&l, "trace ");
	trace_add(&l, "%llu line%s lost\n", (unsigned long long)s->lost, s->lost == 1 ? "" : "s");
	if (trace_put(s, l.text, l.len))
		s->lost = 0;
}

/* False: nobody reads any more, and never will. */
static inline bool trace_write(struct trace_sink *s, struct trace_line *l)
{
	bool open;

	l->text[l->len++] = '\n';
	lock_acquire(&s->lock);
	if (s->fd >= 0 && s->torn)
		trace_put(s, "\n", 1);
	if (s->fd >= 0 && s->lost)
		trace_tell_lost(s);
	if (s->fd >= 0 && (s->torn || s->lost || !trace_put(s, l->text, l->len)))
		s->lost++;
	open = s->fd >= 0;
	lock_release(&s->lock);
	return open;
}

#endif
