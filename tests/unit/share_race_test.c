/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared folder while somebody on the host, who is in league with the guest, puts links that lead
 * out where folders were, and back, all the time: no question reaches what is outside.
 */
#include "share_client.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/sysmacros.h>

static bool enough;
static unsigned swaps;

/* sub is a folder, trap a link to what is outside; up is in sub, and likewise. */
static void *swap(void *opaque)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY);

	while (!__atomic_load_n(&enough, __ATOMIC_RELAXED)) {
		renameat2(fd, "sub", fd, "trap", RENAME_EXCHANGE);
		renameat2(fd, "sub/deep", fd, "sub/up", RENAME_EXCHANGE);
		__atomic_fetch_add(&swaps, 1, __ATOMIC_RELAXED);
	}
	close(fd);
	return NULL;
}

static void make(const char *format, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, format);
	if (text)
		put_file(path, text);
	else
		assert_int_equal(mkdir(path, 0755), 0);
}

static void link_to(const char *name, const char *target)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(symlink(target, path), 0);
}

static unsigned entries(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static unsigned reached, missed;

static bool count(int error)
{
	if (error)
		missed++;
	else
		reached++;
	return !error;
}

/* Reads what can be read by @path: nothing where change() came to setting its size only. */
static void look(const char *path)
{
	if (!count(walk(0, 1, path)))
		return;
	if (count(ASK(OPEN, "44", 1u, 0u)) && !ASK(READ, "484", 1u, (u64)0, 100u) &&
	    get_le(answer + 7, 4)) {
		assert_int_equal(get_le(answer + 7, 4), 6);
		assert_memory_equal(answer + 11, "inside", 6);
	}
	clunk(1);
}

/* Changes what can be changed there: by a fid that was a folder's when it was walked to. */
static void change(const char *path)
{
	if (!count(walk(0, 1, path)))
		return;
	if (!walk(1, 2, "")) {
		count(ASK(CREATE, "4s444", 2u, "new", 01002u, 0777u, 0u));
		clunk(2);
	}
	count(ASK(MKDIR, "4s44", 1u, "folder", 0777u, 0u));
	count(ASK(SYMLINK, "4ss4", 1u, "link", "x", 0u));
	count(ASK(MKNOD, "4s4444", 1u, "pipe", (u32)S_IFIFO | 0600, 0u, 0u, 0u));
	count(ASK(RENAMEAT, "4s4s", 1u, "secret", 0u, "stolen"));
	count(ASK(RENAMEAT, "4s4s", 0u, "given", 1u, "given"));
	count(ASK(RENAMEAT, "4s4s", 1u, "given", 0u, "given"));
	count(ASK(UNLINKAT, "4s4", 1u, "secret", 0u));
	count(ASK(UNLINKAT, "4s4", 1u, "folder", 0x200u));
	count(ASK(UNLINKAT, "4s4", 1u, "link", 0u));
	count(ASK(UNLINKAT, "4s4", 1u, "pipe", 0u));
	if (!walk(1, 3, "secret")) {
		count(ASK(LINK, "44s", 0u, 3u, "hard"));
		count(ASK(SETATTR, "4444488888", 3u, 9u, 0777u, 0u, 0u, (u64)0, (u64)0, (u64)0,
			  (u64)0, (u64)0));
		clunk(3);
	}
	clunk(1);
}

static void swapped_folders(void **state)
{
	struct stat before, after;
	pthread_t other;

	make("sub/deep", NULL);
	make("sub/deep/secret", "inside");
	make("sub/secret", "inside");
	make("given", "inside");
	link_to("sub/up", "../..");
	link_to("trap", outside);
	assert_int_equal(stat(secret, &before), 0);
	assert_int_equal(pthread_create(&other, NULL, swap, NULL), 0);
	while (reached < 3000 || missed < 3000 ||
	       __atomic_load_n(&swaps, __ATOMIC_RELAXED) < 3000) {
		look("sub|secret");
		look("sub|deep|secret");
		look("trap|deep|secret");
		change("sub");
		change("sub|deep");
		/* What was changed, as it was. */
		make("given", "inside");
	}
	__atomic_store_n(&enough, true, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
	assert_int_equal(stat(secret, &after), 0);
	assert_int_equal(after.st_mode, before.st_mode);
	assert_int_equal(after.st_nlink, 1);
	assert_int_equal(after.st_ctim.tv_nsec, before.st_ctim.tv_nsec);
	assert_int_equal(entries(outside), 4); /* with "." and ".." */
}

/* Others' hard links are files as any; device nodes are there, and nobody's to open. */
static void what_was_there(void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/hard", folder);
	assert_int_equal(link(secret, path), 0);
	assert_int_equal(walk(0, 1, "hard"), 0);
	assert_int_equal(ASK(OPEN, "44", 1u, 0u), 0);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/zero", folder);
	if (!mknod(path, S_IFCHR | 0666, makedev(1, 5))) {
		assert_int_equal(walk(0, 2, "zero"), 0);
		assert_int_equal(ASK(OPEN, "44", 2u, 0u), ENXIO);
		assert_int_equal(ASK(OPEN, "44", 2u, 02u), ENXIO);
		assert_int_equal(walk(0, 3, ""), 0);
		assert_int_equal(ASK(CREATE, "4s444", 3u, "zero", 02u, 0666u, 0u), ENXIO);
	}
	link_to("absolute", "/etc/passwd");
	assert_int_equal(walk(0, 4, "absolute"), 0);
	assert_int_equal(ASK(OPEN, "44", 4u, 0u), ELOOP);
	assert_int_equal(ASK(READLINK, "4", 4u), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(swapped_folders),
	    TEST(what_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
