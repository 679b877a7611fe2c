/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int aside_create(const char *path, char **temp, struct error *err)
{
	char *dir = strdup(path), *base = strdup(path);
	int fd;

	if (!dir || !base || asprintf(temp, "%s/.%.200s.XXXXXX", dirname(dir), basename(base)) < 0)
		*temp = NULL;
	free(dir);
	free(base);
	if (!*temp)
		return error_nomem(err, "a file's name");
	fd = mkostemp(*temp, O_CLOEXEC);
	if (fd >= 0)
		return fd;
	free(*temp);
	*temp = NULL;
	return error_errno(err, "cannot make a file beside %.200s", path);
}

int aside_rename(const char *temp, const char *path, bool replace, struct error *err)
{
	int r = replace ? rename(temp, path)
			: renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE);

	/* Not every file system can tell; then it was not there a moment ago. */
	if (r < 0 && !replace && errno == EINVAL && access(path, F_OK) < 0)
		r = rename(temp, path);
	return r < 0 ? error_errno(err, "cannot give %.200s its name %.200s", temp, path) : 0;
}

int aside_sync_folder(const char *path, struct error *err)
{
	char *copy = strdup(path);
	int fd, r = 0;

	if (!copy)
		return error_nomem(err, "a folder's name");
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Some file systems can't sync a folder, and need not. */
	if (fd >= 0 && fsync(fd) < 0 && errno != EINVAL)
		r = error_errno(err, "%.200s is written, but may not outlast a power failure",
				path);
	if (fd >= 0)
		close(fd);
	free(copy);
	return r;
}
