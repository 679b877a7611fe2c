/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills memory with what nothing can compress, and sleeps.
 *
 *     fill MIB
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t n = argc == 2 ? (size_t)atol(argv[1]) << 20 : 0;
	uint64_t x = 88172645463325252ull;
	uint64_t *p;

	if (!n) {
		fprintf(stderr, "usage: fill MIB\n");
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
		p[i] = x;
	}
	printf("filled %zu MiB\n", n >> 20);
	fflush(stdout);
	for (;;)
		pause();
}
