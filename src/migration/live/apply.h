/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The receiving side without machine and connection: takes the stream's records after HELLO in the
 * only order in which they make sense, and believes none of them before it is checked. Memory and
 * table are filled at once; what is sent of the stopped guest is kept until the end.
 */
#ifndef PAPYR_MIGRATION_LIVE_APPLY_H
#define PAPYR_MIGRATION_LIVE_APPLY_H

#include "migration/live/protocol.h"
#include "platform/guestmem.h"

struct live_apply {
	/* Set by the owner. */
	const struct guest_mem *mem;
	bool papr; /* a partition: with a table and interrupt sources, which a board hasn't */
	u64 table_entries;
	live_table_fn table; /* takes whole records of the table's stream */
	/* An empty table of that order, 18 .. 46, takes the place of what there is. */
	int (*order)(void *opaque, unsigned order, struct error *err);
	void *opaque;
	u32 n_vcpus;

	/* What came. */
	struct saved_vcpu *vcpus; /* the first n_seen of n_vcpus */
	u32 n_seen;
	bool has_xics, has_end;
	struct saved_xics xics;
	u8 *devices;
	size_t devices_bytes;
	struct live_end end;
	u64 pages, records;
};

enum live_step {
	LIVE_STEP_BAD = -1,
	LIVE_STEP_MORE,
	LIVE_STEP_PING,
	LIVE_STEP_SYNC,
	LIVE_STEP_END
};

int live_apply_init(struct live_apply *a, struct error *err);
void live_apply_free(struct live_apply *a);
/* @number is what a ping or sync wants back. END: everything is there. */
enum live_step live_apply_record(struct live_apply *a, const struct live_record *rec, u64 *number,
				 struct error *err);

#endif
