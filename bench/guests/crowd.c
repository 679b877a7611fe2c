/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many threads that want the same thing: what it costs when processors wait for one that isn't run.
 *
 *     crowd MILLISECONDS THREADS KIND...
 *
 * Prints "crowd KIND TURNS NANOSECONDS WORST" for each kind: how many turns all threads had, how
 * long it took, and the longest turn, in nanoseconds; then "done". "all" stands for every kind.
 */
#include <fcntl.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common.h"

#define THREADS_MAX 64

struct worker {
	pthread_t thread;
	unsigned number;
	uint64_t turns, worst;
	int in, out;
	char *memory;
} __attribute__((aligned(128)));

struct kind {
	const char *name;
	void (*prepare)(void);
	void (*turn)(struct worker *w);
};

static struct worker workers[THREADS_MAX];
static unsigned threads;
static atomic_bool stop;
static size_t page;
static const struct kind *kind;

static void lower_priority(void)
{
#ifdef __powerpc__
	__asm__ volatile("or 1,1,1" ::: "memory");
#endif
}

static void normal_priority(void)
{
#ifdef __powerpc__
	__asm__ volatile("or 2,2,2" ::: "memory");
#endif
}

static void compute(unsigned n)
{
	while (n--)
		__asm__ volatile("" : "+r"(n));
}

/* A lock that programs make themselves: it is looked at until it is free. */
static atomic_int spin_word;

static void turn_spin(struct worker *w)
{
	(void)w;
	while (atomic_exchange(&spin_word, 1))
		while (spin_word)
			lower_priority();
	normal_priority();
	compute(200);
	spin_word = 0;
	compute(200);
}

/* The same by programs that don't say that they wait. */
static void turn_rude(struct worker *w)
{
	(void)w;
	while (atomic_exchange(&spin_word, 1))
		while (spin_word)
			;
	compute(200);
	spin_word = 0;
	compute(200);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void turn_mutex(struct worker *w)
{
	(void)w;
	pthread_mutex_lock(&mutex);
	compute(200);
	pthread_mutex_unlock(&mutex);
	compute(200);
}

/* All wait for all, looking: what parallel programs do between their steps. */
static atomic_uint arrived, generation;

static void turn_barrier(struct worker *w)
{
	unsigned mine = generation;

	(void)w;
	compute(2000);
	if (atomic_fetch_add(&arrived, 1) + 1 == threads) {
		arrived = 0;
		generation++;
		return;
	}
	while (generation == mine && !stop)
		lower_priority();
	normal_priority();
}

/* A spin lock of the kernel's: the process's table of files. */
static void turn_files(struct worker *w)
{
	int fd = dup(1);

	(void)w;
	if (fd < 0)
		die("dup");
	close(fd);
}

/* A lock of the kernel's whose waiters look for a while before they sleep: a folder's. */
static void turn_folder(struct worker *w)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "/tmp/crowd-%u", w->number);
	fd = open(name, O_CREAT | O_RDWR, 0600);
	if (fd < 0)
		die(name);
	close(fd);
	unlink(name);
}

/* Interrupts to all processors that have the program, each of which is waited for. */
static void prepare_membarrier(void)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
}

static void turn_membarrier(struct worker *w)
{
	(void)w;
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))
		die("membarrier");
	compute(2000);
}

#define PAGES 16

static void prepare_memory(void)
{
	for (unsigned i = 0; i < threads; i++) {
		workers[i].memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (workers[i].memory == MAP_FAILED)
			die("mmap");
	}
}

static void turn_memory(struct worker *w)
{
	for (unsigned i = 0; i < PAGES; i++)
		w->memory[i * page] = 1;
	if (mprotect(w->memory, PAGES * page, PROT_READ) ||
	    mprotect(w->memory, PAGES * page, PROT_READ | PROT_WRITE) ||
	    madvise(w->memory, PAGES * page, MADV_DONTNEED))
		die("mprotect");
}

/* Pairs that send each other messages by turns. */
static void prepare_messages(void)
{
	for (unsigned i = 0; i + 1 < threads; i += 2) {
		int ends[2];

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
			die("socketpair");
		workers[i].in = workers[i].out = ends[0];
		workers[i + 1].in = workers[i + 1].out = ends[1];
		if (write(ends[0], "x", 1) != 1)
			die("write");
	}
}

static void turn_messages(struct worker *w)
{
	char buffer[100] = {0};

	if (threads & 1 && w->number == threads - 1)
		return;
	if (read(w->in, buffer, sizeof(buffer)) <= 0 || write(w->out, buffer, sizeof(buffer)) <= 0)
		die("messages");
}

static void turn_fork(struct worker *w)
{
	pid_t pid = fork();

	(void)w;
	if (pid < 0)
		die("fork");
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

/* Nobody waits for anybody. */
static void turn_alone(struct worker *w)
{
	(void)w;
	compute(20000);
}

static const struct kind kinds[] = {
    {"alone", NULL, turn_alone},
    {"spin", NULL, turn_spin},
    {"rude", NULL, turn_rude},
    {"mutex", NULL, turn_mutex},
    {"barrier", NULL, turn_barrier},
    {"files", NULL, turn_files},
    {"folder", NULL, turn_folder},
    {"membarrier", prepare_membarrier, turn_membarrier},
    {"memory", prepare_memory, turn_memory},
    {"messages", prepare_messages, turn_messages},
    {"fork", NULL, turn_fork},
};

static void *run(void *arg)
{
	struct worker *w = arg;
	uint64_t from = now_ns();

	while (!stop) {
		uint64_t now;

		kind->turn(w);
		now = now_ns();
		if (now - from > w->worst)
			w->worst = now - from;
		from = now;
		w->turns++;
	}
	/* Partners of those who wait for a message. */
	if (w->out > 0 && write(w->out, "x", 1) < 0)
		die("write");
	return NULL;
}

static void crowd(const struct kind *what, unsigned ms)
{
	uint64_t from, took, turns = 0, worst = 0;

	memset(workers, 0, sizeof(workers));
	stop = false;
	arrived = 0;
	kind = what;
	if (kind->prepare)
		kind->prepare();
	from = now_ns();
	for (unsigned i = 0; i < threads; i++) {
		workers[i].number = i;
		if (pthread_create(&workers[i].thread, NULL, run, &workers[i]))
			die("pthread_create");
	}
	usleep(ms * 1000);
	stop = true;
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		turns += workers[i].turns;
		if (workers[i].worst > worst)
			worst = workers[i].worst;
	}
	took = now_ns() - from;
	printf("crowd %s %llu %llu %llu\n", kind->name, (unsigned long long)turns,
	       (unsigned long long)took, (unsigned long long)worst);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	page = sysconf(_SC_PAGESIZE);
	threads = argc > 2 ? atoi(argv[2]) : 0;
	if (argc < 4 || !threads || threads > THREADS_MAX) {
		fputs("crowd MILLISECONDS THREADS KIND...\n", stderr);
		return 2;
	}
	for (int i = 3; i < argc; i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
			if (!strcmp(argv[i], kinds[k].name) || !strcmp(argv[i], "all"))
				crowd(&kinds[k], atoi(argv[1]));
	puts("done");
	return 0;
}
