/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/args.h"

#include <stdbool.h>
#include <string.h>

#include "base/bits.h"

struct word {
	char name[32], type[8];
	bool optional;
};

/* Takes the first word off @takes. False: there is none. */
static bool next_word(const char **takes, struct word *w)
{
	const char *s = *takes;
	size_t name, len;

	s += strspn(s, " ");
	len = strcspn(s, " ");
	if (!len)
		return false;
	*takes = s + len;
	w->optional = s[len - 1] == '?';
	len -= w->optional;
	name = strcspn(s, ":");
	*w = (struct word){.optional = w->optional};
	memcpy(w->name, s, name);
	memcpy(w->type, s + name + 1, len - name - 1);
	return true;
}

static int check_type(const struct word *w, const json_t *value, struct error *err)
{
	static const struct {
		const char *type, *what;
		json_type json[2];
	} types[] = {
	    {"str", "a string", {JSON_STRING, JSON_STRING}},
	    {"bool", "true or false", {JSON_TRUE, JSON_FALSE}},
	    {"int", "a whole number", {JSON_INTEGER, JSON_INTEGER}},
	    {"num", "a number", {JSON_INTEGER, JSON_REAL}},
	    {"list", "a list", {JSON_ARRAY, JSON_ARRAY}},
	};
	json_type is = json_typeof(value);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i].type, w->type)) {
			if (is == types[i].json[0] || is == types[i].json[1])
				return 0;
			return error_set(err, "Parameter '%s' must be %s", w->name, types[i].what);
		}
	return error_set(err, "Parameter '%s' is of no known type", w->name);
}

static bool is_known(const char *takes, const char *name)
{
	struct word w;

	while (next_word(&takes, &w))
		if (!strcmp(w.name, name))
			return true;
	return false;
}

int qmp_check_args(const char *takes, json_t *args, struct error *err)
{
	const char *key, *rest = takes;
	struct word w;
	json_t *value;

	json_object_foreach(args, key, value)
		if (!is_known(takes, key))
			return error_set(err, "Parameter '%.64s' is unexpected", key);
	while (next_word(&rest, &w)) {
		value = json_object_get(args, w.name);
		if (value && check_type(&w, value, err))
			return -1;
		if (!value && !w.optional)
			return error_set(err, "Parameter '%s' is missing", w.name);
	}
	return 0;
}
