/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 9P2000.L: a message's bytes (4), type (1) and tag (2), then what belongs to the type; all numbers
 * are little-endian, strings have their length (2) ahead. An answer has the type behind its
 * question's, or is Rlerror with the host's errno, whose numbers are the guest's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/racy.h"
#include "devices/share/internal.h"

#define HEAD	     7
#define QID_BYTES    13
#define QUESTION_MAX 16384 /* but for the data of Twrite */
#define ANSWER_MAX   65536 /* but for the data of Rread */
#define WALK_MAX     16
#define DATA_AT	     11 /* in Rread: the head and a length */
#define WRITE_AT     23 /* in Twrite: fid, offset and a length behind the head */
#define NO_FID	     0xffffffffu

#define RLERROR	 7
#define TVERSION 100
#define TFLUSH	 108
#define TREAD	 116
#define TWRITE	 118
#define VERSION	 "9P2000.L"

/* Flags of files, which are those of most of Linux's architectures. */
#define P9_ACCESS 3u
#define P9_EXCL	  0200u
#define P9_TRUNC  01000u
#define P9_APPEND 02000u
#define P9_DSYNC  010000u
#define P9_SYNC	  04000000u

struct share_call {
	struct share *s;
	struct state_in in; /* the question, behind its head */
	u8 *out;	    /* the answer, behind its head */
	size_t n_out, room;
	/* All of the question, and where the answer goes: for data that isn't copied. */
	const struct iovec *question, *answer;
	unsigned n_question, n_answer;
	u64 question_bytes, answer_bytes;
	u32 data_bytes; /* of the answer, behind what is in @out, and there already */
};

/* ---- Words of messages ---- */

static u16 take_u16(struct share_call *c)
{
	u16 low = get_u8(&c->in);

	return low | get_u8(&c->in) << 8;
}

/* Into @s of @size; what is longer, or has a 0 in it, turns the question bad. */
static void take_string(struct share_call *c, char *s, size_t size)
{
	u16 bytes = take_u16(c);

	*s = 0;
	if (bytes >= size || bytes > state_left(&c->in)) {
		c->in.bad = true;
		return;
	}
	get_bytes(&c->in, s, bytes);
	s[bytes] = 0;
	if (strlen(s) != bytes)
		c->in.bad = true;
}

static void take_name(struct share_call *c, char *name)
{
	take_string(c, name, SHARE_NAME_MAX + 1);
}

static struct share_fid *take_fid(struct share_call *c)
{
	return share_fid(c->s, get_u32(&c->in));
}

static void put(struct share_call *c, u64 val, unsigned bytes)
{
	if (bytes > c->room - c->n_out)
		return;
	put_le(c->out + c->n_out, val, bytes);
	c->n_out += bytes;
}

static void put_text(struct share_call *c, const char *s, size_t bytes)
{
	if (bytes + 2 > c->room - c->n_out)
		return;
	put(c, bytes, 2);
	memcpy(c->out + c->n_out, s, bytes);
	c->n_out += bytes;
}

/* Kind (1), version (4), and a number that no other file of the folder has (8). */
static void put_qid(struct share_call *c, const struct stat *st)
{
	u64 other = st->st_dev == c->s->device ? 0 : (u64)st->st_dev << 48;

	put(c, S_ISDIR(st->st_mode) ? 0x80 : S_ISLNK(st->st_mode) ? 2 : 0, 1);
	put(c, st->st_mtim.tv_sec ^ st->st_mtim.tv_nsec ^ st->st_size, 4);
	put(c, st->st_ino ^ other, 8);
}

/* 0, or errno: of a call of the host's. */
static int outcome(int r)
{
	return r < 0 ? errno : 0;
}

/* Closes @fd; @error as it is. */
static int closing(int fd, int error)
{
	close(fd);
	return error;
}

/* ---- Connections and fids ---- */

