/* SPDX-License-Identifier: Apache-2.0 */
/* Locks taken in the wrong order end the process, and say which. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/lock.h"

static struct lock machine, vm, vm2;

static int setup(void **state)
{
	lock_init(&machine, LOCK_MACHINE);
	lock_init(&vm, LOCK_VM);
	lock_init(&vm2, LOCK_VM);
	return 0;
}

/* What a child that does @fn says before it aborts; "" if it doesn't. */
static const char *last_words(void (*fn)(void))
{
	static char said[512];
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0});
		signal(SIGABRT, SIG_DFL);
		dup2(fds[1], STDERR_FILENO);
		fn();
		_exit(0);
	}
	close(fds[1]);
	n = read(fds[0], said, sizeof(said) - 1);
	close(fds[0]);
	said[n > 0 ? n : 0] = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, n > 0);
	return said;
}

static void in_order(void)
{
	lock_acquire(&machine);
	lock_acquire(&vm);
	/* Released in any order, and taken anew. */
	lock_release(&machine);
	lock_release(&vm);
	lock_acquire(&machine);
	lock_release(&machine);
}

static void out_of_order(void)
{
	lock_acquire(&vm);
	lock_acquire(&machine);
}

static void twice(void)
{
	lock_acquire(&vm);
	lock_acquire(&vm);
}

static void two_of_a_rank(void)
{
	lock_acquire(&vm);
	lock_acquire(&vm2);
}

static void not_held(void)
{
	lock_release(&vm);
}

static void tried(void)
{
	lock_acquire(&vm);
	/* Nobody waits, so that this may be; but what comes after it may not. */
	if (!lock_try(&machine))
		return;
	lock_release(&vm);
	lock_acquire(&vm2);
	lock_release(&vm2);
	lock_release(&machine);
}

static void waits_above(void)
{
	static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

	lock_acquire(&machine);
	lock_acquire(&vm);
	/* It would take the first one anew, with the second still held. */
	lock_wait(&machine, &never);
}

static void order_is_checked(void **state)
{
	assert_string_equal(last_words(in_order), "");
	assert_string_equal(last_words(tried), "");
	assert_non_null(strstr(last_words(out_of_order),
			       "machine->lock is taken while hv_vm->lock is held"));
	assert_non_null(strstr(last_words(twice), "hv_vm->lock is taken while hv_vm->lock is held, "
						  "by the same thread"));
	assert_non_null(strstr(last_words(two_of_a_rank),
			       "hv_vm->lock is taken while hv_vm->lock is held;"));
	assert_non_null(strstr(last_words(not_held), "hv_vm->lock is released"));
	assert_non_null(strstr(last_words(waits_above),
			       "machine->lock is taken while hv_vm->lock is held"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup(order_is_checked, setup)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
