/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: no messages of 9P make a shared folder's server crash, answer with what is no
 * message, or touch what lies beside the folder.
 *
 * Input: messages, each with its bytes (2) ahead, without the head that a message has but for its
 * type (1). The first is preceded by those with which a client begins: fid 0 is the folder.
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

static void ask(struct share *s, u8 type, const u8 *body, size_t bytes, size_t room)
{
	static u8 question[70000], answer[70000];
	struct iovec out = {question, HEAD + bytes}, in = {answer, room};
	u32 answered;

	put_le(question, HEAD + bytes, 4);
	question[4] = type;
	question[5] = 1;
	memcpy(question + HEAD, body, bytes);
	memset(answer + room, 0x5a, 16);
	answered = share_serve(s, &out, 1, &in, 1);
	must(answered <= room);
	must(!answered || get_le(answer, 4) == answered);
	for (unsigned i = 0; i < 16; i++)
		must(answer[room + i] == 0x5a);
	must(!has_secret(answer, answered));
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
	ask(s, 104, attach, sizeof(attach), 100);
	while (size >= 3) {
		size_t bytes = get_le(data, 2) % 4096, room = 65536;

		if (bytes > size - 3)
			bytes = size - 3;
		/* Now and then there is little. */
		if (data[1] & 0x80)
			room = data[1] & 0x7f;
		ask(s, data[2], data + 3, bytes, room);
		data += 3 + bytes;
		size -= 3 + bytes;
	}
	share_free(s);
	check_outside();
	return 0;
}
