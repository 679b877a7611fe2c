/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work for a guest to do, timed by its own clock: what a kernel is asked for, and loops that
 * compute.
 *
 * work [NAME]...: all, or these. Prints "work NAME NANOSECONDS CHECK" for each, the best of some
 * goes. CHECK says what was computed and must be the same on every machine; it is 0 for what asks
 * the kernel. Built for ppc64le for the guests, and for the host to tell how much slower a guest
 * is.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common.h"

#define GOES 3

/* ---- The kernel's part; each returns 0 ---- */

static uint64_t fork_wait(unsigned n)
{
	while (n--) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid)
			_exit(0);
		if (waitpid(pid, NULL, 0) != pid)
			die("waitpid");
	}
	return 0;
}

static uint64_t fork_exec(unsigned n)
{
	while (n--) {
		pid_t pid = fork();
		int status;

		if (pid < 0)
			die("fork");
		if (!pid) {
			execl("/proc/self/exe", "work", "--exit", NULL);
			_exit(1);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			die("exec");
	}
	return 0;
}

static uint64_t map_touch(unsigned n)
{
	size_t bytes = 4 << 20, page = sysconf(_SC_PAGESIZE);

	while (n--) {
		char *p =
		    mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			die("mmap");
		for (size_t i = 0; i < bytes; i += page)
			((volatile char *)p)[i] = 1;
		munmap(p, bytes);
	}
	return 0;
}

static void echo_bytes(int in, int out)
{
	char c;

	while (read(in, &c, 1) == 1)
		if (write(out, &c, 1) != 1)
			break;
	_exit(0);
}

static uint64_t ping_pong(unsigned n)
{
	int to[2], from[2];
	char c = 0;
	pid_t pid;

	if (pipe(to) || pipe(from))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		close(to[1]);
		close(from[0]);
		echo_bytes(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	while (n--)
		if (write(to[1], &c, 1) != 1 || read(from[0], &c, 1) != 1)
			die("pipe");
	close(to[1]);
	close(from[0]);
	waitpid(pid, NULL, 0);
	return 0;
}

static uint64_t get_ppid(unsigned n)
{
	while (n--)
		syscall(SYS_getppid);
	return 0;
}

/* ---- Loops that compute; each returns its result ---- */

static uint64_t bit_loop(unsigned n)
{
	uint64_t x = 88172645463325252ull, sum = 0;

	while (n--) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		sum += (x & 0x5555) ^ (x >> 40);
	}
	return sum;
}

static __attribute__((noinline)) uint64_t fib(unsigned n)
{
	uint64_t sum = 1;

	/* Opaque to the compiler, which would unroll the recursion differently for each machine. */
	__asm__ volatile("" : "+r"(n));
	if (n >= 2)
		sum = fib(n - 1) + fib(n - 2);
	return sum;
}

static uint64_t recursion(unsigned n)
{
	return fib(n);
}

#define NODES 65536

static uint64_t chase(unsigned n)
{
	static uint32_t next[NODES * 16]; /* a node is 64 bytes */
	uint32_t at = 0;
	uint64_t sum = 0;

	/* One cycle through all nodes, far apart: an odd step of a power of two. */
	for (uint32_t i = 0; i < NODES; i++)
		next[i * 16] = (i + 40503) % NODES;
	while (n--) {
		at = next[at * 16];
		sum += at;
	}
	return sum;
}

static uint64_t sieve(unsigned n)
{
	uint8_t *composite = calloc(n, 1);
	uint64_t primes = 0;

	for (unsigned i = 2; i < n; i++) {
		if (composite[i])
			continue;
		primes++;
		for (uint64_t j = (uint64_t)i * i; j < n; j += i)
			composite[j] = 1;
	}
	free(composite);
	return primes;
}

#define SIDE 96

static uint64_t bits_of(double d)
{
	uint64_t u;

	memcpy(&u, &d, sizeof(u));
	return u;
}

static uint64_t matmul(unsigned n)
{
	static double a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];
	double trace = 0;

	for (int i = 0; i < SIDE; i++)
		for (int j = 0; j < SIDE; j++) {
			a[i][j] = (i * 7 + j * 3) % 17 / 16.0;
			b[i][j] = (i * 5 + j * 11) % 13 / 8.0;
		}
	while (n--) {
		for (int i = 0; i < SIDE; i++)
			for (int j = 0; j < SIDE; j++) {
				double sum = 0;

				for (int k = 0; k < SIDE; k++)
					sum += a[i][k] * b[k][j];
				c[i][j] = sum;
			}
		a[0][0] += 0.125;
	}
	for (int i = 0; i < SIDE; i++)
		trace += c[i][i];
	return bits_of(trace);
}

#define BODIES 5

struct body {
	double x[3], v[3], mass;
};

static void pull(struct body *p, struct body *q, double dt)
{
	double d[3], r2 = 0.01, f;

	for (int k = 0; k < 3; k++) {
		d[k] = p->x[k] - q->x[k];
		r2 += d[k] * d[k];
	}
	f = dt / (r2 * __builtin_sqrt(r2));
	for (int k = 0; k < 3; k++) {
		p->v[k] -= d[k] * q->mass * f;
		q->v[k] += d[k] * p->mass * f;
	}
}

