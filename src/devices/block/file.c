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
#include "devices/block/block.h"
#include "platform/thread.h"

#define THREADS 4 /* as many of a disk's requests are with the host at once */

struct block_dev {
	char *path;
	int fd;
	u64 bytes;
	bool read_only;

	struct lock lock;
	pthread_cond_t more;
	struct block_request *first, **last; /* what no thread has taken yet */
	bool quit;
	pthread_t threads[THREADS];
	unsigned n_threads;
};

u64 block_bytes(const struct block_dev *b)
{
	return b->bytes;
}

bool block_read_only(const struct block_dev *b)
{
	return b->read_only;
}

const char *block_path(const struct block_dev *b)
{
	return b->path;
}

/* ---- Carrying a request out; 0 or an errno value ---- */

/* Leaves out what was done of @iov. */
static void advance(struct iovec **iov, unsigned *n, size_t bytes)
{
	while (*n && bytes >= (*iov)->iov_len) {
		bytes -= (*iov)->iov_len;
		++*iov;
		--*n;
	}
	if (bytes) {
		(*iov)->iov_base = (u8 *)(*iov)->iov_base + bytes;
		(*iov)->iov_len -= bytes;
	}
}

static int move(struct block_dev *b, struct block_request *req)
{
	struct iovec *iov = req->iov;
	unsigned n = req->n_iov;
	off_t at = req->offset;

	while (n) {
		int count = n < IOV_MAX ? n : IOV_MAX;
		ssize_t done = req->op == BLOCK_READ ? preadv(b->fd, iov, count, at)
						     : pwritev(b->fd, iov, count, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno;
		/* The file has become shorter, or the device gives no more. */
		if (!done)
			return EIO;
		advance(&iov, &n, done);
		at += done;
	}
	return 0;
}

static int flush(struct block_dev *b)
{
	return fdatasync(b->fd) ? errno : 0;
}

static int write_zeroes(struct block_dev *b, u64 at, u64 bytes)
{
	static const u8 zeroes[64 << 10];

	while (bytes) {
		size_t piece = bytes < sizeof(zeroes) ? bytes : sizeof(zeroes);
		ssize_t done = pwrite(b->fd, zeroes, piece, at);

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
static int zero(struct block_dev *b, struct block_request *req)
{
	int mode = req->op == BLOCK_DISCARD ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE;

	if (!fallocate(b->fd, mode | FALLOC_FL_KEEP_SIZE, req->offset, req->bytes))
		return 0;
	if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL && errno != ENODEV)
		return errno;
	return write_zeroes(b, req->offset, req->bytes);
}

static int carry_out(struct block_dev *b, struct block_request *req)
{
	switch (req->op) {
	case BLOCK_READ:
	case BLOCK_WRITE:
		return move(b, req);
	case BLOCK_FLUSH:
		return flush(b);
	case BLOCK_DISCARD:
	case BLOCK_ZERO:
		return zero(b, req);
	}
	return EINVAL;
}

/* ---- Threads ---- */

static void *serve(void *arg)
{
	struct block_dev *b = arg;

	pthread_setname_np(pthread_self(), "disk");
	lock_acquire(&b->lock);
	while (!b->quit) {
		struct block_request *req = b->first;

		if (!req) {
			lock_wait(&b->lock, &b->more);
			continue;
		}
		b->first = req->next;
		if (!b->first)
			b->last = &b->first;
		lock_release(&b->lock);
		req->done(req, carry_out(b, req));
		lock_acquire(&b->lock);
	}
	lock_release(&b->lock);
	return NULL;
}

void block_submit(struct block_dev *b, struct block_request *req)
{
	req->next = NULL;
	lock_acquire(&b->lock);
	*b->last = req;
	b->last = &req->next;
	pthread_cond_signal(&b->more);
	lock_release(&b->lock);
}

/* ---- Opening ---- */

/* Two guests that write one disk destroy it, and so does one that reads what another changes. */
static int claim(struct block_dev *b, struct error *err)
{
	struct flock whole = {.l_type = b->read_only ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET};

	if (!fcntl(b->fd, F_OFD_SETLK, &whole) || (errno != EAGAIN && errno != EACCES))
		return 0;
	return error_set(err,
			 "another guest uses disk %s%s; two may share it if both have it with ,ro",
			 b->path, b->read_only ? " and may write to it" : "");
}

static int measure(struct block_dev *b, struct error *err)
{
	struct stat st;

	if (fstat(b->fd, &st))
		return error_errno(err, "cannot use disk %s", b->path);
	b->bytes = st.st_size;
	if (S_ISBLK(st.st_mode) && ioctl(b->fd, BLKGETSIZE64, &b->bytes))
		return error_errno(err, "cannot learn the size of disk %s", b->path);
	if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		return error_set(err, "disk %s is neither a file nor a block device", b->path);
	b->bytes -= b->bytes % BLOCK_SECTOR;
	if (!b->bytes)
		return error_set(err, "disk %s is empty: 'truncate -s 8G %s' makes one of 8 GiB",
				 b->path, b->path);
	return 0;
}

static int start(struct block_dev *b, struct error *err)
{
	while (b->n_threads < THREADS) {
		if (thread_start(&b->threads[b->n_threads], serve, b))
			return error_errno(err, "cannot start a thread for disk %s", b->path);
		b->n_threads++;
	}
	return 0;
}

struct block_dev *block_open(const char *path, bool read_only, bool shared, struct error *err)
{
	struct block_dev *b = calloc(1, sizeof(*b));

	if (!b || !(b->path = strdup(path))) {
		free(b);
		error_nomem(err, "a disk");
		return NULL;
	}
	lock_init(&b->lock, LOCK_BLOCK);
	pthread_cond_init(&b->more, NULL);
	b->last = &b->first;
	b->read_only = read_only;
	b->fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (b->fd < 0)
		error_errno(err, "cannot open disk %s%s", path,
			    !read_only && (errno == EACCES || errno == EROFS)
				? " for writing (',ro' opens it for reading)"
				: "");
	if (b->fd < 0 || measure(b, err) || (!shared && claim(b, err)) || start(b, err)) {
		block_close(b);
		return NULL;
	}
	return b;
}

void block_close(struct block_dev *b)
{
	if (!b)
		return;
	lock_acquire(&b->lock);
	b->quit = true;
	pthread_cond_broadcast(&b->more);
	lock_release(&b->lock);
	for (unsigned i = 0; i < b->n_threads; i++)
		pthread_join(b->threads[i], NULL);
	if (b->fd >= 0)
		close(b->fd);
	pthread_cond_destroy(&b->more);
	lock_destroy(&b->lock);
	free(b->path);
	free(b);
}
