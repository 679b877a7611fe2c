/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes of what is in a shared folder: by messages, and as the host sees them. */
#include "share_client.h"

#include <sys/xattr.h>

static const char *at(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* The folder is where file systems may have none. */
static void want_attributes(void)
{
	if (setxattr(at("file"), "user.probe", "x", 1, 0))
		skip();
	removexattr(at("file"), "user.probe");
}

/* @path's attribute, set by fid 1, which is gone then. The error, at whatever step. */
static int set(const char *path, const char *name, const void *value, size_t size, u32 flags)
{
	int error = walk(0, 1, path), end;

	if (error)
		return error;
	error = ASK(XATTRCREATE, "4s84", 1u, name, (u64)size, flags);
	for (size_t done = 0, piece; !error && done < size; done += piece) {
		piece = size - done < 9000 ? size - done : 9000;
		say("484", 1u, (u64)done, (unsigned)piece);
		memcpy(question + asked, (const u8 *)value + done, piece);
		asked += piece;
		error = ask(WRITE);
	}
	end = ASK(CLUNK, "4", 1u);
	return error ? error : end;
}

/* How long it is, and the bytes in @answer + 11; -1 and the error in *@error. */
static int get(const char *path, const char *name, int *error)
{
	int size;

	assert_int_equal(walk(0, 1, path), 0);
	*error = ASK(XATTRWALK, "44s", 1u, 2u, name);
	clunk(1);
	if (*error)
		return -1;
	size = get_le(answer + 7, 8);
	assert_int_equal(ASK(READ, "484", 2u, (u64)0, 66000u), 0);
	assert_int_equal(get_le(answer + 7, 4), size);
	say("484", 2u, (u64)0, 1u);
	asked++;
	assert_int_equal(ask(WRITE), EBADF);
	clunk(2);
	return size;
}

static void values(void **state)
{
	static u8 large[3000];
	char got[10];
	int error;

	want_attributes();
	memset(large, 'l', sizeof(large));
	assert_int_equal(set("file", "user.a", "12345", 5, 0), 0);
	assert_int_equal(getxattr(at("file"), "user.a", got, sizeof(got)), 5);
	assert_memory_equal(got, "12345", 5);
	assert_int_equal(get("file", "user.a", &error), 5);
	assert_memory_equal(answer + 11, "12345", 5);
	assert_int_equal(set("file", "user.a", "x", 1, XATTR_CREATE), EEXIST);
	assert_int_equal(set("file", "user.b", "x", 1, XATTR_REPLACE), ENODATA);
	assert_int_equal(set("file", "user.large", large, sizeof(large), XATTR_CREATE), 0);
	assert_int_equal(get("file", "user.large", &error), sizeof(large));
	assert_memory_equal(answer + 11, large, sizeof(large));
	assert_int_equal(set("sub", "user.of-a-folder", "", 0, 0), 0);
	assert_int_equal(get("sub", "user.of-a-folder", &error), 0);
	/* The list, and one goes. */
	assert_int_equal(get("file", "", &error), 7 + 11);
	assert_int_equal(set("file", "user.a", "", 0, XATTR_REPLACE), 0);
	assert_int_equal(get("file", "", &error), 11);
	assert_memory_equal(answer + 11, "user.large", 11);
	assert_int_equal(get("file", "user.a", &error), -1);
	assert_int_equal(error, ENODATA);
	/* Links have none, and nothing behind them is asked. */
	assert_int_equal(get("out", "", &error), 0);
	assert_int_equal(set("out", "user.a", "x", 1, 0), EOPNOTSUPP);
	assert_int_equal(listxattr(secret, NULL, 0), 0);
}

/* Those that aren't the guest's. */
static void others(void **state)
{
	static const char *const names[] = {"security.capability",
					    "system.posix_acl_access",
					    "trusted.overlay.opaque",
					    "user.",
					    "user",
					    "name"};
	int error;

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(get("file", names[i], &error), -1);
		assert_int_equal(error, EOPNOTSUPP);
		assert_int_equal(set("file", names[i], "x", 1, 0), EOPNOTSUPP);
	}
	if (!setxattr(at("file"), "trusted.papyr", "x", 1, 0))
		assert_int_equal(get("file", "", &error), 0);
}

