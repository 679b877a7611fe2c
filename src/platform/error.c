/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void write_text(struct error *err, enum error_kind kind, const char *fmt, va_list ap)
{
	if (!err)
		return;
	err->kind = kind;
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
}

static void append(struct error *err, const char *why)
{
	size_t len;

	if (!err)
		return;
	len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, ": %s", why);
}

int error_set(struct error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_text(err, ERROR_FAILED, fmt, ap);
	va_end(ap);
	return -1;
}

int error_of(enum error_kind kind, struct error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_text(err, kind, fmt, ap);
	va_end(ap);
	return -1;
}

int error_nomem(struct error *err, const char *what)
{
	return error_of(ERROR_NOMEM, err, "there is no memory for %s", what);
}

static enum error_kind kind_of(int number)
{
	switch (number) {
	case ENOMEM:
		return ERROR_NOMEM;
	case ETIMEDOUT:
		return ERROR_TIMEOUT;
	case EPIPE:
	case ECONNRESET:
		return ERROR_CLOSED;
	default:
		return ERROR_FAILED;
	}
}

int error_errno(struct error *err, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	write_text(err, kind_of(saved), fmt, ap);
	va_end(ap);
	append(err, strerror(saved));
	errno = saved;
	return -1;
}

int error_wrap(struct error *err, const struct error *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_text(err, why->kind, fmt, ap);
	va_end(ap);
	append(err, why->text);
	return -1;
}
