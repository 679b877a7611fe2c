/* SPDX-License-Identifier: Apache-2.0 */
/* What papyr exec's agent makes of a seed that some host gives it, which may be none of ours. */
#include <fcntl.h>
#include <linux/random.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"

#include <setjmp.h>
#include <cmocka.h>

static unsigned char got[256];
static int bits, bytes, said;

int __wrap_ioctl(int fd, unsigned long request, ...);

/* The kernel's part. */
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	const struct rand_pool_info *pool;
	va_list args;

	if (request != RNDADDENTROPY)
		return 0;
	va_start(args, request);
	pool = va_arg(args, const struct rand_pool_info *);
	va_end(args);
	bits = pool->entropy_count;
	bytes = pool->buf_size;
	memcpy(got, pool->buf, (size_t)bytes);
	return 0;
}

void boot_say(const char *fmt, ...)
{
	said++;
}

/* Where it ends nothing follows that could be read, or a sanitizer says so. */
static void give(const char *digits)
{
	char *seed = strdup(digits);

	bits = bytes = -1;
	fresh_random(seed);
	free(seed);
}

static void pairs_are_bytes(void **state)
{
	give("00ff7e");
	assert_int_equal(bytes, 3);
	assert_int_equal(bits, 24);
	assert_memory_equal(got, "\x00\xff\x7e", 3);
	assert_int_equal(said, 0);
}

/* What was behind it in the frame is no part of it. */
static void half_a_pair_is_nothing(void **state)
{
	static const char words[] = "abc\0"
				    "1234567890";

	bits = -1;
	fresh_random(words);
	assert_int_equal(bytes, 1);
	assert_int_equal(got[0], 0xab);
	give("a");
	assert_int_equal(bytes, 0);
	give("");
	assert_int_equal(bytes, 0);
	assert_int_equal(bits, 0);
}

static void other_letters_end_it(void **state)
{
	give("12 4567");
	assert_int_equal(bytes, 1);
	give("12-456");
	assert_int_equal(bytes, 1);
	give("0x12");
	assert_int_equal(bytes, 0);
	fresh_random(NULL);
}

/* No more than the pool is given at once. */
static void long_ones_are_cut(void **state)
{
	char digits[1001];

	memset(digits, '5', 1000);
	digits[1000] = 0;
	give(digits);
	assert_int_equal(bytes, 64);
	assert_int_equal(got[63], 0x55);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pairs_are_bytes),
	    cmocka_unit_test(half_a_pair_is_nothing),
	    cmocka_unit_test(other_letters_end_it),
	    cmocka_unit_test(long_ones_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
