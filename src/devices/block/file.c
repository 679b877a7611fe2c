/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "devices/block/internal.h"
#include "platform/thread.h"

#define THREADS 4	     /* as many of a disk's requests are with the host at once */
#define AT_ONCE (128u << 10) /* bytes that may be copied on the submitter's thread */

struct file_disk {
	struct block_dev dev;
	int fd;

	struct lock lock;
	pthread_cond_t more;
	struct block_request *first, **last; /* what no thread has taken yet */
	bool quit;
	pthread_t threads[THREADS];
	unsigned n_threads;
};

static struct file_disk *file_of(struct block_dev *b)
{
	return container_of(b, struct file_disk, dev);
}

/* ---- Carrying a request out; 0 or an errno value ---- */

static int move(struct file_disk *f, struct block_request *req)
{
	struct iovec *iov = req->iov;
	unsigned n = req->n_iov;
	off_t at = req->offset;

	while (n) {
		int count = n < IOV_MAX ? n : IOV_MAX;
		ssize_t done = req->op == BLOCK_READ ? preadv(f->fd, iov, count, at)
						     : pwritev(f->fd, iov, count, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno;
		/* The file has become shorter, or the device gives no more. */
		if (!done)
			return EIO;
		block_advance(&iov, &n, done);
		at += done;
	}
	return 0;
}

static int flush(struct file_disk *f)
{
	return fdatasync(f->fd) ? errno : 0;
}

static int write_zeroes(struct file_disk *f, u64 at, u64 bytes)
{
	static const u8 zeroes[64 << 10];

	while (bytes) {
		size_t piece = bytes < sizeof(zeroes) ? bytes : sizeof(zeroes);
		ssize_t done = pwrite(f->fd, zeroes, piece, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? errno : EIO;
		at += done;
		bytes -= done;
	}
	return 0;
}

/* Zeroes: by giving the room back, where the host can, if it needn't be kept. */
static int zero(struct file_disk *f, struct block_request *req)
{
	int mode = req->op == BLOCK_DISCARD ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE;

	if (!fallocate(f->fd, mode | FALLOC_FL_KEEP_SIZE, req->offset, req->bytes))
		return 0;
	if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL && errno != ENODEV)
		return errno;
	return write_zeroes(f, req->offset, req->bytes);
}

static int carry_out(struct file_disk *f, struct block_request *req)
{
	switch (req->op) {
	case BLOCK_READ:
	case BLOCK_WRITE:
		return move(f, req);
	case BLOCK_FLUSH:
		return flush(f);
	case BLOCK_DISCARD:
	case BLOCK_ZERO:
		return zero(f, req);
	}
	return EINVAL;
}

/* ---- Threads ---- */

static void *serve(void *arg)
{
	struct file_disk *f = arg;

	pthread_setname_np(pthread_self(), "disk");
	lock_acquire(&f->lock);
	while (!f->quit) {
		struct block_request *req = f->first;

		if (!req) {
			lock_wait(&f->lock, &f->more);
			continue;
		}
		f->first = req->next;
		if (!f->first)
			f->last = &f->first;
		lock_release(&f->lock);
		req->done(req, carry_out(f, req));
		lock_acquire(&f->lock);
	}
	lock_release(&f->lock);
	return NULL;
}

/*
 * What the host has in its cache is had without waiting, and so without another thread: each of the
 * two ways there and back costs more than the reading.
 */
static bool read_at_once(struct file_disk *f, struct block_request *req)
{
	return req->op == BLOCK_READ && req->bytes <= AT_ONCE && req->n_iov <= IOV_MAX &&
	       preadv2(f->fd, req->iov, req->n_iov, req->offset, RWF_NOWAIT) == (ssize_t)req->bytes;
}

static void submit(struct block_dev *b, struct block_request *req)
{
	struct file_disk *f = file_of(b);

	if (read_at_once(f, req)) {
		req->done(req, 0);
		return;
	}
	req->next = NULL;
	lock_acquire(&f->lock);
	*f->last = req;
	f->last = &req->next;
	pthread_cond_signal(&f->more);
	lock_release(&f->lock);
}

/* ---- Opening ---- */

static void file_close(struct block_dev *b)
{
	struct file_disk *f = file_of(b);

	lock_acquire(&f->lock);
	f->quit = true;
	pthread_cond_broadcast(&f->more);
	lock_release(&f->lock);
	for (unsigned i = 0; i < f->n_threads; i++)
		pthread_join(f->threads[i], NULL);
	if (f->fd >= 0)
		close(f->fd);
	pthread_cond_destroy(&f->more);
	lock_destroy(&f->lock);
	free(f);
}

static const struct block_ops file_ops = {.submit = submit, .close = file_close};

/* Two guests that write one disk destroy it, and so does one that reads what another changes. */
static int claim(struct file_disk *f, const struct block_options *o, struct error *err)
{
	struct flock whole = {.l_type = o->read_only ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET};

	if (o->shared || !fcntl(f->fd, F_OFD_SETLK, &whole) || (errno != EAGAIN && errno != EACCES))
		return 0;
	return error_set(err,
			 "another guest uses disk %s%s; two may share it if both have it with ,ro",
			 o->path, o->read_only ? " and may write to it" : "");
}

static int measure(struct file_disk *f, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(f->fd, &st))
		return error_errno(err, "cannot use disk %s", path);
	f->dev.bytes = st.st_size;
	if (S_ISBLK(st.st_mode) && ioctl(f->fd, BLKGETSIZE64, &f->dev.bytes))
		return error_errno(err, "cannot learn the size of disk %s", path);
	if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		return error_set(err, "disk %s is neither a file nor a block device", path);
	f->dev.bytes -= f->dev.bytes % BLOCK_SECTOR;
	if (!f->dev.bytes)
		return error_set(err, "disk %s is empty: 'truncate -s 8G %s' makes one of 8 GiB",
				 path, path);
	return 0;
}

