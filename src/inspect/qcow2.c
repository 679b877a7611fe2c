/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Big-endian throughout. A table of tables: the snapshot's L1 table has the places of L2 tables,
 * these have the places of clusters.
 */
#include "inspect/qcow2.h"

#include <stdlib.h>

#define MAGIC 0x514649fbu

/* Header. */
enum {
	HEADER_VERSION = 4,	  /* 4 */
	HEADER_CLUSTER_BITS = 20, /* 4 */
	HEADER_DISK_BYTES = 24,	  /* 8 */
	HEADER_SNAPSHOTS = 60,	  /* 4: how many */
	HEADER_SNAPSHOTS_AT = 64, /* 8 */
	HEADER_BYTES = 72,
	HEADER_INCOMPATIBLE = 72, /* 8: from version 3 on */
};

/* Features without which the image can't be read. */
#define DIRTY	  (1ull << 0) /* counts of references may be wrong: we don't look at them */
#define CORRUPT	  (1ull << 1)
#define DATA_FILE (1ull << 2)
#define ZSTD	  (1ull << 3) /* of compressed clusters, which a machine's state hasn't got */

/* A snapshot: these, then extra data, id and name, up to a multiple of 8. */
enum {
	SNAPSHOT_L1_AT = 0,	   /* 8 */
	SNAPSHOT_L1_ENTRIES = 8,   /* 4 */
	SNAPSHOT_ID_BYTES = 12,	   /* 2 */
	SNAPSHOT_NAME_BYTES = 14,  /* 2 */
	SNAPSHOT_STATE_BYTES = 32, /* 4 */
	SNAPSHOT_EXTRA_BYTES = 36, /* 4 */
	SNAPSHOT_BYTES = 40, /* then the state's bytes in 8, if there are so many extra ones */
};

#define CLUSTER_BITS_MIN 9
#define CLUSTER_BITS_MAX 21
#define PLACE		 0x00fffffffffffe00ull /* in entries of both tables */
#define L2_COMPRESSED	 (1ull << 62)
#define L2_ZERO		 1ull
#define SNAPSHOTS_MAX	 65536

struct disk {
	const u8 *data;
	size_t len;
	unsigned cluster_bits;
	u64 disk_bytes;
	u64 l1_at, l1_entries; /* of the snapshot */
	u64 state_bytes;
};

bool looks_like_qcow2(const u8 *data, size_t len)
{
	return len >= HEADER_BYTES && load_be32(data) == MAGIC;
}

/* NULL: not in the file. */
static const u8 *at(const struct disk *d, u64 place, u64 bytes)
{
	return place <= d->len && bytes <= d->len - place ? d->data + place : NULL;
}

static unsigned load_be16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

/* What an image says it needs, and we can't do, would be read as something else. */
static int check_features(const struct disk *d, struct error *err)
{
	u32 version = load_be32(d->data + HEADER_VERSION);
	const u8 *features = version >= 3 ? at(d, HEADER_INCOMPATIBLE, 8) : NULL;
	u64 needs = features ? load_be64(features) & ~(DIRTY | ZSTD) : 0;

	if (version != 2 && version != 3)
		return error_set(
		    err, "the disk image is of qcow version %u: there are 2 and 3 here", version);
	if (version == 3 && !features)
		return error_set(err, "the disk image is cut off");
	if (needs & CORRUPT)
		return error_set(err, "the disk image is marked as corrupt ('qemu-img check')");
	if (needs & DATA_FILE)
		return error_set(err, "the disk image keeps its data in another file");
	if (needs)
		return error_set(err, "the disk image has features that can't be read here (%#llx)",
				 (unsigned long long)needs);
	return 0;
}