static uint64_t nbody(unsigned n)
{
	struct body body[BODIES];
	double sum = 0;

	for (int i = 0; i < BODIES; i++)
		for (int k = 0; k < 3; k++) {
			body[i].x[k] = (i * 3 + k * 7) % 11 - 5.0;
			body[i].v[k] = (i * 5 + k * 2) % 7 / 4.0 - 0.75;
			body[i].mass = 1.0 + i / 2.0;
		}
	while (n--) {
		for (int i = 0; i < BODIES; i++)
			for (int j = i + 1; j < BODIES; j++)
				pull(&body[i], &body[j], 0.001);
		for (int i = 0; i < BODIES; i++)
			for (int k = 0; k < 3; k++)
				body[i].x[k] += 0.001 * body[i].v[k];
	}
	for (int i = 0; i < BODIES; i++)
		sum += body[i].x[0] + body[i].x[1] + body[i].x[2];
	return bits_of(sum);
}

typedef float vec __attribute__((vector_size(16)));
#define VECS 1024

static uint64_t vectors(unsigned n)
{
	static vec a[VECS], b[VECS];
	vec scale = {0.5f, 0.25f, 0.75f, 0.625f};
	float sum = 0;

	for (int i = 0; i < VECS; i++)
		for (int k = 0; k < 4; k++) {
			a[i][k] = (i * 4 + k) % 31 / 8.0f;
			b[i][k] = (i * 4 + k) % 29 / 4.0f;
		}
	while (n--)
		for (int i = 0; i < VECS; i++) {
			a[i] = a[i] * scale + b[i];
			b[i] = b[i] - a[i] * scale * scale;
		}
	for (int i = 0; i < VECS; i++)
		sum += a[i][0] + a[i][1] + a[i][2] + a[i][3];
	return bits_of(sum);
}

struct leaf {
	struct leaf *left, *right;
	uint64_t key;
};

static uint64_t tree(unsigned n)
{
	struct leaf *all = malloc(n * sizeof(*all)), *root = NULL;
	uint64_t x = 88172645463325252ull, sum = 0;

	if (!all)
		die("malloc");
	for (unsigned i = 0; i < n; i++) {
		struct leaf **at = &root;

		x = x * 6364136223846793005ull + 1442695040888963407ull;
		while (*at)
			at = x < (*at)->key ? &(*at)->left : &(*at)->right;
		all[i] = (struct leaf){.key = x};
		*at = &all[i];
	}
	for (unsigned i = 0; i < n; i++) {
		const struct leaf *at = root;

		for (; at->key != all[i].key; sum++)
			at = all[i].key < at->key ? at->left : at->right;
	}
	free(all);
	return sum;
}

/* Through a pointer that the compiler knows nothing of, so that it is the C library's. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;

static uint64_t copies(unsigned n)
{
	size_t bytes = 1 << 20;
	unsigned char *a = malloc(bytes), *b = malloc(bytes);
	uint64_t sum = 0;

	if (!a || !b)
		die("malloc");
	for (size_t i = 0; i < bytes; i++)
		a[i] = i * 7 >> 3;
	for (unsigned i = 0; i < n; i++)
		copy(b + i % 16, a, bytes - 16);
	for (size_t i = 0; i < bytes - 16; i++)
		sum = sum * 31 + b[i + (n - 1) % 16];
	free(a);
	free(b);
	return sum;
}

struct job {
	const char *name;
	uint64_t (*run)(unsigned n);
	unsigned n;
	unsigned count; /* what one run is divided by */
};

static const struct job jobs[] = {
    {"fork_wait", fork_wait, 100, 100},
    {"fork_exec", fork_exec, 40, 40},
    {"map_touch_4M", map_touch, 40, 40},
    {"pipe_round_trip", ping_pong, 1000, 1000},
    {"getppid", get_ppid, 100000, 100000},
    {"bits", bit_loop, 30000000, 1},
    {"recursion", recursion, 29, 1},
    {"pointers", chase, 2000000, 1},
    {"sieve", sieve, 2000000, 1},
    {"matmul", matmul, 4, 1},
    {"nbody", nbody, 10000, 1},
    {"vectors", vectors, 300, 1},
    {"tree", tree, 20000, 1},
    {"memcpy_1M", copies, 50, 50},
};

static void run_job(const struct job *job)
{
	uint64_t best = UINT64_MAX, check = 0;

	for (int i = 0; i < GOES; i++) {
		uint64_t from = now_ns();

		check = job->run(job->n);
		from = now_ns() - from;
		if (from < best)
			best = from;
	}
	printf("work %s %.0f %llx\n", job->name, (double)best / job->count,
	       (unsigned long long)check);
	fflush(stdout);
}

static bool is_named(const char *name, char **names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--exit"))
		return 0;
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		if (argc < 2 || is_named(jobs[i].name, argv + 1))
			run_job(&jobs[i]);
	puts("done");
	return 0;
}
