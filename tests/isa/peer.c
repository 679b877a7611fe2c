/* SPDX-License-Identifier: Apache-2.0 */
/* Talks to the runner over pipes. All that passes but the code is 64-bit words, swapped when byte
 * orders differ. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "side.h"

#define PATIENCE_MS 60000

static pid_t peer;
static int to_peer = -1, from_peer = -1;
static bool swap;

static void fail(const char *what)
{
	fprintf(stderr, "the peer: %s: %s\n", what, strerror(errno));
	exit(2);
}

void peer_start(char *const argv[], bool little_endian)
{
	int in[2], out[2];

	swap = little_endian != BASE_HOST_LE;
	signal(SIGPIPE, SIG_IGN);
	if (pipe(in) || pipe(out))
		fail("pipe");
	peer = fork();
	if (peer < 0)
		fail("fork");
	if (peer == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[0]);
		close(in[1]);
		close(out[0]);
		close(out[1]);
		execvp(argv[0], argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	to_peer = in[1];
	from_peer = out[0];
}

static void send_all(const void *p, size_t size)
{
	while (size) {
		ssize_t n = write(to_peer, p, size);

		if (n <= 0)
			fail("doesn't take vectors (did it die?)");
		p = (const char *)p + n;
		size -= (size_t)n;
	}
}

static void receive_all(void *p, size_t size)
{
	struct pollfd ready = {.fd = from_peer, .events = POLLIN};

	while (size) {
		ssize_t n;

		if (poll(&ready, 1, PATIENCE_MS) == 0) {
			fprintf(stderr, "the peer: no results for %d seconds: an endless loop?\n",
				PATIENCE_MS / 1000);
			kill(peer, SIGKILL);
			exit(2);
		}
		n = read(from_peer, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			fail("gives no results (did it die?)");
		p = (char *)p + n;
		size -= (size_t)n;
	}
}

static void swap_words(void *p, size_t size)
{
	u64 *words = p;

	for (size_t i = 0; i < size / 8; i++)
		words[i] = __builtin_bswap64(words[i]);
}

static void send_swapped(const void *p, size_t size, size_t code_at)
{
	char *copy;

	if (!swap) {
		send_all(p, size);
		return;
	}
	copy = malloc(size);
	if (!copy)
		fail("memory");
	memcpy(copy, p, size);
	swap_words(copy, code_at);
	for (size_t at = code_at; at < size; at += 4) {
		u32 *word = (u32 *)(copy + at);

		*word = __builtin_bswap32(*word);
	}
	send_all(copy, size);
	free(copy);
}

void peer_run(const struct isa_batch *batch, const struct isa_state *in, struct isa_result *out)
{
	size_t in_bytes = batch->vectors * sizeof(*in), out_bytes = batch->vectors * sizeof(*out);

	send_swapped(batch, sizeof(*batch), offsetof(struct isa_batch, code));
	send_swapped(in, in_bytes, in_bytes);
	receive_all(out, out_bytes);
	if (swap)
		swap_words(out, out_bytes);
}

void peer_stop(void)
{
	static const struct isa_batch end;

	send_all(&end, sizeof(end));
	close(to_peer);
	close(from_peer);
	waitpid(peer, NULL, 0);
}
