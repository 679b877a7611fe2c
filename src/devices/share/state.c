/* SPDX-License-Identifier: Apache-2.0 */
/* A server's making and its end, and its state in saved guests. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "devices/share/message.h"

#define SPARE 256 /* of descriptors, for papyr itself */

/*
 * Each file that a guest has open is one of the process's: as many as the system lets it have, but
 * for some. The first descriptor that is one too many.
 */
static int raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max > INT_MAX)
		return INT_MAX;
	return limit.rlim_max - (limit.rlim_max / 4 < SPARE ? limit.rlim_max / 4 : SPARE);
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
	s->fd_end = raise_limit();
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

/* What a saved fid is. */
enum { FID_PATH, FID_OPEN, FID_VALUE };

static void save_value(const struct share_value *v, struct state_out *out)
{
	put_string(out, v->name);
	put_u8(out, v->writing);
	put_u32(out, v->flags);
	put_u32(out, v->size);
	put_u32(out, v->done);
	put_bytes(out, v->bytes, v->done);
}

static void save_fid(const struct share_fid *f, struct state_out *out)
{
	put_u32(out, f->number);
	put_u32(out, f->uid);
	put_string(out, f->path);
	put_u8(out, f->value ? FID_VALUE : f->open ? FID_OPEN : FID_PATH);
	put_u32(out, f->flags);
	if (f->value)
		save_value(f->value, out);
}

void share_save(const struct share *s, struct state_out *out)
{
	put_u8(out, s->read_only);
	put_u32(out, s->message_max);
	put_u32(out, s->n_fids);
	for (unsigned i = 0; i < SHARE_BUCKETS; i++)
		for (const struct share_fid *f = s->buckets[i]; f; f = f->next)
			save_fid(f, out);
	share_save_locks(s, out);
}

static int load_value(struct share *s, struct share_fid *f, struct state_in *in)
{
	char name[SHARE_NAME_MAX + 1];
	bool writing;
	u32 flags, size, done;

	get_string(in, name, sizeof(name));
	writing = get_u8(in);
	flags = get_u32(in);
	size = get_u32(in);
	done = get_u32(in);
	if (in->bad || done > size || (!writing && done < size) ||
	    (writing && (s->read_only || !share_value_is_users(name))) ||
	    share_value_new(s, name, size, &f->value))
		return -1;
	f->value->writing = writing;
	f->value->flags = flags;
	f->value->done = done;
	get_bytes(in, f->value->bytes, done);
	return in->bad ? -1 : 0;
}

static int load_fid(struct share *s, struct state_in *in)
{
	u32 number = get_u32(in), uid = get_u32(in), flags;
	char path[SHARE_PATH_MAX];
	struct share_fid *f;
	u8 kind;

	get_string(in, path, sizeof(path));
	kind = get_u8(in);
	flags = get_u32(in);
	if (in->bad || kind > FID_VALUE || share_fid_add(s, number, uid, path, &f))
		return -1;
	if (kind == FID_VALUE)
		return load_value(s, f, in);
	/* What is gone is an error when it is used: the guest goes on. */
	if (kind == FID_OPEN) {
		share_open_fid(s, f, flags & ~P9_TRUNC);
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
	/* Version 2 ends here. */
	return state_left(in) ? share_load_locks(s, in) : 0;
}
