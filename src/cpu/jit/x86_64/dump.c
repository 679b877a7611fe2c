/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PAPYR_ENGINE_DUMP: a file that gets each translation as it was made, a line each, for
 * tools/show-translations. The guest real address, the mode, where the code runs, the block's
 * instructions, a colon, and the host's code, all in hex. What lies apart from it (exits, what is
 * seldom done) isn't there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "cpu/jit/x86_64/jit.h"

int dump_open(void)
{
	const char *path = getenv("PAPYR_ENGINE_DUMP");
	int fd;

	if (!path)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0)
		fprintf(stderr, "PAPYR_ENGINE_DUMP: %s can't be written: %m\n", path);
	return fd;
}

void dump_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Several processors may have the file: a line is one write. */
void dump_translation(int fd, const struct block *b, const struct op *ops, const u8 *code,
		      const u8 *end, const void *runs)
{
	char *line = NULL;
	size_t bytes;
	FILE *f;

	f = open_memstream(&line, &bytes);
	if (!f)
		return;
	fprintf(f, "%llx %x %llx", (unsigned long long)b->gpa, b->mode,
		(unsigned long long)(uintptr_t)runs);
	for (unsigned i = 1; i <= b->count; i++)
		fprintf(f, " %08x", ops[i].insn);
	fputs(" : ", f);
	for (; code < end; code++)
		fprintf(f, "%02x", *code);
	fputc('\n', f);
	if (!fclose(f) && write(fd, line, bytes) < 0)
		perror("PAPYR_ENGINE_DUMP");
	free(line);
}