static void wrong(void **state)
{
	int error;

	assert_int_equal(set("file", "user.a", "x", 65537, 0), E2BIG);
	assert_int_equal(walk(0, 1, "file"), 0);
	assert_int_equal(ASK(XATTRCREATE, "4s84", 1u, "user.a", ~0ull, 0u), E2BIG);
	assert_int_equal(ASK(XATTRCREATE, "4s84", 1u, "user.a", (u64)1, 4u), EINVAL);
	assert_int_equal(ASK(XATTRCREATE, "4s84", 9u, "user.a", (u64)1, 0u), EBADF);
	assert_int_equal(ASK(XATTRWALK, "44s", 9u, 2u, ""), EBADF);
	assert_int_equal(ASK(XATTRCREATE, "4s84", 1u, "user.a", (u64)4, 0u), 0);
	/* It is no file any more. */
	assert_int_equal(ASK(OPEN, "44", 1u, 0u), EBADF);
	assert_int_equal(ASK(READ, "484", 1u, (u64)0, 10u), EBADF);
	assert_int_equal(ASK(XATTRWALK, "44s", 1u, 2u, ""), EINVAL);
	assert_int_equal(walk(1, 1, ".."), EBUSY);
	/* More than was said, and out of order. */
	say("484", 1u, (u64)0, 5u);
	asked += 5;
	assert_int_equal(ask(WRITE), EINVAL);
	say("484", 1u, (u64)2, 2u);
	asked += 2;
	assert_int_equal(ask(WRITE), EINVAL);
	assert_int_equal(ASK(CLUNK, "4", 1u), EINVAL);
	assert_int_equal(get("file", "user.a", &error), -1);
	/* A guest has no more of the host's memory than this. */
	for (u32 fid = 10; fid < 10 + 128; fid++) {
		assert_int_equal(walk(0, fid, "file"), 0);
		assert_int_equal(ASK(XATTRCREATE, "4s84", fid, "user.a", (u64)65536, 0u), 0);
	}
	assert_int_equal(set("file", "user.a", "x", 1, 0), ENOMEM);
	assert_int_equal(ASK(CLUNK, "4", 10u), EINVAL);
	assert_int_not_equal(set("file", "user.a", "x", 1, 0), ENOMEM);
	share_free(s);
	begin(true);
	assert_int_equal(set("file", "user.a", "x", 1, 0), EROFS);
}

/* Saved between two pieces of a value. */
static void saved(void **state)
{
	struct state_out out = {0};
	struct state_in in;

	want_attributes();
	assert_int_equal(set("file", "user.read", "read", 4, 0), 0);
	assert_int_equal(walk(0, 1, "file"), 0);
	assert_int_equal(ASK(XATTRWALK, "44s", 1u, 2u, "user.read"), 0);
	assert_int_equal(ASK(XATTRCREATE, "4s84", 1u, "user.a", (u64)4, 0u), 0);
	say("484", 1u, (u64)0, 2u);
	memcpy(question + asked, "12", 2);
	asked += 2;
	assert_int_equal(ask(WRITE), 0);
	share_save(s, &out);
	for (size_t cut = 0; cut < out.len; cut++) {
		in = (struct state_in){.data = out.data, .len = cut};
		/* Without locks it is an older one, and whole. */
		assert_int_equal(!share_load(s, &in) && state_ok(&in), cut == out.len - 4);
	}
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(share_load(s, &in), 0);
	assert_true(state_ok(&in));
	assert_int_equal(ASK(READ, "484", 2u, (u64)1, 10u), 0);
	assert_memory_equal(answer + 11, "ead", 3);
	say("484", 1u, (u64)2, 2u);
	memcpy(question + asked, "34", 2);
	asked += 2;
	assert_int_equal(ask(WRITE), 0);
	clunk(1);
	assert_int_equal(getxattr(at("file"), "user.a", answer, sizeof(answer)), 4);
	assert_memory_equal(answer, "1234", 4);
	/* One that a guest couldn't have begun. */
	for (size_t i = 0; i + 6 < out.len; i++)
		if (!memcmp(out.data + i, "user.a", 6))
			memcpy(out.data + i, "trust.", 6);
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(share_load(s, &in), -1);
	state_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(values),
	    TEST(others),
	    TEST(wrong),
	    TEST(saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