/* Finds the last snapshot with a machine's state. */
static int find_state(struct disk *d, struct error *err)
{
	u32 n = load_be32(d->data + HEADER_SNAPSHOTS);
	u64 place = load_be64(d->data + HEADER_SNAPSHOTS_AT);

	if (n > SNAPSHOTS_MAX)
		return error_set(err, "the disk image is damaged");
	for (u32 i = 0; i < n; i++) {
		const u8 *s = at(d, place, SNAPSHOT_BYTES), *extra;
		u64 bytes;

		if (!s)
			return error_set(err, "the disk image is cut off");
		bytes = load_be32(s + SNAPSHOT_STATE_BYTES);
		extra = at(d, place + SNAPSHOT_BYTES, 8);
		if (load_be32(s + SNAPSHOT_EXTRA_BYTES) >= 8 && extra)
			bytes = load_be64(extra);
		if (bytes) {
			d->state_bytes = bytes;
			d->l1_at = load_be64(s + SNAPSHOT_L1_AT);
			d->l1_entries = load_be32(s + SNAPSHOT_L1_ENTRIES);
		}
		place += SNAPSHOT_BYTES + (u64)load_be32(s + SNAPSHOT_EXTRA_BYTES) +
			 load_be16(s + SNAPSHOT_ID_BYTES) + load_be16(s + SNAPSHOT_NAME_BYTES);
		place = (place + 7) & ~7ull;
	}
	/* Each cluster of it is in the file. */
	if (!d->state_bytes)
		return error_set(err, "the disk image holds no machine's state (savevm)");
	return d->state_bytes <= d->len ? 0 : error_set(err, "the disk image is cut off");
}

/* Copies cluster number @n of the snapshot's address space; what was never written is zero. */
static int copy_cluster(const struct disk *d, u64 n, u8 *to, u64 bytes, struct error *err)
{
	unsigned l2_bits = d->cluster_bits - 3;
	const u8 *entry, *cluster;
	u64 place;

	entry = n >> l2_bits < d->l1_entries ? at(d, d->l1_at + (n >> l2_bits) * 8, 8) : NULL;
	if (!entry)
		return error_set(err, "the disk image's tables are damaged");
	place = load_be64(entry) & PLACE;
	if (!place)
		return 0;
	entry = at(d, place + (n & ((1ull << l2_bits) - 1)) * 8, 8);
	if (!entry || load_be64(entry) & L2_COMPRESSED)
		return error_set(err, "the disk image's tables are damaged");
	place = load_be64(entry) & PLACE;
	if (!place || load_be64(entry) & L2_ZERO)
		return 0;
	cluster = at(d, place, bytes);
	if (!cluster)
		return error_set(err, "the disk image is cut off");
	memcpy(to, cluster, bytes);
	return 0;
}

static int copy_state(const struct disk *d, u8 *state, struct error *err)
{
	u64 cluster = 1ull << d->cluster_bits, per_l1 = cluster << (d->cluster_bits - 3);
	/* The state begins with the first L1 entry that the disk doesn't use. */
	u64 first = (d->disk_bytes + per_l1 - 1) / per_l1 << (d->cluster_bits - 3);

	for (u64 done = 0; done < d->state_bytes; done += cluster) {
		u64 some = d->state_bytes - done < cluster ? d->state_bytes - done : cluster;

		if (copy_cluster(d, first + (done >> d->cluster_bits), state + done, some, err))
			return -1;
	}
	return 0;
}

u8 *qcow2_vm_state(const u8 *data, size_t len, size_t *state_len, struct error *err)
{
	struct disk d = {
	    .data = data,
	    .len = len,
	    .cluster_bits = load_be32(data + HEADER_CLUSTER_BITS),
	    .disk_bytes = load_be64(data + HEADER_DISK_BYTES),
	};
	u8 *state;

	if (check_features(&d, err))
		return NULL;
	if (d.cluster_bits < CLUSTER_BITS_MIN || d.cluster_bits > CLUSTER_BITS_MAX ||
	    d.disk_bytes >> 56) {
		error_set(err, "the disk image is damaged");
		return NULL;
	}
	if (find_state(&d, err))
		return NULL;
	state = calloc(1, d.state_bytes);
	if (!state) {
		error_set(err, "no memory for the machine's state of %llu bytes",
			  (unsigned long long)d.state_bytes);
		return NULL;
	}
	if (copy_state(&d, state, err)) {
		free(state);
		return NULL;
	}
	*state_len = d.state_bytes;
	return state;
}
