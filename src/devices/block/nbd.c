/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disks behind an NBD server, by libnbd: one connection, which one thread owns. It hands requests
 * to the server, several at once, and ends them as answers come.
 *
 * A lost connection isn't made anew: what the server had in its cache then might be lost too, and
 * a later flush would tell the guest that it isn't. All requests fail from there on.
 */
#include <errno.h>
#include <libnbd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/lock.h"
#include "devices/block/internal.h"
#include "platform/thread.h"

#define SLOTS	   16		 /* requests that are with the server at once */
#define PIECE	   (512u << 10)	 /* of reading and writing; a request is carried out by pieces */
#define ZERO_PIECE (64ull << 20) /* of zeroing: a server answers in time */
#define CLOSE_MS   2000		 /* for the server to say goodbye */

/* A request that is being carried out. */
struct slot {
	struct block_request *req; /* NULL: free */
	u8 *buffer;		   /* of PIECE bytes */
	struct iovec *iov;	   /* of the request: what has not been moved */
	unsigned n_iov;
	u64 at, left; /* what of it no piece was for */
	size_t piece;
	bool copied; /* the piece goes through the buffer */
	bool ended;  /* its answer is there */
	int error;
};

struct nbd_disk {
	struct block_dev dev;
	struct nbd_handle *h;
	struct block_server server;
	bool can_flush, can_zero;
	unsigned timeout_ms;

	struct lock lock;
	struct block_request *first, **last; /* what is in no slot yet */
	bool quit;
	int wake; /* eventfd: there is news for the thread */
	pthread_t thread;
	bool started;

	/* The thread's own. */
	struct slot slots[SLOTS];
	u8 *buffers;
	unsigned busy; /* slots that are not free */
	u64 heard_ms;  /* when the server last gave a sign, or was asked after a rest */
};

static struct nbd_disk *nbd_of(struct block_dev *b)
{
	return container_of(b, struct nbd_disk, dev);
}

static u64 now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

static bool lost(struct nbd_disk *n)
{
	return nbd_aio_is_dead(n->h) || nbd_aio_is_closed(n->h);
}

/* ---- Pieces of a request ---- */

/* libnbd's, with its lock held: nothing of it may be called here. */
static int on_answer(void *slot, int *error)
{
	struct slot *s = slot;

	s->error = *error;
	s->ended = true;
	return 1; /* retired */
}

static bool moves(const struct slot *s)
{
	return s->req->op == BLOCK_READ || s->req->op == BLOCK_WRITE;
}

/* Of the request's memory, to or from the buffer. */
static void copy(struct slot *s, bool to_buffer)
{
	u8 *b = s->buffer;
	struct iovec *iov = s->iov;

	for (size_t left = s->piece; left; iov++) {
		size_t part = iov->iov_len < left ? iov->iov_len : left;

		if (to_buffer)
			memcpy(b, iov->iov_base, part);
		else
			memcpy(iov->iov_base, b, part);
		b += part;
		left -= part;
	}
}

/* Memory in one piece is the server's to fill; else what is read or written is copied. */
static s64 ask_to_move(struct nbd_disk *n, struct slot *s, nbd_completion_callback done)
{
	u8 *memory = s->buffer;

	s->piece = s->left < PIECE ? s->left : PIECE;
	s->copied = s->iov->iov_len < s->piece;
	if (!s->copied)
		memory = s->iov->iov_base;
	else if (s->req->op == BLOCK_WRITE)
		copy(s, true);
	return s->req->op == BLOCK_READ ? nbd_aio_pread(n->h, memory, s->piece, s->at, done, 0)
					: nbd_aio_pwrite(n->h, memory, s->piece, s->at, done, 0);
}

static s64 ask_to_zero(struct nbd_disk *n, struct slot *s, nbd_completion_callback done)
{
	u32 flags = s->req->op == BLOCK_ZERO ? LIBNBD_CMD_FLAG_NO_HOLE : 0;

	if (n->can_zero) {
		s->piece = s->left < ZERO_PIECE ? s->left : ZERO_PIECE;
		return nbd_aio_zero(n->h, s->piece, s->at, done, flags);
	}
	s->piece = s->left < PIECE ? s->left : PIECE;
	memset(s->buffer, 0, s->piece);
	return nbd_aio_pwrite(n->h, s->buffer, s->piece, s->at, done, 0);
}

/* The next piece, or the end of a request, which frees the slot. */
static void ask(struct nbd_disk *n, struct slot *s)
{
	nbd_completion_callback done = {.callback = on_answer, .user_data = s};
	s64 cookie;

	s->ended = false;
	if (moves(s))
		cookie = ask_to_move(n, s, done);
	else if (s->req->op == BLOCK_FLUSH)
		cookie = nbd_aio_flush(n->h, done, 0);
	else
		cookie = ask_to_zero(n, s, done);
	if (cookie >= 0)
		return;
	s->error = nbd_get_errno() ? nbd_get_errno() : EIO;
	s->ended = true;
}

