/* SPDX-License-Identifier: Apache-2.0 */
#include "kvm/preload_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Appends the components of @path to @to, which has none or begins with '/'. */
static bool append(char to[PATH_MAX], const char *path)
{
	size_t len = strlen(to);

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (len && to[--len] != '/')
				;
			to[len] = 0;
		} else if (n && !(n == 1 && path[0] == '.')) {
			if (len + n + 2 > PATH_MAX)
				return false;
			to[len++] = '/';
			memcpy(to + len, path, n);
			len += n;
			to[len] = 0;
		}
		path += n;
		path += strspn(path, "/");
	}
	return true;
}

static bool folder_of(int dir, char path[PATH_MAX])
{
	char link[32];
	ssize_t n;

	if (dir == AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/self/cwd");
	else
		snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	n = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
	if (n <= 0 || path[0] != '/')
		return false;
	path[n] = 0;
	return true;
}

static bool resolves_to_kvm(int dir, const char *path)
{
	char folder[PATH_MAX], whole[PATH_MAX] = "";

	if (path[0] != '/' && (!folder_of(dir, folder) || !append(whole, folder)))
		return false;
	return append(whole, path) && !strcmp(whole, KVM_PATH);
}

bool path_is_kvm(int dir, const char *path)
{
	size_t n = path ? strlen(path) : 0;
	int err = errno;
	bool is;

	/* What nearly all programs open, and all that nearly all programs open besides. */
	if (n < 3 || strcmp(path + n - 3, "kvm"))
		return false;
	if (!strcmp(path, KVM_PATH))
		return true;
	is = resolves_to_kvm(dir, path);
	errno = err;
	return is;
}
