/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks of files in a shared folder: between the guest and the host, among the guest's processes,
 * and where the guest goes.
 */
#include "share_client.h"

static int open_on_host(const char *name)
{
	char path[200];
	int fd;

	sprintf(path, "%s/%s", folder, name);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	return fd;
}

/* Does the host get it? */
static bool host_locks(int fd, short type, off_t start, off_t bytes)
{
	struct flock l = {.l_type = type, .l_start = start, .l_len = bytes};

	return !fcntl(fd, F_OFD_SETLK, &l);
}

/* Fids 1 to @n, of the file that is there, to read and write. */
static void open_fids(u32 n)
{
	for (u32 fid = 1; fid <= n; fid++) {
		assert_int_equal(walk(0, fid, "file"), 0);
		assert_int_equal(ASK(OPEN, "44", fid, 2u), 0);
	}
}

#define LOCKED	0
#define BLOCKED 1

static u8 lock(u32 fid, u8 type, u64 start, u64 bytes)
{
	assert_int_equal(ASK(LOCK, "414884s", fid, type, 1u, start, bytes, 7u, "me"), 0);
	return answer[7];
}

/* Between the guest and the host. */
static void locks(void **state)
{
	int fd = open_on_host("file");

	open_fids(2);
	assert_int_equal(lock(1, 1, 0, 100), LOCKED);
	assert_false(host_locks(fd, F_RDLCK, 99, 1));
	assert_true(host_locks(fd, F_WRLCK, 100, 0));
	assert_int_equal(lock(1, 1, 0, 0), BLOCKED);
	assert_int_equal(lock(2, 0, 150, 1), BLOCKED);
	assert_int_equal(ASK(GETLOCK, "41884s", 2u, 0u, (u64)150, (u64)10, 8u, "me"), 0);
	assert_int_equal(answer[7], 1);
	/* As Linux's driver asks. */
	assert_int_equal(ASK(GETLOCK, "41884s", 2u, 2u, (u64)150, (u64)10, 8u, "me"), 0);
	assert_int_equal(answer[7], 1);
	assert_true(host_locks(fd, F_UNLCK, 0, 0));
	assert_int_equal(ASK(GETLOCK, "41884s", 2u, 2u, (u64)150, (u64)10, 8u, "me"), 0);
	assert_int_equal(answer[7], 2);
	assert_int_equal(lock(1, 2, 0, 0), LOCKED);
	assert_true(host_locks(fd, F_WRLCK, 0, 0));
	assert_int_equal(lock(1, 0, 0, 0), BLOCKED);
	close(fd);
	assert_int_equal(ASK(LOCK, "414884s", 2u, 9u, 1u, (u64)50, (u64)10, 8u, "me"), EINVAL);
}

/* Among its own processes the guest's kernel has decided: the word that one is free comes later. */
static void locks_in_guest(void **state)
{
	int fd = open_on_host("file");

	open_fids(3);
	assert_int_equal(lock(1, 1, 0, 0), LOCKED);
	assert_int_equal(lock(2, 1, 50, 10), LOCKED);
	assert_int_equal(lock(1, 2, 0, 0), LOCKED);
	assert_false(host_locks(fd, F_RDLCK, 50, 1));
	assert_true(host_locks(fd, F_WRLCK, 0, 50));
	/* Two who read, of whom one stops, beside one that has written. */
	assert_int_equal(lock(2, 2, 0, 0), LOCKED);
	assert_int_equal(lock(1, 0, 100, 10), LOCKED);
	assert_int_equal(lock(2, 0, 100, 10), LOCKED);
	assert_int_equal(lock(2, 1, 200, 10), LOCKED);
	assert_int_equal(lock(3, 0, 90, 1000), LOCKED);
	assert_int_equal(lock(3, 2, 0, 0), LOCKED);
	assert_int_equal(lock(2, 2, 0, 0), LOCKED);
	assert_false(host_locks(fd, F_WRLCK, 105, 1));
	assert_true(host_locks(fd, F_WRLCK, 200, 10));
	/* Of both sides. */
	assert_true(host_locks(fd, F_UNLCK, 0, 0));
	assert_true(host_locks(fd, F_RDLCK, 0, 0));
	assert_int_equal(lock(3, 1, 105, 1), BLOCKED);
	assert_int_equal(lock(3, 0, 105, 1), LOCKED);
	/* Other files are others. */
	assert_int_equal(walk(0, 4, "sub"), 0);
	assert_int_equal(ASK(CREATE, "4s444", 4u, "other", 2u, 0600u, 0u), 0);
	assert_int_equal(lock(4, 1, 0, 0), LOCKED);
	assert_true(host_locks(fd, F_UNLCK, 0, 0));
	assert_false(host_locks(fd, F_WRLCK, 105, 1));
	close(fd);
}

