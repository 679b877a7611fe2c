/* SPDX-License-Identifier: Apache-2.0 */
/* What the server's files share. */
#ifndef PAPYR_DEVICES_SHARE_INTERNAL_H
#define PAPYR_DEVICES_SHARE_INTERNAL_H

#include <fcntl.h>
#include <sys/stat.h>

#include "devices/share/share.h"

#define SHARE_PATH_MAX	4096
#define SHARE_NAME_MAX	255
#define SHARE_FIDS_MAX	65536
#define SHARE_BUCKETS	1024
#define SHARE_LOCKS_MAX 8192

#define SHARE_VALUE_MAX 65536 /* of an extended attribute, and of the list of them */

/* An extended attribute, or the list of their names, which is called "". */
struct share_value {
	char name[SHARE_NAME_MAX + 1];
	bool writing; /* it is set when all has come */
	u32 flags;    /* ... by these, of setxattr() */
	u32 size, done;
	u8 bytes[];
};

/* F_RDLCK or F_WRLCK, or F_UNLCK for what is given up; both ends are in it. */
struct share_lock {
	short type;
	off_t first, last;
};

struct share_fid {
	u32 number;
	u32 uid;    /* whose it is in the guest */
	char *path; /* below the folder, whose own is "" */
	int fd;	    /* -1: not open */
	u32 flags;  /* that it was opened with, of the protocol */
	bool open;
	struct share_lock *locks; /* that it holds, in no order; none overlap */
	unsigned n_locks;
	bool locks_due;		   /* it held them where the guest comes from */
	struct share_value *value; /* what it is instead of a file, or NULL */
	struct share_fid *next;
};

struct share {
	int root, proc; /* the folder, and /proc/self/fd */
	int fd_end;	/* descriptors from here on are papyr's own */
	bool read_only;
	dev_t device; /* of the folder */
	u32 message_max;
	unsigned n_fids;
	u32 value_bytes; /* of all fids' */
	unsigned n_locks;
	struct share_fid *buckets[SHARE_BUCKETS];
};

/* ---- fids.c ---- */

struct share_fid *share_fid(const struct share *s, u32 number);
/* 0, or errno: there is one, there are too many, no memory. */
int share_fid_add(struct share *s, u32 number, u32 uid, const char *path, struct share_fid **made);
void share_fid_remove(struct share *s, struct share_fid *f);
int share_fid_set_path(struct share_fid *f, const char *path);
/* What was at @from is at @to now. 0, or errno. */
int share_fids_moved(struct share *s, const char *from, const char *to);

/* ---- held.c: fids' locks ---- */

struct flock share_host_lock(const struct share_lock *l);
struct share_lock share_lock_of(const struct flock *l);
/* Takes it, or gives it up, on the host. 0, or errno: EAGAIN, others have it; ENOLCK. */
int share_set_lock(struct share *s, struct share_fid *f, const struct share_lock *l);
/* They end with the descriptor. */
void share_forget_locks(struct share *s, struct share_fid *f);
void share_save_locks(const struct share *s, struct state_out *out);
/* Behind the fids; share_come() takes them. */
int share_load_locks(struct share *s, struct state_in *in);

/* ---- files.c: descriptors of what is below the folder; -1 with errno ---- */

/* Of the thing itself, for all but its contents (O_PATH). */
int share_find(const struct share *s, const char *path);
/* Of a folder and the name in it that @path ends with. */
int share_find_parent(const struct share *s, const char *path, const char **name);
/* Of the contents of what @fd, by share_find(), is: a file or a folder. @flags: the host's. */
int share_open(const struct share *s, int fd, int flags);
/* chmod() of the same. */
int share_chmod(const struct share *s, int fd, mode_t mode);
/* linkat() of the same to a name in a folder. */
int share_link(const struct share *s, int fd, int folder, const char *name);
/* A name that stands for one thing in a folder. */
bool share_name_is_good(const char *name);
/* @path/@name into @to, of SHARE_PATH_MAX; false: it is too long. */
bool share_join(char *to, const char *path, const char *name);

#endif
