/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream's reading side: what changed (track.h), 64 entries at a time, into records.
 */
#include <errno.h>
#include <stdlib.h>
#include "base/racy.h"
#include "hpt/internal.h"
#include "hpt/convert.h"

#define BLOCK_SHIFT   HPT_TRACK_SHIFT
#define BLOCK_ENTRIES 64u
#define ALL_OF_BLOCK  (~0ull)

struct hpt_reader {
	struct hpt *hpt;
	struct hpt_tracker *tracker;
	unsigned flags;
	bool first_pass;
	u64 index; /* next entry to look at */
};

/* ---- records ------------------------------------------------------------------------------ */

/* The caller's buffer, and the record at its end that may still grow. */
struct out {
	u8 *start, *at, *end;
	u8 *record; /* where its header will stand; NULL: none yet */
	u64 first;  /* its index */
	u32 n_valid, n_invalid;
};

static void close_record(struct out *out)
{
	struct htab_record rec = {out->first, out->n_valid, out->n_invalid};

	if (out->record)
		htab_record_encode(out->record, rec, htab_host_order());
}

/* False: no room for a header and an entry. */
static bool open_record(struct out *out, u64 index)
{
	if ((size_t)(out->end - out->at) < HPT_STREAM_READ_MIN)
		return false;
	close_record(out);
	out->record = out->at;
	out->at += HTAB_RECORD_HEADER;
	out->first = index;
	out->n_valid = out->n_invalid = 0;
	return true;
}

/* Whether the open record ends just before @index. */
static bool adjoins(const struct out *out, u64 index)
{
	return out->record && out->first + out->n_valid + out->n_invalid == index;
}

static unsigned min_of(unsigned a, u64 b)
{
	return a < b ? a : (unsigned)b;
}

/* Both return how many of the @n entries from @index on were told; fewer: the buffer is full. */
static unsigned put_valid(struct out *out, u64 index, unsigned n, const struct hpt_entry *from)
{
	unsigned done = 0;

	while (done < n) {
		unsigned k;

		if (!adjoins(out, index + done) || out->n_invalid ||
		    out->n_valid == HTAB_RUN_MAX) {
			if (!open_record(out, index + done))
				break;
		}
		k = min_of(n - done, HTAB_RUN_MAX - out->n_valid);
		k = min_of(k, (u64)(out->end - out->at) / HPT_ENTRY_BYTES);
		if (!k)
			break;
		hpt_convert(out->at, from + done, k);
		out->at += k * HPT_ENTRY_BYTES;
		out->n_valid += k;
		done += k;
	}
	return done;
}

static unsigned put_invalid(struct out *out, u64 index, unsigned n)
{
	unsigned done = 0;

	while (done < n) {
		unsigned k;

		if (!adjoins(out, index + done) || out->n_invalid == HTAB_RUN_MAX) {
			if (!open_record(out, index + done))
				break;
		}
		k = min_of(n - done, HTAB_RUN_MAX - out->n_invalid);
		out->n_invalid += k;
		done += k;
	}
	return done;
}

/* ---- blocks of 64 entries ------------------------------------------------------------------- */

/* What the stream calls valid. */
static bool is_told_valid(const struct hpt_reader *rd, u64 v)
{
	return (v & HPT_V_USED) && (!(rd->flags & HPT_READ_BOLTED_ONLY) || (v & HPT_V_BOLTED));
}

static void read_locked(struct hpt_entry *e, struct hpt_entry *copy)
{
	copy->v = hpt_entry_lock(e);
	copy->r = e->r;
	hpt_entry_unlock(e, copy->v);
}

/* Copies of the entries @tell of a block, whose bits were taken before; returns which are valid. */
static u64 copy_block(struct hpt_reader *rd, u64 block, u64 tell, struct hpt_entry *copy)
{
	struct hpt_entry *from = &rd->hpt->entries[block << BLOCK_SHIFT];
	u64 again = 0, valid = 0;

	if (tell == ALL_OF_BLOCK)
		racy_copy(&copy->v, &from->v, BLOCK_ENTRIES * sizeof(*copy) / sizeof(u64));
	for (u64 left = tell; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		if (tell != ALL_OF_BLOCK) {
			copy[i].v = hpt_load_v(&from[i]);
			copy[i].r = hpt_load_r(&from[i]);
		}
		if (copy[i].v & HPT_V_LOCK)
			again |= 1ull << i;
	}
	/* track.h, step (c): who was, or came, in the middle of a change gets a second look. */
	again |= hpt_track_peek(rd->tracker, block) & tell;
	for (; again; again &= again - 1)
		read_locked(&from[__builtin_ctzll(again)], &copy[__builtin_ctzll(again)]);

	for (u64 left = tell; left; left &= left - 1)
		if (is_told_valid(rd, copy[__builtin_ctzll(left)].v))
			valid |= left & -left;
	return valid;
}

