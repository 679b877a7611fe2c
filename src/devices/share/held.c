/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The locks that the guest's fids hold on the host. The host's kernel keeps them, and tells nobody
 * whose they are in a form that all file systems fill in: so the server keeps count, to have them
 * go where the guest goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "devices/share/message.h"

struct flock share_host_lock(const struct share_lock *l)
{
	return (struct flock){.l_type = l->type,
			      .l_whence = SEEK_SET,
			      .l_start = l->first,
			      .l_len = l->last == INT64_MAX ? 0 : l->last - l->first + 1};
}

struct share_lock share_lock_of(const struct flock *l)
{
	return (struct share_lock){
	    .type = l->l_type,
	    .first = l->l_start,
	    .last = l->l_len ? l->l_start + (l->l_len - 1) : INT64_MAX,
	};
}

static bool are_neighbours(const struct share_lock *a, const struct share_lock *b)
{
	return a->first - 1 <= b->last && b->first - 1 <= a->last;
}

/*
 * What the @n of @held are once the host has done @l, which replaces all that lies in it; in @to
 * there is room for two more. Those of one kind that touch are one. How many there are.
 */
static unsigned change(const struct share_lock *held, unsigned n, struct share_lock l,
		       struct share_lock *to)
{
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++) {
		if (held[i].type != l.type || !are_neighbours(&held[i], &l))
			continue;
		l.first = held[i].first < l.first ? held[i].first : l.first;
		l.last = held[i].last > l.last ? held[i].last : l.last;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct share_lock h = held[i];

		if (h.last < l.first || h.first > l.last) {
			to[k++] = h;
			continue;
		}
		if (h.first < l.first)
			to[k++] = (struct share_lock){h.type, h.first, l.first - 1};
		if (h.last > l.last)
			to[k++] = (struct share_lock){h.type, l.last + 1, h.last};
	}
	if (l.type != F_UNLCK)
		to[k++] = l;
	return k;
}

/* @l, of the host's kernel too if @really. 0, or errno, and nothing has changed. */
static int set(struct share *s, struct share_fid *f, const struct share_lock *l, bool really)
{
	struct share_lock *next = malloc((f->n_locks + 2) * sizeof(*next));
	struct flock host = share_host_lock(l);
	unsigned n;
	int error;

	if (!next)
		return ENOLCK;
	n = change(f->locks, f->n_locks, *l, next);
	error = n > f->n_locks && s->n_locks - f->n_locks + n > SHARE_LOCKS_MAX ? ENOLCK : 0;
	if (!error && really)
		error = share_outcome(fcntl(f->fd, F_OFD_SETLK, &host));
	if (error) {
		free(next);
		return error;
	}
	s->n_locks += n - f->n_locks;
	free(f->locks);
	f->locks = next;
	f->n_locks = n;
	return 0;
}

int share_set_lock(struct share *s, struct share_fid *f, const struct share_lock *l)
{
	return set(s, f, l, true);
}

void share_forget_locks(struct share *s, struct share_fid *f)
{
	s->n_locks -= f->n_locks;
	free(f->locks);
	f->locks = NULL;
	f->n_locks = 0;
}

/* ---- A guest that goes elsewhere, or comes ---- */

void share_leave(struct share *s)
{
	static const struct share_lock all = {F_UNLCK, 0, INT64_MAX};

	for (unsigned i = 0; s->n_locks && i < SHARE_BUCKETS; i++) {
		for (struct share_fid *f = s->buckets[i]; f; f = f->next) {
			struct flock l = share_host_lock(&all);

			if (f->n_locks && f->fd >= 0 && !fcntl(f->fd, F_OFD_SETLK, &l))
				f->locks_due = true;
		}
	}
}

static bool take_all(const struct share_fid *f)
{
	for (unsigned k = 0; k < f->n_locks; k++) {
		struct flock l = share_host_lock(&f->locks[k]);

		if (fcntl(f->fd, F_OFD_SETLK, &l))
			return false;
	}
	return true;
}

/*
 * A process of the guest's that goes on as if it had a file for itself would spoil it for whom has
 * it now: it is told at its next use.
 */
static void lose(struct share *s, struct share_fid *f)
{
	close(f->fd);
	f->fd = -1;
	share_forget_locks(s, f);
}

void share_come(struct share *s, void (*lost)(void *opaque, const char *path), void *opaque)
{
	for (unsigned i = 0; s->n_locks && i < SHARE_BUCKETS; i++) {
		for (struct share_fid *f = s->buckets[i]; f; f = f->next) {
			if (!f->locks_due)
				continue;
			f->locks_due = false;
			if (take_all(f))
				continue;
			lose(s, f);
			lost(opaque, f->path);
		}
	}
}

/* ---- Saved state: of each its fid, whether others may read, the first byte and the last ---- */

void share_save_locks(const struct share *s, struct state_out *out)
{
	put_u32(out, s->n_locks);
	for (unsigned i = 0; s->n_locks && i < SHARE_BUCKETS; i++) {
		for (const struct share_fid *f = s->buckets[i]; f; f = f->next) {
			for (unsigned k = 0; k < f->n_locks; k++) {
				put_u32(out, f->number);
				put_u8(out, f->locks[k].type == F_WRLCK);
				put_u64(out, f->locks[k].first);
				put_u64(out, f->locks[k].last);
			}
		}
	}
}

static int load_lock(struct share *s, struct state_in *in)
{
	struct share_fid *f = share_fid(s, get_u32(in));
	u8 writes = get_u8(in);
	struct share_lock l = {.type = writes ? F_WRLCK : F_RDLCK};

	l.first = get_u64(in);
	l.last = get_u64(in);
	if (in->bad || writes > 1 || l.first < 0 || l.last < l.first || !f || !f->open)
		return -1;
	/* Of a file that is gone there is nothing to be locked. */
	if (f->fd < 0)
		return 0;
	f->locks_due = true;
	return set(s, f, &l, false) ? -1 : 0;
}

int share_load_locks(struct share *s, struct state_in *in)
{
	u32 n = get_u32(in);

	if (in->bad || n > SHARE_LOCKS_MAX)
		return -1;
	for (u32 i = 0; i < n; i++)
		if (load_lock(s, in))
			return -1;
	return 0;
}
