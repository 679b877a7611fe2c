/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reverse map: from a guest page frame to the valid entries that map it.
 *
 * An entry is on the chain of the first 4K frame of its page. So the entries that touch a range are
 * on the chains of the range's own frames, and of those few frames below at which a larger page
 * that reaches into the range can begin.
 *
 * Entries are locked before buckets. Walking goes the other way round, so it takes the indexes
 * of a chain with the bucket locked, and deals with each entry after that: an index may then name
 * an entry that is gone or another one, which the entry's own words tell.
 */
#include <stdlib.h>
#include "hpt/internal.h"

#define BUCKET_LOCK  (1ull << 63)
#define FRAME_SHIFT  12
#define CHAIN_INLINE 64 /* indexes kept on the stack; longer chains (the zero page) take memory */

static u64 *bucket_of(struct hpt *hpt, u64 gpa)
{
	u64 gfn = gpa >> FRAME_SHIFT;

	/* Neighbours stay neighbours, for walks over ranges; memory beyond the buckets folds. */
	return &hpt->buckets[(gfn ^ gfn >> hpt->bucket_bits) & ((1ull << hpt->bucket_bits) - 1)];
}

/* Returns the first index + 1. */
static u64 bucket_lock(u64 *bucket)
{
	unsigned spins = 0;

	for (;;) {
		u64 head = __atomic_load_n(bucket, __ATOMIC_RELAXED);

		if (!(head & BUCKET_LOCK) &&
		    __atomic_compare_exchange_n(bucket, &head, head | BUCKET_LOCK, false,
						__ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			return head;
		hpt_spin(&spins);
	}
}

static void bucket_unlock(u64 *bucket, u64 head)
{
	__atomic_store_n(bucket, head, __ATOMIC_RELEASE);
}

/* False for a page size that doesn't exist; no entry in the table has one. */
static bool entry_range(u64 v, u64 r, u64 *gpa, u64 *bytes)
{
	unsigned base_shift, actual_shift;

	if (!hpt_page_shifts(v, r, &base_shift, &actual_shift))
		return false;
	*bytes = 1ull << actual_shift;
	*gpa = hpt_entry_gpa(r, actual_shift);
	return true;
}

enum hpt_backing hpt_classify(struct hpt *hpt, u64 v, u64 r)
{
	u64 gpa, bytes;

	if (!hpt->ops || !hpt->ops->classify)
		return HPT_RAM;
	if (!entry_range(v, r, &gpa, &bytes))
		return HPT_REFUSED;
	return hpt->ops->classify(hpt->ops_ctx, gpa, bytes);
}

/* ---- linking ------------------------------------------------------------------------------ */

enum hpt_backing hpt_rmap_link(struct hpt *hpt, u64 index, u64 v, u64 r)
{
	struct hpt_link *link = &hpt->links[index];
	enum hpt_backing backing;
	u64 gpa, bytes, head;
	u64 *bucket;

	if (!entry_range(v, r, &gpa, &bytes))
		return HPT_REFUSED;
	bucket = bucket_of(hpt, gpa);
	head = bucket_lock(bucket);
	backing = hpt_classify(hpt, v, r);
	if (backing == HPT_RAM) {
		link->next = head;
		link->prev = 0;
		if (head)
			hpt->links[head - 1].prev = index + 1;
		head = index + 1;
	}
	bucket_unlock(bucket, head);
	return backing;
}

void hpt_rmap_unlink(struct hpt *hpt, u64 index, u64 v, u64 r)
{
	struct hpt_link *link = &hpt->links[index];
	u64 gpa, bytes, head;
	u64 *bucket;

	if (!entry_range(v, r, &gpa, &bytes))
		return;
	bucket = bucket_of(hpt, gpa);
	head = bucket_lock(bucket);
	if (link->next)
		hpt->links[link->next - 1].prev = link->prev;
	if (link->prev)
		hpt->links[link->prev - 1].next = link->next;
	else
		head = link->next;
	bucket_unlock(bucket, head);
}

/* ---- walking ------------------------------------------------------------------------------ */

struct range {
	u64 first, last; /* guest addresses, both inside */
	u64 start;	 /* only pages that start here; ANY_START: all of a shared chain */
};

#define ANY_START 1ull /* no page starts at an odd address */

static bool touches(u64 v, u64 r, struct range range)
{
	u64 gpa, bytes;

	return (v & HPT_V_VALID) && entry_range(v, r, &gpa, &bytes) && gpa <= range.last &&
	       gpa + bytes - 1 >= range.first && (gpa == range.start || range.start == ANY_START);
}

typedef void visit_fn(struct hpt *hpt, u64 index, struct range range, void *arg);

/* Copies the chain's indexes to @list, at most @max; returns how many there are. */
static u64 chain_copy(struct hpt *hpt, u64 *bucket, u64 *list, u64 max)
{
	u64 head = bucket_lock(bucket), n = 0;

	for (u64 at = head; at; at = hpt->links[at - 1].next, n++)
		if (n < max)
			list[n] = at - 1;
	bucket_unlock(bucket, head);
	return n;
}

static void visit_chain(struct hpt *hpt, u64 *bucket, struct range range, visit_fn *visit,
			void *arg)
{
	u64 inline_list[CHAIN_INLINE], *list = inline_list, max = CHAIN_INLINE, n;

	/* Empty and unlocked: who links an entry later has yet to ask classify, and gets the new
	 * answer. */
	if (!__atomic_load_n(bucket, __ATOMIC_SEQ_CST))
		return;
	while ((n = chain_copy(hpt, bucket, list, max)) > max) {
		if (list != inline_list)
			free(list);
		max = 2 * n;
		list = malloc(max * sizeof(*list));
		if (!list) {
			/* No memory: the table itself is a list of all entries. */
			for (u64 i = 0; i < hpt->n_entries; i++)
				visit(hpt, i, range, arg);
			return;
		}
	}
	for (u64 i = 0; i < n; i++)
		visit(hpt, list[i], range, arg);
	if (list != inline_list)
		free(list);
}

/* Every entry that touches the range, once, and maybe others that share a chain with one. */
static void visit_range(struct hpt *hpt, u64 gpa, u64 bytes, visit_fn *visit, void *arg)
{
	static const unsigned large_shifts[] = {16, 24, 34};
	struct range range = {gpa, gpa + bytes - 1, ANY_START};
	u64 frame = 1ull << FRAME_SHIFT, first = gpa & ~(frame - 1), below = first;

	if (!bytes)
		return;
	if (range.last < gpa)
		range.last = ~0ull;
	/* What classify says now before what is on the chains: see visit_chain's first look. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);

	if ((range.last - first) >> FRAME_SHIFT >= 1ull << hpt->bucket_bits) {
		for (u64 b = 0; b < 1ull << hpt->bucket_bits; b++)
			visit_chain(hpt, &hpt->buckets[b], range, visit, arg);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(large_shifts); i++) {
		range.start = gpa & ~((1ull << large_shifts[i]) - 1);
		if (range.start == below)
			continue;
		below = range.start;
		visit_chain(hpt, bucket_of(hpt, range.start), range, visit, arg);
	}
	for (range.start = first; range.start <= range.last; range.start += frame) {
		visit_chain(hpt, bucket_of(hpt, range.start), range, visit, arg);
		if (range.start + frame < range.start)
			break;
	}
}

/* ---- what is done to entries ----------------------------------------------------------------- */

static void make_absent(struct hpt *hpt, u64 index, struct range range, void *arg)
{
	struct hpt_entry *e = &hpt->entries[index];
	u64 v = hpt_entry_lock(e), r = e->r, *count = arg;

	if (!touches(v, r, range)) {
		hpt_entry_unlock(e, v);
		return;
	}
	hpt_track_mark(&hpt->trackers, index);
	hpt_rmap_unlink(hpt, index, v, r);
	hpt_entry_unlock(e, (v & ~HPT_V_VALID) | HPT_V_ABSENT);
	hpt_tell_invalidated(hpt, index, v, r);
	++*count;
}

u64 hpt_rmap_make_absent(struct hpt *hpt, u64 gpa, u64 bytes)
{
	u64 count = 0;

	visit_range(hpt, gpa, bytes, make_absent, &count);
	return count;
}

struct clear_rc {
	u64 bits, seen;
};

static void clear_rc(struct hpt *hpt, u64 index, struct range range, void *arg)
{
	struct hpt_entry *e = &hpt->entries[index];
	struct clear_rc *c = arg;
	u64 v = hpt_entry_lock(e), r = e->r;
	u64 clear = touches(v, r, range) ? r & c->bits : 0;

	if (clear) {
		hpt_track_mark(&hpt->trackers, index);
		hpt_entry_set_r(e, r & ~clear);
	}
	hpt_entry_unlock(e, v);
	if (clear)
		hpt_tell_invalidated(hpt, index, v, r);
	c->seen |= clear;
}

u64 hpt_rmap_clear_rc(struct hpt *hpt, u64 gpa, u64 bytes, u64 bits)
{
	struct clear_rc c = {.bits = bits & (HPT_R_R | HPT_R_C)};

	visit_range(hpt, gpa, bytes, clear_rc, &c);
	return c.seen;
}

struct walk {
	hpt_rmap_fn *fn;
	void *ctx;
};

static void walk_one(struct hpt *hpt, u64 index, struct range range, void *arg)
{
	struct hpt_entry *e = &hpt->entries[index];
	struct walk *w = arg;
	u64 v = hpt_entry_lock(e), r = e->r;

	hpt_entry_unlock(e, v);
	if (touches(v, r, range))
		w->fn(w->ctx, index, v, r);
}

void hpt_rmap_walk(struct hpt *hpt, u64 gpa, u64 bytes, hpt_rmap_fn *fn, void *ctx)
{
	struct walk w = {fn, ctx};

	visit_range(hpt, gpa, bytes, walk_one, &w);
}
