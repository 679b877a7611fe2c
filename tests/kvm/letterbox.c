/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letterbox ADDRESS BYTES: takes what comes on standard input to the emulated machine's host.
 *
 * The machine's memory is a file of its host, and its kernel was told that it ends at ADDRESS, so
 * that what lies behind is free: first the number of bytes, then, PAYLOAD bytes on, the bytes. The
 * number comes last, and is there only if all bytes are.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAYLOAD 4096

static char buf[65536];

int main(int argc, char **argv)
{
	unsigned long box_bytes, used = PAYLOAD;
	ssize_t n;
	char *box;
	int fd;

	if (argc != 3)
		return 2;
	box_bytes = strtoul(argv[2], NULL, 0);
	fd = open("/dev/mem", O_RDWR);
	if (fd < 0) {
		perror("/dev/mem");
		return 1;
	}
	box = mmap(NULL, box_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   strtoul(argv[1], NULL, 0));
	if (box == MAP_FAILED) {
		perror("mmap of /dev/mem");
		return 1;
	}
	while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0) {
		if (used + n > box_bytes) {
			fprintf(stderr, "letterbox: full\n");
			return 1;
		}
		memcpy(box + used, buf, n);
		used += n;
	}
	*(volatile unsigned long *)box = used - PAYLOAD;
	return n < 0;
}
