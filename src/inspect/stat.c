/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/stat.h"

static void count_size(struct table_stat *s, unsigned base, unsigned actual)
{
	unsigned i;

	for (i = 0; i < s->n_sizes; i++)
		if (s->sizes[i].base == base && s->sizes[i].actual == actual)
			break;
	if (i == s->n_sizes) {
		s->sizes[i].base = base;
		s->sizes[i].actual = actual;
		s->n_sizes++;
	}
	s->sizes[i].n++;
}

static void count_entry(const struct table *t, struct table_stat *s, u64 v, u64 r)
{
	unsigned base, actual;

	s->valid++;
	s->bolted += !!(v & ENTRY_V_BOLTED);
	s->secondary += !!(v & ENTRY_V_SECONDARY);
	s->referenced += !!(r & ENTRY_R_R);
	s->changed += !!(r & ENTRY_R_C);
	if (v & ENTRY_V_B)
		s->in_1t++;
	else
		s->in_256m++;
	if (!entry_page_shifts(v, r, &base, &actual)) {
		s->bad_size++;
		return;
	}
	count_size(s, base, actual);
	if (t->mem_bytes)
		s->absent += entry_gpa(r, actual) >= t->mem_bytes;
}

void table_count(const struct table *t, struct table_stat *s)
{
	const struct table_word_pair *e;
	u64 group = 0, in_group = 0, filled = 0;

	*s = (struct table_stat){0};
	for (u64 i = 0; (e = table_next(t, &i)); i++) {
		if (i / ENTRIES_PER_GROUP != group) {
			s->groups_with[in_group]++;
			group = i / ENTRIES_PER_GROUP;
			in_group = 0;
		}
		in_group++;
		count_entry(t, s, e->v, e->r);
	}
	s->groups_with[in_group]++;
	for (unsigned n = 1; n <= ENTRIES_PER_GROUP; n++)
		filled += s->groups_with[n];
	s->groups_with[0] = table_groups(t) - filled;
}
