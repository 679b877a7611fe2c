/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and writes a disk, past the guest's cache and through it.
 *
 *     disk DEVICE MIB SECONDS [NAME]
 *
 * The first MIB of the device are used; what they hold is lost. A line for each way, or the one
 * that is named, "disk NAME OPERATIONS NANOSECONDS", and "done" at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "common.h"

#define MIB	    (1u << 20)
#define THREADS_MAX 16

struct way {
	const char *name;
	unsigned bytes; /* of an operation */
	unsigned threads;
	int flags;
	int write, random, flush;
};

static const struct way ways[] = {
    {.name = "read_1M", MIB, 1, O_DIRECT},
    {.name = "write_1M", MIB, 1, O_DIRECT, .write = 1},
    {.name = "read_128K_x4", 128 << 10, 4, O_DIRECT},
    {.name = "write_128K_x4", 128 << 10, 4, O_DIRECT, .write = 1},
    {.name = "cached_read", MIB, 1},
    {.name = "cached_write", MIB, 1, .write = 1},
    {.name = "random_read_4K", 4096, 1, O_DIRECT, .random = 1},
    {.name = "random_write_4K", 4096, 1, O_DIRECT, .write = 1, .random = 1},
    {.name = "random_read_4K_x8", 4096, 8, O_DIRECT, .random = 1},
    {.name = "random_write_4K_x8", 4096, 8, O_DIRECT, .write = 1, .random = 1},
    {.name = "synchronized_write_4K", 4096, 1, O_DIRECT, .write = 1, .random = 1, .flush = 1},
};

static const char *device;
static uint64_t bytes, end_ns;
static const struct way *way;

static _Noreturn void fail(const char *what)
{
	printf("%s: %s: %s\n", way ? way->name : "disk", what, strerror(errno));
	exit(1);
}

/*
 * Each thread has a part of its own, which goes through the guest's cache only once.
 * Returns how many operations it did.
 */
static void *work(void *arg)
{
	uint64_t part = bytes / way->threads, first = (uintptr_t)arg * part, at = 0, n = 0;
	uint64_t random = 88172645463325252ull + (uintptr_t)arg;
	int fd = open(device, O_RDWR | way->flags), direct = way->flags & O_DIRECT;
	void *buffer;

	if (fd < 0 || posix_memalign(&buffer, 65536, way->bytes))
		fail("open");
	memset(buffer, 0x5a, way->bytes);
	do {
		uint64_t where = first + at;

		if (way->random) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			where = first + random % (part / way->bytes) * way->bytes;
		}
		if ((way->write ? pwrite(fd, buffer, way->bytes, where)
				: pread(fd, buffer, way->bytes, where)) != way->bytes)
			fail("I/O");
		if (way->flush && fdatasync(fd))
			fail("flush");
		at = (at + way->bytes) % (part / way->bytes * way->bytes);
		n++;
	} while (now_ns() < end_ns && (at || direct));
	if (way->write && !direct && fdatasync(fd))
		fail("flush");
	close(fd);
	free(buffer);
	return (void *)(uintptr_t)n;
}

/* What the way before wrote is no matter of this one's flushes. */
static void flush_device(void)
{
	int fd = open(device, O_RDWR);

	if (fd < 0 || fdatasync(fd))
		fail("flush");
	close(fd);
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd < 0 || write(fd, "3", 1) != 1)
		fail("drop_caches");
	close(fd);
}

/* The host gives the guest its memory as that is first touched: not while a disk is measured. */
static void touch_memory(void)
{
	size_t room = (size_t)sysconf(_SC_AVPHYS_PAGES) / 8 * 7 * sysconf(_SC_PAGESIZE);
	char *p = malloc(room);

	for (size_t i = 0; p && i < room; i += 4096)
		((volatile char *)p)[i] = 1;
	free(p);
}

static void run(double seconds)
{
	pthread_t threads[THREADS_MAX];
	uint64_t start, total = 0;

	flush_device();
	drop_caches();
	start = now_ns();
	end_ns = start + (uint64_t)(seconds * 1e9);
	for (uintptr_t i = 0; i < way->threads; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i))
			fail("thread");
	for (unsigned i = 0; i < way->threads; i++) {
		void *n;

		pthread_join(threads[i], &n);
		total += (uintptr_t)n;
	}
	printf("disk %s %llu %llu\n", way->name, (unsigned long long)total,
	       (unsigned long long)(now_ns() - start));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: disk DEVICE MIB SECONDS [NAME]\n");
		return 2;
	}
	device = argv[1];
	bytes = strtoull(argv[2], NULL, 0) * MIB;
	touch_memory();
	for (way = ways; way < ways + sizeof(ways) / sizeof(ways[0]); way++)
		if (argc == 4 || !strcmp(argv[4], way->name))
			run(atof(argv[3]));
	puts("done");
	return 0;
}
