/* SPDX-License-Identifier: Apache-2.0 */
/* What is in files and folders. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "devices/share/message.h"

#define QID_BYTES 13
#define DATA_AT	  11 /* in Rread: the head and a length */
#define WRITE_AT  23 /* in Twrite: fid, offset and a length behind the head */

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

/* To be read or written. */
static bool is_ready(const struct share_fid *f)
{
	return f && (f->fd >= 0 || f->value);
}

int share_do_read(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	u64 offset = get_u64(&c->in), bytes = get_u32(&c->in);
	struct iovec iov[IOV_MAX];
	unsigned n;
	ssize_t done;

	if (!is_ready(f) || c->in.bad)
		return share_not_open(f);
	if (c->answer_bytes < DATA_AT || offset > INT64_MAX)
		return EINVAL;
	if (bytes > c->answer_bytes - DATA_AT)
		bytes = c->answer_bytes - DATA_AT;
	n = cut(c->answer, c->n_answer, DATA_AT, bytes, iov, IOV_MAX);
	if (f->value)
		done = share_value_read(f->value, iov, n, offset);
	else
		done = n ? preadv(f->fd, iov, n, offset) : 0;
	if (done < 0)
		return errno;
	share_put(c, done, 4);
	c->data_bytes = done;
	return 0;
}

/*
 * Who isn't root takes the bits away with which a program runs as another, as it is by the host's
 * kernel when the writer is the host's.
 */
static int drop_set_id(const struct share_fid *f)
{
	struct stat st;
	mode_t kept;

	if (!f->uid || geteuid() || fstat(f->fd, &st))
		return 0;
	kept = st.st_mode & ~(st.st_mode & S_IXGRP ? S_ISUID | S_ISGID : S_ISUID);
	return kept == st.st_mode ? 0 : share_outcome(fchmod(f->fd, kept & 07777));
}

int share_do_write(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	u64 offset = get_u64(&c->in), bytes = get_u32(&c->in);
	struct iovec iov[IOV_MAX];
	unsigned n;
	ssize_t done;
	int error;

	if (!is_ready(f) || c->in.bad)
		return share_not_open(f);
	if (bytes > c->question_bytes - WRITE_AT || offset > INT64_MAX)
		return EINVAL;
	n = cut(c->question, c->n_question, WRITE_AT, bytes, iov, IOV_MAX);
	if (f->value)
		done = share_value_write(c->s, f, iov, n, offset);
	else
		done = n ? pwritev(f->fd, iov, n, offset) : 0;
	if (done < 0)
		return errno;
	error = f->value ? 0 : drop_set_id(f);
	share_put(c, done, 4);
	return error;
}

int share_do_fsync(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	bool data_only = get_u32(&c->in);

	if (!f || f->fd < 0)
		return share_not_open(f);
	return share_outcome(data_only ? fdatasync(f->fd) : fsync(f->fd));
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
	share_put_qid(c, &st);
	share_put(c, e->next, 8);
	share_put(c, e->kind, 1);
	share_put_text(c, e->name, bytes);
	return true;
}

int share_do_readdir(struct share_call *c)
{
	struct share_fid *f = share_take_fid(c);
	u64 offset = get_u64(&c->in), room = get_u32(&c->in);
	_Alignas(8) u8 entries[16384];
	bool fits = true;
	long bytes;

	if (!f || f->fd < 0 || c->in.bad)
		return share_not_open(f);
	room = room < c->room - 4 ? room + 4 : c->room;
	if (lseek(f->fd, offset, SEEK_SET) < 0)
		return errno;
	share_put(c, 0, 4);
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
