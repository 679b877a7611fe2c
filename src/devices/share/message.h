/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message of 9P2000.L while it is carried out: its bytes (4), type (1) and tag (2), then what
 * belongs to the type; all numbers are little-endian, strings have their length (2) ahead.
 */
#ifndef PAPYR_DEVICES_SHARE_MESSAGE_H
#define PAPYR_DEVICES_SHARE_MESSAGE_H

#include "devices/share/internal.h"

#define SHARE_HEAD 7 /* bytes of it */

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

/* ---- Words of messages: message.c ---- */

u16 share_take_u16(struct share_call *c);
/* Into @s of @size; what is longer, or has a 0 in it, turns the question bad. */
void share_take_string(struct share_call *c, char *s, size_t size);
/* Of SHARE_NAME_MAX characters at most. */
void share_take_name(struct share_call *c, char *name);
/* NULL: there is none of that number. */
struct share_fid *share_take_fid(struct share_call *c);
void share_put(struct share_call *c, u64 val, unsigned bytes);
void share_put_text(struct share_call *c, const char *s, size_t bytes);
/* Kind (1), version (4), and a number that no other file of the folder has (8). */
void share_put_qid(struct share_call *c, const struct stat *st);

/* 0, or errno: of a call of the host's. */
int share_outcome(int r);
/* Closes @fd; @error as it is. */
int share_closing(int fd, int error);

/* ---- Questions: each answers with 0, or errno ---- */

/* walk.c */
int share_do_version(struct share_call *c);
int share_do_attach(struct share_call *c);
int share_do_flush(struct share_call *c);
int share_do_walk(struct share_call *c);
int share_do_clunk(struct share_call *c);
/* attributes.c */
int share_do_getattr(struct share_call *c);
int share_do_setattr(struct share_call *c);
int share_do_readlink(struct share_call *c);
int share_do_statfs(struct share_call *c);
/* xattr.c */
int share_do_xattrwalk(struct share_call *c);
int share_do_xattrcreate(struct share_call *c);
/* open.c */
int share_do_open(struct share_call *c);
int share_do_create(struct share_call *c);
/* names.c */
int share_do_mkdir(struct share_call *c);
int share_do_symlink(struct share_call *c);
int share_do_mknod(struct share_call *c);
int share_do_link(struct share_call *c);
int share_do_rename(struct share_call *c);
int share_do_renameat(struct share_call *c);
int share_do_unlinkat(struct share_call *c);
int share_do_remove(struct share_call *c);
/* contents.c */
int share_do_read(struct share_call *c);
int share_do_write(struct share_call *c);
int share_do_fsync(struct share_call *c);
int share_do_readdir(struct share_call *c);
/* locks.c */
int share_do_lock(struct share_call *c);
int share_do_getlock(struct share_call *c);

/* ---- What they share ---- */

/* Why @f can't be used as something open: EBADF, or ESTALE if it was open and its file is gone. */
int share_not_open(const struct share_fid *f);
/* A fid's descriptor, which is to be closed if it isn't @f's own: the open one, if there is one. */
int share_find_fid(const struct share *s, const struct share_fid *f);
/* Closes it if it is to be; @error as it is. */
int share_done_with(const struct share_fid *f, int fd, int error);
/* Opens @f by its path. 0, or errno. */
int share_open_fid(const struct share *s, struct share_fid *f, u32 flags);
/* To whom something new belongs, and its mode, of which the process's mask took nothing. */
int share_adopt(struct share_call *c, int fd, u32 uid, u32 gid, mode_t mode);

/* ---- Values of extended attributes: xattr.c ---- */

/* Is it one that a guest may read and set? */
bool share_value_is_users(const char *name);
/* Of @size, with nothing in it yet. 0, or errno. */
int share_value_new(struct share *s, const char *name, u32 size, struct share_value **made);
void share_value_free(struct share *s, struct share_value *v);
/* As preadv() and pwritev(); what has come as a whole is set. */
ssize_t share_value_read(const struct share_value *v, const struct iovec *iov, unsigned n,
			 u64 offset);
ssize_t share_value_write(const struct share *s, const struct share_fid *f, const struct iovec *iov,
			  unsigned n, u64 offset);

#endif
