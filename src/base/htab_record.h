/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of the hash table's stream, as they pass through KVM_PPC_GET_HTAB_FD's descriptor
 * (papyr/kvm.h, struct kvm_get_htab_header), into files and to other hosts: a header (the first
 * entry's number, how many valid entries follow, how many invalid ones come after those) in the
 * byte order of the host that made it, then 16 bytes for each valid entry, big-endian.
 */
#ifndef PAPYR_BASE_HTAB_RECORD_H
#define PAPYR_BASE_HTAB_RECORD_H

#include "base/bits.h"

#define HTAB_RECORD_HEADER sizeof(struct htab_record)
#define HTAB_ENTRY_BYTES   16u
#define HTAB_RUN_MAX	   0xffffu /* n_valid and n_invalid each */
#define HTAB_RECORD_MAX	   (HTAB_RECORD_HEADER + HTAB_RUN_MAX * HTAB_ENTRY_BYTES)

/* Of the headers. */
enum htab_order { HTAB_LITTLE, HTAB_BIG };

struct htab_record {
	u32 index;
	u16 n_valid, n_invalid;
};

_Static_assert(sizeof(struct htab_record) == 8, "it is the header's layout");

static inline enum htab_order htab_host_order(void)
{
	return BASE_HOST_LE ? HTAB_LITTLE : HTAB_BIG;
}

static inline struct htab_record htab_record_swap(struct htab_record rec)
{
	return (struct htab_record){
	    .index = __builtin_bswap32(rec.index),
	    .n_valid = __builtin_bswap16(rec.n_valid),
	    .n_invalid = __builtin_bswap16(rec.n_invalid),
	};
}

static inline struct htab_record htab_record_decode(const u8 *header, enum htab_order order)
{
	struct htab_record rec;

	memcpy(&rec, header, sizeof(rec));
	return order == htab_host_order() ? rec : htab_record_swap(rec);
}

static inline void htab_record_encode(u8 *header, struct htab_record rec, enum htab_order order)
{
	if (order != htab_host_order())
		rec = htab_record_swap(rec);
	memcpy(header, &rec, sizeof(rec));
}

/* The number of the first entry behind those that it tells of. */
static inline u64 htab_record_end(struct htab_record rec)
{
	return (u64)rec.index + rec.n_valid + rec.n_invalid;
}

/* Header included. */
static inline size_t htab_record_bytes(struct htab_record rec)
{
	return HTAB_RECORD_HEADER + (size_t)rec.n_valid * HTAB_ENTRY_BYTES;
}

/* A walk over records that are in memory. */
struct htab_cursor {
	const u8 *data;
	size_t left;
	enum htab_order order;
};

/*
 * Takes the next record; @entries, if it isn't NULL, are its valid ones. False at the end, and
 * where what is left is no whole record.
 */
static inline bool htab_next(struct htab_cursor *c, struct htab_record *rec, const u8 **entries)
{
	size_t bytes;

	if (c->left < HTAB_RECORD_HEADER)
		return false;
	*rec = htab_record_decode(c->data, c->order);
	bytes = htab_record_bytes(*rec);
	if (bytes > c->left)
		return false;
	if (entries)
		*entries = c->data + HTAB_RECORD_HEADER;
	c->data += bytes;
	c->left -= bytes;
	return true;
}

#endif
