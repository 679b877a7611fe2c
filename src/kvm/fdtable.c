/* SPDX-License-Identifier: Apache-2.0 */
#include "kvm/fdtable.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/bits.h"

/*
 * Two levels of numbers, so that file_maybe() needs no lock and the table never moves. Slots are
 * written under @lock; chunks are never freed.
 */
#define CHUNK_SHIFT 10
#define CHUNK_SLOTS (1u << CHUNK_SHIFT)
#define CHUNKS	    1024u

struct chunk {
	struct file *_Atomic slot[CHUNK_SLOTS];
};

static struct chunk *_Atomic chunks[CHUNKS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file *files; /* all of them, under @lock */

/* A fork while another thread holds the lock would leave it held for ever in the child. */
static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void guard_fork(void)
{
	pthread_atfork(before_fork, after_fork, after_fork);
}

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

/* Drops @n references under @lock; true: that was the last one and the caller must destroy()
 * without it. */
static bool unref(struct file *file)
{
	if (--file->refs)
		return false;
	for (struct file **p = &files; *p; p = &(*p)->next) {
		if (*p == file) {
			*p = file->next;
			break;
		}
	}
	return true;
}

static void destroy(struct file *file)
{
	/* The parent's object: this copy of it may be in any state. */
	if (!file_is_foreign(file))
		file->ops->release(file);
	free(file);
}

void file_put(struct file *file)
{
	bool last;

	pthread_mutex_lock(&lock);
	last = unref(file);
	pthread_mutex_unlock(&lock);
	if (last)
		destroy(file);
}

/* getpid() without the system call. */
static pid_t process;

static void note_process(void)
{
	process = getpid();
}

__attribute__((constructor)) static void watch_forks(void)
{
	note_process();
	pthread_atfork(NULL, NULL, note_process);
}

bool file_is_foreign(const struct file *file)
{
	return !file->ops->shared && file->owner != process;
}

/* Puts @file, or nothing, into a slot; returns what was there if nothing else refers to that. */
static struct file *replace(struct file *_Atomic *slot, struct file *file)
{
	struct file *old = *slot;

	*slot = file;
	return old && unref(old) ? old : NULL;
}

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

int file_install(const struct file_ops *ops, void *data, int memfd)
{
	struct file *_Atomic *slot;
	struct file *file, *stale;
	struct stat st;

	file = malloc(sizeof(*file));
	if (!file || fstat(memfd, &st)) {
		free(file);
		close(memfd);
		return -ENOMEM;
	}
	*file = (struct file){
	    .ops = ops,
	    .data = data,
	    .dev = st.st_dev,
	    .ino = st.st_ino,
	    .owner = process,
	    .refs = 1,
	};

	pthread_mutex_lock(&lock);
	slot = slot_make(memfd);
	if (!slot) {
		pthread_mutex_unlock(&lock);
		free(file);
		close(memfd);
		return -EMFILE;
	}
	file->next = files;
	files = file;
	stale = replace(slot, file);
	pthread_mutex_unlock(&lock);
	if (stale)
		destroy(stale);
	return memfd;
}

int file_new(const struct file_ops *ops, void *data, bool cloexec)
{
	int fd = memfd_new(ops->name, 0, cloexec);

	return fd < 0 ? fd : file_install(ops, data, fd);
}

static struct file *find_inode(const struct stat *st)
{
	for (struct file *f = files; f; f = f->next) {
		if (f->ino == st->st_ino && f->dev == st->st_dev)
			return f;
	}
	return NULL;
}

struct file *file_get(int fd)
{
	struct file *_Atomic *slot;
	struct file *file, *stale = NULL;
	struct stat st;
	bool open;

	if (fd < 0)
		return NULL;
	open = !fstat(fd, &st);

	pthread_mutex_lock(&lock);
	slot = slot_of(fd);
	file = slot ? *slot : NULL;
	if (!open || !file || file->ino != st.st_ino || file->dev != st.st_dev) {
		/* Closed behind our back, or made by a dup() that we haven't seen. */
		file = open ? find_inode(&st) : NULL;
		if (file)
			slot = slot_make(fd);
		if (file && slot)
			file->refs++;
		else
			file = NULL;
		if (slot)
			stale = replace(slot, file);
	}
	if (file)
		file->refs++;
	pthread_mutex_unlock(&lock);
	if (stale)
		destroy(stale);
	return file;
}

bool file_maybe(int fd)
{
	struct file *_Atomic *slot = slot_of(fd);

	return slot && *slot;
}

void file_forget(int fd)
{
	struct file *_Atomic *slot = slot_of(fd);
	struct file *last;

	if (!slot || !*slot)
		return;
	pthread_mutex_lock(&lock);
	last = replace(slot, NULL);
	pthread_mutex_unlock(&lock);
	if (last)
		destroy(last);
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

bool file_unmappable(int fd)
{
	struct file *file = file_get(fd);
	bool ret = file && !file->ops->mappable;

	if (file)
		file_put(file);
	return ret;
}

void file_duplicated(int from, int to)
{
	struct file *file = file_get(from);

	/* file_get() finds the new number by its inode and remembers it. */
	if (!file)
		return;
	file_put(file);
	file = file_get(to);
	if (file)
		file_put(file);
}

int file_close(int fd)
{
	struct file *file = file_get(fd);
	struct file *_Atomic *slot;

	if (!file)
		return -EBADF;
	pthread_mutex_lock(&lock);
	slot = slot_of(fd);
	if (*slot == file) {
		/*
		 * Forgotten before it is closed: the number may be given out again at once. The
		 * call's own reference keeps the file until both are done.
		 */
		replace(slot, NULL);
		pthread_mutex_unlock(&lock);
		close(fd);
	} else {
		pthread_mutex_unlock(&lock);
	}
	file_put(file);
	return 0;
}
