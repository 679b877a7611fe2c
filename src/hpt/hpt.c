/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table: its memory, from creation to end.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "hpt/internal.h"

#define ENTRY_SHIFT 4

static void *map_zeroes(u64 bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* Accesses are as scattered as hashes are: spare the host its own page walks. */
	madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static void unmap(void *p, u64 bytes)
{
	if (p)
		munmap(p, bytes);
}

static u64 buckets_bytes(const struct hpt *hpt)
{
	return sizeof(*hpt->buckets) << hpt->bucket_bits;
}

int hpt_create(struct hpt **out, unsigned order)
{
	struct hpt *hpt;

	if (order < HPT_ORDER_MIN || order > HPT_ORDER_MAX)
		return -EINVAL;
	hpt = calloc(1, sizeof(*hpt));
	if (!hpt)
		return -ENOMEM;

	hpt->order = order;
	hpt->n_entries = 1ull << (order - ENTRY_SHIFT);
	hpt->pteg_mask = (hpt->n_entries >> HPT_GROUP_SHIFT) - 1;
	/*
	 * A table is 1/128 of memory: one bucket for each 4K page of that much is half the entries.
	 */
	hpt->bucket_bits = order - ENTRY_SHIFT - 1;
	hpt_trackers_init(&hpt->trackers, hpt->n_entries);

	hpt->entries = map_zeroes(hpt->n_entries * sizeof(*hpt->entries));
	hpt->links = map_zeroes(hpt->n_entries * sizeof(*hpt->links));
	hpt->buckets = map_zeroes(buckets_bytes(hpt));
	if (!hpt->entries || !hpt->links || !hpt->buckets) {
		hpt_destroy(hpt);
		return -ENOMEM;
	}
	*out = hpt;
	return 0;
}

void hpt_destroy(struct hpt *hpt)
{
	if (!hpt)
		return;
	unmap(hpt->entries, hpt->n_entries * sizeof(*hpt->entries));
	unmap(hpt->links, hpt->n_entries * sizeof(*hpt->links));
	unmap(hpt->buckets, buckets_bytes(hpt));
	hpt_trackers_destroy(&hpt->trackers);
	free(hpt);
}

void hpt_set_ops(struct hpt *hpt, const struct hpt_ops *ops, void *ctx)
{
	hpt->ops = ops;
	hpt->ops_ctx = ctx;
}

unsigned hpt_order(const struct hpt *hpt)
{
	return hpt->order;
}

u64 hpt_entries(const struct hpt *hpt)
{
	return hpt->n_entries;
}

u64 hpt_pteg_mask(const struct hpt *hpt)
{
	return hpt->pteg_mask;
}
