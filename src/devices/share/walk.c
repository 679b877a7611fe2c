/* SPDX-License-Identifier: Apache-2.0 */
/* Connections, and fids: how they come and go. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "devices/share/message.h"

#define WALK_MAX 16
#define NO_FID	 0xffffffffu
#define VERSION	 "9P2000.L"

int share_do_version(struct share_call *c)
{
	u32 max = get_u32(&c->in);
	char version[32];

	share_take_string(c, version, sizeof(version));
	if (c->in.bad || max < 4096)
		return EINVAL;
	share_reset(c->s);
	c->s->message_max = max < SHARE_MESSAGE_MAX ? max : SHARE_MESSAGE_MAX;
	share_put(c, c->s->message_max, 4);
	if (strcmp(version, VERSION))
		share_put_text(c, "unknown", 7);
	else
		share_put_text(c, VERSION, strlen(VERSION));
	return 0;
}

int share_do_attach(struct share_call *c)
{
	u32 number = get_u32(&c->in), uid;
	char text[SHARE_NAME_MAX + 1];
	struct share_fid *f;
	struct stat st;
	int error;

	get_u32(&c->in);
	share_take_name(c, text);
	share_take_string(c, text, sizeof(text));
	uid = get_u32(&c->in);
	if (c->in.bad)
		return EINVAL;
	if (fstat(c->s->root, &st))
		return errno;
	/* Nobody in particular: the first user. */
	error = share_fid_add(c->s, number, uid == NO_FID ? 0 : uid, "", &f);
	if (!error)
		share_put_qid(c, &st);
	return error;
}

/* Nothing is ever under way when the next question is asked. */
int share_do_flush(struct share_call *c)
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
	error = share_outcome(fstat(fd, &st));
	close(fd);
	if (error)
		return error;
	share_put_qid(c, &st);
	strcpy(path, next);
	return 0;
}

int share_do_walk(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c), *made;
	u32 number = get_u32(&c->in);
	u16 n = share_take_u16(c), done = 0;
	char path[SHARE_PATH_MAX], name[SHARE_NAME_MAX + 1];
	int error = 0;

	if (!f || n > WALK_MAX)
		return f ? EINVAL : EBADF;
	strcpy(path, f->path);
	share_put(c, 0, 2);
	for (; done < n && !error; done += !error) {
		share_take_name(c, name);
		error = c->in.bad ? EINVAL : step(c, path, name);
	}
	/* As far as it came; nothing is an error. */
	if (error && !done)
		return error;
	put_le(c->out, done, 2);
	if (done < n)
		return 0;
	if (number == f->number)
		return f->open || f->value ? EBUSY : share_fid_set_path(f, path);
	return share_fid_add(c->s, number, f->uid, path, &made);
}

int share_do_clunk(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);

	int error = 0;

	if (!f)
		return EBADF;
	/* A value that didn't come as a whole was not set. */
	if (f->value && f->value->writing && f->value->done < f->value->size)
		error = EINVAL;
	share_fid_remove(c->s, f);
	return error;
}
