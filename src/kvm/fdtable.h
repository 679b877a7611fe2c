/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which descriptor numbers are ours, and what is behind them.
 *
 * Each object that a client can name stands behind a memfd, so that its number is a real one: taken
 * from the process's table, closed on exec or not, and for a vcpu mappable with plain mmap(2). The
 * memfd's inode is the object's identity: by it we know a number that dup() made of one of ours,
 * and find out one that was closed behind our back and perhaps given out again by the kernel.
 *
 * Finding that out takes a system call, which file_get() of a number that we know doesn't make: who
 * links the library closes by papyr_close(). A program under the preload library knows nothing of
 * that, and not every close() comes by there, so file_distrust() has all numbers checked.
 *
 * A file lives while a number names it or a call uses it, like the kernel's.
 */
#ifndef PAPYR_KVM_FDTABLE_H
#define PAPYR_KVM_FDTABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct file;

/* Return values below zero are negative errno values. Pointers are the client's: see user.h. */
struct file_ops {
	const char *name; /* of the memfd, for /proc */
	long (*ioctl)(struct file *file, unsigned long request, unsigned long arg);
	ssize_t (*read)(struct file *file, unsigned long buf, size_t count);  /* NULL: EINVAL */
	ssize_t (*write)(struct file *file, unsigned long buf, size_t count); /* NULL: EINVAL */
	void (*release)(struct file *file); /* the last number is closed and no call is under way */
	bool shared;			    /* a forked child may use it */
	bool mappable;			    /* else mmap gives ENODEV */
	bool plain; /* reading is read(2) of the number itself; writing is refused (EBADF) */
};

struct file {
	const struct file_ops *ops;
	void *data;
	/* fdtable.c's own. */
	dev_t dev;
	ino_t ino;
	pid_t owner;
	atomic_uint refs;
	struct file *next;
};

/* A new memfd of @bytes that can be neither shrunk nor grown. A number, or -errno. */
int memfd_new(const char *name, size_t bytes, bool cloexec);

/*
 * Makes @memfd (taken over, closed on failure too) the descriptor of a new file. Returns the
 * number, or -errno; on failure @data is still the caller's.
 */
int file_install(const struct file_ops *ops, void *data, int memfd);

/* file_install() of a memfd without contents. */
int file_new(const struct file_ops *ops, void *data, bool cloexec);

/*
 * The file behind @fd, to be given back by file_put(); NULL: not one of ours. No lock and no system
 * call for a number that we know. file_get_checked() always looks whether the number still is what
 * it was.
 */
struct file *file_get(int fd);
struct file *file_get_checked(int fd);
void file_put(struct file *file);

/* From now on file_get() checks as well. Called before there are threads. */
void file_distrust(void);

/* getpid() without the system call. */
pid_t file_process(void);

/* Is @file that of the process this one was forked from? */
bool file_is_foreign(const struct file *file);

/* Closes the number. -EBADF: not one of ours. */
int file_close(int fd);

/* For libpapyr-preload: might @fd be ours? Costs one load when it isn't. */
bool file_maybe(int fd);
/* @to was made by dup() and the like of @from. */
void file_duplicated(int from, int to);
/* @fd, or each of [@first, @last], is about to be closed by somebody who doesn't know us. */
void file_forget(int fd);
void file_forget_range(unsigned first, unsigned last);
/* @fd is one of ours, and can't be mapped. */
bool file_unmappable(int fd);

#endif
