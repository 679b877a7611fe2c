/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: no messages of 9P make a shared folder's server crash, answer with what is no
 * message, or touch what lies beside the folder.
 *
 * Input: messages, each with its bytes (2) ahead, without the head that a message has but for its
 * type (1). The first is preceded by those with which a client begins: fid 0 is the folder. Three
 * of the first word's bits say in how many pieces question and answer are. A message of type 255
 * is none: the guest is saved, and comes here again, with a byte of its state changed as its first
 * three bytes say: which (2), how (1).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/share/share.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define HEAD 7

/* Another in each process, and the fuzzer doesn't see with what it is compared. */
#define SECRET_BYTES 16
static u8 secret_bytes[SECRET_BYTES];

static char outside[] = "/tmp/papyr-fuzz-XXXXXX", folder[64], secret[64], command[256];

static void must(bool good)
{
	if (!good)
		abort();
}

static void clean_up(void)
{
	snprintf(command, sizeof(command), "rm -rf %s", outside);
	must(!system(command));
}

static void make_outside(void)
{
	int fd;

	must(mkdtemp(outside));
	snprintf(folder, sizeof(folder), "%s/in", outside);
	snprintf(secret, sizeof(secret), "%s/secret", outside);
	fd = open(secret, O_WRONLY | O_CREAT, 0600);
	must(getrandom(secret_bytes, SECRET_BYTES, 0) == SECRET_BYTES);
	must(fd >= 0 && write(fd, secret_bytes, SECRET_BYTES) == SECRET_BYTES);
	close(fd);
	atexit(clean_up);
}

/* As each input finds it. */
static void make_folder(void)
{
	snprintf(command, sizeof(command),
		 "rm -rf %s; mkdir -p %s/sub/deep; cd %s; echo x >file; ln -s ../secret out; ln -s "
		 ".. up",
		 folder, folder, folder);
	must(!system(command));
}

__attribute__((no_sanitize("coverage"))) static bool has_secret(const u8 *data, size_t bytes)
{
	for (size_t at = 0; at + SECRET_BYTES <= bytes; at++) {
		unsigned same = 0;

		while (same < SECRET_BYTES && data[at + same] == secret_bytes[same])
			same++;
		if (same == SECRET_BYTES)
			return true;
	}
	return false;
}

static void check_outside(void)
{
	u8 bytes[SECRET_BYTES] = {0};
	struct stat st;
	int fd = open(secret, O_RDONLY);

	must(fd >= 0 && !fstat(fd, &st) && st.st_size == SECRET_BYTES && st.st_nlink == 1 &&
	     (st.st_mode & 07777) == 0600);
	must(read(fd, bytes, SECRET_BYTES) == SECRET_BYTES && has_secret(bytes, SECRET_BYTES));
	close(fd);
}

#define PIECES 8

/* @n pieces of @data, most of them as large as the others. */
static void cut(struct iovec *iov, unsigned n, u8 *data, size_t bytes)
{
	for (unsigned i = 0; i < n; i++) {
		size_t piece = i + 1 < n ? bytes / n : bytes - (n - 1) * (bytes / n);

		iov[i] = (struct iovec){data, piece};
		data += piece;
	}
}

static void ask(struct share *s, u8 type, const u8 *body, size_t bytes, size_t room, unsigned n)
{
	static u8 question[70000], answer[70000];
	struct iovec out[PIECES], in[PIECES];
	u32 answered;

	put_le(question, HEAD + bytes, 4);
	question[4] = type;
	question[5] = 1;
	memcpy(question + HEAD, body, bytes);
	memset(answer + room, 0x5a, 16);
	cut(out, n, question, HEAD + bytes);
	cut(in, n, answer, room);
	answered = share_serve(s, out, n, in, n);
	must(answered <= room);
	must(!answered || get_le(answer, 4) == answered);
	for (unsigned i = 0; i < 16; i++)
		must(answer[room + i] == 0x5a);
	must(!has_secret(answer, answered));
}

static void note_lost(void *opaque, const char *path)
{
}

static void move(struct share *s, const u8 *how, size_t bytes)
{
	struct state_out out = {0};
	struct state_in in;

	share_save(s, &out);
	share_leave(s);
	if (bytes >= 3)
		out.data[get_le(how, 2) % out.len] ^= how[2];
	in = (struct state_in){.data = out.data, .len = out.len};
	/* Nobody runs on with what couldn't be loaded. */
	if (share_load(s, &in) || !state_ok(&in))
		share_reset(s);
	share_come(s, note_lost, NULL);
	state_free(&out);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u8 attach[] = {0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0};
	static unsigned used;
	struct error err;
	struct share *s;

	if (!*folder)
		make_outside();
	if (!(used++ % 256))
		make_folder();
	s = share_new(folder, false, &err);
	if (!s)
		return 0;
	ask(s, 104, attach, sizeof(attach), 100, 1);
	while (size >= 3) {
		size_t bytes = get_le(data, 2) % 4096, room = 65536;

		if (bytes > size - 3)
			bytes = size - 3;
		/* Now and then there is little. */
		if (data[1] & 0x80)
			room = data[1] & 0x7f;
		if (data[2] == 255)
			move(s, data + 3, bytes);
		else
			ask(s, data[2], data + 3, bytes, room, (data[1] >> 4) % PIECES + 1);
		data += 3 + bytes;
		size -= 3 + bytes;
	}
	share_free(s);
	check_outside();
	return 0;
}
