/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that get their name when they are complete.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/aside.h"

static char folder[] = "/tmp/papyr-aside-XXXXXX";
static char path[64];

static int setup(void **state)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	if (!mkdtemp(folder) || chdir(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/name", folder);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	return chdir("/") || rmdir(folder);
}

static void put(const char *where, const char *text)
{
	FILE *f = fopen(where, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void assert_holds(const char *where, const char *text)
{
	char got[64] = "";
	FILE *f = fopen(where, "r");

	assert_non_null(f);
	assert_non_null(fgets(got, sizeof(got), f));
	fclose(f);
	assert_string_equal(got, text);
}

/* In the same folder, hidden, empty, and its owner's alone; the name is not taken yet. */
static void made_beside(void **state)
{
	struct error err;
	struct stat st;
	char *temp;
	int fd = aside_create(path, &temp, &err);

	assert_true(fd >= 0);
	assert_int_equal(strncmp(temp, folder, strlen(folder)), 0);
	assert_int_equal(strncmp(temp + strlen(folder), "/.name.", 7), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(access(path, F_OK), -1);
	close(fd);
	assert_int_equal(aside_rename(temp, path, false, &err), 0);
	assert_int_equal(aside_sync_folder(path, &err), 0);
	assert_int_equal(access(temp, F_OK), -1);
	assert_int_equal(access(path, F_OK), 0);
	free(temp);
}

/* One that is there already goes only if it is meant to. */
static void replaces_on_word(void **state)
{
	struct error err;
	char *temp;
	int fd = aside_create(path, &temp, &err);

	assert_true(fd >= 0);
	close(fd);
	put(path, "old");
	put(temp, "new");
	assert_int_equal(aside_rename(temp, path, false, &err), -1);
	assert_non_null(strstr(err.text, path));
	assert_holds(path, "old");
	assert_holds(temp, "new");
	assert_int_equal(aside_rename(temp, path, true, &err), 0);
	assert_holds(path, "new");
	free(temp);
}

/* A name without a folder is of the one where we are. */
static void without_folder(void **state)
{
	struct error err;
	char *temp;
	int fd = aside_create("name", &temp, &err);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(aside_rename(temp, "name", false, &err), 0);
	assert_int_equal(aside_sync_folder("name", &err), 0);
	assert_int_equal(access(path, F_OK), 0);
	free(temp);
}

/* As long as a name may be, though the one beside it is longer. */
static void long_name(void **state)
{
	char name[256];
	struct error err;
	char *temp;
	int fd;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	fd = aside_create(name, &temp, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(aside_rename(temp, name, false, &err), 0);
	assert_int_equal(unlink(name), 0);
	free(temp);
}

static void no_folder(void **state)
{
	struct error err;
	char *temp = folder;

	assert_int_equal(aside_create("nowhere/name", &temp, &err), -1);
	assert_null(temp);
	assert_non_null(strstr(err.text, "nowhere/name"));
	assert_int_equal(aside_rename("nothing", path, true, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(made_beside, setup, teardown),
	    cmocka_unit_test_setup_teardown(replaces_on_word, setup, teardown),
	    cmocka_unit_test_setup_teardown(without_folder, setup, teardown),
	    cmocka_unit_test_setup_teardown(long_name, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_folder, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