static void end(struct nbd_disk *n, struct slot *s, int error)
{
	struct block_request *req = s->req;

	s->req = NULL;
	n->busy--;
	req->done(req, error);
}

static void on_piece(struct nbd_disk *n, struct slot *s)
{
	if (s->error) {
		end(n, s, lost(n) ? EIO : s->error);
		return;
	}
	if (s->copied && s->req->op == BLOCK_READ)
		copy(s, false);
	if (moves(s))
		block_advance(&s->iov, &s->n_iov, s->piece);
	s->at += s->piece;
	s->left -= s->piece;
	if (s->left)
		ask(n, s);
	else
		end(n, s, 0);
}

static void begin(struct nbd_disk *n, struct slot *s, struct block_request *req)
{
	if (!n->busy++)
		n->heard_ms = now_ms();
	s->req = req;
	s->iov = req->iov;
	s->n_iov = req->n_iov;
	s->at = req->offset;
	s->left = req->op == BLOCK_FLUSH ? 0 : req->bytes;
	s->piece = 0;
	s->copied = false;
	if (req->op == BLOCK_FLUSH && !n->can_flush)
		end(n, s, 0); /* a server that has no cache */
	else
		ask(n, s);
}

/* ---- The thread ---- */

static struct block_request *take(struct nbd_disk *n, bool *quit)
{
	struct block_request *req;

	lock_acquire(&n->lock);
	*quit = n->quit;
	req = n->first;
	if (req) {
		n->first = req->next;
		if (!n->first)
			n->last = &n->first;
	}
	lock_release(&n->lock);
	return req;
}

/* True: something was, and there may be more. */
static bool end_answered(struct nbd_disk *n)
{
	bool some = false;

	for (struct slot *s = n->slots; s < n->slots + SLOTS; s++) {
		if (!s->req || !s->ended)
			continue;
		some = true;
		n->heard_ms = now_ms();
		on_piece(n, s);
	}
	return some;
}

/* False: it is time to end. */
static bool begin_all(struct nbd_disk *n)
{
	bool quit = false;

	for (struct slot *s = n->slots; s < n->slots + SLOTS; s++) {
		struct block_request *req;

		if (s->req)
			continue;
		req = take(n, &quit);
		if (!req)
			break;
		begin(n, s, req);
	}
	return !quit;
}

/* A server that owes answers and is silent for too long is as good as dead. */
static int patience_ms(struct nbd_disk *n)
{
	u64 silent = now_ms() - n->heard_ms;

	if (!n->busy || lost(n))
		return -1;
	if (silent < n->timeout_ms)
		return n->timeout_ms - silent;
	shutdown(nbd_aio_get_fd(n->h), SHUT_RDWR);
	n->heard_ms = now_ms();
	return 0;
}

static void wait_for_news(struct nbd_disk *n)
{
	int patience = patience_ms(n);
	unsigned direction = nbd_aio_get_direction(n->h);
	struct pollfd fds[2] = {{n->wake, POLLIN}, {-1}};
	u64 count;

	if (!lost(n)) {
		fds[1].fd = nbd_aio_get_fd(n->h);
		fds[1].events = (direction & LIBNBD_AIO_DIRECTION_READ ? POLLIN : 0) |
				(direction & LIBNBD_AIO_DIRECTION_WRITE ? POLLOUT : 0);
	}
	if (poll(fds, 2, patience) <= 0)
		return;
	if (fds[0].revents && read(n->wake, &count, sizeof(count)) < 0)
		return;
	/* What fails of these shows in the requests, and in lost(). */
	if (direction & LIBNBD_AIO_DIRECTION_READ && fds[1].revents & (POLLIN | POLLHUP | POLLERR))
		nbd_aio_notify_read(n->h);
	else if (fds[1].revents)
		nbd_aio_notify_write(n->h);
}

static void *serve(void *arg)
{
	struct nbd_disk *n = arg;

	pthread_setname_np(pthread_self(), "disk");
	while (begin_all(n))
		if (!end_answered(n))
			wait_for_news(n);
	return NULL;
}

static void submit(struct block_dev *b, struct block_request *req)
{
	struct nbd_disk *n = nbd_of(b);

	req->next = NULL;
	lock_acquire(&n->lock);
	*n->last = req;
	n->last = &req->next;
	lock_release(&n->lock);
	eventfd_write(n->wake, 1);
}

/* ---- The connection ---- */

/* So that a host that is gone is noticed also while nobody owes an answer. */
static void keep_alive(int fd)
{
	int on = 1, idle_s = 20, every_s = 5, times = 4;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof(every_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof(times));
}

static int refuse(struct error *err, const char *path)
{
	const char *why = nbd_get_error();

	return error_set(err, "cannot use disk %s: %s", path, why ? why : "no reason is known");
}

