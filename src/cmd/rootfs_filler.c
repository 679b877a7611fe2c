/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/rootfs_filler.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int filler_start(struct filler *f, const char *disk, const char *script, struct error *err)
{
	char word[PATH_MAX + 8];
	const char *const words[] = {"papyr", "exec", "--keep", "--disk", word,
				     "--",    "sh",   "-c",	script,	  NULL};
	int ends[2];

	snprintf(word, sizeof(word), "%s:/mnt", disk);
	if (pipe2(ends, O_CLOEXEC))
		return error_errno(err, "can't make a pipe");
	f->in = ends[1];
	f->pid = fork();
	if (!f->pid) {
		dup2(ends[0], 0);
		execv("/proc/self/exe", (char *const *)words);
		_exit(127);
	}
	close(ends[0]);
	if (f->pid > 0)
		return 0;
	close(ends[1]);
	return error_errno(err, "can't fork");
}

int filler_end(struct filler *f, struct error *err)
{
	int how;

	close(f->in);
	if (waitpid(f->pid, &how, 0) != f->pid || !WIFEXITED(how) || WEXITSTATUS(how))
		return error_set(err, "the guest couldn't unpack it (see above)");
	return 0;
}
