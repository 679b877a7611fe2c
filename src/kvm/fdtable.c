/* SPDX-License-Identifier: Apache-2.0 */
#include "kvm/fdtable.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/bits.h"
#include "base/lock.h"

/*
 * Looking a number up takes no lock and no system call:
 *
 *	file_get()                        file_close()                 file_install()
 *	f = slot                          lock; slot = NULL            f = a free one, or new memory
 *	f->refs: one more, unless it is 0 close the number; unlock     fill it in, f->refs = 1
 *	slot is still f? else give back   f->refs: one less            lock; slot = f; unlock
 *	use it                            it was the last: release,
 *	f->refs: one less, as there       put it among the free ones
 *
 * - The memory of a struct file is never returned, only used for the next file, so that its count
 *   can be looked at however long ago the slot was read.
 * - A slot's own reference is dropped after the slot was cleared. So if the slot still shows f when
 *   we hold a reference, what we hold is what the slot shows: f can't have become another file
 *   since the count was raised, and had it become one before, the slot would show that the same
 *   number names it now.
 * - A count of 0 never rises: who brought it there releases the object.
 * - An empty slot may be a number made by dup(): the list of all files is searched by inode, under
 *   the lock. A number is closed under the lock too, or that search might find it still open and
 *   fill the slot again for good.
 *
 * tests/model/fdtable.pml has every order of these steps.
 */

/* Two levels of numbers, so that the table never moves. Slots are written under @lock; chunks are
 * never freed. */
#define CHUNK_SHIFT 10
#define CHUNK_SLOTS (1u << CHUNK_SHIFT)
#define CHUNKS	    1024u

struct chunk {
	struct file *_Atomic slot[CHUNK_SLOTS];
};

static struct chunk *_Atomic chunks[CHUNKS];
static struct lock lock = LOCK_STATIC(FILES);
static struct file *files;	/* all that have references, and those about to go; under @lock */
static struct file *free_files; /* under @lock */
static bool distrustful;	/* file_distrust() */

/* getpid() without the system call. */
static pid_t process;

/* A fork while another thread holds the lock would leave it held for ever in the child. */
static void before_fork(void)
{
	lock_acquire(&lock);
}

static void after_fork(void)
{
	lock_release(&lock);
}

static void after_fork_in_child(void)
{
	process = getpid();
	after_fork();
}

