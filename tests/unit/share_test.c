/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared folder by the messages of its protocol: what Linux's client sends, and what somebody
 * sends who wants out of the folder. Beside the folder lies a secret, which must stay one.
 */
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "share_client.h"

static void files(void **state)
{
	/* A new one: the fid of its folder becomes its own. */
	assert_int_equal(walk(0, 1, ""), 0);
	assert_int_equal(ASK(CREATE, "4s444", 1u, "new", 02u, 0666u, 0u), 0);
	assert_int_equal(on_host("new").st_mode, S_IFREG | 0666);
	say("484", 1u, (u64)3, 5u);
	memcpy(question + asked, "12345", 5);
	asked += 5;
	assert_int_equal(ask(WRITE), 0);
	assert_int_equal(get_le(answer + 7, 4), 5);
	assert_int_equal(ASK(READ, "484", 1u, (u64)2, 100u), 0);
	assert_int_equal(get_le(answer + 7, 4), 6);
	assert_memory_equal(answer + 11, "\00012345", 6);
	assert_int_equal(ASK(READ, "484", 1u, (u64)100, 100u), 0);
	assert_int_equal(answered, 11);
	assert_int_equal(ASK(FSYNC, "44", 1u, 0u), 0);
	assert_int_equal(ASK(OPEN, "44", 1u, 0u), EBADF);
	/* Once more, by what it is told of; other sizes, modes and times. */
	assert_int_equal(walk(0, 2, "new"), 0);
	assert_int_equal(ASK(SETATTR, "4444488888", 2u, 0x1a9u, 0604u, 0u, 0u, (u64)4, (u64)0,
			     (u64)0, (u64)1000000, (u64)5),
			 0);
	assert_int_equal(on_host("new").st_size, 4);
	assert_int_equal(on_host("new").st_mode, S_IFREG | 0604);
	assert_int_equal(on_host("new").st_mtim.tv_sec, 1000000);
	/* Before 1970, too. */
	assert_int_equal(ASK(SETATTR, "4444488888", 2u, 0x90u, 0u, 0u, 0u, (u64)0, (u64)-5, (u64)0,
			     (u64)0, (u64)0),
			 0);
	assert_int_equal(on_host("new").st_atim.tv_sec, -5);
	assert_int_equal(ASK(GETATTR, "48", 2u, (u64)0x7ff), 0);
	assert_int_equal(get_le(answer + 28, 4), S_IFREG | 0604);
	assert_int_equal(get_le(answer + 56, 8), 4);
	/* Gone, but open. */
	assert_int_equal(ASK(UNLINKAT, "4s4", 0u, "new", 0u), 0);
	assert_int_equal(ASK(GETATTR, "48", 1u, (u64)0x7ff), 0);
	assert_int_equal(ASK(GETATTR, "48", 2u, (u64)0x7ff), ENOENT);
	assert_int_equal(ASK(READ, "484", 1u, (u64)0, 4u), 0);
	clunk(1);
	assert_int_equal(ASK(CLUNK, "4", 1u), EBADF);
	/* What is there already, exclusively and not. */
	assert_int_equal(walk(0, 1, ""), 0);
	assert_int_equal(ASK(CREATE, "4s444", 1u, "file", 0202u, 0600u, 0u), EEXIST);
	assert_int_equal(ASK(CREATE, "4s444", 1u, "file", 01002u, 0600u, 0u), 0);
	assert_int_equal(on_host("file").st_size, 0);
	assert_int_equal(ASK(STATFS, "4", 0u), 0);
	assert_int_equal(ASK(99, "4", 1u), EOPNOTSUPP);
}

/* Of root's capabilities, that to give files away. */
static void may_give_away(bool may)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct caps[2];

	assert_int_equal(syscall(SYS_capget, &head, caps), 0);
	caps[0].effective &= ~(1u << CAP_CHOWN);
	caps[0].effective |= (u32)may << CAP_CHOWN;
	assert_int_equal(syscall(SYS_capset, &head, caps), 0);
}

/* What can't be made its user's isn't made, and the fid is the folder's still. */
static void not_given_away(void **state)
{
	if (geteuid())
		skip();
	assert_int_equal(walk(0, 1, ""), 0);
	may_give_away(false);
	assert_int_equal(ASK(CREATE, "4s444", 1u, "mine", 02u, 0666u, 12345u), EPERM);
	assert_int_equal(ASK(MKDIR, "4s44", 1u, "folder_of_mine", 0777u, 12345u), EPERM);
	assert_int_equal(ASK(SYMLINK, "4ss4", 1u, "link_of_mine", "file", 12345u), EPERM);
	may_give_away(true);
	assert_int_equal(on_host("mine").st_mode, 0);
	assert_int_equal(on_host("folder_of_mine").st_mode, 0);
	assert_int_equal(on_host("link_of_mine").st_mode, 0);
	assert_int_equal(ASK(CREATE, "4s444", 1u, "mine", 02u, 0666u, 0u), 0);
	clunk(1);
}

