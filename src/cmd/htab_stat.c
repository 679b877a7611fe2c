/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr htab stat.
 */
#include <jansson.h>

#include "cmd/htab.h"
#include "inspect/stat.h"

typedef unsigned long long ull;

static double percent(u64 part, u64 whole)
{
	return whole ? 100.0 * part / whole : 0;
}

/* "64K", or "64K in 4K". */
static const char *size_words(unsigned base, unsigned actual, char buf[16])
{
	if (base == actual)
		snprintf(buf, 16, "%s", entry_size_name(actual));
	else
		snprintf(buf, 16, "%s in %s", entry_size_name(actual), entry_size_name(base));
	return buf;
}

static void print_sizes(const struct table_stat *s)
{
	char words[16];

	printf("  segments:  %llu of 1T, %llu of 256M\n", (ull)s->in_1t, (ull)s->in_256m);
	printf("  pages:    ");
	for (unsigned i = 0; i < s->n_sizes; i++)
		printf("%s %llu of %s", i ? "," : "", (ull)s->sizes[i].n,
		       size_words(s->sizes[i].base, s->sizes[i].actual, words));
	if (s->bad_size)
		printf("%s %llu of a size that doesn't exist", s->n_sizes ? "," : "",
		       (ull)s->bad_size);
	putchar('\n');
}

static void print_text(const struct table *t, const struct table_stat *s)
{
	u64 entries = table_entries(t);
	char size[32];

	printf("source:      %s\n", t->source);
	printf("table:       2^%u bytes (%s), %llu entries in %llu groups\n", t->order,
	       format_size(1ull << t->order, size, sizeof(size)), (ull)entries,
	       (ull)table_groups(t));
	printf("valid:       %llu (%.2f %%)\n", (ull)s->valid, percent(s->valid, entries));
	printf("  bolted:    %llu\n", (ull)s->bolted);
	printf("  secondary: %llu\n", (ull)s->secondary);
	if (t->mem_bytes)
		printf("  absent:    %llu (no memory there: beyond %s)\n", (ull)s->absent,
		       format_size(t->mem_bytes, size, sizeof(size)));
	printf("  R set:     %llu, C set: %llu\n", (ull)s->referenced, (ull)s->changed);
	print_sizes(s);
	printf("groups by entries:\n");
	for (unsigned n = 0; n <= ENTRIES_PER_GROUP; n++)
		printf("  %u: %10llu  %5.1f %%\n", n, (ull)s->groups_with[n],
		       percent(s->groups_with[n], table_groups(t)));
}

static void print_json(const struct table *t, const struct table_stat *s)
{
	json_t *pages = json_object(), *groups = json_array(), *all;
	char words[16];

	for (unsigned i = 0; i < s->n_sizes; i++)
		json_object_set_new(pages, size_words(s->sizes[i].base, s->sizes[i].actual, words),
				    json_integer(s->sizes[i].n));
	for (unsigned n = 0; n <= ENTRIES_PER_GROUP; n++)
		json_array_append_new(groups, json_integer(s->groups_with[n]));
	all = json_pack("{s:s,s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "source",
			t->source, "order", t->order, "entries", (json_int_t)table_entries(t),
			"valid", (json_int_t)s->valid, "bolted", (json_int_t)s->bolted, "secondary",
			(json_int_t)s->secondary, "referenced", (json_int_t)s->referenced,
			"changed", (json_int_t)s->changed, "segments-1t", (json_int_t)s->in_1t,
			"segments-256m", (json_int_t)s->in_256m, "bad-page-size",
			(json_int_t)s->bad_size, "pages", pages, "groups-by-entries", groups);
	json_object_set_new(all, "absent", t->mem_bytes ? json_integer(s->absent) : json_null());
	json_object_set_new(all, "memory", t->mem_bytes ? json_integer(t->mem_bytes) : json_null());
	json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(all);
}

int htab_stat(const struct table *t, const struct htab_options *o)
{
	struct table_stat s;

	table_count(t, &s);
	if (o->form == FORM_JSON)
		print_json(t, &s);
	else
		print_text(t, &s);
	return STATUS_OK;
}
