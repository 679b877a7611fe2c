/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments of the control socket's commands against what a command takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/args.h"

#define TAKES "path:str quit:bool? n:int? x:num? all:list?"

/* The error that @args (JSON) gets; "": none. */
static const char *check(const char *takes, const char *args)
{
	static struct error err;
	json_t *v = args ? json_loads(args, 0, NULL) : NULL;
	int r = qmp_check_args(takes, v, &err);

	assert_true(!args || v);
	json_decref(v);
	return r ? err.text : "";
}

static void right(void **state)
{
	assert_string_equal(check("", NULL), "");
	assert_string_equal(check("", "{}"), "");
	assert_string_equal(check("a:bool?", NULL), "");
	assert_string_equal(check(TAKES, "{\"path\":\"\"}"), "");
	assert_string_equal(check(TAKES, "{\"quit\":false,\"path\":\"a\",\"n\":-1,\"x\":2}"), "");
	assert_string_equal(check(TAKES, "{\"path\":\"a\",\"x\":0.5,\"all\":[]}"), "");
}

static void wrong(void **state)
{
	assert_string_equal(check("", "{\"a\":1}"), "Parameter 'a' is unexpected");
	assert_string_equal(check(TAKES, NULL), "Parameter 'path' is missing");
	assert_string_equal(check(TAKES, "{\"quit\":true}"), "Parameter 'path' is missing");
	/* No part of a name, and no type. */
	assert_string_equal(check(TAKES, "{\"path\":\"a\",\"pat\":1}"),
			    "Parameter 'pat' is unexpected");
	assert_string_equal(check(TAKES, "{\"path\":\"a\",\"str\":1}"),
			    "Parameter 'str' is unexpected");
	assert_string_equal(check(TAKES, "{\"path\":\"a\",\"\":1}"), "Parameter '' is unexpected");
	assert_non_null(strstr(check(TAKES, "{\"path\":null}"), "'path' must be"));
	assert_non_null(strstr(check(TAKES, "{\"path\":\"a\",\"quit\":0}"), "'quit' must be"));
	assert_non_null(strstr(check(TAKES, "{\"path\":\"a\",\"n\":1.0}"), "'n' must be"));
	assert_non_null(strstr(check(TAKES, "{\"path\":\"a\",\"x\":\"1\"}"), "'x' must be"));
	assert_non_null(strstr(check(TAKES, "{\"path\":\"a\",\"all\":{}}"), "'all' must be"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(right),
	    cmocka_unit_test(wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
