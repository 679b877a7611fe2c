/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor numbers: whose they are, however they were closed, copied and used again. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "kvm/fdtable.h"

static atomic_int released;

static long no_ioctl(struct file *file, unsigned long request, unsigned long arg)
{
	return -ENOTTY;
}

static void count_release(struct file *file)
{
	released++;
}

static const struct file_ops ops = {.name = "test", .ioctl = no_ioctl, .release = count_release};
static const struct file_ops shared_ops = {
    .name = "shared", .ioctl = no_ioctl, .release = count_release, .shared = true};

static int setup(void **state)
{
	released = 0;
	return 0;
}

static int new_file(void *data)
{
	int fd = file_new(&ops, data, true);

	assert_true(fd >= 0);
	return fd;
}

static bool ours(int fd)
{
	struct file *file = file_get_checked(fd);

	if (file)
		file_put(file);
	return file;
}

static void closing(void **state)
{
	int fd = new_file(state);
	struct file *file;

	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	file = file_get(fd);
	assert_non_null(file);
	assert_ptr_equal(file->data, state);
	file_put(file);
	assert_int_equal(file_close(fd), 0);
	assert_int_equal(released, 1);
	assert_int_equal(file_close(fd), -EBADF);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_false(ours(fd));
	assert_false(ours(-1));
	assert_false(ours(1 << 30));
	assert_false(ours(0));
}

static void closing_while_used(void **state)
{
	int fd = new_file(NULL);
	struct file *file = file_get(fd);

	assert_int_equal(file_close(fd), 0);
	assert_int_equal(released, 0);
	assert_null(file_get(fd));
	file_put(file);
	assert_int_equal(released, 1);
}

/* close() that goes past us, and another file of the program's at the same number. */
static void closed_behind_our_back(void **state)
{
	int fd = new_file(NULL), other;

	close(fd);
	other = open("/dev/null", O_RDONLY);
	assert_int_equal(other, fd);
	assert_false(ours(fd));
	assert_int_equal(released, 1);
	assert_int_equal(file_close(fd), -EBADF);
	assert_true(fcntl(other, F_GETFD) >= 0);
	close(other);
}

/* The same, and the next file of ours gets the number. */
static void number_used_again(void **state)
{
	int first = new_file((void *)1), second;
	struct file *file;

	close(first);
	second = new_file((void *)2);
	assert_int_equal(second, first);
	assert_int_equal(released, 1);
	file = file_get(second);
	assert_ptr_equal(file->data, (void *)2);
	file_put(file);
	assert_int_equal(file_close(second), 0);
	assert_int_equal(released, 2);
}

static void duplicates(void **state)
{
	int fd = new_file(NULL);
	int copy = dup(fd);

	assert_true(ours(copy));
	assert_int_equal(file_close(fd), 0);
	assert_int_equal(released, 0);
	assert_true(ours(copy));
	assert_int_equal(file_close(copy), 0);
	assert_int_equal(released, 1);
}

static void memfd_keeps_its_size(void **state)
{
	int fd = memfd_new("test", 4096, true);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 8192), -1);
	assert_true(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED);
	close(fd);
}

static ssize_t no_transfer(struct file *file, unsigned long buf, size_t count)
{
	return -EINVAL;
}

/* System calls that don't come by us must not say that there is nothing more to read. */
static void never_the_end(void **state)
{
	static const struct file_ops readable = {
	    .name = "readable", .ioctl = no_ioctl, .read = no_transfer, .release = count_release};
	int fd = file_new(&readable, NULL, true);
	char byte;
	struct iovec v = {&byte, 1};

	assert_true(ours(fd));
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(readv(fd, &v, 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(pread(fd, &byte, 1, 0), -1);
	assert_int_equal(writev(fd, &v, 1), -1);
	assert_int_equal(pwrite(fd, &byte, 1, 0), -1);
	assert_int_equal(file_close(fd), 0);
	assert_int_equal(released, 1);
}

static void in_a_child(void **state)
{
	int fd = new_file(NULL), shared = file_new(&shared_ops, NULL, false), status;
	pid_t child = fork();

	if (!child) {
		struct file *f = file_get(fd), *s = file_get(shared);
		bool good = f && s && file_is_foreign(f) && !file_is_foreign(s);

		file_put(f);
		file_put(s);
		/* The parent's object is not touched by closing it here. */
		good &= !file_close(fd) && !released;
		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(ours(fd));
	file_close(fd);
	file_close(shared);
}

static void out_of_numbers(void **state)
{
	int fd, count = 0, first = -1;
	struct {
		int fd[4096];
	} held;

	while ((fd = file_new(&ops, NULL, true)) >= 0 && count < 4096) {
		if (first < 0)
			first = fd;
		held.fd[count++] = fd;
	}
	if (count < 4096)
		assert_int_equal(fd, -EMFILE);
	else
		file_close(fd);
	while (count)
		assert_int_equal(file_close(held.fd[--count]), 0);
}

#define ROUNDS 2000

/* Everyone opens, uses and closes; a number is somebody else's a moment later. */
static void *churn(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		int fd = file_new(&ops, arg, true);
		struct file *file = file_get(fd);

		if (!file || file->data != arg)
			return "another's file";
		if (i % 3 == 0)
			close(dup(fd));
		if (file_close(fd))
			return "can't close";
		file_put(file);
	}
	return NULL;
}

static void threads(void **state)
{
	pthread_t thread[4];
	void *fault;

	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, churn, (void *)(i + 1)), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], &fault);
		assert_null(fault);
	}
	assert_int_equal(released, 4 * ROUNDS);
}