static u64 bits_from(unsigned first, unsigned n)
{
	return (n == BLOCK_ENTRIES ? ALL_OF_BLOCK : (1ull << n) - 1) << first;
}

/* Tells of the entries @tell of a block; returns those there was no room for. */
static u64 put_block(struct hpt_reader *rd, struct out *out, u64 block, u64 tell)
{
	struct hpt_entry copy[BLOCK_ENTRIES];
	u64 valid = copy_block(rd, block, tell, copy);

	while (tell) {
		unsigned i = (unsigned)__builtin_ctzll(tell);
		bool is_valid = valid >> i & 1;
		u64 others = ~(tell & (is_valid ? valid : ~valid)) >> i;
		unsigned run = others ? (unsigned)__builtin_ctzll(others) : BLOCK_ENTRIES;
		u64 index = (block << BLOCK_SHIFT) + i;
		unsigned done;

		run = min_of(run, BLOCK_ENTRIES - i);
		done =
		    is_valid ? put_valid(out, index, run, copy + i) : put_invalid(out, index, run);
		if (done)
			tell &= ~bits_from(i, done);
		if (done < run)
			break;
	}
	return tell;
}

static bool all_invalid(const struct hpt_entry *from)
{
	u64 some = 0;

	for (unsigned i = 0; i < BLOCK_ENTRIES; i++)
		some |= racy_read(&from[i].v);
	return !(some & (HPT_V_USED | HPT_V_LOCK));
}

/*
 * The first pass's common case, a whole block that goes into the open record as it is: all valid,
 * or all invalid. False: look closer (put_block); nothing was told.
 */
static bool put_uniform_block(struct hpt_reader *rd, struct out *out, u64 block)
{
	const struct hpt_entry *from = &rd->hpt->entries[block << BLOCK_SHIFT];
	u64 index = block << BLOCK_SHIFT, first = hpt_load_v(from);

	if (!adjoins(out, index) || (first & HPT_V_LOCK))
		return false;
	if (!(first & HPT_V_USED)) {
		if (out->n_invalid > HTAB_RUN_MAX - BLOCK_ENTRIES || !all_invalid(from) ||
		    hpt_track_peek(rd->tracker, block))
			return false;
		out->n_invalid += BLOCK_ENTRIES;
		return true;
	}
	if ((rd->flags & HPT_READ_BOLTED_ONLY) || out->n_invalid ||
	    out->n_valid > HTAB_RUN_MAX - BLOCK_ENTRIES ||
	    (size_t)(out->end - out->at) < BLOCK_ENTRIES * HPT_ENTRY_BYTES)
		return false;
	if (!hpt_convert(out->at, from, BLOCK_ENTRIES) || hpt_track_peek(rd->tracker, block))
		return false;
	out->at += BLOCK_ENTRIES * HPT_ENTRY_BYTES;
	out->n_valid += BLOCK_ENTRIES;
	return true;
}

/* ---- passes ------------------------------------------------------------------------------- */

/* The entries of @block that the cursor is not past. */
static u64 ahead_of_cursor(const struct hpt_reader *rd, u64 block)
{
	return block == rd->index >> BLOCK_SHIFT ? ~0ull << (rd->index & (BLOCK_ENTRIES - 1))
						 : ALL_OF_BLOCK;
}

/* Stops at the first untold entry of @block. */
static void stop_at(struct hpt_reader *rd, u64 block, u64 untold)
{
	rd->index = (block << BLOCK_SHIFT) + (unsigned)__builtin_ctzll(untold);
}

/* Both return false when the buffer was full before the table's end. */
static bool first_pass(struct hpt_reader *rd, struct out *out, u64 n_blocks)
{
	for (u64 block = rd->index >> BLOCK_SHIFT; block < n_blocks; block++) {
		u64 tell = ahead_of_cursor(rd, block), taken, untold;

		/* The bits above stay set: the next pass finds nothing there and clears them. */
		taken = hpt_track_take(rd->tracker, block, tell);
		if (taken)
			hpt_track_taken();
		if (tell == ALL_OF_BLOCK && put_uniform_block(rd, out, block))
			continue;
		untold = put_block(rd, out, block, tell);
		if (untold) {
			hpt_track_give_back(rd->tracker, block, taken & untold);
			stop_at(rd, block, untold);
			return false;
		}
	}
	return true;
}

/*
 * Blocks with changes, in order, taken some way ahead of telling: bitmap words and entries are
 * scattered, and so the host has fetched them by the time they are looked at.
 */
#define QUEUE_FULL   64u		    /* no more groups are taken then */
#define QUEUE_BLOCKS (QUEUE_FULL - 1 + 64u) /* one group has up to 64 */

struct queue {
	unsigned n;
	struct {
		u64 block, tell;
	} item[QUEUE_BLOCKS];
};