static int do_version(struct share_call *c)
{
	u32 max = get_u32(&c->in);
	char version[32];

	take_string(c, version, sizeof(version));
	if (c->in.bad || max < 4096)
		return EINVAL;
	share_reset(c->s);
	c->s->message_max = max < SHARE_MESSAGE_MAX ? max : SHARE_MESSAGE_MAX;
	put(c, c->s->message_max, 4);
	if (strcmp(version, VERSION))
		put_text(c, "unknown", 7);
	else
		put_text(c, VERSION, strlen(VERSION));
	return 0;
}

static int do_attach(struct share_call *c)
{
	u32 number = get_u32(&c->in), uid;
	char text[SHARE_NAME_MAX + 1];
	struct share_fid *f;
	struct stat st;
	int error;

	get_u32(&c->in);
	take_name(c, text);
	take_string(c, text, sizeof(text));
	uid = get_u32(&c->in);
	if (c->in.bad)
		return EINVAL;
	if (fstat(c->s->root, &st))
		return errno;
	/* Nobody in particular: the first user. */
	error = share_fid_add(c->s, number, uid == NO_FID ? 0 : uid, "", &f);
	if (!error)
		put_qid(c, &st);
	return error;
}

/* Nothing is ever under way when the next question is asked. */
static int do_flush(struct share_call *c)
{
	return 0;
}

/* From @path to what @name is in there, or out of that. 0, or errno. */
static int step(struct share_call *c, char *path, const char *name)
{
	char next[SHARE_PATH_MAX], *slash;
	struct stat st;
	int fd, error;

	if (!strcmp(name, "..")) {
		slash = strrchr(path, '/');
		*(slash ? slash : path) = 0;
		strcpy(next, path);
	} else if (!share_name_is_good(name)) {
		return ENOENT;
	} else if (!share_join(next, path, name)) {
		return ENAMETOOLONG;
	}
	fd = share_find(c->s, next);
	if (fd < 0)
		return errno == ELOOP || errno == EXDEV ? ENOENT : errno;
	error = outcome(fstat(fd, &st));
	close(fd);
	if (error)
		return error;
	put_qid(c, &st);
	strcpy(path, next);
	return 0;
}

static int do_walk(struct share_call *c)
{
	struct share_fid *f = take_fid(c), *made;
	u32 number = get_u32(&c->in);
	u16 n = take_u16(c), done = 0;
	char path[SHARE_PATH_MAX], name[SHARE_NAME_MAX + 1];
	int error = 0;

	if (!f || n > WALK_MAX)
		return f ? EINVAL : EBADF;
	strcpy(path, f->path);
	put(c, 0, 2);
	for (; done < n && !error; done += !error) {
		take_name(c, name);
		error = c->in.bad ? EINVAL : step(c, path, name);
	}
	/* As far as it came; nothing is an error. */
	if (error && !done)
		return error;
	put_le(c->out, done, 2);
	if (done < n)
		return 0;
	if (number == f->number)
		return f->open ? EBUSY : share_fid_set_path(f, path);
	return share_fid_add(c->s, number, f->uid, path, &made);
}

static int do_clunk(struct share_call *c)
{
	struct share_fid *f = take_fid(c);

	if (!f)
		return EBADF;
	share_fid_remove(c->s, f);
	return 0;
}

/* ---- What a file is ---- */

/* Its descriptor, which is to be closed if it isn't @f's own: the open one, if there is one. */
static int find_fid(struct share_call *c, const struct share_fid *f)
{
	if (f->open && f->fd < 0) {
		errno = ESTALE; /* it wasn't there any more when the guest came here */
		return -1;
	}
	return f->fd >= 0 ? f->fd : share_find(c->s, f->path);
}

static int done_with(const struct share_fid *f, int fd, int error)
{
	if (fd != f->fd)
		close(fd);
	return error;
}

static void put_time(struct share_call *c, const struct timespec *t)
{
	put(c, t->tv_sec, 8);
	put(c, t->tv_nsec, 8);
}