/* What the server has, and whether that is a disk. */
static int learn(struct nbd_disk *n, const struct block_options *o, struct error *err)
{
	s64 bytes = nbd_get_size(n->h), smallest = nbd_get_block_size(n->h, LIBNBD_SIZE_MINIMUM);

	if (bytes < 0)
		return refuse(err, o->path);
	if (smallest > BLOCK_SECTOR)
		return error_set(err,
				 "disk %s: its server wants blocks of %lld bytes; a disk has %u",
				 o->path, (long long)smallest, BLOCK_SECTOR);
	if (nbd_is_read_only(n->h) && !o->read_only)
		return error_set(err, "disk %s can only be read (',ro' takes it so)", o->path);
	n->dev.bytes = bytes - bytes % BLOCK_SECTOR;
	if (!n->dev.bytes)
		return error_set(err, "disk %s is empty", o->path);
	n->can_flush = nbd_can_flush(n->h) > 0;
	n->can_zero = nbd_can_zero(n->h) > 0;
	n->dev.discards = n->can_zero;
	return 0;
}

static int prepare(struct nbd_disk *n, const struct block_options *o, struct error *err)
{
	n->buffers = mmap(NULL, (size_t)SLOTS * PIECE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	n->wake = eventfd(0, EFD_CLOEXEC);
	n->h = nbd_create();
	if (n->buffers == MAP_FAILED || n->wake < 0 || !n->h)
		return error_nomem(err, "a disk");
	for (unsigned i = 0; i < SLOTS; i++)
		n->slots[i].buffer = n->buffers + (size_t)i * PIECE;
	nbd_set_uri_allow_local_file(n->h, true);
	nbd_set_pread_initialize(n->h, false);
	return 0;
}

static int start(struct nbd_disk *n, const struct block_options *o, struct error *err)
{
	keep_alive(nbd_aio_get_fd(n->h));
	if (thread_start(&n->thread, serve, n))
		return error_errno(err, "cannot start a thread for disk %s", o->path);
	n->started = true;
	return 0;
}

static void say_goodbye(struct nbd_disk *n)
{
	u64 end = now_ms() + CLOSE_MS;

	if (!nbd_aio_is_ready(n->h) || nbd_aio_disconnect(n->h, 0) < 0)
		return;
	while (!lost(n) && now_ms() < end)
		nbd_poll(n->h, 100);
}

static void nbd_disk_close(struct block_dev *b)
{
	struct nbd_disk *n = nbd_of(b);

	lock_acquire(&n->lock);
	n->quit = true;
	lock_release(&n->lock);
	if (n->started) {
		eventfd_write(n->wake, 1);
		pthread_join(n->thread, NULL);
		say_goodbye(n);
	}
	if (n->h)
		nbd_close(n->h);
	block_server_stop(&n->server);
	if (n->buffers != MAP_FAILED)
		munmap(n->buffers, (size_t)SLOTS * PIECE);
	if (n->wake >= 0)
		close(n->wake);
	lock_destroy(&n->lock);
	free(n);
}

static const struct block_ops nbd_ops = {.submit = submit, .close = nbd_disk_close};

static struct nbd_disk *new_disk(const struct block_options *o, struct error *err)
{
	struct nbd_disk *n = calloc(1, sizeof(*n));

	if (!n) {
		error_nomem(err, "a disk");
		return NULL;
	}
	n->dev = (struct block_dev){.ops = &nbd_ops, .read_only = o->read_only};
	n->timeout_ms = 1000 * (o->timeout_s ? o->timeout_s : BLOCK_TIMEOUT_S);
	n->last = &n->first;
	n->server.errors = -1;
	lock_init(&n->lock, LOCK_BLOCK);
	if (prepare(n, o, err)) {
		nbd_disk_close(&n->dev);
		return NULL;
	}
	return n;
}

struct block_dev *block_open_nbd(const struct block_options *o, struct error *err)
{
	struct nbd_disk *n = new_disk(o, err);

	if (!n)
		return NULL;
	if (nbd_connect_uri(n->h, o->path) < 0) {
		refuse(err, o->path);
	} else if (!learn(n, o, err) && !start(n, o, err)) {
		return &n->dev;
	}
	nbd_disk_close(&n->dev);
	return NULL;
}

/* The socket is libnbd's, also where this fails. */
static int connect_server(struct nbd_disk *n, const struct block_options *o, struct error *err)
{
	int fd = block_server_start(&n->server, o, err);

	if (fd < 0)
		return -1;
	if (nbd_connect_socket(n->h, fd) < 0) {
		refuse(err, o->path);
		block_server_explain(&n->server, o->path, err);
		return -1;
	}
	return 0;
}

struct block_dev *block_open_image(const struct block_options *o, struct error *err)
{
	struct nbd_disk *n = new_disk(o, err);

	if (!n)
		return NULL;
	if (!connect_server(n, o, err) && !learn(n, o, err) && !start(n, o, err))
		return &n->dev;
	nbd_disk_close(&n->dev);
	return NULL;
}