/* (As a function of its own, gcc finds it without effect and drops it.) */
static inline __attribute__((always_inline)) void prefetch_entries(const struct hpt_reader *rd,
								   u64 block, u64 tell)
{
	for (; tell; tell &= tell - 1)
		__builtin_prefetch(
		    &rd->hpt->entries[(block << BLOCK_SHIFT) + (unsigned)__builtin_ctzll(tell)]);
}

/* The next blocks that may have changes; those behind the cursor stay for the next pass. */
static void queue_groups(struct hpt_reader *rd, struct queue *q, u64 *group, u64 n_blocks)
{
	u64 cursor = rd->index >> BLOCK_SHIFT, words;

	for (q->n = 0; q->n < QUEUE_FULL; ++*group) {
		words = hpt_track_take_group(rd->tracker, group);
		if (!words)
			break;
		for (; words; words &= words - 1) {
			u64 block =
			    (*group << HPT_TRACK_GROUP_SHIFT) + (unsigned)__builtin_ctzll(words);

			if (block < cursor) {
				hpt_track_give_back(rd->tracker, block, 0);
			} else if (block < n_blocks) {
				__builtin_prefetch(&rd->tracker->level[0][block], 1);
				q->item[q->n++].block = block;
			}
		}
	}
}

static void queue_take(struct hpt_reader *rd, struct queue *q)
{
	for (unsigned i = 0; i < q->n; i++) {
		u64 block = q->item[i].block, mask = ahead_of_cursor(rd, block);

		q->item[i].tell = hpt_track_take(rd->tracker, block, mask);
		prefetch_entries(rd, block, q->item[i].tell);
		if (mask != ALL_OF_BLOCK)
			hpt_track_give_back(rd->tracker, block, 0);
	}
	hpt_track_taken();
}

static bool later_pass(struct hpt_reader *rd, struct out *out, u64 n_blocks)
{
	u64 group = rd->index >> (BLOCK_SHIFT + HPT_TRACK_GROUP_SHIFT);
	bool full = false;
	struct queue q;

	do {
		queue_groups(rd, &q, &group, n_blocks);
		queue_take(rd, &q);
		for (unsigned i = 0; i < q.n; i++) {
			u64 block = q.item[i].block, untold = q.item[i].tell;

			if (!full && untold) {
				__builtin_prefetch(out->at + 512, 1);
				untold = put_block(rd, out, block, untold);
				if (untold)
					stop_at(rd, block, untold);
			}
			/* Once the buffer is full, the rest of what was taken goes back. */
			full |= untold != 0;
			if (full)
				hpt_track_give_back(rd->tracker, block, untold);
		}
	} while (q.n >= QUEUE_FULL && !full);
	return !full;
}

ssize_t hpt_reader_read(struct hpt_reader *rd, void *buf, size_t bytes)
{
	struct out out = {.start = buf, .at = buf, .end = (u8 *)buf + bytes};
	u64 n = rd->hpt->n_entries;
	u64 n_blocks;
	bool whole;

	if (bytes < HPT_STREAM_READ_MIN)
		return -EINVAL;
	if (n > HPT_STREAM_INDEX_MAX + 1)
		n = HPT_STREAM_INDEX_MAX + 1;
	n_blocks = n >> BLOCK_SHIFT;

	do {
		bool ended;

		/* What is left of a pass may hold nothing while entries before it have changed. */
		whole = !rd->first_pass && rd->index == 0;
		ended = rd->first_pass ? first_pass(rd, &out, n_blocks)
				       : later_pass(rd, &out, n_blocks);
		if (ended) {
			rd->index = 0;
			rd->first_pass = false;
		}
	} while (out.at == out.start && !whole);
	close_record(&out);
	return out.at - out.start;
}

/* ---- coming and going ---------------------------------------------------------------------- */

int hpt_reader_create(struct hpt_reader **out, struct hpt *hpt, unsigned flags, u64 start_index)
{
	struct hpt_reader *rd = calloc(1, sizeof(*rd));

	if (!rd)
		return -ENOMEM;
	rd->tracker = hpt_tracker_get(&hpt->trackers);
	if (!rd->tracker) {
		free(rd);
		return -ENOMEM;
	}
	rd->hpt = hpt;
	rd->flags = flags;
	rd->first_pass = true;
	rd->index = start_index;
	*out = rd;
	return 0;
}

void hpt_reader_destroy(struct hpt_reader *rd)
{
	if (!rd)
		return;
	hpt_tracker_put(&rd->hpt->trackers, rd->tracker);
	free(rd);
}

int hpt_reader_rebind(struct hpt_reader *rd, struct hpt *hpt)
{
	struct hpt_tracker *tracker = hpt_tracker_get(&hpt->trackers);

	if (!tracker)
		return -ENOMEM;
	hpt_tracker_put(&rd->hpt->trackers, rd->tracker);
	rd->tracker = tracker;
	rd->hpt = hpt;
	rd->first_pass = true;
	rd->index = 0;
	return 0;
}
