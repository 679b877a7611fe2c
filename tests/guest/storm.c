/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A storm in a guest: processes that fork, execute themselves, map and unmap memory without end,
 * and check that nothing of theirs ever changes but by their own hand: checksummed memory, and the
 * registers of floating point, VMX and VSX over long loops.
 *
 *     storm [WORKERS]
 *
 * Prints "storm N: F forks, E execs, M maps, C checks, R register checks" twice a second. Whoever
 * finds something wrong prints a line that begins with CORRUPT, and the storm ends with exit status
 * 1.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS_MAX 16
#define REGIONS	    12
#define UNIT	    65536
#define UNITS_MAX   16
#define BEAT_NS	    500000000ull
#define STUCK_BEATS 60

typedef uint64_t u64;

/* What the worker writes, the parent reads; in memory that all share. */
struct counters {
	_Atomic u64 forks, execs, maps, checks, registers;
	_Atomic u64 corrupt;
} __attribute__((aligned(128)));

static struct counters *counters; /* one each worker */
static struct counters *mine;

struct region {
	u64 *word;
	size_t words;
	u64 sum;
};

static struct region region[REGIONS];
static u64 seed;

static u64 next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void corrupt(const char *what, u64 at, u64 is, u64 should)
{
	char line[160];
	int n = snprintf(
	    line, sizeof(line), "CORRUPT: %s at 0x%llx: 0x%llx instead of 0x%llx (pid %d)\n", what,
	    (unsigned long long)at, (unsigned long long)is, (unsigned long long)should, getpid());

	if (mine)
		mine->corrupt++;
	if (write(1, line, n) != n)
		_exit(2);
}

static void fail(const char *what)
{
	printf("storm can't go on: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	_exit(2);
}

/* ---- Memory ---- */

/* A word counts by its place, so that exchanged pages show. */
static u64 weigh(const struct region *r, size_t i)
{
	return r->word[i] * (2 * i + 1);
}

static u64 sum_of(const struct region *r)
{
	u64 sum = 0;

	for (size_t i = 0; i < r->words; i++)
		sum += weigh(r, i);
	return sum;
}

static void check_region(struct region *r)
{
	u64 sum;

	if (!r->word)
		return;
	sum = sum_of(r);
	if (sum != r->sum) {
		corrupt("checksum of memory", (u64)r->word, sum, r->sum);
		r->sum = sum;
	}
	mine->checks++;
}

static void change_region(struct region *r)
{
	if (!r->word)
		return;
	for (int n = 0; n < 32; n++) {
		size_t i = next_random() % r->words;

		r->sum -= weigh(r, i);
		r->word[i] = next_random();
		r->sum += weigh(r, i);
	}
}

static void unmap_region(struct region *r)
{
	if (r->word)
		munmap(r->word, r->words * 8);
	r->word = NULL;
}

static void map_region(struct region *r)
{
	u64 bytes = (1 + next_random() % UNITS_MAX) * UNIT, x = next_random();

	unmap_region(r);
	r->word = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->word == MAP_FAILED)
		fail("mmap");
	r->words = bytes / 8;
	for (size_t i = 0; i < r->words; i++)
		if (r->word[i])
			corrupt("fresh memory", (u64)&r->word[i], r->word[i], 0);
	for (size_t i = 0; i < r->words; i++, x += 0x9e3779b97f4a7c15ull)
		r->word[i] = x;
	r->sum = sum_of(r);
	mine->maps++;
}

/* Read-only and back: the kernel changes every translation of it. */
static void protect_region(struct region *r)
{
	if (!r->word)
		return;
	if (mprotect(r->word, r->words * 8, PROT_READ))
		fail("mprotect");
	check_region(r);
	if (mprotect(r->word, r->words * 8, PROT_READ | PROT_WRITE))
		fail("mprotect");
	change_region(r);
}

