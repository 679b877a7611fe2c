/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a table can be right: what each entry says is possible, and it stands where the processor
 * would look for it.
 */
#ifndef PAPYR_INSPECT_VERIFY_H
#define PAPYR_INSPECT_VERIFY_H

#include "inspect/table.h"

enum violation {
	VIOLATION_SIZE,	     /* a page size code that doesn't exist */
	VIOLATION_SEGMENT,   /* a segment size that doesn't exist */
	VIOLATION_GROUP,     /* its hash leads to another group */
	VIOLATION_DUPLICATE, /* two entries for one virtual page: @other is the first */
	VIOLATION_MEMORY,    /* only the beginning of its page is memory */
	VIOLATION_NOT_VALID, /* told as valid, without the valid bit; @index means nothing */
	VIOLATION_KINDS
};

/* For scripts: "size", "segment", ... */
const char *violation_name(enum violation kind);

/* Told of each violation. @other: an entry or group that has to do with it. */
typedef void (*violation_fn)(void *opaque, enum violation kind, u64 index, u64 v, u64 r, u64 other);

struct table_check {
	u64 entries;
	u64 without_memory; /* MMIO, or absent: allowed; 0 if the memory's size isn't known */
	u64 violations, by_kind[VIOLATION_KINDS];
};

void table_verify(const struct table *t, violation_fn fn, void *opaque, struct table_check *check);

#endif
