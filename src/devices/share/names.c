/* SPDX-License-Identifier: Apache-2.0 */
/* Names: things that are made, linked, renamed and removed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "devices/share/message.h"

/* share_adopt() of a name in a folder, with what is told of it. */
static int adopt_name(struct share_call *c, int folder, const char *name, u32 uid, u32 gid,
		      mode_t mode)
{
	int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), error = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return fd < 0 ? errno : share_closing(fd, errno);
	if (!S_ISLNK(st.st_mode))
		error = share_adopt(c, fd, uid, gid, mode);
	else if (!geteuid())
		error = share_outcome(fchownat(fd, "", uid, gid, AT_EMPTY_PATH));
	share_put_qid(c, &st);
	return share_closing(fd, error);
}

enum share_kind { FOLDER, LINK, NODE };

static int make(int folder, enum share_kind kind, const char *name, const char *target, mode_t mode)
{
	switch (kind) {
	case FOLDER:
		return share_outcome(mkdirat(folder, name, mode & 07777));
	case LINK:
		return share_outcome(symlinkat(target, folder, name));
	case NODE:
		if (!S_ISFIFO(mode) && !S_ISSOCK(mode) && !S_ISREG(mode))
			return EPERM;
		return share_outcome(mknodat(folder, name, mode, 0));
	}
	return EINVAL;
}

static int make_in(struct share_call *c, const struct share_fid *f, enum share_kind kind,
		   const char *name, const char *target, mode_t mode, u32 gid)
{
	int folder, error;

	if (!f || c->in.bad || !share_name_is_good(name))
		return f ? EINVAL : EBADF;
	folder = share_find(c->s, f->path);
	if (folder < 0)
		return errno;
	error = make(folder, kind, name, target, mode);
	if (error)
		return share_closing(folder, error);
	error = adopt_name(c, folder, name, f->uid, gid, mode & 07777);
	if (error)
		unlinkat(folder, name, kind == FOLDER ? AT_REMOVEDIR : 0);
	return share_closing(folder, error);
}

int share_do_mkdir(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	char name[SHARE_NAME_MAX + 1];
	u32 mode;

	share_take_name(c, name);
	mode = get_u32(&c->in);
	return make_in(c, f, FOLDER, name, NULL, mode, get_u32(&c->in));
}

int share_do_symlink(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	char name[SHARE_NAME_MAX + 1], target[SHARE_PATH_MAX];

	share_take_name(c, name);
	share_take_string(c, target, sizeof(target));
	return make_in(c, f, LINK, name, target, 0, get_u32(&c->in));
}

int share_do_mknod(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	char name[SHARE_NAME_MAX + 1];
	u32 mode;

	share_take_name(c, name);
	mode = get_u32(&c->in);
	get_u64(&c->in); /* of devices, which there aren't */
	return make_in(c, f, NODE, name, NULL, mode, get_u32(&c->in));
}

int share_do_link(struct share_call *c)
{
	struct share_fid *where = share_take_fid(c), *f = share_take_fid(c);
	char name[SHARE_NAME_MAX + 1];
	int folder, fd, error;

	share_take_name(c, name);
	if (!where || !f || c->in.bad || !share_name_is_good(name))
		return where && f ? EINVAL : EBADF;
	folder = share_find(c->s, where->path);
	if (folder < 0)
		return errno;
	fd = share_find(c->s, f->path);
	if (fd < 0)
		return share_closing(folder, errno);
	error = share_outcome(share_link(c->s, fd, folder, name));
	close(fd);
	return share_closing(folder, error);
}

/* ---- Renaming and removing ---- */

static int move(struct share_call *c, const char *from, const char *to)
{
	const char *old, *new;
	int here = share_find_parent(c->s, from, &old), there, error;

	if (here < 0)
		return errno;
	there = share_find_parent(c->s, to, &new);
	if (there < 0)
		return share_closing(here, errno);
	error = share_outcome(renameat(here, old, there, new));
	close(there);
	close(here);
	return error ? error : share_fids_moved(c->s, from, to);
}

int share_do_rename(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c), *where = share_take_fid(c);
	char name[SHARE_NAME_MAX + 1], from[SHARE_PATH_MAX], to[SHARE_PATH_MAX];

	share_take_name(c, name);
	if (!f || !where || c->in.bad || !share_name_is_good(name))
		return f && where ? EINVAL : EBADF;
	if (!share_join(to, where->path, name))
		return ENAMETOOLONG;
	strcpy(from, f->path);
	return move(c, from, to);
}

int share_do_renameat(struct share_call *c)
{
	struct share_fid *here = share_take_fid(c), *there;
	char old[SHARE_NAME_MAX + 1], new[SHARE_NAME_MAX + 1];
	char from[SHARE_PATH_MAX], to[SHARE_PATH_MAX];

	share_take_name(c, old);
	there = share_take_fid(c);
	share_take_name(c, new);
	if (!here || !there || c->in.bad || !share_name_is_good(old) || !share_name_is_good(new))
		return here && there ? EINVAL : EBADF;
	if (!share_join(from, here->path, old) || !share_join(to, there->path, new))
		return ENAMETOOLONG;
	return move(c, from, to);
}

#define P9_REMOVE_FOLDER 0x200

int share_do_unlinkat(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	char name[SHARE_NAME_MAX + 1];
	u32 flags;
	int folder;

	share_take_name(c, name);
	flags = get_u32(&c->in);
	if (!f || c->in.bad || !share_name_is_good(name))
		return f ? EINVAL : EBADF;
	folder = share_find(c->s, f->path);
	if (folder < 0)
		return errno;
	return share_closing(
	    folder,
	    share_outcome(unlinkat(folder, name, flags & P9_REMOVE_FOLDER ? AT_REMOVEDIR : 0)));
}

/* And the fid, whatever happens. */
int share_do_remove(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	const char *name;
	int folder, error;

	if (!f)
		return EBADF;
	folder = share_find_parent(c->s, f->path, &name);
	error = share_outcome(folder);
	if (!error) {
		error = share_outcome(unlinkat(folder, name, 0));
		if (error == EISDIR)
			error = share_outcome(unlinkat(folder, name, AT_REMOVEDIR));
		close(folder);
	}
	share_fid_remove(c->s, f);
	return error;
}
