/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wormhole [wait] MEMORY BYTES CHANNEL SIDE: connections into the emulated machine and out of it.
 *
 * That machine's memory, BYTES long, is a file of its host, and its kernel was told of less than
 * there is: in the end are CHANNELS channels, each for one connection. What comes on this end's
 * standard input is what the other end puts out, and the other way round. MEMORY is the file and
 * SIDE 0 on the host, /dev/mem and 1 in the machine. Both ends end when both inputs have. "wait"
 * does nothing but wait until the other side is there.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHANNELS      8
#define CHANNEL_BYTES (1ull << 20)
#define RING_BYTES    (256u << 10)
#define PIECE	      (32u << 10)

/* Bytes in one direction. The counters run on, and are written by one side each. */
struct ring {
	_Alignas(256) uint64_t put, ended, opened;
	_Alignas(256) uint64_t taken;
	_Alignas(4096) uint8_t bytes[RING_BYTES];
};

static struct ring *in, *out;

static uint64_t get(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void set(uint64_t *p, uint64_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELEASE);
}

/* Nobody can wake the other side: it looks. */
static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

/*
 * Word by word: more than that the processor there can't do at once in memory that its kernel
 * doesn't have.
 */
static void copy(volatile uint8_t *to, const volatile uint8_t *from, size_t n)
{
	for (; n && (uintptr_t)to % 8; n--)
		*to++ = *from++;
	if ((uintptr_t)from % 8 == 0)
		for (; n >= 8; n -= 8, to += 8, from += 8)
			*(volatile uint64_t *)to = *(const volatile uint64_t *)from;
	while (n--)
		*to++ = *from++;
}

/* How much of @n bytes from counter @at on lies in one piece of the ring. */
static size_t in_one(uint64_t at, size_t n)
{
	size_t left = RING_BYTES - at % RING_BYTES;

	return n < left ? n : left;
}

static void *send_all(void *arg)
{
	static uint8_t buf[PIECE];
	ssize_t n;

	while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
		for (size_t done = 0; done < (size_t)n;) {
			size_t room = RING_BYTES - (out->put - get(&out->taken));
			size_t len = in_one(out->put, room < n - done ? room : n - done);

			if (!len) {
				nap();
				continue;
			}
			copy(out->bytes + out->put % RING_BYTES, buf + done, len);
			set(&out->put, out->put + len);
			done += len;
		}
	set(&out->ended, 1);
	return NULL;
}

/* 1: the standard output was closed. */
static int receive_all(void)
{
	static uint8_t buf[PIECE];

	for (;;) {
		uint64_t ended = get(&in->ended);
		size_t len = in_one(in->taken, get(&in->put) - in->taken);

		if (!len && ended)
			return 0;
		if (!len) {
			nap();
			continue;
		}
		len = len < sizeof(buf) ? len : sizeof(buf);
		copy(buf, in->bytes + in->taken % RING_BYTES, len);
		for (size_t done = 0; done < len;) {
			ssize_t n = write(STDOUT_FILENO, buf + done, len - done);

			if (n < 0)
				return 1;
			done += n;
		}
		set(&in->taken, in->taken + len);
	}
}

static struct ring *map(const char *memory, uint64_t bytes, unsigned channel)
{
	int fd = open(memory, O_RDWR | O_CLOEXEC);
	void *p;

	if (fd < 0) {
		perror(memory);
		exit(1);
	}
	p = mmap(NULL, CHANNEL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		 bytes - (channel + 1) * CHANNEL_BYTES);
	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return p;
}

int main(int argc, char **argv)
{
	int only_wait = argc > 1 && !strcmp(argv[1], "wait"), r;
	unsigned channel, side;
	struct ring *rings;
	pthread_t sender;

	argv += only_wait;
	if (argc - only_wait != 5)
		return 2;
	channel = atoi(argv[3]);
	side = atoi(argv[4]);
	if (channel >= CHANNELS || side > 1)
		return 2;
	rings = map(argv[1], strtoull(argv[2], NULL, 0), channel);
	out = rings + side;
	in = rings + !side;
	if (only_wait) {
		while (!get(&in->opened))
			nap();
		return 0;
	}
	set(&out->opened, 1);
	if (pthread_create(&sender, NULL, send_all, NULL))
		return 1;
	/* Whoever reads no more may still have something to say. */
	signal(SIGPIPE, SIG_IGN);
	r = receive_all();
	shutdown(STDOUT_FILENO, SHUT_WR);
	pthread_join(sender, NULL);
	return r;
}
