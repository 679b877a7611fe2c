/* SPDX-License-Identifier: Apache-2.0 */
#include "kvm/preload_trace.h"

#include <stdlib.h>

#include "base/trace.h"

static void complain(const char *variable, const char *why)
{
	fprintf(stderr, "libpapyr-preload: PAPYR_TRACE=%s: %s\n", variable, why);
}

void preload_trace(int vm)
{
	const char *variable = getenv("PAPYR_TRACE");
	struct trace_request request;
	char why[TRACE_WHY];
	int fd, err = errno;

	if (!variable)
		return;
	if (!trace_parse(variable, &request, why) || (fd = trace_open(&request, why)) < 0) {
		complain(variable, why);
	} else {
		if (papyr_trace(vm, request.events, fd))
			complain(variable, strerror(errno));
		close(fd);
	}
	errno = err;
}