static int cut(u32 fid, u64 size)
{
	say("4444488888", fid, 8u, 0u, 0u, 0u, size, (u64)0, (u64)0, (u64)0, (u64)0);
	return ask(SETATTR);
}

/* Who isn't root makes a file that nobody may write, and cuts it while it is open for that. */
static void closed_to_its_writer(void **state)
{
	bool is_root = !geteuid();

	if (is_root) {
		assert_int_equal(chmod(outside, 0755), 0);
		assert_int_equal(chown(folder, 65534, 65534), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	assert_int_equal(walk(0, 1, ""), 0);
	assert_int_equal(ASK(CREATE, "4s444", 1u, "new", 02u, 0400u, 0u), 0);
	assert_int_equal(cut(1, 7), 0);
	assert_int_equal(on_host("new").st_size, 7);
	assert_int_equal(on_host("new").st_mode, S_IFREG | 0400);
	/* By another fid it is closed, also by one that is open to be read. */
	assert_int_equal(walk(0, 2, "new"), 0);
	assert_int_equal(cut(2, 1), EACCES);
	assert_int_equal(ASK(OPEN, "44", 2u, 0u), 0);
	assert_int_equal(cut(2, 1), EACCES);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
}

static void folders(void **state)
{
	unsigned found = 0;
	u64 offset = 0;

	assert_int_equal(ASK(MKDIR, "4s44", 0u, "dir", 0777u, 0u), 0);
	assert_int_equal(on_host("dir").st_mode, S_IFDIR | 0777);
	assert_int_equal(walk(0, 1, "dir"), 0);
	for (unsigned i = 0; i < 300; i++) {
		char name[16];

		sprintf(name, "f%u", i);
		assert_int_equal(ASK(SYMLINK, "4ss4", 1u, name, "nowhere", 0u), 0);
	}
	assert_int_equal(walk(1, 2, "f7"), 0);
	assert_int_equal(ASK(READLINK, "4", 2u), 0);
	assert_memory_equal(answer + 7, "\007\000nowhere", 9);
	assert_int_equal(walk(1, 3, ""), 0);
	assert_int_equal(ASK(OPEN, "44", 3u, 0200000u), 0);
	/* All of it, a little at a time. */
	do {
		assert_int_equal(ASK(READDIR, "484", 3u, offset, 500u), 0);
		assert_true(answered <= 511);
		for (size_t at = 11; at < answered; at += 24 + get_le(answer + at + 22, 2)) {
			offset = get_le(answer + at + 13, 8);
			found++;
		}
	} while (answered > 11);
	assert_int_equal(found, 302);
	/* Renamed: its fids go with it. Those of another that begins like it don't. */
	assert_int_equal(ASK(MKDIR, "4s44", 0u, "directory", 0700u, 0u), 0);
	assert_int_equal(walk(0, 4, "directory"), 0);
	assert_int_equal(ASK(RENAMEAT, "4s4s", 0u, "dir", 4u, "moved"), 0);
	assert_int_equal(ASK(READLINK, "4", 2u), 0);
	assert_int_equal(walk(4, 5, "moved|f8"), 0);
	assert_int_equal(ASK(RENAME, "44s", 5u, 0u, "f8"), 0);
	assert_true(S_ISLNK(on_host("f8").st_mode));
	assert_int_equal(ASK(REMOVE, "4", 5u), 0);
	assert_int_equal(on_host("f8").st_mode, 0);
	assert_int_equal(ASK(UNLINKAT, "4s4", 0u, "directory", 0x200u), ENOTEMPTY);
	assert_int_equal(walk(0, 6, "file"), 0);
	assert_int_equal(ASK(LINK, "44s", 0u, 6u, "hard"), 0);
	assert_int_equal(on_host("hard").st_nlink, 2);
	assert_int_equal(ASK(MKNOD, "4s4444", 0u, "pipe", (u32)S_IFIFO | 0600, 0u, 0u, 0u), 0);
	assert_int_equal(walk(0, 7, "pipe"), 0);
	assert_int_equal(ASK(OPEN, "44", 7u, 0u), ENXIO);
}

/* A guest has only so many files open that papyr has some left. The limit stays: the last test. */
static void many_open(void **state)
{
	const struct rlimit few = {128, 128};
	u32 fid = 1, error = 0;
	int fds[16];

	share_free(s);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	begin(false);
	for (; !error && fid < 70000; fid++) {
		assert_int_equal(walk(0, fid, "file"), 0);
		error = ASK(OPEN, "44", fid, 0u);
	}
	assert_int_equal(error, ENFILE);
	assert_int_equal(walk(0, fid, ""), 0);
	assert_int_equal(ASK(CREATE, "4s444", fid, "none", 2u, 0600u, 0u), ENFILE);
	assert_int_equal(on_host("none").st_mode, 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		assert_true((fds[i] = open("/dev/null", O_RDONLY)) >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	/* One that goes is another's. */
	clunk(1);
	assert_int_equal(walk(0, 1, "file"), 0);
	assert_int_equal(ASK(OPEN, "44", 1u, 0u), 0);
}

/* Every way out that we thought of. */
static void escapes(void **state)
{
	static const char *const names[] = {"..",	   ".",	    "",	     "../secret",
					    "/etc/passwd", "sub/x", "a/../b"};
	struct stat st;

	/* Up from the top is the top. */
	assert_int_equal(walk(0, 1, ".."), 0);
	assert_int_equal(walk(1, 2, "secret"), ENOENT);
	assert_int_equal(walk(0, 2, "sub|..|..|..|secret"), ENOENT);
	assert_int_equal(walk(0, 2, "up|secret"), ENOENT);
	assert_int_equal(walk(0, 2, "sub|../../secret"), ENOENT);
	assert_int_equal(walk(0, 2, "out|x"), ENOENT);
	/* A link is a link, and nothing behind it. */
	assert_int_equal(walk(0, 3, "out"), 0);
	assert_int_equal(ASK(OPEN, "44", 3u, 0u), ELOOP);
	assert_int_equal(ASK(OPEN, "44", 3u, 01002u), ELOOP);
	assert_int_equal(
	    ASK(SETATTR, "4444488888", 3u, 8u, 0u, 0u, 0u, (u64)0, (u64)0, (u64)0, (u64)0, (u64)0),
	    ELOOP);
	assert_int_equal(ASK(SETATTR, "4444488888", 3u, 1u, 0777u, 0u, 0u, (u64)0, (u64)0, (u64)0,
			     (u64)0, (u64)0),
			 EOPNOTSUPP);
	assert_int_equal(walk(0, 4, ""), 0);
	assert_int_equal(ASK(CREATE, "4s444", 4u, "out", 01002u, 0777u, 0u), ELOOP);
	assert_int_equal(ASK(CREATE, "4s444", 3u, "x", 02u, 0777u, 0u), ENOTDIR);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(walk(0, 5, ""), 0);
		assert_int_equal(ASK(CREATE, "4s444", 5u, names[i], 02u, 0777u, 0u), EINVAL);
		assert_int_equal(ASK(MKDIR, "4s44", 5u, names[i], 0777u, 0u), EINVAL);
		assert_int_equal(ASK(SYMLINK, "4ss4", 5u, names[i], "x", 0u), EINVAL);
		assert_int_equal(ASK(MKNOD, "4s4444", 5u, names[i], (u32)S_IFIFO, 0u, 0u, 0u),
				 EINVAL);
		assert_int_equal(ASK(LINK, "44s", 5u, 5u, names[i]), EINVAL);
		assert_int_equal(ASK(RENAMEAT, "4s4s", 0u, "file", 5u, names[i]), EINVAL);
		assert_int_equal(ASK(RENAMEAT, "4s4s", 0u, names[i], 5u, "x"), EINVAL);
		assert_int_equal(ASK(RENAME, "44s", 3u, 5u, names[i]), EINVAL);
		assert_int_equal(ASK(UNLINKAT, "4s4", 5u, names[i], 0u), EINVAL);
		clunk(5);
	}
	assert_int_equal(ASK(MKNOD, "4s4444", 0u, "null", (u32)S_IFCHR | 0666, 1u, 3u, 0u), EPERM);
	assert_int_equal(ASK(MKNOD, "4s4444", 0u, "disk", (u32)S_IFBLK | 0666, 8u, 0u, 0u), EPERM);
	/* The folder itself can't be moved or removed. */
	assert_int_equal(ASK(RENAME, "44s", 1u, 0u, "x"), EBUSY);
	assert_int_equal(ASK(REMOVE, "4", 1u), EBUSY);
	/* A folder whose way was replaced by a link, behind the guest's back. */
	assert_int_equal(walk(0, 6, "sub"), 0);
	{
		char path[128];

		sprintf(path, "%s/sub", folder);
		assert_int_equal(rmdir(path), 0);
		assert_int_equal(symlink(outside, path), 0);
	}
	assert_int_equal(walk(6, 7, "secret"), ENOENT);
	assert_int_equal(ASK(CREATE, "4s444", 6u, "new", 02u, 0777u, 0u), ENOTDIR);
	assert_int_equal(ASK(UNLINKAT, "4s4", 6u, "secret", 0u), ENOTDIR);
	assert_int_equal(ASK(RENAMEAT, "4s4s", 0u, "file", 6u, "stolen"), ELOOP);
	assert_int_equal(stat(secret, &st), 0);
	assert_int_equal(st.st_nlink, 1);
}

static void read_only(void **state)
{
	share_free(s);
	begin(true);
	assert_int_equal(walk(0, 1, "file"), 0);
	assert_int_equal(ASK(OPEN, "44", 1u, 2u), EROFS);
	assert_int_equal(ASK(OPEN, "44", 1u, 01000u), EROFS);
	assert_int_equal(ASK(OPEN, "44", 1u, 0u), 0);
	assert_int_equal(ASK(READ, "484", 1u, (u64)0, 100u), 0);
	assert_memory_equal(answer + 11, "contents", 8);
	assert_int_equal(walk(0, 2, ""), 0);
	assert_int_equal(ASK(CREATE, "4s444", 2u, "x", 0u, 0777u, 0u), EROFS);
	assert_int_equal(ASK(MKDIR, "4s44", 0u, "x", 0777u, 0u), EROFS);
	assert_int_equal(ASK(UNLINKAT, "4s4", 0u, "file", 0u), EROFS);
	assert_int_equal(ASK(REMOVE, "4", 2u), EROFS);
	assert_int_equal(ASK(SETATTR, "4", 1u), EROFS);
}

static void saved(void **state)
{
	struct state_out out = {0};
	struct state_in in;

	assert_int_equal(walk(0, 1, "file"), 0);
	assert_int_equal(ASK(OPEN, "44", 1u, 0u), 0);
	assert_int_equal(walk(0, 2, "sub"), 0);
	assert_int_equal(walk(0, 3, ""), 0);
	assert_int_equal(ASK(CREATE, "4s444", 3u, "gone", 02u, 0777u, 0u), 0);
	assert_int_equal(ASK(UNLINKAT, "4s4", 0u, "gone", 0u), 0);
	share_save(s, &out);
	share_reset(s);
	assert_int_equal(ASK(GETATTR, "48", 0u, (u64)0), EBADF);
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(share_load(s, &in), 0);
	assert_true(state_ok(&in));
	assert_int_equal(ASK(READ, "484", 1u, (u64)0, 100u), 0);
	assert_memory_equal(answer + 11, "contents", 8);
	assert_int_equal(walk(2, 4, ""), 0);
	assert_int_equal(ASK(READ, "484", 3u, (u64)0, 100u), ESTALE);
	assert_int_equal(ASK(GETATTR, "48", 3u, (u64)0), ESTALE);
	clunk(3);
	/* Without the number of locks it is whole: so it was once. */
	for (size_t cut = 0; cut < out.len; cut++) {
		in = (struct state_in){.data = out.data, .len = cut};
		assert_int_equal(!share_load(s, &in) && state_ok(&in), cut == out.len - 4);
	}
	/* A path that leads out is followed no more than a guest's. */
	for (size_t i = 0; i + 4 < out.len; i++)
		if (!memcmp(out.data + i, "file", 4))
			memcpy(out.data + i, "./..", 4);
	in = (struct state_in){.data = out.data, .len = out.len};
	share_load(s, &in);
	assert_int_equal(walk(1, 9, "secret"), ENOENT);
	state_free(&out);
}

static void random_messages(void **state)
{
	static const char *const names[] = {"file", "sub", "out",	"up", "..",
					    "a",    "b",   "../secret", "in"};

	srandom(4);
	for (unsigned i = 0; i < 60000; i++) {
		u8 type = random() % 64 * 2;
		unsigned n = random() % 6;

		say("4", (unsigned)random() % 8);
		for (unsigned k = 0; k < n; k++) {
			switch (random() % 6) {
			case 0:
				say("4", (unsigned)random() % 8);
				break;
			case 1:
				say("2", (unsigned)random() % 4);
				break;
			case 2:
				say("8", (u64)random() % 5000);
				break;
			case 3:
				say("4", (unsigned)random());
				break;
			default:
				say("s", names[random() % ARRAY_SIZE(names)]);
			}
		}
		/* Those that a client begins with, often enough. */
		if (!(i % 16)) {
			asked = 7;
			say("44ss4", (unsigned)random() % 8, NONE, "", "", 0u);
			type = ATTACH;
		} else if (type == VERSION && random() % 50) {
			type = WALK;
		}
		ask(type);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(files),	   TEST(not_given_away), TEST(folders),
	    TEST(escapes),	   TEST(read_only),	 TEST(saved),
	    TEST(random_messages), TEST(many_open),	 TEST(closed_to_its_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