__attribute__((constructor)) static void watch_forks(void)
{
	process = getpid();
	pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

pid_t file_process(void)
{
	return process;
}

bool file_is_foreign(const struct file *file)
{
	return !file->ops->shared && file->owner != process;
}

void file_distrust(void)
{
	distrustful = true;
}

/* --- slots --- */

static struct file *_Atomic *slot_of(int fd)
{
	struct chunk *c;

	if (fd < 0 || (unsigned)fd >> CHUNK_SHIFT >= CHUNKS)
		return NULL;
	c = chunks[(unsigned)fd >> CHUNK_SHIFT];
	return c ? &c->slot[(unsigned)fd & (CHUNK_SLOTS - 1)] : NULL;
}

/* Under @lock. NULL: no memory, or a number that the table has no place for. */
static struct file *_Atomic *slot_make(int fd)
{
	if (fd < 0 || (unsigned)fd >> CHUNK_SHIFT >= CHUNKS)
		return NULL;
	if (!chunks[(unsigned)fd >> CHUNK_SHIFT])
		chunks[(unsigned)fd >> CHUNK_SHIFT] = calloc(1, sizeof(struct chunk));
	return slot_of(fd);
}

/* --- references --- */

static bool ref_unless_dead(struct file *file)
{
	unsigned refs = atomic_load(&file->refs);

	while (refs) {
		if (atomic_compare_exchange_weak(&file->refs, &refs, refs + 1))
			return true;
	}
	return false;
}

static void unlist(struct file *file)
{
	for (struct file **p = &files; *p; p = &(*p)->next) {
		if (*p == file) {
			*p = file->next;
			return;
		}
	}
}

/* Nobody refers to it any more. Without @lock. */
static void destroy(struct file *file)
{
	lock_acquire(&lock);
	unlist(file);
	lock_release(&lock);
	/* The parent's object: this copy of it may be in any state. */
	if (!file_is_foreign(file))
		file->ops->release(file);
	lock_acquire(&lock);
	file->next = free_files;
	free_files = file;
	lock_release(&lock);
}

static bool unref(struct file *file)
{
	return atomic_fetch_sub(&file->refs, 1) == 1;
}

void file_put(struct file *file)
{
	if (unref(file))
		destroy(file);
}

/* Puts @file, or nothing, into a slot, under @lock. What was there is returned with the slot's
 * reference, to be given back without @lock. */
static struct file *replace(struct file *_Atomic *slot, struct file *file)
{
	return atomic_exchange(slot, file);
}

static void put_replaced(struct file *file)
{
	if (file)
		file_put(file);
}

/* --- making files --- */

int memfd_new(const char *name, size_t bytes, bool cloexec)
{
	int fd = memfd_create(name, MFD_ALLOW_SEALING | (cloexec ? MFD_CLOEXEC : 0));
	int err;

	if (fd < 0)
		return -errno;
	if (!ftruncate(fd, bytes) &&
	    !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* Under @lock. */
static struct file *file_alloc(void)
{
	struct file *file = free_files;

	if (file)
		free_files = file->next;
	else
		file = calloc(1, sizeof(*file));
	return file;
}

/* Under @lock: a listed file in its number's slot, or -errno. */
static int install(const struct file_ops *ops, void *data, int memfd, const struct stat *st,
		   struct file **stale)
{
	struct file *_Atomic *slot = slot_make(memfd);
	struct file *file;

	if (!slot)
		return -EMFILE;
	file = file_alloc();
	if (!file)
		return -ENOMEM;
	file->ops = ops;
	file->data = data;
	file->dev = st->st_dev;
	file->ino = st->st_ino;
	file->owner = process;
	file->next = files;
	files = file;
	/* Last: from here on those who read the slot long ago may take a reference. */
	atomic_store(&file->refs, 1);
	*stale = replace(slot, file);
	return 0;
}

int file_install(const struct file_ops *ops, void *data, int memfd)
{
	struct file *stale = NULL;
	struct stat st;
	int ret;

	if (fstat(memfd, &st)) {
		close(memfd);
		return -ENOMEM;
	}
	lock_acquire(&lock);
	ret = install(ops, data, memfd, &st, &stale);
	lock_release(&lock);
	put_replaced(stale);
	if (!ret)
		return memfd;
	close(memfd);
	return ret;
}

/*
 * Under the same number opened for writing only: a read that doesn't come by us, by readv(),
 * pread() or in another process, fails with EBADF then. From an empty file it would return 0, which
 * is "the end". Its size is sealed, so that writes fail as well. Without /proc it stays as it is.
 */
static void make_unreadable(int fd, bool cloexec)
{
	char path[32];
	int other;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	other = open(path, O_WRONLY | O_CLOEXEC);
	if (other < 0)
		return;
	dup3(other, fd, cloexec ? O_CLOEXEC : 0);
	close(other);
}

int file_new(const struct file_ops *ops, void *data, bool cloexec)
{
	int fd = memfd_new(ops->name, 0, cloexec);

	if (fd < 0)
		return fd;
	if (ops->read)
		make_unreadable(fd, cloexec);
	return file_install(ops, data, fd);
}

/* --- finding files --- */

static bool is_inode(const struct file *file, const struct stat *st)
{
	return file->ino == st->st_ino && file->dev == st->st_dev;
}

/* Under @lock: with a reference. */
static struct file *find_inode(const struct stat *st)
{
	for (struct file *f = files; f; f = f->next) {
		if (is_inode(f, st) && ref_unless_dead(f))
			return f;
	}
	return NULL;
}

/* What the slot says, with a reference. */
static struct file *get_from_slot(int fd)
{
	struct file *_Atomic *slot = slot_of(fd);
	struct file *file;

	while (slot && (file = *slot)) {
		if (!ref_unless_dead(file))
			continue; /* the slot has changed meanwhile */
		if (*slot == file)
			return file;
		file_put(file);
	}
	return NULL;
}

/*
 * The file behind @fd by its inode: the number was closed behind our back, or made by a dup() that
 * we haven't seen, or is none of ours. The slot is put right.
 */
static struct file *get_by_inode(int fd)
{
	struct file *_Atomic *slot;
	struct file *file = NULL, *stale = NULL;
	struct stat st;

	lock_acquire(&lock);
	if (!fstat(fd, &st))
		file = find_inode(&st);
	slot = file ? slot_make(fd) : slot_of(fd);
	if (slot) {
		if (file)
			atomic_fetch_add(&file->refs, 1);
		stale = replace(slot, file);
	}
	lock_release(&lock);
	put_replaced(stale);
	if (file && !slot) {
		file_put(file);
		return NULL;
	}
	return file;
}

struct file *file_get_checked(int fd)
{
	struct file *file = get_from_slot(fd);
	struct stat st;

	if (file && !fstat(fd, &st) && is_inode(file, &st))
		return file;
	if (file)
		file_put(file);
	return fd < 0 ? NULL : get_by_inode(fd);
}

struct file *file_get(int fd)
{
	struct file *file;

	if (unlikely(distrustful))
		return file_get_checked(fd);
	file = get_from_slot(fd);
	return likely(file != NULL) || fd < 0 ? file : get_by_inode(fd);
}

bool file_maybe(int fd)
{
	struct file *_Atomic *slot = slot_of(fd);

	return slot && *slot;
}

bool file_unmappable(int fd)
{
	struct file *file = file_get_checked(fd);
	bool ret = file && !file->ops->mappable;

	if (file)
		file_put(file);
	return ret;
}

void file_duplicated(int from, int to)
{
	struct file *file = file_get_checked(from);

	/* The new number is found by its inode, and remembered. */
	if (!file)
		return;
	file_put(file);
	file = file_get_checked(to);
	if (file)
		file_put(file);
}

/* --- closing numbers --- */

void file_forget(int fd)
{
	struct file *_Atomic *slot = slot_of(fd);
	struct file *last;

	if (!slot || !*slot)
		return;
	lock_acquire(&lock);
	last = replace(slot, NULL);
	lock_release(&lock);
	put_replaced(last);
}

void file_forget_range(unsigned first, unsigned last)
{
	for (unsigned n = first >> CHUNK_SHIFT; n < CHUNKS && n <= last >> CHUNK_SHIFT; n++) {
		if (!chunks[n])
			continue;
		for (unsigned i = 0; i < CHUNK_SLOTS; i++) {
			unsigned fd = (n << CHUNK_SHIFT) + i;

			if (fd >= first && fd <= last)
				file_forget(fd);
		}
	}
}

/* close() is where a thread that is cancelled ends; not with the lock held. */
static void close_uncancelled(int fd)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	close(fd);
	pthread_setcancelstate(state, NULL);
}

int file_close(int fd)
{
	struct file *file = file_get_checked(fd);
	struct file *_Atomic *slot;
	struct file *closed = NULL;

	if (!file)
		return -EBADF;
	lock_acquire(&lock);
	slot = slot_of(fd);
	/* Else another thread has closed it meanwhile, and the number may be another file's. */
	if (*slot == file) {
		/* Forgotten before it is closed: the number may be given out again at once. */
		closed = replace(slot, NULL);
		close_uncancelled(fd);
	}
	lock_release(&lock);
	put_replaced(closed);
	file_put(file);
	return 0;
}
