/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr profile: what its two files share. samples.c counts, profile.c asks and prints.
 */
#ifndef PAPYR_CMD_SAMPLES_H
#define PAPYR_CMD_SAMPLES_H

#include "base/bits.h"
#include "cmd/symbols.h"

enum sample_state { SAMPLE_KERNEL, SAMPLE_USER, SAMPLE_REAL, SAMPLE_STATES };

/* How often something was seen: a function, or a whole stack. */
struct tally {
	const char *text;
	enum sample_state state;
	u64 count;
};

struct samples {
	const struct symbols *symbols; /* NULL: there are only addresses */
	u64 n, lost, by_state[SAMPLE_STATES];
	void *functions, *stacks; /* trees of struct tally */
};

extern const char *const sample_state_names[SAMPLE_STATES];

/* A line of a trace. False: no memory. Lines that are none of samples are passed over. */
bool samples_add(struct samples *s, const char *line);
/* The functions, or the stacks ("outermost;...;innermost"), the most frequent first; to be freed,
 * the tallies not. NULL with *n == 0: there are none, or no memory. */
struct tally **samples_functions(const struct samples *s, size_t *n);
struct tally **samples_stacks(const struct samples *s, size_t *n);
void samples_free(struct samples *s);

#endif
