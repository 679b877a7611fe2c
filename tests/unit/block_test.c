/* SPDX-License-Identifier: Apache-2.0 */
/* Disks' contents: files, NBD servers that work and that fail (nbdkit), qcow2 images (qemu-nbd). */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "devices/block/block.h"

#define MIB (1u << 20)

static char folder[64];
static struct error err;

static const char *in_folder(const char *name)
{
	static char path[4][160];
	static unsigned n;
	char *p = path[n++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	return p;
}

static int setup(void **state)
{
	strcpy(folder, "/tmp/papyr-block-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int run(const char *format, ...)
{
	char command[1000];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return system(command);
}

static int teardown(void **state)
{
	return run("rm -rf %s", folder);
}

/* ---- Requests ---- */

struct wait {
	struct block_request req;
	struct iovec iov[2];
	int error;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static unsigned under_way;

static void on_done(struct block_request *req, int error)
{
	container_of(req, struct wait, req)->error = error;
	pthread_mutex_lock(&lock);
	under_way--;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&lock);
}

static void wait_all(void)
{
	pthread_mutex_lock(&lock);
	while (under_way)
		pthread_cond_wait(&cond, &lock);
	pthread_mutex_unlock(&lock);
}

/* @pieces of memory, 1 or 2: what is in two is put together. */
static void submit(struct block_dev *b, struct wait *w, enum block_op op, u64 at, u8 *data,
		   u64 bytes, unsigned pieces)
{
	u64 first = pieces == 2 ? bytes / 3 : bytes;

	*w = (struct wait){.iov = {{data, first}, {data + first, bytes - first}}, .error = -1};
	w->req = (struct block_request){.op = op,
					.offset = at,
					.bytes = bytes,
					.iov = w->iov,
					.n_iov = pieces,
					.done = on_done};
	pthread_mutex_lock(&lock);
	under_way++;
	pthread_mutex_unlock(&lock);
	block_submit(b, &w->req);
}

static int io(struct block_dev *b, enum block_op op, u64 at, u8 *data, u64 bytes)
{
	struct wait w;

	submit(b, &w, op, at, data, bytes, 2);
	wait_all();
	return w.error;
}

static struct block_dev *open_disk(const char *path, enum block_format format, bool read_only)
{
	return block_open(&(struct block_options){path, format, read_only, .timeout_s = 1}, &err);
}

static void assert_refused(const char *path, enum block_format format, const char *why)
{
	assert_null(open_disk(path, format, false));
	if (!strstr(err.text, why))
		fail_msg("'%s' says nothing of '%s'", err.text, why);
}

/* All operations, on a disk of at least 8 MiB. */
static void use(struct block_dev *b)
{
	u8 *out = malloc(3 * MIB), *in = malloc(3 * MIB);
	struct wait many[64];

	for (unsigned i = 0; i < 3 * MIB; i++)
		out[i] = i * 2654435761u >> 24 | 1;
	assert_int_equal(io(b, BLOCK_WRITE, 4096, out, 3 * MIB), 0);
	assert_int_equal(io(b, BLOCK_FLUSH, 0, NULL, 0), 0);
	assert_int_equal(io(b, BLOCK_READ, 4096, in, 3 * MIB), 0);
	assert_memory_equal(in, out, 3 * MIB);
	/* Many at once, in one piece and in two. */
	memset(in, 0, 3 * MIB);
	for (unsigned i = 0; i < 64; i++)
		submit(b, &many[i], BLOCK_READ, 4096 + i * 32768, in + i * 32768, 32768, 1 + i % 2);
	wait_all();
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(many[i].error, 0);
	assert_memory_equal(in, out, 2 * MIB);
	assert_int_equal(io(b, BLOCK_DISCARD, 4096, NULL, MIB), 0);
	assert_int_equal(io(b, BLOCK_ZERO, 4096 + MIB, NULL, MIB), 0);
	assert_int_equal(io(b, BLOCK_READ, 4096, in, 3 * MIB), 0);
	memset(out, 0, 2 * MIB);
	assert_memory_equal(in, out, 3 * MIB);
	free(out);
	free(in);
}

/* ---- Files ---- */

static void new_file(const char *name, const char *start)
{
	FILE *f = fopen(in_folder(name), "w");

	assert_non_null(f);
	fputs(start, f);
	assert_int_equal(ftruncate(fileno(f), 8 * MIB), 0);
	fclose(f);
}

static void file_disk(void **state)
{
	struct block_dev *b;

	new_file("raw", "");
	b = open_disk(in_folder("raw"), BLOCK_UNSAID, false);
	assert_non_null(b);
	assert_int_equal(block_bytes(b), 8 * MIB);
	use(b);
	block_close(b);
}

static unsigned open_requests(void)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = under_way;
	pthread_mutex_unlock(&lock);
	return n;
}

/* What the host has in its cache is there when block_submit() returns, where it can say so. */
static void cached_reads(void **state)
{
	struct iovec iov = {.iov_len = 4096};
	struct block_dev *b;
	struct wait w;
	u8 data[4096];
	int fd;

	new_file("cached", "what it begins with");
	fd = open(in_folder("cached"), O_RDONLY);
	iov.iov_base = data;
	if (preadv2(fd, &iov, 1, 0, 0) != 4096 || preadv2(fd, &iov, 1, 0, RWF_NOWAIT) != 4096)
		skip();
	b = open_disk(in_folder("cached"), BLOCK_UNSAID, false);
	assert_non_null(b);
	memset(data, 0, sizeof(data));
	submit(b, &w, BLOCK_READ, 0, data, sizeof(data), 2);
	assert_int_equal(open_requests(), 0);
	assert_int_equal(w.error, 0);
	assert_memory_equal(data, "what it begins with", 19);
	block_close(b);
	close(fd);
}

/* An image is not taken for what the guest shall see, nor guessed at. */
static void file_that_is_an_image(void **state)
{
	struct block_dev *b;

	new_file("image", "QFI\xfb");
	assert_refused(in_folder("image"), BLOCK_UNSAID, "format=qcow2");
	b = open_disk(in_folder("image"), BLOCK_RAW, false);
	assert_non_null(b);
	block_close(b);
}

#ifdef HAVE_NBD
/* ---- Servers ---- */

static pid_t server;

static bool have(const char *program)
{
	return !run("command -v %s >/dev/null", program);
}

/* Returns when it takes connections. */
static const char *serve(const char *words)
{
	static char uri[200];
	char command[600];

	unlink(in_folder("pid"));
	unlink(in_folder("socket"));
	snprintf(command, sizeof(command), "exec nbdkit -f -P %s -U %s %s 2>/dev/null",
		 in_folder("pid"), in_folder("socket"), words);
	server = fork();
	if (!server) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	while (access(in_folder("pid"), R_OK)) {
		if (waitpid(server, NULL, WNOHANG))
			fail_msg("nbdkit %s does not start", words);
		usleep(10000);
	}
	snprintf(uri, sizeof(uri), "nbd+unix:///?socket=%s", in_folder("socket"));
	return uri;
}

static void end_server(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}

static void nbd_disk(void **state)
{
	struct block_dev *b;

	if (!have("nbdkit"))
		skip();
	b = open_disk(serve("memory 8M"), BLOCK_UNSAID, false);
	assert_non_null(b);
	assert_int_equal(block_bytes(b), 8 * MIB);
	assert_true(block_discards(b));
	use(b);
	block_close(b);
	end_server();
	/* Zeroes are written where the server has no word for them. */
	b = open_disk(serve("--filter=nozero memory 8M"), BLOCK_RAW, false);
	assert_non_null(b);
	assert_false(block_discards(b));
	use(b);
	block_close(b);
	end_server();
}

static void nbd_refused(void **state)
{
	struct block_dev *b;

	assert_refused("nbd+unix:///?socket=/nowhere", BLOCK_UNSAID, "/nowhere");
	assert_refused("nbd://localhost", BLOCK_QCOW2, "is for files");
	if (!have("nbdkit"))
		skip();
	assert_refused(serve("-r memory 8M"), BLOCK_UNSAID, ",ro");
	end_server();
	b = open_disk(serve("-r memory 8M"), BLOCK_UNSAID, true);
	assert_non_null(b);
	block_close(b);
	end_server();
	assert_refused(serve("--filter=blocksize-policy memory 8M blocksize-minimum=4096 "
			     "blocksize-error-policy=error"),
		       BLOCK_UNSAID, "blocks of 4096 bytes");
	end_server();
}

static void nbd_that_errs(void **state)
{
	struct block_dev *b;
	u8 data[4096] = {0};

	if (!have("nbdkit"))
		skip();
	b = open_disk(serve("--filter=error memory 8M error-pwrite=ENOSPC error-pwrite-rate=100% "
			    "error-pread=EIO error-pread-rate=100%"),
		      BLOCK_UNSAID, false);
	assert_non_null(b);
	assert_int_equal(io(b, BLOCK_WRITE, 0, data, sizeof(data)), ENOSPC);
	assert_int_equal(io(b, BLOCK_READ, 0, data, sizeof(data)), EIO);
	assert_int_equal(io(b, BLOCK_FLUSH, 0, NULL, 0), 0);
	block_close(b);
	end_server();
}

/* Whatever is under way when the server is gone, or says nothing any more, ends with an error. */
static void lose_server(int sig)
{
	static u8 data[64][4096];
	struct wait many[64];
	struct block_dev *b;

	b = open_disk(serve("--filter=delay memory 8M rdelay=60 delay-fast-zero=false"),
		      BLOCK_UNSAID, false);
	assert_non_null(b);
	for (unsigned i = 0; i < 64; i++)
		submit(b, &many[i], BLOCK_READ, i * 4096, data[i], 4096, 1 + i % 2);
	kill(server, sig);
	wait_all();
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(many[i].error, EIO);
	assert_int_equal(io(b, BLOCK_WRITE, 0, data[0], 4096), EIO);
	assert_int_equal(io(b, BLOCK_FLUSH, 0, NULL, 0), EIO);
	block_close(b);
	end_server();
}

static void nbd_that_dies(void **state)
{
	if (!have("nbdkit"))
		skip();
	lose_server(SIGKILL);
}

static void nbd_that_is_silent(void **state)
{
	if (!have("nbdkit"))
		skip();
	lose_server(SIGSTOP);
}

/* ---- Images ---- */

static void image_disk(void **state)
{
	struct block_dev *b;
	u8 data[512];

	if (!have("qemu-img") || !have("qemu-nbd"))
		skip();
	new_file("below", "the lowest");
	assert_int_equal(
	    run("cd %s && qemu-img create -q -f qcow2 -b below -F raw 'an=image'", folder), 0);
	b = open_disk(in_folder("an=image"), BLOCK_QCOW2, false);
	assert_non_null(b);
	assert_int_equal(block_bytes(b), 8 * MIB);
	assert_int_equal(io(b, BLOCK_READ, 0, data, sizeof(data)), 0);
	assert_string_equal(data, "the lowest");
	/* Nobody else has it now. */
	assert_refused(in_folder("an=image"), BLOCK_QCOW2, "lock");
	use(b);
	memcpy(data, "ours", 5);
	assert_int_equal(io(b, BLOCK_WRITE, 0, data, sizeof(data)), 0);
	block_close(b);
	/* It is whole when it is closed; what lies below is as it was. */
	assert_int_equal(
	    run("cd %s && qemu-img check -q an=image && grep -q 'the lowest' below", folder), 0);
	b = open_disk(in_folder("an=image"), BLOCK_QCOW2, true);
	assert_non_null(b);
	assert_int_equal(io(b, BLOCK_READ, 0, data, sizeof(data)), 0);
	assert_string_equal(data, "ours");
	block_close(b);
}

static void image_refused(void **state)
{
	if (!have("qemu-nbd"))
		skip();
	new_file("raw", "");
	assert_refused(in_folder("raw"), BLOCK_QCOW2, "not in qcow2 format");
	assert_refused(in_folder("none"), BLOCK_QCOW2, "No such file");
	/* A name is a file's, whatever it looks like. */
	assert_refused("json:{}", BLOCK_QCOW2, "No such file");
}

static void image_without_server(void **state)
{
	char *path = strdup(getenv("PATH"));

	setenv("PATH", "/nowhere", 1);
	assert_null(open_disk(in_folder("none"), BLOCK_QCOW2, false));
	setenv("PATH", path, 1);
	assert_non_null(strstr(err.text, "qemu-utils"));
	free(path);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(file_disk),	  cmocka_unit_test(file_that_is_an_image),
	    cmocka_unit_test(cached_reads),
#ifdef HAVE_NBD
	    cmocka_unit_test(nbd_disk),		  cmocka_unit_test(nbd_refused),
	    cmocka_unit_test(nbd_that_errs),	  cmocka_unit_test(nbd_that_dies),
	    cmocka_unit_test(nbd_that_is_silent), cmocka_unit_test(image_disk),
	    cmocka_unit_test(image_refused),	  cmocka_unit_test(image_without_server),
#endif
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
