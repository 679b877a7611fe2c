/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run with libpapyr-preload.so: however a program spells /dev/kvm it reaches Papyr, and not the
 * host's own; what only looks like it is left alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include <papyr/kvm.h>

/* Power's: no x86 host has it. */
static void assert_power(int fd)
{
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_PPC_HTAB_FD), 1);
}

static void all_spellings_reach_it(void **state)
{
	static const char *const spellings[] = {"/dev/kvm",   "//dev/kvm",	 "/dev//kvm",
						"/dev/./kvm", "/dev/../dev/kvm", "/../dev/kvm"};
	int dir = open("/dev", O_PATH | O_DIRECTORY), fd;

	for (unsigned i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		fd = open(spellings[i], O_RDWR);
		assert_power(fd);
		close(fd);
	}
	fd = openat(dir, "kvm", O_RDWR);
	assert_power(fd);
	close(fd);
	fd = openat(dir, "../dev/kvm", O_RDWR);
	assert_power(fd);
	close(fd);
	assert_int_equal(chdir("/dev"), 0);
	fd = open("kvm", O_RDWR);
	assert_power(fd);
	close(fd);
	assert_int_equal(access("./kvm", R_OK | W_OK), 0);
	assert_int_equal(chdir("/"), 0);
	close(dir);
}

static void streams_reach_it(void **state)
{
	FILE *f = fopen("/dev/kvm", "r+");

	assert_non_null(f);
	assert_power(fileno(f));
	assert_int_equal(fclose(f), 0);
}

static void others_are_left_alone(void **state)
{
	FILE *f = fopen("/proc/self/comm", "r");

	assert_non_null(f);
	fclose(f);
	assert_int_equal(open("/tmp/kvm/no/kvm", O_RDWR), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(openat(-1, "kvm", O_RDWR), -1);
	assert_int_equal(errno, EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_spellings_reach_it),
	    cmocka_unit_test(streams_reach_it),
	    cmocka_unit_test(others_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
