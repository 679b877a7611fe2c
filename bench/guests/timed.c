/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timed NAME COMMAND [ARGUMENT]...: runs a command in a folder of its own, and prints
 * "timed NAME NANOSECONDS STATUS ANSWER". ANSWER tells what it printed: a sum over all of it. Built
 * for the guests, and for the host, where programs run under an emulator of their own.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common.h"

/* Eight bytes at a time, for outputs may be large and the guest slow. */
static uint64_t sum_of(int fd)
{
	struct stat st;
	uint64_t sum = 0xcbf29ce484222325;
	char *p;

	if (fstat(fd, &st))
		die("fstat");
	sum ^= st.st_size;
	if (!st.st_size)
		return sum;
	p = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		die("mmap");
	/* The file's last page is filled with zeros. */
	for (off_t at = 0; at < st.st_size; at += 8) {
		uint64_t word;

		memcpy(&word, p + at, 8);
		sum = (sum ^ word) * 0x9e3779b97f4a7c15;
		sum ^= sum >> 29;
	}
	munmap(p, st.st_size);
	return sum;
}

static void child(char **argv, int out)
{
	int null = open("/dev/null", O_RDONLY);

	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0)
		die("dup2");
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/timed.XXXXXX";
	int out, status;
	uint64_t from;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "timed NAME COMMAND [ARGUMENT]...\n");
		return 1;
	}
	if (!mkdtemp(folder) || chdir(folder))
		die(folder);
	out = open("../timed.out", O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (out < 0)
		die("timed.out");
	from = now_ns();
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		child(argv + 2, out);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	from = now_ns() - from;
	printf("timed %s %llu %d %016llx\n", argv[1], (unsigned long long)from, status,
	       (unsigned long long)sum_of(out));
	fflush(stdout);
	if (chdir("/"))
		die("/");
	execlp("rm", "rm", "-rf", folder, NULL);
	die("rm");
}
