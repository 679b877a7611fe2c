/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"

#define BAR_WIDTH   30
#define INTERVAL_MS 100

static u64 ms_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - t->tv_sec) * 1000 + (now.tv_nsec - t->tv_nsec) / 1000000;
}

void progress_begin(struct progress *p, const char *what)
{
	*p = (struct progress){.what = what, .on = isatty(STDERR_FILENO)};
	clock_gettime(CLOCK_MONOTONIC, &p->begin);
	p->last = p->begin;
}

void progress_show(void *opaque, u64 done, u64 total)
{
	static const char full[] = "##############################";
	struct progress *p = opaque;
	char a[32], b[32], left[32] = "";
	unsigned filled;
	u64 ms;

	/* What is over at once needs no bar. */
	if (!p->on || !total || ms_since(&p->last) < INTERVAL_MS)
		return;
	clock_gettime(CLOCK_MONOTONIC, &p->last);
	if (done > total)
		done = total;
	filled = (unsigned)((double)done / total * BAR_WIDTH);
	ms = ms_since(&p->begin);
	/* The first moments tell nothing of the rest. */
	if (done && ms > 500)
		snprintf(left, sizeof(left), ", %llu s left",
			 (unsigned long long)((double)(total - done) / done * ms / 1000 + 0.5));
	fprintf(stderr, "\r%s [%-*.*s] %3u %%  %s, %s/s%s\033[K", p->what, BAR_WIDTH, (int)filled,
		full, (unsigned)((double)done / total * 100),
		format_size(done >> 20 << 20, a, sizeof(a)),
		format_size(ms ? done * 1000 / ms >> 20 << 20 : 0, b, sizeof(b)), left);
	fflush(stderr);
	p->shown = true;
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
