/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hostile source sends to a destination. The input is records without their sums, which are
 * put in here, so that the fuzzer gets behind them: a type's number, a flag byte, a 16-bit length
 * and the payload.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include "migration/state/htab.h"
#include "migration/live/apply.h"
#include "platform/machine.h"

#define MEM_BYTES (64u << 12)
#define ENTRIES	  (1u << 14)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const u32 types[] = {LIVE_HELLO, LIVE_PING,    LIVE_MEMORY, LIVE_TABLE, LIVE_SYNC, LIVE_VCPU,
			    LIVE_XICS,	LIVE_DEVICES, LIVE_END,	   LIVE_GO,    LIVE_ORDER};

static u64 entries;

static int take_order(void *opaque, unsigned order, struct error *err)
{
	if (order < 18 || order > 46)
		abort();
	entries = 1ull << (order - 4);
	return 0;
}

static int take_records(void *opaque, const u8 *records, size_t bytes, struct error *err)
{
	struct htab_cursor c = {records, bytes, htab_host_order()};
	struct htab_record h;

	while (htab_next(&c, &h, NULL))
		if (htab_record_end(h) > entries)
			abort();
	if (c.left)
		abort();
	return 0;
}

/* The input as the stream it stands for. */
static void write_stream(int fd, const uint8_t *data, size_t size)
{
	u64 number = 0;

	while (size >= 4) {
		u8 h[LIVE_HEADER_BYTES];
		size_t len = data[2] | data[3] << 8;

		data += 4;
		size -= 4;
		if (len > size)
			len = size;
		put_le(h, types[data[-4] % ARRAY_SIZE(types)], 4);
		put_le(h + 4, data[-3] & 1, 4);
		put_le(h + 8, len, 4);
		put_le(h + 12, data[-3] & 1 ? (u64)(data[-3] >> 1) << 8 : len, 4);
		put_le(h + 16,
		       XXH3_64bits_withSeed(data, len, XXH3_64bits_withSeed(h, 16, number++)), 8);
		if (write(fd, h, sizeof(h)) < 0 || write(fd, data, len) < 0)
			abort();
		data += len;
		size -= len;
	}
	lseek(fd, 0, SEEK_SET);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static u8 memory[MEM_BYTES];
	const struct channel_options opts = {.timeout_ms = 100, .cancel_fd = -1, .fd = -1};
	struct guest_mem mem = {.host = memory, .bytes = MEM_BYTES};
	struct live_apply a = {.mem = &mem,
			       .papr = size % 4 != 3, /* or a board */
			       .table_entries = ENTRIES,
			       .table = take_records,
			       .order = take_order,
			       .n_vcpus = 2};
	int fd = memfd_create("stream", 0);
	struct live_hello *h = malloc(sizeof(*h));
	struct live_stream *s;
	struct channel *ch;
	struct live_record rec;
	struct error err;
	u64 number;

	entries = ENTRIES;
	write_stream(fd, data, size);
	ch = channel_from_fd(fd, &opts);
	s = live_stream_new(ch, NULL);
	live_apply_init(&a, NULL);
	while (!live_receive(s, &rec, &err)) {
		char text[256];

		live_hello_unpack(h, &rec, &err);
		live_text_unpack(text, &rec, &err);
		if (live_apply_record(&a, &rec, &number, &err) == LIVE_STEP_BAD)
			break;
	}
	/* What is believed to be whole has all its parts. */
	if (a.has_end && (a.n_seen != 2 || a.has_xics != a.papr || !a.devices))
		abort();
	live_apply_free(&a);
	live_stream_free(s);
	channel_close(ch);
	free(h);
	return 0;
}
