/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr htab verify.
 */
#include <jansson.h>

#include "cmd/htab.h"
#include "inspect/verify.h"

typedef unsigned long long ull;

static void print_violation(void *opaque, enum violation kind, u64 index, u64 v, u64 r, u64 other)
{
	if (kind == VIOLATION_NOT_VALID) {
		printf("%llu entries were told as valid without being so\n", (ull)other);
		return;
	}
	printf("%08llx %016llx %016llx  ", (ull)index, (ull)v, (ull)r);
	switch (kind) {
	case VIOLATION_SIZE:
		printf("page size code 0x%02llx doesn't exist\n", (ull)other);
		break;
	case VIOLATION_SEGMENT:
		printf("segment size %llu doesn't exist\n", (ull)other);
		break;
	case VIOLATION_GROUP:
		printf("is in group %llx, but its hash leads to %llx\n",
		       (ull)index / ENTRIES_PER_GROUP, (ull)other);
		break;
	case VIOLATION_DUPLICATE:
		printf("is for the same page as %08llx\n", (ull)other);
		break;
	default:
		printf("only the beginning of its page is memory\n");
	}
}

static void keep_violation(void *opaque, enum violation kind, u64 index, u64 v, u64 r, u64 other)
{
	json_t *one = json_pack("{s:s,s:I,s:I}", "kind", violation_name(kind), "index",
				(json_int_t)index, "other", (json_int_t)other);
	char word[24];

	snprintf(word, sizeof(word), "0x%016llx", (ull)v);
	json_object_set_new(one, "v", json_string(word));
	snprintf(word, sizeof(word), "0x%016llx", (ull)r);
	json_object_set_new(one, "r", json_string(word));
	json_array_append_new(opaque, one);
}

static void verify_json(const struct table *t, struct table_check *check)
{
	json_t *list = json_array(), *kinds = json_object(), *all;

	table_verify(t, keep_violation, list, check);
	for (unsigned k = 0; k < VIOLATION_KINDS; k++)
		json_object_set_new(kinds, violation_name(k), json_integer(check->by_kind[k]));
	all =
	    json_pack("{s:s,s:b,s:I,s:I,s:o,s:o}", "source", t->source, "clean", !check->violations,
		      "entries", (json_int_t)check->entries, "with-software-bits",
		      (json_int_t)t->n_software, "by-kind", kinds, "violations", list);
	json_object_set_new(all, "without-memory",
			    t->mem_bytes ? json_integer(check->without_memory) : json_null());
	json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(all);
}

static void verify_text(const struct table *t, struct table_check *check)
{
	table_verify(t, print_violation, NULL, check);
	if (check->violations)
		printf("%llu of %llu entries are wrong\n", (ull)check->violations,
		       (ull)check->entries);
	else
		printf("%llu entries, all where they belong\n", (ull)check->entries);
	if (!t->mem_bytes)
		printf("note: the size of the guest's memory is not known; --memory says it\n");
	else if (check->without_memory)
		printf("note: %llu have no memory behind them (devices, or absent)\n",
		       (ull)check->without_memory);
	if (t->n_software)
		printf("note: %llu were told with a hypervisor's own bits in them\n",
		       (ull)t->n_software);
}

int htab_verify(const struct table *t, const struct htab_options *o)
{
	struct table_check check;

	if (o->form == FORM_JSON)
		verify_json(t, &check);
	else
		verify_text(t, &check);
	return check.violations ? STATUS_DIFFERS : STATUS_OK;
}
