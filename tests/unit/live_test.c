/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream of a live migration, without a machine: what is sent comes out the same; what is
 * altered anywhere is refused; what a hostile source sends is.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "migration/state/devices.h"
#include "migration/state/htab.h"
#include "migration/live/apply.h"

#define MEM_BYTES (1u << 20)
#define ENTRIES	  (1u << 14)
#define FLIPS	  10000

static const struct channel_options plain = {.timeout_ms = 1000, .cancel_fd = -1, .fd = -1};

/* A file in memory that a channel writes or reads. */
static struct channel *file_channel(int fd)
{
	lseek(fd, 0, SEEK_SET);
	return channel_from_fd(dup(fd), &plain);
}

static int send_hello(struct live_stream *s)
{
	struct live_hello *h = calloc(1, sizeof(*h));
	struct state_out out = {0};

	h->version = LIVE_VERSION;
	h->flags = LIVE_HELLO_ONE_WAY;
	h->capabilities = LIVE_CAPS;
	h->timeout_ms = 1000;
	h->core_stride = 8;
	strcpy(h->machine.model, "POWER8");
	h->machine.mem_bytes = MEM_BYTES;
	h->machine.n_vcpus = 1;
	h->machine.threads = 1;
	h->machine.htab_order = 18;
	h->n_devices = 1;
	strcpy(h->devices[0].name, "nvram");
	h->devices[0].version = 1;
	live_hello_pack(h, &out);
	free(h);
	return live_send_state(s, LIVE_HELLO, &out, NULL);
}

static int send_memory(struct live_stream *s)
{
	static u8 buf[4 + 2 * 8 + GUEST_PAGE];

	put_le(buf, 2, 4);
	put_le(buf + 4, 5 * GUEST_PAGE, 8);
	put_le(buf + 12, 6 * GUEST_PAGE | LIVE_PAGE_ZERO, 8);
	for (unsigned i = 0; i < GUEST_PAGE; i++)
		buf[20 + i] = i / 7;
	return live_send(s, LIVE_MEMORY, buf, sizeof(buf), true, NULL);
}

static int send_table(struct live_stream *s)
{
	u8 buf[4 + 8 + 16];

	memset(buf, 0, sizeof(buf));
	put_le(buf, htab_host_order(), 4);
	htab_record_encode(buf + 4, (struct htab_record){100, 1, 7}, htab_host_order());
	buf[12] = 0x5a;
	return live_send(s, LIVE_TABLE, buf, sizeof(buf), false, NULL);
}

static const char *const device_names[] = {"rtas", "nvram", "events", "console"};

static int send_stopped(struct live_stream *s)
{
	struct saved_vcpu *v = calloc(1, sizeof(*v));
	struct saved_xics x = {.n = 1};
	struct live_end e = {.flags = LIVE_END_GO, .n_vcpus = 1, .timebase = 77};
	struct state_out out = {0};
	int r;

	saved_vcpu_pack(v, &out);
	free(v);
	r = live_send_state(s, LIVE_VCPU, &out, NULL);
	saved_xics_pack(&x, &out);
	r |= live_send_state(s, LIVE_XICS, &out, NULL);
	put_u32(&out, ARRAY_SIZE(device_names));
	for (unsigned i = 0; i < ARRAY_SIZE(device_names); i++) {
		put_string(&out, device_names[i]);
		put_u32(&out, 1);
		put_u32(&out, 0);
	}
	r |= live_send_state(s, LIVE_DEVICES, &out, NULL);
	live_end_pack(&e, &out);
	return r | live_send_state(s, LIVE_END, &out, NULL);
}

/* A whole migration into a file; its length. */
static size_t make_stream(int fd)
{
	struct channel *ch = file_channel(fd);
	struct live_stream *s = live_stream_new(ch, NULL);
	size_t bytes;

	assert_int_equal(send_hello(s) | live_send_number(s, LIVE_SYNC, 1, NULL) | send_memory(s) |
			     send_table(s) | send_stopped(s),
			 0);
	bytes = channel_written(ch);
	live_stream_free(s);
	channel_close(ch);
	return bytes;
}

struct sink {
	unsigned order;
	unsigned records;
	u8 last[24];
};

static int take_record(void *opaque, const u8 *record, size_t bytes, struct error *err)
{
	struct sink *sink = opaque;

	sink->records++;
	if (bytes == sizeof(sink->last))
		memcpy(sink->last, record, bytes);
	return 0;
}

static int take_order(void *opaque, unsigned order, struct error *err)
{
	((struct sink *)opaque)->order = order;
	return 0;
}