/* A number is opened and closed all the time, others use it meanwhile: none has an object that is
 * gone. */
#define USERS	  3
#define NEW_FILES 3000

struct object {
	atomic_bool alive;
};

static atomic_int busy_fd;
static atomic_bool closing_done;

static void end_object(struct file *file)
{
	struct object *o = file->data;

	o->alive = false;
	released++;
}

static const struct file_ops object_ops = {
    .name = "object", .ioctl = no_ioctl, .release = end_object};

static void *use_number(void *arg)
{
	while (!closing_done) {
		struct file *file = file_get(busy_fd);
		struct object *o;

		if (!file)
			continue;
		o = file->data;
		if (file->ops != &object_ops || !o->alive)
			return "an object that is gone";
		file_put(file);
	}
	return NULL;
}

static void used_while_closed(void **state)
{
	struct object *object = test_calloc(NEW_FILES, sizeof(*object));
	pthread_t thread[USERS];
	void *fault;

	busy_fd = -1;
	closing_done = false;
	for (int i = 0; i < USERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, use_number, NULL), 0);
	for (int i = 0; i < NEW_FILES; i++) {
		object[i].alive = true;
		busy_fd = file_new(&object_ops, &object[i], true);
		assert_true(busy_fd >= 0);
		assert_int_equal(file_close(busy_fd), 0);
		assert_null(file_get(busy_fd));
	}
	closing_done = true;
	for (int i = 0; i < USERS; i++) {
		pthread_join(thread[i], &fault);
		assert_null(fault);
	}
	assert_int_equal(released, NEW_FILES);
	test_free(object);
}

/* Any system call but the one that ends a thread is its end. */
static bool forbid_system_calls(void)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

#ifdef __has_feature
#define SANITIZED (__has_feature(thread_sanitizer) || __has_feature(address_sanitizer))
#elif defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static void costs_no_system_call(void **state)
{
	int fd, status;
	pid_t child;

	if (SANITIZED)
		skip(); /* the sanitizer makes some of its own */
	fd = file_new(&shared_ops, NULL, true);
	child = fork();
	if (!child) {
		struct file *file;

		if (!forbid_system_calls())
			_exit(77);
		for (int i = 0; i < 100; i++) {
			file = file_get(fd);
			if (!file || file_is_foreign(file) || !file_process())
				_exit(1);
			file_put(file);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
	file_close(fd);
}

/* As under the preload library; the last test, since there is no way back. */
static void distrust(void **state)
{
	int fd = new_file(NULL), other;

	file_distrust();
	close(fd);
	other = open("/dev/null", O_RDONLY);
	assert_int_equal(other, fd);
	assert_null(file_get(fd));
	assert_int_equal(released, 1);
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(closing, setup),
	    cmocka_unit_test_setup(closing_while_used, setup),
	    cmocka_unit_test_setup(closed_behind_our_back, setup),
	    cmocka_unit_test_setup(number_used_again, setup),
	    cmocka_unit_test_setup(duplicates, setup),
	    cmocka_unit_test_setup(memfd_keeps_its_size, setup),
	    cmocka_unit_test_setup(never_the_end, setup),
	    cmocka_unit_test_setup(in_a_child, setup),
	    cmocka_unit_test_setup(out_of_numbers, setup),
	    cmocka_unit_test_setup(threads, setup),
	    cmocka_unit_test_setup(used_while_closed, setup),
	    cmocka_unit_test_setup(costs_no_system_call, setup),
	    cmocka_unit_test_setup(distrust, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
