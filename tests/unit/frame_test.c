/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting a stream into JSON messages, however it arrives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/frame.h"

#define MAX   256
#define DEPTH 8

struct seen {
	unsigned n, problems;
	char last[MAX + 1];
};

static void on_message(void *opaque, const char *text, size_t len, const char *problem)
{
	struct seen *s = opaque;

	if (problem) {
		s->problems++;
		return;
	}
	s->n++;
	memcpy(s->last, text, len);
	s->last[len] = 0;
}

static struct seen feed(const char *text, size_t step)
{
	struct seen s = {0};
	struct frame f;
	size_t len = strlen(text);

	frame_init(&f, MAX, DEPTH);
	for (size_t at = 0; at < len; at += step)
		frame_feed(&f, text + at, len - at < step ? len - at : step, on_message, &s);
	frame_free(&f);
	return s;
}

static void messages(void **state)
{
	static const char text[] = "{\"a\":1}{\"b\":[{}]}\r\n  {\"c\":\"}{\\\"]\"}";

	for (size_t step = 1; step < sizeof(text); step++) {
		struct seen s = feed(text, step);

		assert_int_equal(s.n, 3);
		assert_int_equal(s.problems, 0);
		assert_string_equal(s.last, "{\"c\":\"}{\\\"]\"}");
	}
}

static void problems(void **state)
{
	char text[2 * MAX];
	struct seen s;

	/* What follows a problem is skipped up to the line's end; then it goes on. */
	s = feed("junk {\"a\":1}\n{\"b\":2}", 3);
	assert_int_equal(s.problems, 1);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.last, "{\"b\":2}");
	s = feed("{\"a\":[[[[[[[[[[1]]]]]]]]]]}\n{\"b\":2}\n", 4);
	assert_int_equal(s.problems, 1);
	assert_int_equal(s.n, 1);
	memset(text, ' ', sizeof(text));
	text[0] = '{';
	strcpy(text + MAX + 20, "\n{\"b\":2}");
	s = feed(text, 7);
	assert_int_equal(s.problems, 1);
	assert_int_equal(s.n, 1);
	s = feed("{\"a\n{\"b\":2}{\"c\\\n{\"b\":2}", 1);
	assert_int_equal(s.problems, 2);
	assert_int_equal(s.n, 2);
	s = feed("[1]\n5\n\"x\"\n}\n{\"b\":2}", 1);
	assert_int_equal(s.problems, 4);
	assert_int_equal(s.n, 1);
}

static void noise(void **state)
{
	static const char chars[] = "{}[]\"\\,: a1\n";
	struct seen s = {0};
	struct frame f;

	srand(1);
	frame_init(&f, MAX, DEPTH);
	for (unsigned i = 0; i < 200000; i++) {
		char c = chars[rand() % (sizeof(chars) - 1)];

		frame_feed(&f, &c, 1, on_message, &s);
		assert_true(f.len <= MAX);
		assert_true(f.depth <= DEPTH);
	}
	frame_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages),
	    cmocka_unit_test(problems),
	    cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