/* Has it all come, to its end? */
static bool take_stream(int fd, struct guest_mem *mem, struct sink *sink, struct live_end *end)
{
	struct channel *ch = file_channel(fd);
	struct live_stream *s = live_stream_new(ch, NULL);
	struct live_apply a = {.mem = mem,
			       .papr = true,
			       .table_entries = ENTRIES,
			       .table = take_record,
			       .opaque = sink,
			       .n_vcpus = 1};
	struct live_hello *h = malloc(sizeof(*h));
	enum live_step step = LIVE_STEP_BAD;
	struct live_record rec;
	struct error err;
	u64 number;

	live_apply_init(&a, NULL);
	if (!live_receive(s, &rec, &err) && !live_hello_unpack(h, &rec, &err) &&
	    h->machine.mem_bytes == MEM_BYTES && h->machine.n_vcpus == 1) {
		do
			step = live_receive(s, &rec, &err)
				   ? LIVE_STEP_BAD
				   : live_apply_record(&a, &rec, &number, &err);
		while (step != LIVE_STEP_BAD && step != LIVE_STEP_END);
	}
	*end = a.end;
	free(h);
	live_apply_free(&a);
	live_stream_free(s);
	channel_close(ch);
	return step == LIVE_STEP_END;
}

static void whole_stream(void **state)
{
	int fd = memfd_create("stream", 0);
	struct guest_mem mem = {.host = calloc(1, MEM_BYTES), .bytes = MEM_BYTES};
	struct sink sink = {0};
	struct live_end end;

	make_stream(fd);
	mem.host[6 * GUEST_PAGE + 9] = 1;
	assert_true(take_stream(fd, &mem, &sink, &end));
	assert_int_equal(mem.host[5 * GUEST_PAGE + 700], 100);
	assert_int_equal(mem.host[6 * GUEST_PAGE + 9], 0);
	assert_int_equal(sink.records, 1);
	assert_int_equal(sink.last[8], 0x5a);
	assert_int_equal(end.timebase, 77);
	free(mem.host);
	close(fd);
}

/* No single altered bit ever leads to a guest that is believed to be whole. */
static void flipped_bits(void **state)
{
	int fd = memfd_create("stream", 0);
	struct guest_mem mem = {.host = calloc(1, MEM_BYTES), .bytes = MEM_BYTES};
	size_t bytes = make_stream(fd);
	u64 seed = 88172645463325252ull;
	struct sink sink = {0};
	struct live_end end;

	for (unsigned i = 0; i < FLIPS; i++) {
		size_t at;
		u8 b;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		at = i < bytes ? i : seed % bytes;
		assert_int_equal(pread(fd, &b, 1, at), 1);
		b ^= 1 << (seed >> 40) % 8;
		assert_int_equal(pwrite(fd, &b, 1, at), 1);
		assert_false(take_stream(fd, &mem, &sink, &end));
		b ^= 1 << (seed >> 40) % 8;
		assert_int_equal(pwrite(fd, &b, 1, at), 1);
	}
	assert_true(take_stream(fd, &mem, &sink, &end));
	free(mem.host);
	close(fd);
}

static void cut_off(void **state)
{
	int fd = memfd_create("stream", 0);
	struct guest_mem mem = {.host = calloc(1, MEM_BYTES), .bytes = MEM_BYTES};
	size_t bytes = make_stream(fd);
	struct sink sink = {0};
	struct live_end end;

	while (bytes) {
		bytes -= bytes > 37 ? 37 : bytes;
		assert_int_equal(ftruncate(fd, bytes), 0);
		assert_false(take_stream(fd, &mem, &sink, &end));
	}
	free(mem.host);
	close(fd);
}

/* ---- Records that are whole, and wrong ---- */

static enum live_step apply(u32 type, const void *data, size_t bytes)
{
	static u8 memory[MEM_BYTES];
	struct guest_mem mem = {.host = memory, .bytes = MEM_BYTES};
	struct sink sink = {0};
	struct live_apply a = {.mem = &mem,
			       .papr = true,
			       .table_entries = ENTRIES,
			       .table = take_record,
			       .opaque = &sink,
			       .n_vcpus = 1};
	struct live_record rec = {type, (u8 *)data, bytes};
	struct error err;
	enum live_step step;
	u64 number;

	live_apply_init(&a, NULL);
	step = live_apply_record(&a, &rec, &number, &err);
	live_apply_free(&a);
	return step;
}

