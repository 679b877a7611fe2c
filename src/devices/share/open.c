/* SPDX-License-Identifier: Apache-2.0 */
/* Opening files, those too that are made by that. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "devices/share/message.h"

static int host_flags(u32 flags)
{
	return (flags & P9_ACCESS) | (flags & P9_TRUNC ? O_TRUNC : 0) |
	       (flags & P9_APPEND ? O_APPEND : 0) | (flags & P9_DSYNC ? O_DSYNC : 0) |
	       ((flags & P9_SYNC) == P9_SYNC ? O_SYNC : 0);
}

static bool writes(u32 flags)
{
	return flags & (P9_ACCESS | P9_TRUNC);
}

/* For one more file: its descriptor would be that of a copy of @fd, the lowest that is free. */
static bool has_room(const struct share *s, int fd)
{
	int next = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (next >= 0)
		close(next);
	return next >= 0 && next < s->fd_end;
}

int share_open_fid(const struct share *s, struct share_fid *f, u32 flags)
{
	int fd = share_find(s, f->path), file;

	if (fd < 0)
		return errno;
	if (!has_room(s, fd))
		return share_closing(fd, ENFILE);
	if (s->read_only && writes(flags))
		return share_closing(fd, EROFS);
	file = share_open(s, fd, host_flags(flags));
	if (file < 0)
		return share_closing(fd, errno);
	f->fd = file;
	f->flags = flags;
	f->open = true;
	return share_closing(fd, 0);
}

static int answer_opened(struct share_call *c, const struct share_fid *f)
{
	struct stat st;

	if (fstat(f->fd, &st))
		return errno;
	share_put_qid(c, &st);
	share_put(c, 0, 4); /* as much at once as messages hold */
	return 0;
}

int share_do_open(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	u32 flags = get_u32(&c->in);
	int error;

	if (!f || f->open || f->value || c->in.bad)
		return EBADF;
	error = share_open_fid(c->s, f, flags);
	return error ? error : answer_opened(c, f);
}

int share_adopt(struct share_call *c, int fd, u32 uid, u32 gid, mode_t mode)
{
	if (!geteuid() && fchownat(fd, "", uid, gid, AT_EMPTY_PATH))
		return errno;
	return share_outcome(share_chmod(c->s, fd, mode));
}

/* share_adopt() of a file that was just made; one that can't be its user's is there no more. */
static int adopt_new(struct share_call *c, int folder, const char *name, int fd, u32 uid, u32 gid,
		     mode_t mode)
{
	int error = share_adopt(c, fd, uid, gid, mode);

	if (!error)
		return 0;
	unlinkat(folder, name, 0);
	return share_closing(fd, error);
}

/* A new file, or if it is there and may be the one that is. The fid, of a folder, is its then. */
int share_do_create(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	char name[SHARE_NAME_MAX + 1], path[SHARE_PATH_MAX];
	u32 flags, mode, gid;
	int folder, fd, error;

	share_take_name(c, name);
	flags = get_u32(&c->in);
	mode = get_u32(&c->in) & 07777;
	gid = get_u32(&c->in);
	if (!f || f->open || f->value || c->in.bad || !share_name_is_good(name))
		return f ? EINVAL : EBADF;
	if (!share_join(path, f->path, name))
		return ENAMETOOLONG;
	folder = share_find(c->s, f->path);
	if (folder < 0)
		return errno;
	if (!has_room(c->s, folder))
		return share_closing(folder, ENFILE);
	fd = openat(folder, name, host_flags(flags) | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    mode);
	error = fd < 0 ? errno : adopt_new(c, folder, name, fd, f->uid, gid, mode);
	close(folder);
	if (!error) {
		f->fd = fd;
		f->flags = flags & ~(P9_EXCL | P9_TRUNC);
		f->open = true;
	}
	if ((!error || (error == EEXIST && !(flags & P9_EXCL))) && share_fid_set_path(f, path))
		return ENOMEM;
	if (error == EEXIST && !(flags & P9_EXCL))
		error = share_open_fid(c->s, f, flags);
	return error ? error : answer_opened(c, f);
}
