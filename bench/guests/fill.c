/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills memory with random numbers, and sleeps.
 *
 *     fill MIB [BITS]
 *
 * So many bits of each of the 64-bit numbers are random, the others 0. All of them, and nothing can
 * compress them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? (size_t)atol(argv[1]) << 20 : 0;
	unsigned bits = argc > 2 ? (unsigned)atoi(argv[2]) : 64;
	uint64_t x = 88172645463325252ull;
	uint64_t *p;

	if (!n || bits < 1 || bits > 64) {
		fprintf(stderr, "usage: fill MIB [BITS]\n");
		return 1;
	}
	p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		perror("fill");
		return 1;
	}
	for (size_t i = 0; i < n / sizeof(*p); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = x >> (64 - bits);
	}
	printf("filled %zu MiB\n", n >> 20);
	fflush(stdout);
	for (;;)
		pause();
}