/* Which table is told of from then on is another. */
static void another_table(void **state)
{
	static u8 memory[MEM_BYTES];
	struct guest_mem mem = {.host = memory, .bytes = MEM_BYTES};
	struct sink sink = {0};
	struct live_apply a = {.mem = &mem,
			       .papr = true,
			       .table_entries = ENTRIES,
			       .table = take_record,
			       .order = take_order,
			       .opaque = &sink,
			       .n_vcpus = 1};
	u8 table[4 + 8 + 16] = {0}, number[8];
	struct live_record order = {LIVE_ORDER, number, sizeof(number)};
	struct live_record records = {LIVE_TABLE, table, sizeof(table)};
	struct error err;
	u64 n;

	live_apply_init(&a, NULL);
	put_le(table, htab_host_order(), 4);
	htab_record_encode(table + 4, (struct htab_record){ENTRIES, 1, 0}, htab_host_order());
	assert_int_equal(live_apply_record(&a, &records, &n, &err), LIVE_STEP_BAD);
	put_le(number, 21, 8);
	assert_int_equal(live_apply_record(&a, &order, &n, &err), LIVE_STEP_MORE);
	assert_int_equal(sink.order, 21);
	assert_int_equal(live_apply_record(&a, &records, &n, &err), LIVE_STEP_MORE);
	htab_record_encode(table + 4, (struct htab_record){1 << 17, 1, 0}, htab_host_order());
	assert_int_equal(live_apply_record(&a, &records, &n, &err), LIVE_STEP_BAD);
	put_le(number, 17, 8);
	assert_int_equal(live_apply_record(&a, &order, &n, &err), LIVE_STEP_BAD);
	put_le(number, 47, 8);
	assert_int_equal(live_apply_record(&a, &order, &n, &err), LIVE_STEP_BAD);
	put_le(number, (1ull << 32) + 20, 8);
	assert_int_equal(live_apply_record(&a, &order, &n, &err), LIVE_STEP_BAD);
	order.bytes = 4;
	assert_int_equal(live_apply_record(&a, &order, &n, &err), LIVE_STEP_BAD);
	assert_int_equal(sink.order, 21);
	live_apply_free(&a);
}

