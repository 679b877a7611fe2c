/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Benches in C: rows of times, taken in turn in each round, and how they are printed. The median
 * counts; the spread is first to last quartile; a ratio is to the row that is called the peer.
 */
#ifndef PAPYR_BENCH_ROUNDS_H
#define PAPYR_BENCH_ROUNDS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS_MAX 1001

struct bench_row {
	const char *name, *key;
	unsigned peer; /* itself: none */
	double goal;   /* highest ratio to the peer; 0: none */
	double us[ROUNDS_MAX];
};

static inline double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static inline int bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Returns how many goals were missed. */
static inline unsigned bench_report(struct bench_row *rows, unsigned n, unsigned rounds, bool json)
{
	unsigned missed = 0;

	for (unsigned w = 0; w < n; w++)
		qsort(rows[w].us, rounds, sizeof(double), bench_compare);
	if (json)
		printf("{");
	else
		printf("%-26s %12s %23s  %s\n", "", "median", "quartiles", "ratio");
	for (unsigned w = 0; w < n; w++) {
		const struct bench_row *peer = &rows[rows[w].peer];
		double median = rows[w].us[rounds / 2], low = rows[w].us[rounds / 4];
		double high = rows[w].us[rounds * 3 / 4], ratio = median / peer->us[rounds / 2];
		bool bad = rows[w].goal > 0 && ratio > rows[w].goal;

		missed += bad;
		if (json) {
			printf("%s\"%s\": {\"median_us\": %.2f, \"q1_us\": %.2f, \"q3_us\": %.2f, "
			       "\"peer\": \"%s\", \"ratio\": %.5f}",
			       w ? ", " : "", rows[w].key, median, low, high, peer->key, ratio);
			continue;
		}
		printf("%-26s %9.1f us %9.1f .. %7.1f us", rows[w].name, median, low, high);
		if (peer != &rows[w])
			printf("  %.4f of %s", ratio, peer->name);
		if (rows[w].goal > 0)
			printf(" (goal: %.2f%s)", rows[w].goal, bad ? ", MISSED" : "");
		printf("\n");
	}
	if (json)
		printf("}\n");
	return missed;
}

#endif
