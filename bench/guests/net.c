/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP between a guest and bench_net on its host.
 *
 *     net ADDRESS PORT SECONDS [NAME]
 *
 * A line for each way, or the one that is named, "net NAME OPERATIONS NANOSECONDS", and "done" at
 * the end. What the host shall do with a connection is the first byte on it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "common.h"

#define MIB (1u << 20)

static struct sockaddr_in host = {.sin_family = AF_INET};
static uint64_t duration_ns;
static char data[256 << 10];

static void fail(const char *what)
{
	printf("net: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int connect_for(char what)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&host, sizeof(host)))
		fail("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (write(fd, &what, 1) != 1)
		fail("write");
	return fd;
}

/* Till the host has it all: it closes then. */
static uint64_t send_mib(uint64_t end_ns)
{
	uint64_t bytes = 0;
	int fd = connect_for('s');

	while (now_ns() < end_ns) {
		ssize_t n = write(fd, data, sizeof(data));

		if (n < 0)
			fail("write");
		bytes += n;
	}
	shutdown(fd, SHUT_WR);
	if (read(fd, data, 1))
		fail("read");
	close(fd);
	return bytes / MIB;
}

static uint64_t receive_mib(uint64_t end_ns)
{
	uint64_t bytes = 0;
	int fd = connect_for('r');

	while (now_ns() < end_ns) {
		ssize_t n = read(fd, data, sizeof(data));

		if (n <= 0)
			fail("read");
		bytes += n;
	}
	close(fd);
	return bytes / MIB;
}

static uint64_t round_trip(uint64_t end_ns)
{
	uint64_t n = 0;
	int fd = connect_for('p');

	for (; now_ns() < end_ns; n++)
		if (write(fd, data, 1) != 1 || read(fd, data, 1) != 1)
			fail("read");
	close(fd);
	return n;
}

static uint64_t connection(uint64_t end_ns)
{
	uint64_t n = 0;

	for (; now_ns() < end_ns; n++) {
		int fd = connect_for('c');

		if (read(fd, data, 1))
			fail("read");
		close(fd);
	}
	return n;
}

static const struct {
	const char *name;
	uint64_t (*fn)(uint64_t end_ns);
} ways[] = {
    {"send_1M", send_mib},
    {"receive_1M", receive_mib},
    {"round_trip", round_trip},
    {"connection", connection},
};

int main(int argc, char **argv)
{
	if (argc < 4 || !inet_aton(argv[1], &host.sin_addr))
		return 1;
	host.sin_port = htons(atoi(argv[2]));
	duration_ns = atof(argv[3]) * 1e9;
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		uint64_t start, n;

		if (argc > 4 && strcmp(ways[i].name, argv[4]))
			continue;
		start = now_ns();
		n = ways[i].fn(start + duration_ns);
		printf("net %s %llu %llu\n", ways[i].name, (unsigned long long)n,
		       (unsigned long long)(now_ns() - start));
		fflush(stdout);
	}
	printf("done\n");
	return 0;
}
