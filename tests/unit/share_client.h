/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of 9P2000.L for tests of shared folders, which says what it likes. Beside the folder
 * lies a secret, which must stay one: teardown() looks.
 */
#ifndef PAPYR_TESTS_SHARE_CLIENT_H
#define PAPYR_TESTS_SHARE_CLIENT_H

#include <errno.h>
#include <fcntl.h>
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
#include "devices/share/share.h"

enum {
	STATFS = 8,
	OPEN = 12,
	CREATE = 14,
	SYMLINK = 16,
	MKNOD = 18,
	RENAME = 20,
	READLINK = 22,
	GETATTR = 24,
	SETATTR = 26,
	XATTRWALK = 30,
	XATTRCREATE = 32,
	READDIR = 40,
	FSYNC = 50,
	LOCK = 52,
	GETLOCK = 54,
	LINK = 70,
	MKDIR = 72,
	RENAMEAT = 74,
	UNLINKAT = 76,
	VERSION = 100,
	ATTACH = 104,
	WALK = 110,
	READ = 116,
	WRITE = 118,
	CLUNK = 120,
	REMOVE = 122
};

#define NONE 0xffffffffu

static char outside[64], folder[80], secret[80];
static struct share *s;
static u8 question[70000], answer[140000];
static size_t asked, answered;

/* @words: numbers of 1, 2, 4 or 8 bytes, 's' for a string. */
static void say(const char *words, ...)
{
	va_list args;

	va_start(args, words);
	for (; *words; words++) {
		if (*words == 's') {
			const char *text = va_arg(args, const char *);

			put_le(question + asked, strlen(text), 2);
			memcpy(question + asked + 2, text, strlen(text));
			asked += 2 + strlen(text);
		} else {
			unsigned bytes = *words - '0';

			put_le(question + asked,
			       bytes == 8 ? va_arg(args, u64) : va_arg(args, unsigned), bytes);
			asked += bytes;
		}
	}
	va_end(args);
}

/* Sends what was said, in two pieces, and returns the error, or 0. */
static int ask(u8 type)
{
	struct iovec out[2] = {{question, 5}, {question + 5, asked - 5}};
	struct iovec in[2] = {{answer, 9}, {answer + 9, sizeof(answer) - 9}};

	put_le(question, asked, 4);
	question[4] = type;
	put_le(question + 5, 0x1234, 2);
	answered = share_serve(s, out, 2, in, 2);
	asked = 7;
	assert_true(answered >= 7);
	assert_int_equal(get_le(answer, 4), answered);
	assert_int_equal(get_le(answer + 5, 2), 0x1234);
	if (answer[4] == 7)
		return get_le(answer + 7, 4);
	assert_int_equal(answer[4], type + 1);
	return 0;
}

#define ASK(type, words, ...) (say(words, __VA_ARGS__), ask(type))

/* Fid @to is what @path is in @from, its steps parted by "|". The error that ends it. */
static inline int walk(u32 from, u32 to, const char *path)
{
	char copy[300], *name, *rest = copy;
	unsigned n = 0;

	strcpy(copy, path);
	say("442", from, to, 0u);
	while (*path && (name = strsep(&rest, "|"))) {
		say("s", name);
		n++;
	}
	put_le(question + 15, n, 2);
	if (ask(WALK))
		return get_le(answer + 7, 4);
	return get_le(answer + 7, 2) == n ? 0 : ENOENT;
}

static inline void clunk(u32 fid)
{
	assert_int_equal(ASK(CLUNK, "4", fid), 0);
}

static void begin(bool read_only)
{
	struct error err = {""};

	s = share_new(folder, read_only, &err);
	if (!s)
		fail_msg("%s", err.text);
	asked = 7;
	assert_int_equal(ASK(VERSION, "4s", 65536u, "9P2000.L"), 0);
	assert_int_equal(get_le(answer + 7, 4), 65536);
	assert_int_equal(ASK(ATTACH, "44ss4", 0u, NONE, "root", "", NONE), 0);
	assert_int_equal(answer[7], 0x80);
}

static inline void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	char path[128];

	strcpy(outside, "/tmp/papyr-share-XXXXXX");
	assert_non_null(mkdtemp(outside));
	sprintf(folder, "%s/in", outside);
	sprintf(secret, "%s/secret", outside);
	mkdir(folder, 0755);
	put_file(secret, "secret");
	sprintf(path, "%s/file", folder);
	put_file(path, "contents");
	sprintf(path, "%s/sub", folder);
	mkdir(path, 0755);
	sprintf(path, "%s/out", folder);
	assert_int_equal(symlink(secret, path), 0);
	sprintf(path, "%s/up", folder);
	assert_int_equal(symlink("..", path), 0);
	begin(false);
	return 0;
}

static int teardown(void **state)
{
	char command[128], text[16] = "";
	FILE *f = fopen(secret, "r");

	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_string_equal(text, "secret");
	share_free(s);
	sprintf(command, "rm -rf %s", outside);
	return system(command);
}

static inline struct stat on_host(const char *name)
{
	struct stat st = {0};
	char path[200];

	sprintf(path, "%s/%s", folder, name);
	if (lstat(path, &st))
		st.st_mode = 0;
	return st;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
