/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is. */
#include <errno.h>
#include <fcntl.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "devices/share/message.h"

int share_find_fid(const struct share *s, const struct share_fid *f)
{
	if (f->open && f->fd < 0) {
		errno = ESTALE; /* it wasn't there any more when the guest came here */
		return -1;
	}
	return f->fd >= 0 ? f->fd : share_find(s, f->path);
}

int share_done_with(const struct share_fid *f, int fd, int error)
{
	if (fd != f->fd)
		close(fd);
	return error;
}

static void put_time(struct share_call *c, const struct timespec *t)
{
	share_put(c, t->tv_sec, 8);
	share_put(c, t->tv_nsec, 8);
}

#define ATTR_BASIC 0x7ffull

int share_do_getattr(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	struct stat st;
	int fd, error;

	get_u64(&c->in);
	if (!f)
		return EBADF;
	fd = share_find_fid(c->s, f);
	if (fd < 0)
		return errno;
	error = share_done_with(f, fd, share_outcome(fstat(fd, &st)));
	if (error)
		return error;
	share_put(c, ATTR_BASIC, 8);
	share_put_qid(c, &st);
	share_put(c, st.st_mode, 4);
	share_put(c, st.st_uid, 4);
	share_put(c, st.st_gid, 4);
	share_put(c, st.st_nlink, 8);
	share_put(c, st.st_rdev, 8);
	share_put(c, st.st_size, 8);
	share_put(c, st.st_blksize, 8);
	share_put(c, st.st_blocks, 8);
	put_time(c, &st.st_atim);
	put_time(c, &st.st_mtim);
	put_time(c, &st.st_ctim);
	put_time(c, &(struct timespec){0});
	share_put(c, 0, 8);
	share_put(c, 0, 8);
	return 0;
}

#define SET_MODE     0x001
#define SET_UID	     0x002
#define SET_GID	     0x004
#define SET_SIZE     0x008
#define SET_ATIME    0x010
#define SET_MTIME    0x020
#define SET_ATIME_TO 0x080
#define SET_MTIME_TO 0x100

struct share_attributes {
	u32 which, mode, uid, gid;
	u64 size;
	struct timespec times[2];
};

static void take_attributes(struct share_call *c, struct share_attributes *a)
{
	a->which = get_u32(&c->in);
	a->mode = get_u32(&c->in) & 07777;
	a->uid = get_u32(&c->in);
	a->gid = get_u32(&c->in);
	a->size = get_u64(&c->in);
	for (unsigned i = 0; i < 2; i++) {
		a->times[i].tv_sec = get_u64(&c->in);
		a->times[i].tv_nsec = get_u64(&c->in);
		if (!(a->which & SET_ATIME << i))
			a->times[i].tv_nsec = UTIME_OMIT;
		else if (!(a->which & SET_ATIME_TO << i))
			a->times[i].tv_nsec = UTIME_NOW;
		else if (a->times[i].tv_nsec < 0 || a->times[i].tv_nsec >= 1000000000)
			c->in.bad = true;
	}
}

/* What is open for writing can be cut, though its mode may let nobody open it so any more. */
static int set_size(struct share_call *c, const struct share_fid *f, int fd, u64 size)
{
	bool is_open = fd == f->fd && f->flags & P9_ACCESS;
	int file = is_open ? fd : share_open(c->s, fd, O_WRONLY), error;

	if (file < 0)
		return errno;
	error = size > INT64_MAX ? EINVAL : share_outcome(ftruncate(file, size));
	return is_open ? error : share_closing(file, error);
}

static int set_attributes(struct share_call *c, const struct share_fid *f, int fd,
			  const struct share_attributes *a)
{
	uid_t uid = a->which & SET_UID ? a->uid : (uid_t)-1;
	gid_t gid = a->which & SET_GID ? a->gid : (gid_t)-1;
	int error = 0;

	if (a->which & (SET_UID | SET_GID))
		error = share_outcome(fchownat(fd, "", uid, gid, AT_EMPTY_PATH));
	if (!error && a->which & SET_MODE)
		error = share_outcome(share_chmod(c->s, fd, a->mode));
	if (!error && a->which & SET_SIZE)
		error = set_size(c, f, fd, a->size);
	if (!error && a->which & (SET_ATIME | SET_MTIME))
		error = share_outcome(utimensat(fd, "", a->times, AT_EMPTY_PATH));
	return error;
}

int share_do_setattr(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	struct share_attributes a;
	int fd;

	take_attributes(c, &a);
	if (!f || c->in.bad)
		return f ? EINVAL : EBADF;
	fd = share_find_fid(c->s, f);
	return fd < 0 ? errno : share_done_with(f, fd, set_attributes(c, f, fd, &a));
}

int share_do_readlink(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	char target[SHARE_PATH_MAX];
	ssize_t bytes;
	int fd;

	if (!f)
		return EBADF;
	fd = share_find(c->s, f->path);
	if (fd < 0)
		return errno;
	bytes = readlinkat(fd, "", target, sizeof(target));
	if (bytes < 0)
		return share_closing(fd, errno);
	share_put_text(c, target, bytes);
	return share_closing(fd, 0);
}

int share_do_statfs(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	struct statfs st;

	if (!f)
		return EBADF;
	if (fstatfs(c->s->root, &st))
		return errno;
	share_put(c, 0x01021997, 4);
	share_put(c, st.f_bsize, 4);
	share_put(c, st.f_blocks, 8);
	share_put(c, st.f_bfree, 8);
	share_put(c, st.f_bavail, 8);
	share_put(c, st.f_files, 8);
	share_put(c, st.f_ffree, 8);
	share_put(c, 0, 8);
	share_put(c, SHARE_NAME_MAX, 4);
	return 0;
}