/* ---- A guest that goes elsewhere ---- */

/* Where it comes to: the locks that it can't have there any more. */
static unsigned n_lost;
static char lost_path[64];

static void note_lost(void *opaque, const char *path)
{
	assert_ptr_equal(opaque, &n_lost);
	n_lost++;
	snprintf(lost_path, sizeof(lost_path), "%s", path);
}

static void come(void)
{
	n_lost = 0;
	share_come(s, note_lost, &n_lost);
}

/* Leaves, and may have come elsewhere; come() is still to be called there. */
static void leave(void)
{
	struct state_out out = {0};
	struct state_in in;

	share_save(s, &out);
	share_leave(s);
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(share_load(s, &in), 0);
	assert_true(state_ok(&in));
	state_free(&out);
}

static void moved(void **state)
{
	int fd = open_on_host("file");

	open_fids(3);
	assert_int_equal(lock(1, 1, 0, 100), LOCKED);
	assert_int_equal(lock(2, 0, 150, 10), LOCKED);
	assert_int_equal(lock(2, 1, 1000, 0), LOCKED);
	leave();
	/* Nobody has them on the way. */
	assert_true(host_locks(fd, F_WRLCK, 0, 0));
	assert_true(host_locks(fd, F_UNLCK, 0, 0));
	come();
	assert_int_equal(n_lost, 0);
	assert_false(host_locks(fd, F_RDLCK, 99, 1));
	assert_true(host_locks(fd, F_WRLCK, 100, 50));
	assert_true(host_locks(fd, F_RDLCK, 150, 10));
	assert_false(host_locks(fd, F_WRLCK, 150, 1));
	assert_false(host_locks(fd, F_RDLCK, 1ll << 40, 1));
	assert_true(host_locks(fd, F_UNLCK, 0, 0));
	/* One who didn't get away after all has them again; and gives up what it was to give up. */
	share_leave(s);
	assert_true(host_locks(fd, F_WRLCK, 0, 0));
	assert_true(host_locks(fd, F_UNLCK, 0, 0));
	come();
	come();
	assert_int_equal(n_lost, 0);
	assert_false(host_locks(fd, F_RDLCK, 0, 1));
	assert_int_equal(lock(1, 2, 0, 0), LOCKED);
	clunk(2);
	assert_true(host_locks(fd, F_WRLCK, 0, 0));
	close(fd);
}

