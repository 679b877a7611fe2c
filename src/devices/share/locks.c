/* SPDX-License-Identifier: Apache-2.0 */
/* Locks: of the file as the fid has it open. */
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
	error = share_outcome(fcntl(f->fd, F_OFD_SETLK, &l));
	if (error && error != EAGAIN && error != EACCES)
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
