/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hash table's tests share: cmocka, random numbers, a table with ops that remember.
 */
#ifndef TESTS_UNIT_HPT_COMMON_H
#define TESTS_UNIT_HPT_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include "hpt/hpt.h"
#include "hpt/internal.h"

#define ALWAYS (1u << HPT_ALWAYS)

static inline u64 next_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1dull;
}

/* Memory is [0, ram_end) but for a hole; a page that straddles the end is refused. */
struct test_ops {
	u64 ram_end;
	u64 hole, hole_end;
	u64 invalidated;		/* how many calls */
	u64 last_index, last_v, last_r; /* of the last */
};

static inline enum hpt_backing test_classify(void *ctx, u64 gpa, u64 bytes)
{
	struct test_ops *t = ctx;

	if (gpa >= t->ram_end || (gpa >= t->hole && gpa < t->hole_end))
		return HPT_MMIO;
	return gpa + bytes > t->ram_end ? HPT_REFUSED : HPT_RAM;
}

static inline void test_invalidated(void *ctx, u64 index, u64 v, u64 r)
{
	struct test_ops *t = ctx;

	t->invalidated++;
	t->last_index = index;
	t->last_v = v;
	t->last_r = r;
}

static const struct hpt_ops test_ops = {test_classify, test_invalidated};

static inline struct hpt *new_table(unsigned order)
{
	struct hpt *hpt;

	assert_int_equal(hpt_create(&hpt, order), 0);
	return hpt;
}

/* A valid 4K entry at exactly this place. */
static inline void enter_at(struct hpt *hpt, u64 index, u64 v, u64 r)
{
	assert_int_equal(hpt_enter(hpt, index, HPT_EXACT, v, r, NULL), 0);
}

static inline u64 page(u64 gpa)
{
	return gpa | HPT_R_M | 2;
}

#endif
