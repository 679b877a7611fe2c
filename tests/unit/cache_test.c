/* SPDX-License-Identifier: Apache-2.0 */
/* What papyr keeps for later commands: what counts as an entry, who goes first, what is swept. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "cmd/cache.h"

static char home[] = "/tmp/papyr-cache-XXXXXX";
static struct error err;

/* Of 64 KiB, used last so many seconds ago. */
static void make(const char *name, int age_s)
{
	static char data[64 << 10];
	struct timespec when[2] = {{time(NULL) - age_s, 0}, {time(NULL) - age_s, 0}};
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", cache_folder(&err), name);
	memset(data, 1, sizeof(data));
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, data, sizeof(data)), sizeof(data));
	fsync(fd);
	futimens(fd, when);
	close(fd);
}

static bool there(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", cache_folder(&err), name);
	return !access(path, F_OK);
}

static void test_entries(void **state)
{
	struct cache_entry *list;
	char path[PATH_MAX];
	size_t n;

	make("warm-old.img", 100);
	make("exec-new.cpio", 10);
	make("vmlinux", 1); /* isn't its own */
	make("warm-.img", 1);
	list = cache_list(&n, &err);
	assert_int_equal(n, 2);
	assert_int_equal(list[0].kind, CACHE_INITRD);
	assert_string_equal(list[0].key, "new");
	assert_int_equal(list[1].kind, CACHE_GUEST);
	assert_string_equal(cache_kind_name(list[1].kind), "guest");
	assert_string_equal(list[1].key, "old");
	assert_true(list[1].bytes >= 64 << 10);
	free(list);

	assert_int_equal(cache_path(CACHE_GUEST, "old", path, &err), 0);
	cache_used(path);
	list = cache_list(&n, &err);
	assert_string_equal(list[0].key, "old");
	assert_int_equal(cache_remove(&list[0], &err), 0);
	assert_int_equal(cache_remove(&list[0], &err), 0); /* it is gone */
	assert_false(there("warm-old.img"));
	free(list);
}

static void test_bound(void **state)
{
	make("exec-0.cpio", 31 * 24 * 60 * 60);
	make("warm-1.img", 30);
	cache_trim();
	assert_false(there("exec-0.cpio"));
	assert_true(there("warm-1.img"));
	make("exec-2.cpio", 20);
	make("warm-3.img", 10);
	setenv("PAPYR_CACHE_SIZE", "160K", 1);
	assert_int_equal(cache_bound(), 160 << 10);
	cache_trim();
	assert_true(there("warm-3.img"));
	assert_false(there("warm-1.img"));
	setenv("PAPYR_CACHE_SIZE", "0", 1);
	cache_trim();
	assert_false(there("warm-3.img"));
	assert_true(there("vmlinux"));
	unsetenv("PAPYR_CACHE_SIZE");
	assert_int_equal(cache_bound(), 1 << 30);
}

/* What was begun stays as long as anybody may be making it. */
static void test_sweep(void **state)
{
	int one = cache_hold(), two = cache_hold();

	assert_true(one >= 0 && two >= 0);
	make(".warm-1.img.abcdef", 0);
	make(".vmlinux.abcdef", 0);
	close(one);
	cache_trim();
	assert_true(there(".warm-1.img.abcdef"));
	close(two);
	cache_trim();
	assert_false(there(".warm-1.img.abcdef"));
	assert_true(there(".vmlinux.abcdef"));
}

static void test_key(void **state)
{
	char a[CACHE_KEY_MAX], b[CACHE_KEY_MAX];

	cache_key("kernel 1", a);
	cache_key("kernel 2", b);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), 32);
}

static void test_no_folder(void **state)
{
	size_t n;

	setenv("XDG_CACHE_HOME", "/dev/null", 1);
	assert_null(cache_list(&n, &err));
	assert_int_equal(n, 0);
	assert_non_null(strstr(err.text, "/dev/null/papyr"));
	assert_int_equal(cache_hold(), -1);
	cache_trim();
	setenv("XDG_CACHE_HOME", home, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_entries),   cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_sweep),     cmocka_unit_test(test_key),
	    cmocka_unit_test(test_no_folder),
	};
	char command[64];
	int failed;

	if (!mkdtemp(home))
		return 1;
	setenv("XDG_CACHE_HOME", home, 1);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -rf %s", home);
	return system(command) || failed;
}
