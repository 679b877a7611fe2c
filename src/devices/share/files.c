/* SPDX-License-Identifier: Apache-2.0 */
/* The one way to what is below the folder. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "devices/share/internal.h"

static int open_beneath(int root, const char *path, u64 flags)
{
	struct open_how how = {.flags = flags | O_CLOEXEC,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	int fd;

	/* EAGAIN: something was renamed meanwhile, and the kernel can't be sure. */
	do
		fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	return fd;
}

int share_find(const struct share *s, const char *path)
{
	return open_beneath(s->root, path, O_PATH | O_NOFOLLOW);
}

int share_find_parent(const struct share *s, const char *path, const char **name)
{
	char folder[SHARE_PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t bytes = slash ? slash - path : 0;

	if (!*path) {
		errno = EBUSY; /* the shared folder itself is in none */
		return -1;
	}
	memcpy(folder, path, bytes);
	folder[bytes] = 0;
	*name = slash ? slash + 1 : path;
	return open_beneath(s->root, folder, O_PATH | O_DIRECTORY);
}

static void name_of(int fd, char *name)
{
	snprintf(name, 16, "%d", fd);
}

int share_open(const struct share *s, int fd, int flags)
{
	char name[16];
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		errno = S_ISLNK(st.st_mode) ? ELOOP : ENXIO;
		return -1;
	}
	name_of(fd, name);
	return openat(s->proc, name, (flags & ~(O_CREAT | O_EXCL)) | O_CLOEXEC | O_NOCTTY);
}

int share_chmod(const struct share *s, int fd, mode_t mode)
{
	char name[16];
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	if (S_ISLNK(st.st_mode)) {
		errno = EOPNOTSUPP;
		return -1;
	}
	name_of(fd, name);
	return fchmodat(s->proc, name, mode, 0);
}

int share_link(const struct share *s, int fd, int folder, const char *name)
{
	char what[16];

	name_of(fd, what);
	return linkat(s->proc, what, folder, name, AT_SYMLINK_FOLLOW);
}

bool share_name_is_good(const char *name)
{
	size_t bytes = strlen(name);

	return bytes && bytes <= SHARE_NAME_MAX && !strchr(name, '/') && strcmp(name, ".") &&
	       strcmp(name, "..");
}

bool share_join(char *to, const char *path, const char *name)
{
	return snprintf(to, SHARE_PATH_MAX, "%s%s%s", path, *path ? "/" : "", name) <
	       SHARE_PATH_MAX;
}
