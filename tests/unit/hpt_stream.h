/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the stream: takes a table's stream into arrays, record by record, and checks the
 * form.
 */
#ifndef TESTS_UNIT_HPT_STREAM_H
#define TESTS_UNIT_HPT_STREAM_H

#include "hpt_common.h"

struct replica {
	u64 n;
	u64 *v, *r; /* 0, 0: invalid */
	u32 *told;  /* how often each entry was told of, since the test last cleared it */
	u64 records, told_valid, told_invalid;
};

static inline void replica_init(struct replica *rep, u64 n)
{
	*rep = (struct replica){.n = n};
	rep->v = calloc(n, sizeof(*rep->v));
	rep->r = calloc(n, sizeof(*rep->r));
	rep->told = calloc(n, sizeof(*rep->told));
}

static inline void replica_free(struct replica *rep)
{
	free(rep->v);
	free(rep->r);
	free(rep->told);
}

static inline void replica_forget(struct replica *rep)
{
	memset(rep->told, 0, rep->n * sizeof(*rep->told));
	rep->records = rep->told_valid = rep->told_invalid = 0;
}

static inline void replica_apply(struct replica *rep, const void *buf, size_t bytes)
{
	struct htab_record h;
	const u8 *at = buf, *end = at + bytes;
	u64 next = 0;

	while (at < end) {
		assert_true((size_t)(end - at) >= sizeof(h));
		memcpy(&h, at, sizeof(h));
		at += sizeof(h);
		assert_true(h.n_valid + h.n_invalid > 0);
		assert_true(h.index >= next);
		next = (u64)h.index + h.n_valid + h.n_invalid;
		assert_true(next <= rep->n);
		assert_true(h.n_valid * 16ull <= (u64)(end - at));
		for (u64 i = h.index; i < next; i++) {
			bool valid = i < (u64)h.index + h.n_valid;

			rep->v[i] = valid ? load_be64(at) : 0;
			rep->r[i] = valid ? load_be64(at + 8) : 0;
			if (valid) {
				assert_int_equal(rep->v[i] & (HPT_V_OURS | HPT_V_VALID),
						 HPT_V_VALID);
				at += 16;
			}
			rep->told[i]++;
		}
		rep->records++;
		rep->told_valid += h.n_valid;
		rep->told_invalid += h.n_invalid;
	}
}

static inline ssize_t replica_read(struct replica *rep, struct hpt_reader *rd, void *buf,
				   size_t bytes)
{
	ssize_t got = hpt_reader_read(rd, buf, bytes);

	assert_true(got >= 0 && (size_t)got <= bytes);
	replica_apply(rep, buf, (size_t)got);
	return got;
}

/* Until nothing is left to tell. */
static inline void replica_catch_up(struct replica *rep, struct hpt_reader *rd, size_t bytes)
{
	u8 *buf = malloc(bytes);

	while (replica_read(rep, rd, buf, bytes))
		;
	free(buf);
}

static inline void replica_equals(const struct replica *rep, struct hpt *hpt)
{
	for (u64 i = 0; i < rep->n; i++) {
		u64 v, r;

		hpt_read(hpt, i, &v, &r);
		if (!(v & HPT_V_VALID))
			v = r = 0;
		assert_int_equal(rep->v[i], v);
		assert_int_equal(rep->r[i], r);
	}
}

/* Differs for each @i: an entry that can be told from others. */
#define AVPN(i) (((u64)(i) + 1) << HPT_V_AVPN_SHIFT & HPT_V_AVPN)

static inline struct hpt_reader *new_reader(struct hpt *hpt, unsigned flags, u64 start)
{
	struct hpt_reader *rd;

	assert_int_equal(hpt_reader_create(&rd, hpt, flags, start), 0);
	return rd;
}

#endif