#define ATTR_BASIC 0x7ffull

static int do_getattr(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	struct stat st;
	int fd, error;

	get_u64(&c->in);
	if (!f)
		return EBADF;
	fd = find_fid(c, f);
	if (fd < 0)
		return errno;
	error = done_with(f, fd, outcome(fstat(fd, &st)));
	if (error)
		return error;
	put(c, ATTR_BASIC, 8);
	put_qid(c, &st);
	put(c, st.st_mode, 4);
	put(c, st.st_uid, 4);
	put(c, st.st_gid, 4);
	put(c, st.st_nlink, 8);
	put(c, st.st_rdev, 8);
	put(c, st.st_size, 8);
	put(c, st.st_blksize, 8);
	put(c, st.st_blocks, 8);
	put_time(c, &st.st_atim);
	put_time(c, &st.st_mtim);
	put_time(c, &st.st_ctim);
	put_time(c, &(struct timespec){0});
	put(c, 0, 8);
	put(c, 0, 8);
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

static int set_size(struct share_call *c, int fd, u64 size)
{
	int file = share_open(c->s, fd, O_WRONLY), error;

	if (file < 0)
		return errno;
	error = size > INT64_MAX ? EINVAL : outcome(ftruncate(file, size));
	return closing(file, error);
}

static int set_attributes(struct share_call *c, int fd, const struct share_attributes *a)
{
	uid_t uid = a->which & SET_UID ? a->uid : (uid_t)-1;
	gid_t gid = a->which & SET_GID ? a->gid : (gid_t)-1;
	int error = 0;

	if (a->which & (SET_UID | SET_GID))
		error = outcome(fchownat(fd, "", uid, gid, AT_EMPTY_PATH));
	if (!error && a->which & SET_MODE)
		error = outcome(share_chmod(c->s, fd, a->mode));
	if (!error && a->which & SET_SIZE)
		error = set_size(c, fd, a->size);
	if (!error && a->which & (SET_ATIME | SET_MTIME))
		error = outcome(utimensat(fd, "", a->times, AT_EMPTY_PATH));
	return error;
}

static int do_setattr(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	struct share_attributes a;
	int fd;

	take_attributes(c, &a);
	if (!f || c->in.bad)
		return f ? EINVAL : EBADF;
	fd = find_fid(c, f);
	return fd < 0 ? errno : done_with(f, fd, set_attributes(c, fd, &a));
}

static int do_readlink(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
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
		return closing(fd, errno);
	put_text(c, target, bytes);
	return closing(fd, 0);
}

static int do_statfs(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	struct statfs st;

	if (!f)
		return EBADF;
	if (fstatfs(c->s->root, &st))
		return errno;
	put(c, 0x01021997, 4);
	put(c, st.f_bsize, 4);
	put(c, st.f_blocks, 8);
	put(c, st.f_bfree, 8);
	put(c, st.f_bavail, 8);
	put(c, st.f_files, 8);
	put(c, st.f_ffree, 8);
	put(c, 0, 8);
	put(c, SHARE_NAME_MAX, 4);
	return 0;
}

/* No attributes beside the usual ones. */
static int do_xattr(struct share_call *c)
{
	return EOPNOTSUPP;
}

/* ---- Opening ---- */

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

/* Opens @f by its path. 0, or errno. */
static int open_fid(const struct share *s, struct share_fid *f, u32 flags)
{
	int fd = share_find(s, f->path), file;

	if (fd < 0)
		return errno;
	if (s->read_only && writes(flags))
		return closing(fd, EROFS);
	file = share_open(s, fd, host_flags(flags));
	if (file < 0)
		return closing(fd, errno);
	f->fd = file;
	f->flags = flags;
	f->open = true;
	return closing(fd, 0);
}

static int answer_opened(struct share_call *c, const struct share_fid *f)
{
	struct stat st;

	if (fstat(f->fd, &st))
		return errno;
	put_qid(c, &st);
	put(c, 0, 4); /* as much at once as messages hold */
	return 0;
}

static int do_open(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	u32 flags = get_u32(&c->in);
	int error;

	if (!f || f->open || c->in.bad)
		return EBADF;
	error = open_fid(c->s, f, flags);
	return error ? error : answer_opened(c, f);
}

/* ---- Making things ---- */

/* To whom something new belongs, and its mode, of which the process's mask took nothing. */
static int adopt(struct share_call *c, int fd, u32 uid, u32 gid, mode_t mode)
{
	if (!geteuid() && fchownat(fd, "", uid, gid, AT_EMPTY_PATH))
		return errno;
	return outcome(share_chmod(c->s, fd, mode));
}

/* The same of a name in a folder, with what is told of it. */
static int adopt_name(struct share_call *c, int folder, const char *name, u32 uid, u32 gid,
		      mode_t mode)
{
	int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), error = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return fd < 0 ? errno : closing(fd, errno);
	if (!S_ISLNK(st.st_mode))
		error = adopt(c, fd, uid, gid, mode);
	else if (!geteuid())
		error = outcome(fchownat(fd, "", uid, gid, AT_EMPTY_PATH));
	put_qid(c, &st);
	return closing(fd, error);
}

