/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copies copy|set|move: the C library's memcpy, memset or memmove, for each size from one byte to
 * 16 MiB in steps of about a quarter, as often as makes some 24 MiB of each (or 40,000 calls).
 * Prints what came out.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST ((size_t)16 << 20)
#define BYTES ((size_t)24 << 20)
#define CALLS 40000
#define SLACK 64

static char *volatile to, *volatile from;

static void one(char what, size_t size, size_t i)
{
	/* Beginnings of all sorts. */
	size_t a = i % 17, b = i / 17 % 13;

	if (what == 'c')
		memcpy(to + a, from + b, size);
	else if (what == 's')
		memset(to + a, (int)i, size);
	else
		memmove(to + a, to + b, size);
}

int main(int argc, char **argv)
{
	uint64_t sum = 0;

	if (argc != 2 || !strchr("csm", argv[1][0]))
		return 1;
	to = malloc(LARGEST + SLACK);
	from = malloc(LARGEST + SLACK);
	if (!to || !from)
		return 1;
	for (size_t i = 0; i < LARGEST + SLACK; i++) {
		to[i] = i * 7;
		from[i] = i * 31 >> 3;
	}
	for (size_t size = 1; size <= LARGEST; size += size / 4 + 1) {
		size_t calls = BYTES / size < CALLS ? BYTES / size : CALLS;

		for (size_t i = 0; i < calls; i++)
			one(argv[1][0], size, i);
		for (size_t i = 0; i < size; i += size / 16 + 1)
			sum = sum * 31 + to[i];
	}
	printf("%llx\n", (unsigned long long)sum);
	return 0;
}
