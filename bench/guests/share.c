/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What programs do with files in a shared folder.
 *
 *     share FOLDER FILES MIB
 *
 * FOLDER is empty at first and at last. FILES small ones come and go; one of MIB is written and
 * read, in pieces of several sizes. A line for each, "share NAME OPERATIONS NANOSECONDS".
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common.h"

#define MIB	    (1u << 20)
#define SMALL_BYTES 2000 /* of a file: a source, or an object */
#define PROCESSES   4

static char buffer[MIB];
static unsigned n_files, n_mib;

/* ---- Small files ---- */

static void name_of(char *name, unsigned i)
{
	sprintf(name, "a-file-%u", i);
}

static void make_file(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);

	if (fd < 0 || write(fd, buffer, SMALL_BYTES) != SMALL_BYTES || close(fd))
		die(name);
}

static void read_file(const char *name)
{
	int fd = open(name, O_RDONLY);

	if (fd < 0 || read(fd, buffer, sizeof(buffer)) != SMALL_BYTES || close(fd))
		die(name);
}

static void stat_file(const char *name)
{
	struct stat st;

	if (lstat(name, &st) || st.st_size != SMALL_BYTES)
		die(name);
}

static void remove_file(const char *name)
{
	if (unlink(name))
		die(name);
}

/* Each process has its own. */
static void each_file(void (*work)(const char *name), unsigned processes)
{
	char name[32];
	int status;

	for (unsigned p = 0; p < processes; p++) {
		if (fork())
			continue;
		for (unsigned i = p; i < n_files; i += processes) {
			name_of(name, i);
			work(name);
		}
		_exit(0);
	}
	while (wait(&status) > 0)
		if (status)
			exit(1);
}

static void list_files(const char *folder)
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (!d || closedir(d) || n != n_files + 2)
		die("list");
}

/* ---- A large one ---- */

static void write_large(unsigned piece)
{
	int fd = open("large", O_WRONLY | O_CREAT, 0644);

	for (unsigned i = 0; i < n_mib * (MIB / piece); i++)
		if (write(fd, buffer, piece) != piece)
			die("write");
	close(fd);
}

static void read_large(unsigned piece)
{
	int fd = open("large", O_RDONLY);

	for (unsigned i = 0; i < n_mib * (MIB / piece); i++)
		if (read(fd, buffer, piece) != piece)
			die("read");
	close(fd);
}

/* Each time anew: who maps a file keeps its pages in the guest. */
static void read_mapped(void)
{
	int fd = open("large", O_RDONLY), drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
	const char *p = mmap(NULL, n_mib * MIB, PROT_READ, MAP_SHARED, fd, 0);
	unsigned sum = 0;

	if (p == MAP_FAILED || write(drop, "1", 1) != 1)
		die("map");
	for (unsigned i = 0; i < n_mib * MIB; i += 4096)
		sum += p[i];
	if (sum)
		exit(1);
	munmap((void *)p, n_mib * MIB);
	close(drop);
	close(fd);
}

static uint64_t begun;

static void begin(void)
{
	begun = now_ns();
}

static void tell(const char *name, unsigned operations)
{
	printf("share %s %u %llu\n", name, operations, (unsigned long long)(now_ns() - begun));
	fflush(stdout);
}

static void small_files(void)
{
	static const struct {
		const char *name;
		void (*work)(const char *name);
		unsigned processes; /* 0: it is one thing for all */
	} steps[] = {
	    {"make_a_file", make_file, 1},
	    {"list_a_file", list_files, 0},
	    {"stat_a_file", stat_file, 1},
	    {"read_a_file", read_file, 1},
	    {"remove_a_file", remove_file, 1},
	    {"make_a_file_x4", make_file, PROCESSES},
	    {"stat_a_file_x4", stat_file, PROCESSES},
	    {"read_a_file_x4", read_file, PROCESSES},
	    {"remove_a_file_x4", remove_file, PROCESSES},
	};

	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		begin();
		if (steps[i].processes)
			each_file(steps[i].work, steps[i].processes);
		else
			steps[i].work(".");
		tell(steps[i].name, n_files);
	}
}

static void large_file(void)
{
	static const struct {
		const char *name;
		void (*work)(unsigned piece);
		unsigned piece, operations; /* of a MiB */
	} steps[] = {
	    {"write_1M", write_large, MIB, 1},
	    {"read_1M", read_large, MIB, 1},
	    {"write_4K", write_large, 4096, 256},
	    {"read_4K", read_large, 4096, 256},
	};

	/* Zeroes: their sum is known. */
	memset(buffer, 0, sizeof(buffer));
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		begin();
		steps[i].work(steps[i].piece);
		tell(steps[i].name, n_mib * steps[i].operations);
	}
	begin();
	read_mapped();
	tell("read_mapped_1M", n_mib);
	if (unlink("large"))
		die("large");
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: share FOLDER FILES MIB\n");
		return 2;
	}
	if (chdir(argv[1]))
		die(argv[1]);
	n_files = strtoul(argv[2], NULL, 0);
	n_mib = strtoul(argv[3], NULL, 0);
	small_files();
	large_file();
	return 0;
}
