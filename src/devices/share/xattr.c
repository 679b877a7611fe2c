/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes: those of users' programs, "user.". All others mean something to the host's
 * kernel or to its other programs, and aren't a guest's to see or set.
 *
 * A fid can be an attribute's value, or the list of their names, to be read as a file is; or a
 * value that is being written, and is set when all of it has come.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/racy.h"
#include "devices/share/message.h"

/* Of all values that fids are, so that a guest doesn't have as much of the host as it likes. */
#define VALUES_MAX (8u << 20)

bool share_value_is_users(const char *name)
{
	return !strncmp(name, "user.", 5) && name[5];
}

int share_value_new(struct share *s, const char *name, u32 size, struct share_value **made)
{
	struct share_value *v;

	if (size > SHARE_VALUE_MAX)
		return E2BIG;
	if (size > VALUES_MAX - s->value_bytes)
		return ENOMEM;
	v = calloc(1, sizeof(*v) + size);
	if (!v)
		return ENOMEM;
	strcpy(v->name, name);
	v->size = size;
	s->value_bytes += size;
	*made = v;
	return 0;
}

void share_value_free(struct share *s, struct share_value *v)
{
	if (v)
		s->value_bytes -= v->size;
	free(v);
}

/*
 * A descriptor of @f by which its attributes are had; -1 with errno: EOPNOTSUPP for links, pipes
 * and sockets, which have none.
 */
static int open_for_attributes(const struct share *s, const struct share_fid *f)
{
	int fd = share_find_fid(s, f), file, error;

	if (fd < 0 || fd == f->fd)
		return fd;
	file = share_open(s, fd, O_RDONLY | O_NONBLOCK);
	if (file < 0 && errno == EACCES)
		file = share_open(s, fd, O_WRONLY | O_NONBLOCK);
	error = errno == ELOOP || errno == ENXIO ? EOPNOTSUPP : errno;
	close(fd);
	errno = error;
	return file;
}

/* ---- Reading ---- */

/* Leaves those names in a list that a guest may see; how long it is then. */
static ssize_t filter(char *list, ssize_t bytes)
{
	ssize_t kept = 0;

	for (ssize_t at = 0, n; at < bytes; at += n) {
		n = strlen(list + at) + 1;
		if (!share_value_is_users(list + at))
			continue;
		memmove(list + kept, list + at, n);
		kept += n;
	}
	return kept;
}

/* The value of @name into @bytes, or the list of names if it is "". -1 with errno. */
static ssize_t read_value(const struct share *s, const struct share_fid *f, const char *name,
			  char *bytes)
{
	int fd = open_for_attributes(s, f), error;
	ssize_t n;

	if (fd < 0)
		return !*name && errno == EOPNOTSUPP ? 0 : -1;
	n = *name ? fgetxattr(fd, name, bytes, SHARE_VALUE_MAX)
		  : filter(bytes, flistxattr(fd, bytes, SHARE_VALUE_MAX));
	error = errno;
	share_done_with(f, fd, 0);
	errno = error;
	return n;
}

/* A fid with what was read. 0, or errno. */
static int add_value(struct share *s, const struct share_fid *f, u32 number, const char *name,
		     const char *bytes, u32 n)
{
	struct share_value *v;
	struct share_fid *made;
	int error = share_value_new(s, name, n, &v);

	if (error)
		return error;
	error = share_fid_add(s, number, f->uid, f->path, &made);
	if (error) {
		share_value_free(s, v);
		return error;
	}
	memcpy(v->bytes, bytes, n);
	v->done = n;
	made->value = v;
	return 0;
}

int share_do_xattrwalk(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	u32 number = get_u32(&c->in);
	char name[SHARE_NAME_MAX + 1], *bytes;
	ssize_t n;
	int error;

	share_take_name(c, name);
	if (!f || c->in.bad || f->value)
		return f ? EINVAL : EBADF;
	if (*name && !share_value_is_users(name))
		return EOPNOTSUPP;
	bytes = malloc(SHARE_VALUE_MAX);
	if (!bytes)
		return ENOMEM;
	n = read_value(c->s, f, name, bytes);
	error = n < 0 ? errno : add_value(c->s, f, number, name, bytes, n);
	free(bytes);
	if (!error)
		share_put(c, n, 8);
	return error;
}

ssize_t share_value_read(const struct share_value *v, const struct iovec *iov, unsigned n,
			 u64 offset)
{
	size_t done = 0;

	if (v->writing) {
		errno = EBADF;
		return -1;
	}
	for (unsigned i = 0; i < n && offset + done < v->size; i++) {
		size_t left = v->size - offset - done;
		size_t piece = iov[i].iov_len < left ? iov[i].iov_len : left;

		racy_copy_bytes(iov[i].iov_base, v->bytes + offset + done, piece);
		done += piece;
	}
	return done;
}

/* ---- Writing ---- */

/* Sets what has come as a whole. No value, to replace what there is, means that it goes. */
static int set(const struct share *s, const struct share_fid *f)
{
	const struct share_value *v = f->value;
	int fd = open_for_attributes(s, f), r;

	if (fd < 0)
		return errno;
	if (!v->size && v->flags == XATTR_REPLACE)
		r = fremovexattr(fd, v->name);
	else
		r = fsetxattr(fd, v->name, v->bytes, v->size, v->flags);
	return share_done_with(f, fd, share_outcome(r));
}

/* The fid, of a file, is its attribute then. */
int share_do_xattrcreate(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	char name[SHARE_NAME_MAX + 1];
	u64 size;
	u32 flags;
	int error;

	share_take_name(c, name);
	size = get_u64(&c->in);
	flags = get_u32(&c->in);
	if (!f || c->in.bad || f->open || f->value || flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return f ? EINVAL : EBADF;
	if (!share_value_is_users(name))
		return EOPNOTSUPP;
	error = share_value_new(c->s, name, size < UINT32_MAX ? size : UINT32_MAX, &f->value);
	if (error)
		return error;
	f->value->writing = true;
	f->value->flags = flags;
	return size ? 0 : set(c->s, f);
}

ssize_t share_value_write(const struct share *s, const struct share_fid *f, const struct iovec *iov,
			  unsigned n, u64 offset)
{
	struct share_value *v = f->value;
	size_t done = 0;
	int error = 0;

	for (unsigned i = 0; i < n; i++)
		done += iov[i].iov_len;
	/* One piece behind the other, and no more than was said. */
	if (!v->writing || offset != v->done || done > v->size - v->done) {
		errno = v->writing ? EINVAL : EBADF;
		return -1;
	}
	for (unsigned i = 0; i < n; i++) {
		racy_copy_bytes(v->bytes + v->done, iov[i].iov_base, iov[i].iov_len);
		v->done += iov[i].iov_len;
	}
	if (done && v->done == v->size)
		error = set(s, f);
	errno = error;
	return error ? -1 : (ssize_t)done;
}
