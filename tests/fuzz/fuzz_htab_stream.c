/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: whatever is written to the table's stream, the writer neither crashes nor makes
 * a table that its own reader and a second writer disagree about.
 *
 * Input: one byte of settings, then the stream, written in pieces whose sizes the settings choose.
 */
#include <stdlib.h>
#include "hpt/hpt.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define RAM_END 0x40000000ull
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

static enum hpt_backing classify(void *ctx, u64 gpa, u64 bytes)
{
	if (gpa >= RAM_END)
		return HPT_MMIO;
	return gpa + bytes > RAM_END ? HPT_REFUSED : HPT_RAM;
}

static void invalidated(void *ctx, u64 index, u64 v, u64 r)
{
	CHECK(v & HPT_V_VALID);
}

static const struct hpt_ops ops = {classify, invalidated};

/* Tables are kept between inputs: making one takes longer than a short stream. */
static struct hpt *table(unsigned which)
{
	static struct hpt *tables[2];

	if (!tables[which]) {
		CHECK(hpt_create(&tables[which], HPT_ORDER_MIN) == 0);
		hpt_set_ops(tables[which], &ops, NULL);
	}
	return tables[which];
}

static void write_pieces(struct hpt *hpt, const u8 *data, size_t size, size_t piece)
{
	struct hpt_writer w = {.hpt = hpt};
	size_t at = 0;

	while (at < size) {
		size_t n = size - at < piece ? size - at : piece;
		ssize_t taken = hpt_writer_write(&w, data + at, n);

		CHECK(taken <= (ssize_t)n);
		if (taken < 0)
			break;
		if (taken == 0) {
			if (n == size - at)
				break; /* a record that the input's end cuts off */
			piece *= 2;
			continue;
		}
		at += (size_t)taken;
	}
}

/* The whole table's stream; returns its length. */
static size_t read_all(struct hpt *hpt, u8 *buf, size_t bytes)
{
	struct hpt_reader *rd;
	ssize_t got;

	CHECK(hpt_reader_create(&rd, hpt, 0, 0) == 0);
	got = hpt_reader_read(rd, buf, bytes);
	CHECK(got > 0 && (size_t)got < bytes);
	CHECK(hpt_reader_read(rd, buf + got, bytes - (size_t)got) == 0);
	hpt_reader_destroy(rd);
	return (size_t)got;
}

/* What a table tells must be taken by another whole, and be told by that one again. */
static void check_copy(struct hpt *from, struct hpt *to)
{
	static u8 a[1 << 19], b[1 << 19];
	struct hpt_writer w = {.hpt = to};
	size_t bytes = read_all(from, a, sizeof(a));

	CHECK(hpt_writer_write(&w, a, bytes) == (ssize_t)bytes);
	CHECK(read_all(to, b, sizeof(b)) == bytes);
	CHECK(!memcmp(a, b, bytes));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct hpt *a = table(0), *b = table(1);
	struct hpt_reader *rd;

	if (!size)
		return 0;
	hpt_clear(a);
	hpt_clear(b);
	CHECK(hpt_reader_create(&rd, a, data[0] & 1 ? HPT_READ_BOLTED_ONLY : 0, data[0] * 64ull) ==
	      0);
	/* A buffer of the input's exact size, so that reading beyond it is seen. */
	write_pieces(a, data + 1, size - 1, 8 + data[0] * 16u);
	check_copy(a, b);
	if (data[0] & 2)
		hpt_rmap_make_absent(a, (u64)data[0] << 20, 1ull << 24);
	hpt_reader_destroy(rd);
	return 0;
}