/* A new file, or if it is there and may be the one that is. The fid, of a folder, is its then. */
static int do_create(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	char name[SHARE_NAME_MAX + 1], path[SHARE_PATH_MAX];
	u32 flags, mode, gid;
	int folder, fd, error;

	take_name(c, name);
	flags = get_u32(&c->in);
	mode = get_u32(&c->in) & 07777;
	gid = get_u32(&c->in);
	if (!f || f->open || c->in.bad || !share_name_is_good(name))
		return f ? EINVAL : EBADF;
	if (!share_join(path, f->path, name))
		return ENAMETOOLONG;
	folder = share_find(c->s, f->path);
	if (folder < 0)
		return errno;
	fd = openat(folder, name, host_flags(flags) | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    mode);
	error = outcome(fd);
	close(folder);
	if (!error) {
		error = adopt(c, fd, f->uid, gid, mode);
		f->fd = fd;
		f->flags = flags & ~(P9_EXCL | P9_TRUNC);
		f->open = true;
	}
	if ((!error || (error == EEXIST && !(flags & P9_EXCL))) && share_fid_set_path(f, path))
		return ENOMEM;
	if (error == EEXIST && !(flags & P9_EXCL))
		error = open_fid(c->s, f, flags);
	return error ? error : answer_opened(c, f);
}

enum share_kind { FOLDER, LINK, NODE };