/* Others have one of them meanwhile: that file is gone for who had it locked, and no other. */
static void lost(void **state)
{
	int fd = open_on_host("file");

	open_fids(3);
	assert_int_equal(lock(1, 1, 0, 100), LOCKED);
	assert_int_equal(lock(1, 0, 500, 1), LOCKED);
	assert_int_equal(lock(2, 0, 200, 100), LOCKED);
	leave();
	assert_true(host_locks(fd, F_RDLCK, 50, 200));
	come();
	assert_int_equal(n_lost, 1);
	assert_string_equal(lost_path, "file");
	assert_int_equal(ASK(READ, "484", 1u, (u64)0, 10u), ESTALE);
	assert_int_equal(ASK(FSYNC, "44", 1u, 0u), ESTALE);
	assert_int_equal(ASK(LOCK, "414884s", 1u, 2u, 1u, (u64)0, (u64)0, 7u, "me"), ESTALE);
	assert_int_equal(ASK(GETLOCK, "41884s", 1u, 1u, (u64)0, (u64)0, 7u, "me"), ESTALE);
	assert_int_equal(ASK(READ, "484", 2u, (u64)0, 10u), 0);
	assert_true(host_locks(fd, F_WRLCK, 500, 1));
	assert_false(host_locks(fd, F_WRLCK, 299, 1));
	clunk(1);
	/* Nothing is left of those that were lost. */
	leave();
	come();
	assert_int_equal(n_lost, 0);
	close(fd);
}

#define PLACES 48

/* What the guest has of each byte, as the host sees it. */
static void look(int fd, short *types)
{
	for (off_t i = 0; i < PLACES; i++) {
		struct flock l = {.l_type = F_WRLCK, .l_start = i, .l_len = 1};

		assert_int_equal(fcntl(fd, F_OFD_GETLK, &l), 0);
		types[i] = l.l_type;
	}
}

/* Locks of any kind that overlap, are cut and joined: the same are there afterwards. */
static void moved_as_they_are(void **state)
{
	short before[PLACES], after[PLACES];
	int fd = open_on_host("file");

	srandom(5);
	open_fids(1);
	for (unsigned i = 0; i < 2000; i++) {
		u64 start = random() % PLACES, bytes = random() % (PLACES - start + 1);

		assert_int_equal(lock(1, random() % 3, start, bytes), LOCKED);
		if (i % 20)
			continue;
		look(fd, before);
		leave();
		come();
		assert_int_equal(n_lost, 0);
		look(fd, after);
		assert_memory_equal(before, after, sizeof(before));
	}
	close(fd);
}

/* No file has more than are there, and no lock is where no file is. */
static void senseless(void **state)
{
	struct state_out out = {0};
	struct state_in in;

	open_fids(1);
	assert_int_equal(ASK(LOCK, "414884s", 1u, 1u, 1u, 1ull << 63, (u64)1, 7u, "me"), EINVAL);
	assert_int_equal(ASK(LOCK, "414884s", 1u, 1u, 1u, (u64)2, 1ull << 63, 7u, "me"), EINVAL);
	assert_int_equal(ASK(LOCK, "414884s", 0u, 1u, 1u, (u64)2, (u64)1, 7u, "me"), EBADF);
	assert_int_equal(lock(1, 1, INT64_MAX, 1), LOCKED);
	share_save(s, &out);
	for (size_t cut = 0; cut < out.len; cut++) {
		in = (struct state_in){.data = out.data, .len = cut};
		assert_int_equal(!share_load(s, &in) && state_ok(&in), cut == out.len - 25);
	}
	/* The fid, its kind, the first byte, the last. */
	for (size_t at = out.len - 25; at < out.len; at++) {
		out.data[at] ^= 0x80;
		in = (struct state_in){.data = out.data, .len = out.len};
		if (!share_load(s, &in) && state_ok(&in))
			come();
		out.data[at] ^= 0x80;
	}
	state_free(&out);
	/* As many as are kept, each beside a gap. */
	for (u64 i = 0; i < 8192; i++)
		assert_int_equal(lock(1, 1, 2 * i, 1), LOCKED);
	assert_int_equal(ASK(LOCK, "414884s", 1u, 1u, 1u, (u64)200000, (u64)1, 7u, "me"), ENOLCK);
	assert_int_equal(lock(1, 2, 0, 0), LOCKED);
	assert_int_equal(lock(1, 1, 200000, 1), LOCKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(locks), TEST(locks_in_guest),	  TEST(moved),
	    TEST(lost),	 TEST(moved_as_they_are), TEST(senseless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
