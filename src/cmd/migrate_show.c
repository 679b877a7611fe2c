/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/migrate_show.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"

/* A connection that takes longer than this deserves a word. */
#define PATIENCE_NS 500000000ull
/* A shorter time tells nothing of a pass's rate. */
#define MEASURE_NS 200000000ull

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double number(json_t *v, const char *part, const char *name)
{
	return json_number_value(json_object_get(json_object_get(v, part), name));
}

/* The line under the cursor anew; what doesn't fit into the terminal's is cut off. */
static void put(struct migrate_show *s, const char *text)
{
	struct winsize size;
	int width = 80;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		width = size.ws_col;
	fprintf(stderr, "\r%.*s\033[K", width - 1, text);
	fflush(stderr);
	s->line = true;
}

void migrate_show_begin(struct migrate_show *s, const char *uri)
{
	*s = (struct migrate_show){
	    .uri = uri,
	    .on = isatty(STDERR_FILENO),
	    .begin_ns = now_ns(),
	};
}

void migrate_show_end(struct migrate_show *s)
{
	if (s->line)
		fputc('\n', stderr);
	s->line = false;
}

static const char *duration(double ms, char *buf, size_t size)
{
	if (!ms)
		snprintf(buf, size, "-");
	else if (ms < 1000)
		snprintf(buf, size, "%.1f ms", ms);
	else
		snprintf(buf, size, "%.1f s", ms / 1000);
	return buf;
}

static void show_pass(struct migrate_show *s, json_t *v)
{
	char changed[32], left[32], sent[32], rate[32], still[32], slowed[16] = "", text[200];
	const char *const form = "%4.0f %10s %10s %8.0f %10s %10s/s %10s %6s";
	double entries = number(v, "x-papyr", "table-entries");
	double throttle = json_number_value(json_object_get(v, "cpu-throttle-percentage"));

	if (throttle)
		snprintf(slowed, sizeof(slowed), "%.0f %%", throttle);
	format_size((u64)number(v, "x-papyr", "dirty-pages") << 12, changed, sizeof(changed));
	format_size(number(v, "ram", "remaining"), left, sizeof(left));
	format_size((u64)s->bytes >> 10 << 10, sent, sizeof(sent));
	format_size((u64)s->rate >> 10 << 10, rate, sizeof(rate));
	duration(number(v, "x-papyr", "expected-downtime-ms"), still, sizeof(still));
	snprintf(text, sizeof(text), form, s->pass, changed, left, entries, sent, rate, still,
		 slowed);
	put(s, text);
	snprintf(s->done, sizeof(s->done), form, s->pass, changed, "", entries, sent, rate, still,
		 slowed);
}

/* Another pass than last time: its line is a new one. */
static void next_pass(struct migrate_show *s, double pass, u64 now)
{
	if (!s->pass)
		put(s, "pass     memory       left  entries       sent         rate standstill "
		       "slowed");
	else
		put(s, s->done);
	migrate_show_end(s);
	s->pass = pass;
	s->pass_ns = now;
	s->pass_bytes = s->bytes;
}

void migrate_show(struct migrate_show *s, json_t *v)
{
	double pass = number(v, "x-papyr", "pass");
	u64 now = now_ns();
	char text[300];

	if (!s->on)
		return;
	if (!pass) {
		snprintf(text, sizeof(text), "waiting for %s to answer", s->uri);
		if (now - s->begin_ns > PATIENCE_NS)
			put(s, text);
		return;
	}
	if (pass != s->pass)
		next_pass(s, pass, now);
	s->bytes = number(v, "ram", "transferred");
	if (now - s->pass_ns > MEASURE_NS)
		s->rate = (s->bytes - s->pass_bytes) * 1e9 / (now - s->pass_ns);
	else
		s->rate = number(v, "x-papyr", "bandwidth");
	show_pass(s, v);
}
