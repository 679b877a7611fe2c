/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's root, put together by the host's kernel, where nobody else sees it: the guest has
 * one shared folder for all. The root is the image's, and so may hold links that lead anywhere:
 * nothing in it is reached but by openat2(), as from within.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmd/container.h"

static int open_within(int root, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* What isn't there yet is made: a folder, or where @is_file at the end an empty file. */
static int make_one(int parent, const char *name, bool is_file)
{
	int fd;

	if (!is_file)
		return mkdirat(parent, name, 0755);
	fd = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

/* A descriptor of what is at @path in the root, or -1. */
static int make_within(int root, const char *path, bool is_file)
{
	char part[PATH_MAX];
	int parent = dup(root), fd;

	snprintf(part, sizeof(part), "%s", path);
	for (char *name = part; parent >= 0; parent = fd) {
		char *end, cut;

		name += strspn(name, "/");
		if (!*name)
			break;
		end = name + strcspn(name, "/");
		cut = *end;
		*end = 0; /* all of it from the root: a link on the way may lead upwards */
		fd = open_within(root, part);
		if (fd < 0 && errno == ENOENT && !make_one(parent, name, is_file && !cut))
			fd = open_within(root, part);
		close(parent);
		*end = cut;
		name = end;
	}
	return parent;
}

static int mount_at(int fd, const char *what, const char *type, unsigned long flags)
{
	char where[64];

	snprintf(where, sizeof(where), "/proc/self/fd/%d", fd);
	return mount(what, where, type, flags, NULL);
}

/*
 * What is mounted at @where can only be read from now on. What else it mayn't be used for stays so:
 * in a user namespace nobody may take that away.
 */
static int make_read_only(int root, const char *where)
{
	int fd = open_within(root, where), failed; /* what is there now */
	struct statvfs v;
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY;

	if (fd < 0)
		return -1;
	failed = fstatvfs(fd, &v);
	if (!failed)
		failed = mount_at(fd, NULL, NULL,
				  flags | (v.f_flag & (ST_NOSUID | ST_NODEV | ST_NOEXEC)));
	close(fd);
	return failed;
}

static int put(int root, const struct container_mount *m, struct error *err)
{
	struct stat st = {.st_mode = S_IFDIR};
	int fd, failed;

	if (m->what && stat(m->what, &st))
		return error_errno(err, "mount %s", m->what);
	fd = make_within(root, m->where, !S_ISDIR(st.st_mode));
	if (fd < 0)
		return error_errno(err, "mount %s", m->where);
	failed = m->what ? mount_at(fd, m->what, NULL, MS_BIND | MS_REC)
			 : mount_at(fd, "tmpfs", "tmpfs", MS_NOSUID | MS_NODEV);
	close(fd);
	if (!failed && m->read_only)
		failed = make_read_only(root, m->where);
	return failed ? error_errno(err, "mount %s", m->where) : 0;
}

/* Where the guest's kernel mounts its own. */
static const char *const points[] = {"/proc", "/sys", "/dev", "/tmp", "/run"};

static int put_all(const struct container_config *c, struct error *err)
{
	int root = open(c->root, O_PATH | O_DIRECTORY | O_CLOEXEC), fd, failed = 0;

	if (root < 0)
		return error_errno(err, "%s", c->root);
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		fd = make_within(root, points[i], false);
		if (fd >= 0)
			close(fd);
	}
	for (unsigned i = 0; i < c->exec.n_folders; i++) {
		fd = make_within(root, c->exec.folders[i].there, false);
		if (fd >= 0)
			close(fd);
	}
	for (unsigned i = 0; i < c->n_mounts && !failed; i++)
		failed = put(root, &c->mounts[i], err);
	close(root);
	return failed;
}

int container_enter_mounts(const struct container_config *c, struct error *err)
{
	if (!c->n_mounts)
		return put_all(c, err);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return error_errno(err, "mounts want a namespace of their own");
	return put_all(c, err);
}
