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

/* False: no lock makes sense so. */
static bool take_lock(struct share_call *c, bool waits, struct share_lock *l)
{
	static const short types[] = {F_RDLCK, F_WRLCK, F_UNLCK};
	u8 type = get_u8(&c->in);
	u64 bytes;

	if (waits)
		get_u32(&c->in); /* whether to wait: the guest asks again */
	l->first = get_u64(&c->in);
	bytes = get_u64(&c->in);
	if (c->in.bad || type >= ARRAY_SIZE(types) || l->first < 0 ||
	    (bytes && bytes - 1 > (u64)(INT64_MAX - l->first)))
		return false;
	l->type = types[type];
	l->last = bytes ? l->first + (off_t)(bytes - 1) : INT64_MAX;
	return true;
}

static bool same_file(int a, int b)
{
	struct stat mine, its;

	return !fstat(a, &mine) && !fstat(b, &its) && its.st_ino == mine.st_ino &&
	       its.st_dev == mine.st_dev;
}

/* Unlocks it for all other fids of the same file. False: none had any of it. */
static bool give_up(struct share *s, const struct share_fid *asks, const struct share_lock *part)
{
	const struct share_lock none = {F_UNLCK, part->first, part->last};
	bool found = false;

	for (unsigned i = 0; i < SHARE_BUCKETS; i++)
		for (struct share_fid *f = s->buckets[i]; f; f = f->next)
			if (f != asks && f->n_locks && f->fd >= 0 && same_file(f->fd, asks->fd))
				found |= !share_set_lock(s, f, &none);
	return found;
}

/*
 * 0, or errno. What is in the way and is another fid's of this guest has been given up in the
 * guest, whose word for it is still on its way: Linux's driver frees a lock there before it tells,
 * and would ask again only after half a minute. Whose it is the host's kernel doesn't say, but what
 * is still there when all of the guest's have gone is the host's.
 */
static int set_lock(struct share *s, struct share_fid *f, const struct share_lock *wanted)
{
	struct share_lock last = {.type = F_UNLCK}, held;
	struct flock l;
	int error;

	for (;;) {
		error = share_set_lock(s, f, wanted);
		if (error != EAGAIN && error != EACCES)
			return error;
		l = share_host_lock(wanted);
		if (fcntl(f->fd, F_OFD_GETLK, &l))
			return errno;
		if (l.l_type == F_UNLCK)
			continue; /* it has just gone */
		held = share_lock_of(&l);
		if (held.type == last.type && held.first == last.first && held.last == last.last)
			return EAGAIN;
		last = held;
		if (held.first < wanted->first)
			held.first = wanted->first;
		if (held.last > wanted->last)
			held.last = wanted->last;
		if (!give_up(s, f, &held))
			return EAGAIN;
	}
}

int share_do_lock(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	struct share_lock l;
	int error;

	if (!take_lock(c, true, &l))
		return EINVAL;
	if (!f || f->fd < 0)
		return share_not_open(f);
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
	struct share_lock wanted;
	struct flock l;
	u32 process;
	bool good = take_lock(c, false, &wanted);

	process = get_u32(&c->in);
	share_take_name(c, client);
	if (!good || c->in.bad)
		return EINVAL;
	if (!f || f->fd < 0)
		return share_not_open(f);
	/* Linux's driver always says so, and asks whether anything is in the way. */
	if (wanted.type == F_UNLCK)
		wanted.type = F_RDLCK;
	l = share_host_lock(&wanted);
	if (fcntl(f->fd, F_OFD_GETLK, &l))
		return errno;
	share_put(c, l.l_type == F_RDLCK ? 0 : l.l_type == F_WRLCK ? 1 : 2, 1);
	share_put(c, l.l_start, 8);
	share_put(c, l.l_len, 8);
	share_put(c, process, 4);
	share_put_text(c, client, strlen(client));
	return 0;
}