/*
 * A guest that is given an image's own bytes sees no disk of its, and would destroy it. But what a
 * guest wrote must never decide how its disk is read: hence no more than a refusal.
 */
static int suspect(struct file_disk *f, const struct block_options *o, struct error *err)
{
	char magic[4];

	if (o->format != BLOCK_UNSAID || pread(f->fd, magic, 4, 0) != 4 ||
	    memcmp(magic, "QFI\xfb", 4))
		return 0;
	return error_set(err,
			 "disk %s begins like a qcow2 image; say ,format=qcow2, or ,format=raw if "
			 "the guest shall have these bytes",
			 o->path);
}

static int start(struct file_disk *f, const char *path, struct error *err)
{
	while (f->n_threads < THREADS) {
		if (thread_start(&f->threads[f->n_threads], serve, f))
			return error_errno(err, "cannot start a thread for disk %s", path);
		f->n_threads++;
	}
	return 0;
}

struct block_dev *block_open_file(const struct block_options *o, struct error *err)
{
	struct file_disk *f = calloc(1, sizeof(*f));

	if (!f) {
		error_nomem(err, "a disk");
		return NULL;
	}
	f->dev = (struct block_dev){&file_ops, .read_only = o->read_only, .discards = true};
	lock_init(&f->lock, LOCK_BLOCK);
	pthread_cond_init(&f->more, NULL);
	f->last = &f->first;
	f->fd = open(o->path, (o->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (f->fd < 0)
		error_errno(err, "cannot open disk %s%s", o->path,
			    !o->read_only && (errno == EACCES || errno == EROFS)
				? " for writing (',ro' opens it for reading)"
				: "");
	if (f->fd < 0 || measure(f, o->path, err) || claim(f, o, err) || suspect(f, o, err) ||
	    start(f, o->path, err)) {
		file_close(&f->dev);
		return NULL;
	}
	return &f->dev;
}
