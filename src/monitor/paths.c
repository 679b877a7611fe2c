/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/paths.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The part that is the user's own: given by the system, or one we make in /tmp. */
static int user_dir(char *dir, size_t size, bool *ours)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");

	*ours = !xdg || xdg[0] != '/';
	if (*ours)
		return snprintf(dir, size, "/tmp/papyr-%u", getuid());
	return snprintf(dir, size, "%s", xdg);
}

int control_dir(char *dir, size_t size, struct error *err)
{
	bool ours;
	size_t n = user_dir(dir, size, &ours);

	if (n + strlen("/papyr") >= size)
		return error_set(err, "XDG_RUNTIME_DIR is too long a path for sockets");
	strcpy(dir + n, "/papyr");
	return 0;
}

static int path_with(const char *name, const char *end, char *path, size_t size, struct error *err)
{
	char dir[CONTROL_PATH_MAX];

	if (!name[0] || name[0] == '.' || strchr(name, '/'))
		return error_set(err, "'%s' is no name of a guest", name);
	if (control_dir(dir, sizeof(dir), err))
		return -1;
	if ((size_t)snprintf(path, size, "%s/%s%s", dir, name, end) >= size)
		return error_set(err, "the name '%s' is too long", name);
	return 0;
}

int control_path(const char *name, char *path, size_t size, struct error *err)
{
	return path_with(name, ".sock", path, size, err);
}

int control_gdb_path(const char *name, char *path, size_t size, struct error *err)
{
	return path_with(name, ".gdb", path, size, err);
}

static int make_private(const char *dir, struct error *err)
{
	struct stat st;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "cannot make %s", dir);
	/* In /tmp somebody else may have been first; a link is not followed. */
	if (lstat(dir, &st) < 0)
		return error_errno(err, "cannot look at %s", dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != getuid() || (st.st_mode & 077))
		return error_set(
		    err, "%s is not a directory of yours alone: remove it, or chmod 700", dir);
	return 0;
}

int control_dir_make(struct error *err)
{
	char dir[CONTROL_PATH_MAX];
	bool ours;

	user_dir(dir, sizeof(dir), &ours);
	if (ours && make_private(dir, err))
		return -1;
	if (control_dir(dir, sizeof(dir), err))
		return -1;
	return make_private(dir, err);
}
