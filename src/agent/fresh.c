/* SPDX-License-Identifier: Apache-2.0 */
/* The guest may be one of many that were restored from one image: what they must not share. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "agent/agent.h"

#define SEED_MAX 64 /* bytes */

void fresh_time(const char *time)
{
	long long seconds;
	struct timespec now;

	if (!time || sscanf(time, "%lld.%ld", &seconds, &now.tv_nsec) != 2)
		return;
	now.tv_sec = seconds;
	if (clock_settime(CLOCK_REALTIME, &now))
		boot_say("the clock: %s", strerror(errno));
}

/* The kernel's pool gets more than the image had, and numbers are made of it anew. */
void fresh_random(const char *seed)
{
	static union {
		struct rand_pool_info pool;
		unsigned char room[sizeof(struct rand_pool_info) + SEED_MAX];
	} u;
	unsigned char *data = (unsigned char *)u.pool.buf;
	int fd, n = 0;

	if (!seed)
		return;
	while (n < SEED_MAX && isxdigit((unsigned char)seed[2 * n]) &&
	       isxdigit((unsigned char)seed[2 * n + 1])) {
		sscanf(seed + 2 * n, "%2hhx", &data[n]);
		n++;
	}
	u.pool.buf_size = n;
	u.pool.entropy_count = 8 * n;
	fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &u.pool) || ioctl(fd, RNDRESEEDCRNG))
		boot_say("random numbers: %s", strerror(errno));
	close(fd);
}
