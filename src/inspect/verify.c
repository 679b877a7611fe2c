/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/verify.h"

#include <stdlib.h>

/* A virtual page, to find those that are there twice. */
struct page {
	u64 vsid, number;
	u64 index;
	u32 base_shift;
	u32 is_1t;
};

struct verifier {
	const struct table *t;
	struct table_check *check;
	violation_fn fn;
	void *opaque;
	struct page *pages;
	size_t n_pages, size;
};

const char *violation_name(enum violation kind)
{
	static const char *const names[] = {
	    [VIOLATION_SIZE] = "size",	   [VIOLATION_SEGMENT] = "segment",
	    [VIOLATION_GROUP] = "group",   [VIOLATION_DUPLICATE] = "duplicate",
	    [VIOLATION_MEMORY] = "memory", [VIOLATION_NOT_VALID] = "not-valid",
	};

	return names[kind];
}

static void report(struct verifier *c, enum violation kind, u64 index, u64 other)
{
	const struct table_word_pair *e = table_at(c->t, index);

	c->check->violations++;
	c->check->by_kind[kind]++;
	c->fn(c->opaque, kind, index, e ? e->v : 0, e ? e->r : 0, other);
}

static void keep_page(struct verifier *c, struct entry_va va, u64 index, unsigned base)
{
	if (c->n_pages == c->size) {
		c->size = c->size ? 2 * c->size : 4096;
		c->pages = realloc(c->pages, c->size * sizeof(*c->pages));
		if (!c->pages)
			abort();
	}
	c->pages[c->n_pages++] = (struct page){
	    .vsid = va.vsid,
	    .number = va.offset >> base,
	    .index = index,
	    .base_shift = base,
	    .is_1t = va.is_1t,
	};
}

static void check_memory(struct verifier *c, u64 index, u64 r, unsigned actual)
{
	u64 gpa = entry_gpa(r, actual);

	if (!c->t->mem_bytes)
		return;
	if (gpa >= c->t->mem_bytes)
		c->check->without_memory++;
	else if (gpa + (1ull << actual) > c->t->mem_bytes)
		report(c, VIOLATION_MEMORY, index, 0);
}

static void check_entry(struct verifier *c, u64 index, u64 v, u64 r)
{
	u64 mask = table_groups(c->t) - 1, group;
	unsigned base, actual;
	struct entry_va va;

	if (v >> ENTRY_V_B_SHIFT > 1) {
		report(c, VIOLATION_SEGMENT, index, v >> ENTRY_V_B_SHIFT);
		return;
	}
	if (!entry_page_shifts(v, r, &base, &actual)) {
		report(c, VIOLATION_SIZE, index, (r & ENTRY_R_RPN) >> 12 & 0xff);
		return;
	}
	va = entry_va(index, v, base);
	group = entry_hash(va, base);
	if (v & ENTRY_V_SECONDARY)
		group = ~group;
	if ((group & mask) != index / ENTRIES_PER_GROUP)
		report(c, VIOLATION_GROUP, index, group & mask);
	else
		keep_page(c, va, index, base);
	check_memory(c, index, r, actual);
}

static int compare_pages(const void *a, const void *b)
{
	const struct page *p = a, *q = b;

	if (p->vsid != q->vsid)
		return p->vsid < q->vsid ? -1 : 1;
	if (p->number != q->number)
		return p->number < q->number ? -1 : 1;
	if (p->is_1t != q->is_1t)
		return p->is_1t < q->is_1t ? -1 : 1;
	return p->base_shift < q->base_shift ? -1 : p->base_shift > q->base_shift;
}

static int compare_places(const void *a, const void *b)
{
	int r = compare_pages(a, b);
	const struct page *p = a, *q = b;

	return r ? r : p->index < q->index ? -1 : p->index > q->index;
}

static void find_duplicates(struct verifier *c)
{
	if (!c->n_pages)
		return;
	qsort(c->pages, c->n_pages, sizeof(*c->pages), compare_places);
	for (size_t i = 1, first = 0; i < c->n_pages; i++)
		if (compare_pages(&c->pages[first], &c->pages[i]))
			first = i;
		else
			report(c, VIOLATION_DUPLICATE, c->pages[i].index, c->pages[first].index);
}

void table_verify(const struct table *t, violation_fn fn, void *opaque, struct table_check *check)
{
	struct verifier c = {.t = t, .check = check, .fn = fn, .opaque = opaque};
	const struct table_word_pair *e;

	*check = (struct table_check){0};
	if (t->n_not_valid) {
		check->violations += t->n_not_valid;
		check->by_kind[VIOLATION_NOT_VALID] = t->n_not_valid;
		fn(opaque, VIOLATION_NOT_VALID, 0, 0, 0, t->n_not_valid);
	}
	for (u64 i = 0; (e = table_next(t, &i)); i++) {
		check->entries++;
		check_entry(&c, i, e->v, e->r);
	}
	find_duplicates(&c);
	free(c.pages);
}
