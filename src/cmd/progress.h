/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A progress bar on stderr, if that is a terminal; else nothing.
 */
#ifndef PAPYR_CMD_PROGRESS_H
#define PAPYR_CMD_PROGRESS_H

#include <time.h>

#include "base/bits.h"

struct progress {
	const char *what;
	bool on, shown;
	struct timespec begin, last;
};

void progress_begin(struct progress *p, const char *what);
/* Called as often as one likes; @opaque is the struct progress. Fits progress_fn. */
void progress_show(void *opaque, u64 done, u64 total);
/* Clears the line. */
void progress_end(struct progress *p);

#endif
