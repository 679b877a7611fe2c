/* SPDX-License-Identifier: Apache-2.0 */
/* What messages are made of. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "devices/share/message.h"

u16 share_take_u16(struct share_call *c)
{
	u16 low = get_u8(&c->in);

	return low | get_u8(&c->in) << 8;
}

void share_take_string(struct share_call *c, char *s, size_t size)
{
	u16 bytes = share_take_u16(c);

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

void share_take_name(struct share_call *c, char *name)
{
	share_take_string(c, name, SHARE_NAME_MAX + 1);
}

struct share_fid *share_take_fid(struct share_call *c)
{
	return share_fid(c->s, get_u32(&c->in));
}

void share_put(struct share_call *c, u64 val, unsigned bytes)
{
	if (bytes > c->room - c->n_out)
		return;
	put_le(c->out + c->n_out, val, bytes);
	c->n_out += bytes;
}

void share_put_text(struct share_call *c, const char *s, size_t bytes)
{
	if (bytes + 2 > c->room - c->n_out)
		return;
	share_put(c, bytes, 2);
	memcpy(c->out + c->n_out, s, bytes);
	c->n_out += bytes;
}

void share_put_qid(struct share_call *c, const struct stat *st)
{
	u64 other = st->st_dev == c->s->device ? 0 : (u64)st->st_dev << 48;

	share_put(c, S_ISDIR(st->st_mode) ? 0x80 : S_ISLNK(st->st_mode) ? 2 : 0, 1);
	share_put(c, st->st_mtim.tv_sec ^ st->st_mtim.tv_nsec ^ st->st_size, 4);
	share_put(c, st->st_ino ^ other, 8);
}

int share_outcome(int r)
{
	return r < 0 ? errno : 0;
}

int share_closing(int fd, int error)
{
	close(fd);
	return error;
}
