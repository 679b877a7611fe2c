/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: one sentence that says to a person what went wrong and, where it helps, what to do; and
 * beside it, for the program, of what kind it is. Nobody decides anything by a sentence.
 */
#ifndef PAPYR_PLATFORM_ERROR_H
#define PAPYR_PLATFORM_ERROR_H

enum error_kind {
	ERROR_FAILED,	 /* what no other kind says */
	ERROR_CANCELLED, /* somebody wanted it to end */
	ERROR_TIMEOUT,	 /* nothing went on for too long */
	ERROR_CLOSED,	 /* the other side is gone */
	ERROR_NOMEM,
};

struct error {
	char text[512];
	enum error_kind kind;
};

/*
 * Each writes the sentence and returns -1, so that a failing function can end with it. @err may be
 * NULL.
 */
int error_set(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int error_of(enum error_kind kind, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* "there is no memory for WHAT" */
int error_nomem(struct error *err, const char *what);
/* Followed by ": " and what errno means, of which the kind is. */
int error_errno(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Followed by ": " and @why's sentence, and of its kind. */
int error_wrap(struct error *err, const struct error *why, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
