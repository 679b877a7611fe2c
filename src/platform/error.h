/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors that a person reads: one sentence that says what went wrong and, where it helps, what to
 * do.
 */
#ifndef PAPYR_PLATFORM_ERROR_H
#define PAPYR_PLATFORM_ERROR_H

struct error {
	char text[512];
};

/* Writes the sentence and returns -1, so that a failing function can end with it. @err may be NULL.
 */
int error_set(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, followed by ": " and what errno means. */
int error_errno(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
