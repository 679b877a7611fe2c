/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: nothing that is sent to the stub of gdb's protocol makes it crash, or ask its
 * target for what that hasn't.
 *
 * Input: what a peer sends. Byte 0x00 stands for "the target stopped", 0x01 begins a packet whose
 * sum is put right, up to the next 0x01 or the end.
 */
#include <stdlib.h>
#include <string.h>

#include "gdb/stub.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define THREADS	     3
#define MEMORY_BYTES 0x3000

static struct {
	u8 *memory; /* from address 0 */
	bool running;
	u8 turn;
	size_t sent;
} t;

static void must(bool good)
{
	if (!good)
		abort();
}

static void check_asked(unsigned thread)
{
	must(thread < THREADS && !t.running);
}

static int read_register(void *opaque, unsigned thread, unsigned reg, struct gdb_value *value)
{
	check_asked(thread);
	must(reg < gdb_n_registers);
	*value = (struct gdb_value){reg, t.turn++};
	return reg % 5 == 4 ? -1 : 0;
}

static int write_register(void *opaque, unsigned thread, unsigned reg, struct gdb_value value)
{
	check_asked(thread);
	must(reg < gdb_n_registers);
	must(gdb_registers[reg].bits == 128 || !value.high);
	return reg % 7 == 6 ? -1 : 0;
}

static size_t read_memory(void *opaque, unsigned thread, u64 address, void *data, size_t len)
{
	check_asked(thread);
	if (address >= MEMORY_BYTES)
		return 0;
	if (len > MEMORY_BYTES - address)
		len = MEMORY_BYTES - address;
	memcpy(data, t.memory + address, len);
	return len;
}

static int write_memory(void *opaque, unsigned thread, u64 address, const void *data, size_t len)
{
	check_asked(thread);
	must(len);
	if (address >= MEMORY_BYTES || len > MEMORY_BYTES - address)
		return -1;
	memcpy(t.memory + address, data, len);
	return 0;
}

static int change_point(void *opaque, enum gdb_point kind, u64 address, u64 len)
{
	must(kind < GDB_POINT_KINDS && !t.running);
	return address & 1 ? -1 : 0;
}

static int run(void *opaque, const unsigned char *runs)
{
	must(!t.running);
	for (unsigned i = 0; i < THREADS; i++)
		must(runs[i] <= GDB_STEP);
	t.running = ++t.turn % 8;
	return t.running ? 0 : -1;
}

static void interrupt(void *opaque)
{
	must(t.running);
	t.running = false;
}

static bool next_stop(void *opaque, struct gdb_stop *stop)
{
	*stop = (struct gdb_stop){t.turn % THREADS, t.turn % (GDB_MET + 1),
				  t.turn % GDB_POINT_KINDS, ~(u64)t.turn};
	return !t.running;
}

static void describe_thread(void *opaque, unsigned thread, struct gdb_out *out)
{
	must(thread < THREADS);
	gdb_put_text(out, "thread %u", thread);
}

static void command(void *opaque, unsigned thread, const char *text, struct gdb_out *out)
{
	check_asked(thread);
	for (unsigned i = 0; i < 100; i++)
		gdb_put_text(out, "%s", text);
}

static void kill_it(void *opaque)
{
}

/* Whatever goes out are packets and acknowledgements. */
static void on_send(void *opaque, const char *data, size_t len)
{
	must(len);
	if (len == 1) {
		must(*data == '+' || *data == '-');
		return;
	}
	must(len >= 4 && len <= GDB_FRAME_MAX && data[0] == '$' && data[len - 3] == '#');
	t.sent += len;
}

static void feed_packet(struct gdb_stub *s, const u8 *body, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char end[3] = "#";
	u8 sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += body[i];
	end[1] = digits[sum >> 4];
	end[2] = digits[sum & 0xf];
	gdb_stub_feed(s, "$", 1);
	gdb_stub_feed(s, (const char *)body, len);
	gdb_stub_feed(s, end, sizeof(end));
}

static size_t feed_some(struct gdb_stub *s, const u8 *data, size_t size)
{
	const u8 *end;

	if (data[0] == 0) {
		t.running = false;
		gdb_stub_look(s);
		return 1;
	}
	if (data[0] != 1) {
		gdb_stub_feed(s, (const char *)data, 1);
		return 1;
	}
	end = memchr(data + 1, 1, size - 1);
	if (!end)
		end = data + size;
	feed_packet(s, data + 1, end - data - 1);
	return end - data;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct gdb_target target = {
	    .n_threads = THREADS,
	    .little = size & 1,
	    .read_register = read_register,
	    .write_register = write_register,
	    .read_memory = read_memory,
	    .write_memory = write_memory,
	    .set_point = change_point,
	    .clear_point = change_point,
	    .run = run,
	    .interrupt = interrupt,
	    .next_stop = next_stop,
	    .describe_thread = describe_thread,
	    .command = command,
	    .kill = kill_it,
	};
	struct gdb_stub *s = gdb_stub_new(&target, on_send, NULL);

	must(s);
	memset(&t, 0, sizeof(t));
	t.memory = calloc(1, MEMORY_BYTES);
	must(t.memory);
	for (size_t at = 0; at < size;)
		at += feed_some(s, data + at, size - at);
	gdb_stub_ended(s, size);
	gdb_stub_free(s);
	free(t.memory);
	return 0;
}