/* A board has neither a table nor interrupt sources, and is whole without. */
static void board(void **state)
{
	static const char *const names[] = {"console", "board"};
	static u8 memory[MEM_BYTES];
	struct guest_mem mem = {.host = memory, .bytes = MEM_BYTES};
	struct live_apply a = {.mem = &mem, .n_vcpus = 1};
	struct saved_vcpu *v = calloc(1, sizeof(*v));
	struct live_end e = {.n_vcpus = 1};
	struct state_out vcpu = {0}, devices = {0}, end = {0};
	u8 table[4] = {0}, order[8] = {20}, xics[4] = {0};
	struct error err;
	u64 n;

	saved_vcpu_pack(v, &vcpu);
	free(v);
	put_u32(&devices, ARRAY_SIZE(names));
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		put_string(&devices, names[i]);
		put_u32(&devices, 1);
		put_u32(&devices, 0);
	}
	live_end_pack(&e, &end);
	struct live_record bad[] = {
	    {LIVE_TABLE, table, sizeof(table)},
	    {LIVE_ORDER, order, sizeof(order)},
	    {LIVE_XICS, xics, sizeof(xics)},
	    {LIVE_END, end.data, end.len},
	};
	struct live_record good[] = {
	    {LIVE_VCPU, vcpu.data, vcpu.len},
	    {LIVE_DEVICES, devices.data, devices.len},
	};

	live_apply_init(&a, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(live_apply_record(&a, &bad[i], &n, &err), LIVE_STEP_BAD);
	for (unsigned i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(live_apply_record(&a, &good[i], &n, &err), LIVE_STEP_MORE);
	assert_int_equal(live_apply_record(&a, &bad[3], &n, &err), LIVE_STEP_END);
	live_apply_free(&a);
	state_free(&vcpu);
	state_free(&devices);
	state_free(&end);
}

static void wrong_records(void **state)
{
	u8 page[4 + 8 + GUEST_PAGE] = {1}, table[4 + 8 + 16] = {0}, end[32] = {0};

	assert_int_equal(apply(LIVE_MEMORY, page, sizeof(page)), LIVE_STEP_MORE);
	assert_int_equal(apply(LIVE_MEMORY, page, sizeof(page) - 1), LIVE_STEP_BAD);
	assert_int_equal(apply(LIVE_MEMORY, page, 3), LIVE_STEP_BAD);
	put_le(page + 4, MEM_BYTES, 8);
	assert_int_equal(apply(LIVE_MEMORY, page, sizeof(page)), LIVE_STEP_BAD);
	put_le(page + 4, ~(u64)(GUEST_PAGE - 1), 8);
	assert_int_equal(apply(LIVE_MEMORY, page, sizeof(page)), LIVE_STEP_BAD);
	put_le(page + 4, 16, 8);
	assert_int_equal(apply(LIVE_MEMORY, page, sizeof(page)), LIVE_STEP_BAD);
	put_le(page, 0xffffffff, 4);
	assert_int_equal(apply(LIVE_MEMORY, page, sizeof(page)), LIVE_STEP_BAD);

	put_le(table, htab_host_order(), 4);
	htab_record_encode(table + 4, (struct htab_record){ENTRIES - 1, 1, 0}, htab_host_order());
	assert_int_equal(apply(LIVE_TABLE, table, sizeof(table)), LIVE_STEP_MORE);
	htab_record_encode(table + 4, (struct htab_record){ENTRIES - 1, 1, 1}, htab_host_order());
	assert_int_equal(apply(LIVE_TABLE, table, sizeof(table)), LIVE_STEP_BAD);
	htab_record_encode(table + 4, (struct htab_record){0, 2, 0}, htab_host_order());
	assert_int_equal(apply(LIVE_TABLE, table, sizeof(table)), LIVE_STEP_BAD);
	put_le(table, 2, 4);
	assert_int_equal(apply(LIVE_TABLE, table, sizeof(table)), LIVE_STEP_BAD);

	/* The end, before anything of the stopped guest has come. */
	put_le(end + 4, 1, 4);
	assert_int_equal(apply(LIVE_END, end, sizeof(end)), LIVE_STEP_BAD);
	assert_int_equal(apply(LIVE_GO, NULL, 0), LIVE_STEP_BAD);
	assert_int_equal(apply(0x12345678, NULL, 0), LIVE_STEP_BAD);
}

/* ---- Records of the table ---- */

struct table_sink {
	unsigned calls;
	u8 data[256];
	size_t bytes;
};

static int take_table(void *opaque, const u8 *records, size_t bytes, struct error *err)
{
	struct table_sink *sink = opaque;

	sink->calls++;
	assert_true(bytes <= sizeof(sink->data));
	memcpy(sink->data, records, bytes);
	sink->bytes = bytes;
	return 0;
}

/* An entry, a run of nothing, two entries, in headers of @order; returns the bytes. */
static size_t lone_records(u8 *p, enum htab_order order)
{
	static const struct htab_record recs[] = {{7, 1, 0}, {100, 0, 3}, {ENTRIES - 2, 2, 0}};
	u8 *begin = p;

	for (unsigned i = 0; i < ARRAY_SIZE(recs); i++) {
		htab_record_encode(p, recs[i], order);
		memset(p + HTAB_RECORD_HEADER, 'a' + i, recs[i].n_valid * HTAB_ENTRY_BYTES);
		p += htab_record_bytes(recs[i]);
	}
	return p - begin;
}

/* All go to the table at once, turned into this host's order, or none does. */
static void table_at_once(void **state)
{
	enum htab_order foreign = htab_host_order() == HTAB_BIG ? HTAB_LITTLE : HTAB_BIG;
	u8 payload[4 + 256], ours[256];
	size_t bytes = lone_records(ours, htab_host_order());
	struct live_record rec = {LIVE_TABLE, payload, 4 + bytes};
	struct table_sink sink = {0};
	struct error err;

	for (enum htab_order order = HTAB_LITTLE; order <= HTAB_BIG; order++) {
		put_le(payload, order, 4);
		lone_records(payload + 4, order);
		assert_int_equal(live_table_take(&rec, ENTRIES, take_table, &sink, &err), 0);
		assert_int_equal(sink.bytes, bytes);
		assert_memory_equal(sink.data, ours, bytes);
	}
	assert_int_equal(sink.calls, 2);
	/* The last one is cut off; is of a larger table; and there is none. */
	put_le(payload, foreign, 4);
	lone_records(payload + 4, foreign);
	rec.bytes--;
	assert_int_equal(live_table_take(&rec, ENTRIES, take_table, &sink, &err), -1);
	rec.bytes++;
	lone_records(payload + 4, foreign);
	assert_int_equal(live_table_take(&rec, ENTRIES - 1, take_table, &sink, &err), -1);
	assert_int_equal(sink.calls, 2);
	rec.bytes = 4;
	assert_int_equal(live_table_take(&rec, ENTRIES, take_table, &sink, &err), 0);
	assert_int_equal(sink.calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_stream),  cmocka_unit_test(flipped_bits),
	    cmocka_unit_test(cut_off),	     cmocka_unit_test(another_table),
	    cmocka_unit_test(board),	     cmocka_unit_test(wrong_records),
	    cmocka_unit_test(table_at_once),
	};

	/*
	 * Streams have large buffers: kept mapped between the many of them, filling them anew costs
	 * little.
	 */
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
