/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks: of the file as the fid has it open. They are between the guest and the host: between its
 * own processes the guest's kernel decides, and asks only for what it has given to one of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "devices/share/message.h"

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

/* That part of @held which is in @wanted too. */
static struct flock common(const struct flock *held, const struct flock *wanted)
{
	const off_t end_held = held->l_len ? held->l_start + held->l_len : INT64_MAX;
	const off_t end_wanted = wanted->l_len ? wanted->l_start + wanted->l_len : INT64_MAX;
	const off_t end = end_held < end_wanted ? end_held : end_wanted;
	struct flock l = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	l.l_start = held->l_start > wanted->l_start ? held->l_start : wanted->l_start;
	l.l_len = end == INT64_MAX ? 0 : end - l.l_start;
	return l;
}

/* Unlocks it for all other fids of the same file. False: there are none. */
static bool give_up(const struct share *s, const struct share_fid *asks, const struct flock *part)
{
	struct stat mine, its;
	bool found = false;

	if (fstat(asks->fd, &mine))
		return false;
	for (unsigned i = 0; i < SHARE_BUCKETS; i++) {
		for (const struct share_fid *f = s->buckets[i]; f; f = f->next) {
			struct flock l = *part;

			if (f == asks || f->fd < 0 || fstat(f->fd, &its) ||
			    its.st_ino != mine.st_ino || its.st_dev != mine.st_dev)
				continue;
			found |= !fcntl(f->fd, F_OFD_SETLK, &l);
		}
	}
	return found;
}

/*
 * 0, or errno. What is in the way and is another fid's of this guest has been given up in the
 * guest, whose word for it is still on its way: Linux's driver frees a lock there before it tells,
 * and would ask again only after half a minute. Whose it is the host's kernel doesn't say, but what
 * is still there when all of the guest's have gone is the host's.
 */
static int set_lock(const struct share *s, const struct share_fid *f, const struct flock *wanted)
{
	struct flock last = {.l_type = F_UNLCK}, l, part;
	int error;

	for (;;) {
		l = *wanted;
		error = share_outcome(fcntl(f->fd, F_OFD_SETLK, &l));
		if (error != EAGAIN && error != EACCES)
			return error;
		if (fcntl(f->fd, F_OFD_GETLK, &l))
			return errno;
		if (l.l_type == F_UNLCK)
			continue; /* it has just gone */
		if (l.l_type == last.l_type && l.l_start == last.l_start && l.l_len == last.l_len)
			return EAGAIN;
		last = l;
		part = common(&l, wanted);
		if (!give_up(s, f, &part))
			return EAGAIN;
	}
}

int share_do_lock(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	struct flock l = {0};
	int error;

	take_lock(c, &l);
	get_u32(&c->in); /* whether to wait: the guest asks again */
	l.l_start = get_u64(&c->in);
	l.l_len = get_u64(&c->in);
	if (!f || f->fd < 0 || c->in.bad)
		return EBADF;
	error = set_lock(c->s, f, &l);
	if (error && error != EAGAIN)
		return error;
	share_put(c, error ? LOCK_BLOCKED : LOCK_DONE, 1);
	return 0;
}

int share_do_getlock(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	char client[SHARE_NAME_MAX + 1];
	struct flock l = {0};
	u32 process;

	take_lock(c, &l);
	l.l_start = get_u64(&c->in);
	l.l_len = get_u64(&c->in);
	process = get_u32(&c->in);
	share_take_name(c, client);
	if (!f || f->fd < 0 || c->in.bad)
		return EBADF;
	/* Linux's driver always says so, and asks whether anything is in the way. */
	if (l.l_type == F_UNLCK)
		l.l_type = F_RDLCK;
	if (fcntl(f->fd, F_OFD_GETLK, &l))
		return errno;
	share_put(c, l.l_type == F_RDLCK ? 0 : l.l_type == F_WRLCK ? 1 : 2, 1);
	share_put(c, l.l_start, 8);
	share_put(c, l.l_len, 8);
	share_put(c, process, 4);
	share_put_text(c, client, strlen(client));
	return 0;
}