static int make(int folder, enum share_kind kind, const char *name, const char *target, mode_t mode)
{
	switch (kind) {
	case FOLDER:
		return outcome(mkdirat(folder, name, mode & 07777));
	case LINK:
		return outcome(symlinkat(target, folder, name));
	case NODE:
		if (!S_ISFIFO(mode) && !S_ISSOCK(mode) && !S_ISREG(mode))
			return EPERM;
		return outcome(mknodat(folder, name, mode, 0));
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
	if (!error)
		error = adopt_name(c, folder, name, f->uid, gid, mode & 07777);
	return closing(folder, error);
}

static int do_mkdir(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	char name[SHARE_NAME_MAX + 1];
	u32 mode;

	take_name(c, name);
	mode = get_u32(&c->in);
	return make_in(c, f, FOLDER, name, NULL, mode, get_u32(&c->in));
}

static int do_symlink(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	char name[SHARE_NAME_MAX + 1], target[SHARE_PATH_MAX];

	take_name(c, name);
	take_string(c, target, sizeof(target));
	return make_in(c, f, LINK, name, target, 0, get_u32(&c->in));
}

static int do_mknod(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	char name[SHARE_NAME_MAX + 1];
	u32 mode;

	take_name(c, name);
	mode = get_u32(&c->in);
	get_u64(&c->in); /* of devices, which there aren't */
	return make_in(c, f, NODE, name, NULL, mode, get_u32(&c->in));
}

static int do_link(struct share_call *c)
{
	struct share_fid *where = take_fid(c), *f = take_fid(c);
	char name[SHARE_NAME_MAX + 1];
	int folder, fd, error;

	take_name(c, name);
	if (!where || !f || c->in.bad || !share_name_is_good(name))
		return where && f ? EINVAL : EBADF;
	folder = share_find(c->s, where->path);
	if (folder < 0)
		return errno;
	fd = share_find(c->s, f->path);
	if (fd < 0)
		return closing(folder, errno);
	error = outcome(share_link(c->s, fd, folder, name));
	close(fd);
	return closing(folder, error);
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
		return closing(here, errno);
	error = outcome(renameat(here, old, there, new));
	close(there);
	close(here);
	return error ? error : share_fids_moved(c->s, from, to);
}

static int do_rename(struct share_call *c)
{
	struct share_fid *f = take_fid(c), *where = take_fid(c);
	char name[SHARE_NAME_MAX + 1], from[SHARE_PATH_MAX], to[SHARE_PATH_MAX];

	take_name(c, name);
	if (!f || !where || c->in.bad || !share_name_is_good(name))
		return f && where ? EINVAL : EBADF;
	if (!share_join(to, where->path, name))
		return ENAMETOOLONG;
	strcpy(from, f->path);
	return move(c, from, to);
}

static int do_renameat(struct share_call *c)
{
	struct share_fid *here = take_fid(c), *there;
	char old[SHARE_NAME_MAX + 1], new[SHARE_NAME_MAX + 1];
	char from[SHARE_PATH_MAX], to[SHARE_PATH_MAX];

	take_name(c, old);
	there = take_fid(c);
	take_name(c, new);
	if (!here || !there || c->in.bad || !share_name_is_good(old) || !share_name_is_good(new))
		return here && there ? EINVAL : EBADF;
	if (!share_join(from, here->path, old) || !share_join(to, there->path, new))
		return ENAMETOOLONG;
	return move(c, from, to);
}

#define P9_REMOVE_FOLDER 0x200

static int do_unlinkat(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	char name[SHARE_NAME_MAX + 1];
	u32 flags;
	int folder;

	take_name(c, name);
	flags = get_u32(&c->in);
	if (!f || c->in.bad || !share_name_is_good(name))
		return f ? EINVAL : EBADF;
	folder = share_find(c->s, f->path);
	if (folder < 0)
		return errno;
	return closing(
	    folder, outcome(unlinkat(folder, name, flags & P9_REMOVE_FOLDER ? AT_REMOVEDIR : 0)));
}

/* And the fid, whatever happens. */
static int do_remove(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	const char *name;
	int folder, error;

	if (!f)
		return EBADF;
	folder = share_find_parent(c->s, f->path, &name);
	error = outcome(folder);
	if (!error) {
		error = outcome(unlinkat(folder, name, 0));
		if (error == EISDIR)
			error = outcome(unlinkat(folder, name, AT_REMOVEDIR));
		close(folder);
	}
	share_fid_remove(c->s, f);
	return error;
}

/* ---- Contents ---- */

/* @bytes of @n pieces, from byte @skip on; how many pieces they are. */
static unsigned cut(const struct iovec *iov, unsigned n, u64 skip, u64 bytes, struct iovec *to,
		    unsigned room)
{
	unsigned k = 0;

	for (unsigned i = 0; i < n && bytes && k < room; i++) {
		u64 piece = iov[i].iov_len;

		if (skip >= piece) {
			skip -= piece;
			continue;
		}
		piece = piece - skip < bytes ? piece - skip : bytes;
		to[k++] = (struct iovec){(u8 *)iov[i].iov_base + skip, piece};
		bytes -= piece;
		skip = 0;
	}
	return k;
}

static int do_read(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	u64 offset = get_u64(&c->in), bytes = get_u32(&c->in);
	struct iovec iov[IOV_MAX];
	unsigned n;
	ssize_t done;

	if (!f || f->fd < 0 || c->in.bad)
		return f && f->open ? ESTALE : EBADF;
	if (c->answer_bytes < DATA_AT || offset > INT64_MAX)
		return EINVAL;
	if (bytes > c->answer_bytes - DATA_AT)
		bytes = c->answer_bytes - DATA_AT;
	n = cut(c->answer, c->n_answer, DATA_AT, bytes, iov, IOV_MAX);
	done = n ? preadv(f->fd, iov, n, offset) : 0;
	if (done < 0)
		return errno;
	put(c, done, 4);
	c->data_bytes = done;
	return 0;
}

static int do_write(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	u64 offset = get_u64(&c->in), bytes = get_u32(&c->in);
	struct iovec iov[IOV_MAX];
	unsigned n;
	ssize_t done;

	if (!f || f->fd < 0 || c->in.bad)
		return f && f->open ? ESTALE : EBADF;
	if (bytes > c->question_bytes - WRITE_AT || offset > INT64_MAX)
		return EINVAL;
	n = cut(c->question, c->n_question, WRITE_AT, bytes, iov, IOV_MAX);
	done = n ? pwritev(f->fd, iov, n, offset) : 0;
	if (done < 0)
		return errno;
	put(c, done, 4);
	return 0;
}

static int do_fsync(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	bool data_only = get_u32(&c->in);

	if (!f || f->fd < 0)
		return EBADF;
	return outcome(data_only ? fdatasync(f->fd) : fsync(f->fd));
}

/* ---- Folders ---- */

struct share_entry {
	u64 inode, next;
	u16 bytes;
	u8 kind;
	char name[];
};

/* A qid (13), where the next is (8), kind (1), name. */
static bool put_entry(struct share_call *c, const struct share_entry *e, u64 room)
{
	struct stat st = {.st_dev = c->s->device, .st_ino = e->inode, .st_mode = e->kind << 12};
	size_t bytes = strlen(e->name);

	if (c->n_out + QID_BYTES + 8 + 1 + 2 + bytes > room)
		return false;
	put_qid(c, &st);
	put(c, e->next, 8);
	put(c, e->kind, 1);
	put_text(c, e->name, bytes);
	return true;
}

static int do_readdir(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	u64 offset = get_u64(&c->in), room = get_u32(&c->in);
	_Alignas(8) u8 entries[16384];
	bool fits = true;
	long bytes;

	if (!f || f->fd < 0 || c->in.bad)
		return EBADF;
	room = room < c->room - 4 ? room + 4 : c->room;
	if (lseek(f->fd, offset, SEEK_SET) < 0)
		return errno;
	put(c, 0, 4);
	while (fits && (bytes = syscall(SYS_getdents64, f->fd, entries, sizeof(entries))) > 0)
		for (long at = 0; at < bytes && fits;) {
			const struct share_entry *e = (const struct share_entry *)(entries + at);

			fits = put_entry(c, e, room);
			at += e->bytes;
		}
	if (fits && bytes < 0)
		return errno;
	put_le(c->out, c->n_out - 4, 4);
	return 0;
}

/* ---- Locks: of the file as the fid has it open ---- */

enum { LOCK_DONE, LOCK_BLOCKED };

static void take_lock(struct share_call *c, struct flock *l)
{
	static const short types[] = {F_RDLCK, F_WRLCK, F_UNLCK};
	u8 type = get_u8(&c->in);

	l->l_whence = SEEK_SET;
	if (type < ARRAY_SIZE(types))
		l->l_type = types[type];
	else
		c->in.bad = true;
}

static int do_lock(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	struct flock l = {0};
	int error;

	take_lock(c, &l);
	get_u32(&c->in); /* whether to wait: the guest asks again */
	l.l_start = get_u64(&c->in);
	l.l_len = get_u64(&c->in);
	if (!f || f->fd < 0 || c->in.bad)
		return EBADF;
	error = outcome(fcntl(f->fd, F_OFD_SETLK, &l));
	if (error && error != EAGAIN && error != EACCES)
		return error;
	put(c, error ? LOCK_BLOCKED : LOCK_DONE, 1);
	return 0;
}

static int do_getlock(struct share_call *c)
{
	struct share_fid *f = take_fid(c);
	char client[SHARE_NAME_MAX + 1];
	struct flock l = {0};
	u32 process;

	take_lock(c, &l);
	l.l_start = get_u64(&c->in);
	l.l_len = get_u64(&c->in);
	process = get_u32(&c->in);
	take_name(c, client);
	if (!f || f->fd < 0 || c->in.bad || l.l_type == F_UNLCK)
		return EBADF;
	if (fcntl(f->fd, F_OFD_GETLK, &l))
		return errno;
	put(c, l.l_type == F_RDLCK ? 0 : l.l_type == F_WRLCK ? 1 : 2, 1);
	put(c, l.l_start, 8);
	put(c, l.l_len, 8);
	put(c, process, 4);
	put_text(c, client, strlen(client));
	return 0;
}

/* ---- The table, and the way to it ---- */

static const struct share_question {
	int (*fn)(struct share_call *c); /* 0, or errno */
	bool changes;			 /* the folder; open says so by its flags */
} questions[] = {
    [8] = {do_statfs},		 [12] = {do_open},	    [14] = {do_create, true},
    [16] = {do_symlink, true},	 [18] = {do_mknod, true},   [20] = {do_rename, true},
    [22] = {do_readlink},	 [24] = {do_getattr},	    [26] = {do_setattr, true},
    [30] = {do_xattr},		 [32] = {do_xattr},	    [40] = {do_readdir},
    [50] = {do_fsync},		 [52] = {do_lock},	    [54] = {do_getlock},
    [70] = {do_link, true},	 [72] = {do_mkdir, true},   [74] = {do_renameat, true},
    [76] = {do_unlinkat, true},	 [TVERSION] = {do_version}, [104] = {do_attach},
    [TFLUSH] = {do_flush},	 [110] = {do_walk},	    [TREAD] = {do_read},
    [TWRITE] = {do_write, true}, [120] = {do_clunk},	    [122] = {do_remove, true},
};

static int carry_out(struct share_call *c, u8 type)
{
	const struct share_question *q = type < ARRAY_SIZE(questions) ? &questions[type] : NULL;

	if (!q || !q->fn)
		return EOPNOTSUPP;
	if (q->changes && c->s->read_only)
		return EROFS;
	return q->fn(c);
}

static u64 total(const struct iovec *iov, unsigned n)
{
	u64 bytes = 0;

	for (unsigned i = 0; i < n; i++)
		bytes += iov[i].iov_len;
	return bytes;
}

static size_t copy_out(const struct iovec *iov, unsigned n, u8 *to, size_t bytes)
{
	size_t done = 0;

	for (unsigned i = 0; i < n && done < bytes; i++) {
		size_t piece = iov[i].iov_len < bytes - done ? iov[i].iov_len : bytes - done;

		racy_copy_bytes(to + done, iov[i].iov_base, piece);
		done += piece;
	}
	return done;
}

static void copy_in(const struct iovec *iov, unsigned n, const u8 *from, size_t bytes)
{
	for (unsigned i = 0; i < n && bytes; i++) {
		size_t piece = iov[i].iov_len < bytes ? iov[i].iov_len : bytes;

		racy_copy_bytes(iov[i].iov_base, from, piece);
		from += piece;
		bytes -= piece;
	}
}

u32 share_serve(struct share *s, const struct iovec *out, unsigned n_out, const struct iovec *in,
		unsigned n_in)
{
	u8 question[QUESTION_MAX], answer[ANSWER_MAX];
	size_t have = copy_out(out, n_out, question, sizeof(question));
	u64 room = total(in, n_in);
	struct share_call c = {.s = s,
			       .question = out,
			       .n_question = n_out,
			       .question_bytes = total(out, n_out),
			       .answer = in,
			       .n_answer = n_in,
			       .answer_bytes = room};
	int error;

	if (have < HEAD || room < HEAD + 4)
		return 0;
	c.in = (struct state_in){.data = question + HEAD, .len = have - HEAD};
	c.out = answer + HEAD;
	c.room = (room < sizeof(answer) ? room : sizeof(answer)) - HEAD;
	error = carry_out(&c, question[4]);
	if (error) {
		c.n_out = c.data_bytes = 0;
		put(&c, error, 4);
	}
	put_le(answer, HEAD + c.n_out + c.data_bytes, 4);
	answer[4] = error ? RLERROR : question[4] + 1;
	memcpy(answer + 5, question + 5, 2);
	copy_in(in, n_in, answer, HEAD + c.n_out);
	return HEAD + c.n_out + c.data_bytes;
}

/* ---- Making, and state ---- */

/* Each file that a guest has open is one of the process's: as many as the system lets it have. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

struct share *share_new(const char *folder, bool read_only, struct error *err)
{
	struct share *s = calloc(1, sizeof(*s));
	struct stat st;
	int fd;

	if (!s) {
		error_nomem(err, "a shared folder");
		return NULL;
	}
	raise_limit();
	s->read_only = read_only;
	s->root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	s->proc = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = s->root < 0 ? -1 : share_find(s, "");
	if (fd < 0 || s->proc < 0 || fstat(fd, &st)) {
		error_errno(err, "cannot share the folder %s", folder);
		share_free(s);
		s = NULL;
	} else {
		s->device = st.st_dev;
	}
	if (fd >= 0)
		close(fd);
	return s;
}

void share_reset(struct share *s)
{
	for (unsigned i = 0; i < SHARE_BUCKETS; i++)
		while (s->buckets[i])
			share_fid_remove(s, s->buckets[i]);
	s->message_max = 0;
}

void share_free(struct share *s)
{
	share_reset(s);
	if (s->root >= 0)
		close(s->root);
	if (s->proc >= 0)
		close(s->proc);
	free(s);
}

void share_save(const struct share *s, struct state_out *out)
{
	put_u8(out, s->read_only);
	put_u32(out, s->message_max);
	put_u32(out, s->n_fids);
	for (unsigned i = 0; i < SHARE_BUCKETS; i++) {
		for (const struct share_fid *f = s->buckets[i]; f; f = f->next) {
			put_u32(out, f->number);
			put_u32(out, f->uid);
			put_string(out, f->path);
			put_u8(out, f->open);
			put_u32(out, f->flags);
		}
	}
}

static int load_fid(struct share *s, struct state_in *in)
{
	u32 number = get_u32(in), uid = get_u32(in), flags;
	char path[SHARE_PATH_MAX];
	struct share_fid *f;
	bool open;

	get_string(in, path, sizeof(path));
	open = get_u8(in);
	flags = get_u32(in);
	if (in->bad || share_fid_add(s, number, uid, path, &f))
		return -1;
	/* What is gone is an error when it is used: the guest goes on. */
	if (open) {
		open_fid(s, f, flags & ~P9_TRUNC);
		f->open = true;
		f->flags = flags;
	}
	return 0;
}

int share_load(struct share *s, struct state_in *in)
{
	bool read_only = get_u8(in);
	u32 max = get_u32(in), n = get_u32(in);

	share_reset(s);
	if (in->bad || read_only != s->read_only || n > SHARE_FIDS_MAX)
		return -1;
	s->message_max = max;
	for (u32 i = 0; i < n; i++)
		if (load_fid(s, in))
			return -1;
	return 0;
}