static void move_region(struct region *r)
{
	u64 bytes = r->words * 8;
	void *to;

	if (!r->word)
		return;
	to = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (to == MAP_FAILED ||
	    mremap(r->word, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		fail("mremap");
	r->word = to;
	check_region(r);
}

/* ---- Registers ---- */

#ifdef __powerpc64__
/*
 * Fills the 64 VSX registers, among them those of floating point and VMX, and some general ones,
 * spins, and writes them out again. What interrupts and switches of processes in between left of
 * them is compared.
 */
static void spin_with_registers(const void *in, void *out, u64 spins)
{
	__asm__ volatile(".altmacro\n"
			 ".macro load_vsr n\n lxvd2x \\n,0,%[p]\n addi %[p],%[p],16\n .endm\n"
			 ".macro store_vsr n\n stxvd2x \\n,0,%[q]\n addi %[q],%[q],16\n .endm\n"
			 "mtctr %[spins]\n"
			 ".set i,0\n .rept 64\n load_vsr %%i\n .set i,i+1\n .endr\n"
			 "1: bdnz 1b\n"
			 ".set i,0\n .rept 64\n store_vsr %%i\n .set i,i+1\n .endr\n"
			 ".purgem load_vsr\n .purgem store_vsr\n .noaltmacro\n"
			 : [p] "+b"(in), [q] "+b"(out)
			 : [spins] "r"(spins)
			 : "ctr", "memory", "fr0", "fr1", "fr2", "fr3", "fr4", "fr5", "fr6", "fr7",
			   "fr8", "fr9", "fr10", "fr11", "fr12", "fr13", "fr14", "fr15", "fr16",
			   "fr17", "fr18", "fr19", "fr20", "fr21", "fr22", "fr23", "fr24", "fr25",
			   "fr26", "fr27", "fr28", "fr29", "fr30", "fr31", "v0", "v1", "v2", "v3",
			   "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14",
			   "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24",
			   "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}
#else
static void spin_with_registers(const void *in, void *out, u64 spins)
{
	memcpy(out, in, 1024);
}
#endif

static void check_registers(u64 spins)
{
	static u64 in[128] __attribute__((aligned(16))), out[128] __attribute__((aligned(16)));

	for (int i = 0; i < 128; i++)
		in[i] = next_random();
	memset(out, 0, sizeof(out));
	spin_with_registers(in, out, spins);
	for (int i = 0; i < 128; i++)
		if (in[i] != out[i])
			corrupt("half of VSX register", i, out[i], in[i]);
	mine->registers++;
}

/* A sum that floating point gives exactly, and only if no bit of any step is lost. */
static void check_arithmetic(void)
{
	volatile double sum = 0;

	for (int i = 1; i <= 1000; i++)
		sum += i * 0.125;
	if (sum != 62562.5)
		corrupt("sum of floating point", 0, (u64)sum, 62562);
}

/* ---- Processes ---- */

static void reap(pid_t pid, const char *what)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid");
	if (status)
		corrupt(what, pid, status, 0);
}

/* The child has the same memory, and what it does to it stays its own. */
static void fork_and_check(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (!pid) {
		seed += getpid();
		for (int i = 0; i < REGIONS; i += 3) {
			check_region(&region[i]);
			change_region(&region[i]);
			check_region(&region[i]);
		}
		check_registers(20000);
		_exit(0);
	}
	change_region(&region[next_random() % REGIONS]);
	mine->forks++;
	reap(pid, "a child's exit status");
}

/* A new program fills memory of its own, and tells what it should have summed up to. */
static void exec_and_check(void)
{
	u64 from = next_random() & 0xffffffff;
	char arg[32];
	pid_t pid;

	snprintf(arg, sizeof(arg), "%llu", (unsigned long long)from);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		execl("/proc/self/exe", "storm", "--child", arg, NULL);
		_exit(3);
	}
	mine->execs++;
	reap(pid, "a program's exit status");
}

static int child_program(u64 from)
{
	static struct counters own;
	u64 n = 8192, sum = 0, *p = malloc(n * 8);

	mine = &own;
	seed = from | 1;
	if (!p)
		return 4;
	for (u64 i = 0; i < n; i++)
		p[i] = from + i * i;
	check_registers(20000);
	for (u64 i = 0; i < n; i++)
		sum += p[i];
	return sum == n * from + (n - 1) * n * (2 * n - 1) / 6 && !own.corrupt ? 0 : 5;
}

static void one_step(void)
{
	struct region *r = &region[next_random() % REGIONS];

	switch (next_random() % 8) {
	case 0:
	case 1:
		map_region(r);
		break;
	case 2:
		fork_and_check();
		break;
	case 3:
		exec_and_check();
		break;
	case 4:
		protect_region(r);
		break;
	case 5:
		move_region(r);
		break;
	case 6:
		check_registers(200000);
		check_arithmetic();
		break;
	default:
		unmap_region(r);
	}
	check_region(&region[next_random() % REGIONS]);
}

static void worker(int index)
{
	mine = &counters[index];
	seed = 88172645463325252ull * (index + 1) + now_ns();
	for (;;)
		one_step();
}

/* ---- The parent ---- */

static struct counters total(int workers)
{
	struct counters t = {0};

	for (int i = 0; i < workers; i++) {
		t.forks += counters[i].forks;
		t.execs += counters[i].execs;
		t.maps += counters[i].maps;
		t.checks += counters[i].checks;
		t.registers += counters[i].registers;
		t.corrupt += counters[i].corrupt;
	}
	return t;
}

static bool died(void)
{
	int status;

	return waitpid(-1, &status, WNOHANG) != 0;
}

static void wait_for_beat(u64 *last)
{
	u64 now = now_ns();

	if (now < *last)
		corrupt("the clock went back", 0, now, *last);
	while (now - *last < BEAT_NS) {
		usleep(20000);
		now = now_ns();
	}
	*last = now;
}

int main(int argc, char **argv)
{
	int workers = argc > 1 ? atoi(argv[1]) : 3, still = 0;
	u64 last, moved = 0;

	if (argc > 2 && !strcmp(argv[1], "--child"))
		return child_program(strtoull(argv[2], NULL, 10));
	if (workers < 1 || workers > WORKERS_MAX)
		workers = 3;
	counters = mmap(NULL, sizeof(*counters) * (WORKERS_MAX + 1), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counters == MAP_FAILED)
		fail("mmap");
	for (int i = 0; i < workers; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (!pid)
			worker(i);
	}
	mine = &counters[WORKERS_MAX];
	last = now_ns();
	for (u64 beat = 1;; beat++) {
		struct counters t;

		wait_for_beat(&last);
		t = total(workers);
		printf("storm %llu: %llu forks, %llu execs, %llu maps, %llu checks, %llu register "
		       "checks\n",
		       (unsigned long long)beat, (unsigned long long)t.forks,
		       (unsigned long long)t.execs, (unsigned long long)t.maps,
		       (unsigned long long)t.checks, (unsigned long long)t.registers);
		fflush(stdout);
		still = t.checks == moved ? still + 1 : 0;
		moved = t.checks;
		if (still > STUCK_BEATS)
			corrupt("nothing moves", 0, moved, moved + 1);
		if (died())
			corrupt("a worker is gone", 0, 0, 0);
		if (total(workers).corrupt + mine->corrupt)
			return 1;
	}
}
