/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr htab diff.
 */
#include <jansson.h>

#include "cmd/htab.h"
#include "inspect/diff.h"

typedef unsigned long long ull;

static const char *const kinds[] = {"added", "removed", "changed"};

static void print_words(char sign, u64 index, const struct table_word_pair *e)
{
	char flags[8];

	printf("%c %08llx %016llx %016llx %s", sign, (ull)index, (ull)e->v, (ull)e->r,
	       entry_flags(e->r, flags));
}

static void print_difference(void *opaque, enum difference kind, u64 index,
			     const struct table_word_pair *a, const struct table_word_pair *b,
			     unsigned what)
{
	if (a) {
		print_words('-', index, a);
		putchar('\n');
	}
	if (b)
		print_words('+', index, b);
	for (unsigned n = 0; n < DIFF_BITS; n++)
		if (what >> n & 1)
			printf(" %s", diff_bit_name(n));
	if (b)
		putchar('\n');
}

static void add_words(json_t *o, const char *key, const struct table_word_pair *e)
{
	char v[24], r[24];

	snprintf(v, sizeof(v), "0x%016llx", (ull)e->v);
	snprintf(r, sizeof(r), "0x%016llx", (ull)e->r);
	json_object_set_new(o, key, json_pack("[s,s]", v, r));
}

static void keep_difference(void *opaque, enum difference kind, u64 index,
			    const struct table_word_pair *a, const struct table_word_pair *b,
			    unsigned what)
{
	json_t *one = json_pack("{s:s,s:I}", "kind", kinds[kind], "index", (json_int_t)index);
	json_t *list;

	if (a)
		add_words(one, "from", a);
	if (b)
		add_words(one, "to", b);
	if (kind == DIFFERENCE_CHANGED) {
		list = json_array();
		for (unsigned n = 0; n < DIFF_BITS; n++)
			if (what >> n & 1)
				json_array_append_new(list, json_string(diff_bit_name(n)));
		json_object_set_new(one, "what", list);
	}
	json_array_append_new(opaque, one);
}

static void diff_json(const struct table *a, const struct table *b, struct table_diff *d)
{
	json_t *list = json_array(), *what = json_object(), *all;

	table_compare(a, b, keep_difference, list, d);
	for (unsigned n = 0; n < DIFF_BITS; n++)
		json_object_set_new(what, diff_bit_name(n), json_integer(d->by_bit[n]));
	all = json_pack("{s:I,s:I,s:I,s:I,s:o,s:o}", "same", (json_int_t)d->same, "added",
			(json_int_t)d->by_kind[DIFFERENCE_ADDED], "removed",
			(json_int_t)d->by_kind[DIFFERENCE_REMOVED], "changed",
			(json_int_t)d->by_kind[DIFFERENCE_CHANGED], "changed-by", what, "entries",
			list);
	json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(all);
}

static void diff_text(const struct table *a, const struct table *b, struct table_diff *d)
{
	table_compare(a, b, print_difference, NULL, d);
	printf("%llu same, %llu added, %llu removed, %llu changed", (ull)d->same,
	       (ull)d->by_kind[DIFFERENCE_ADDED], (ull)d->by_kind[DIFFERENCE_REMOVED],
	       (ull)d->by_kind[DIFFERENCE_CHANGED]);
	for (unsigned n = 0, some = 0; n < DIFF_BITS; n++)
		if (d->by_bit[n])
			printf("%s %s %llu", some++ ? "," : ":", diff_bit_name(n),
			       (ull)d->by_bit[n]);
	putchar('\n');
}

int htab_diff(const struct table *a, const struct table *b, const struct htab_options *o)
{
	struct table_diff d;

	if (a->order != b->order)
		return cmd_error(
		    "the tables take 2^%u and 2^%u bytes: places in them can't be compared",
		    a->order, b->order);
	if (o->form == FORM_JSON)
		diff_json(a, b, &d);
	else
		diff_text(a, b, &d);
	return d.by_kind[DIFFERENCE_ADDED] || d.by_kind[DIFFERENCE_REMOVED] ||
		       d.by_kind[DIFFERENCE_CHANGED]
		   ? STATUS_DIFFERS
		   : STATUS_OK;
}
