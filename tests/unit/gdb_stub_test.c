/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gdb's remote protocol: packets in pieces and in disorder, and what the stub answers for a target
 * that is made up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gdb/stub.h"

#define THREADS	     3
#define MEMORY_AT    0x1000
#define MEMORY_BYTES 64

static struct {
	struct gdb_target target;
	struct gdb_stub *stub;
	char sent[4 * GDB_FRAME_MAX];
	size_t n_sent;
	struct gdb_value regs[THREADS][256];
	u8 memory[MEMORY_BYTES];
	unsigned points[GDB_POINT_KINDS];
	unsigned char runs[THREADS];
	unsigned n_runs, n_kills, n_interrupts;
	struct gdb_stop stops[4];
	unsigned n_stops;
	char command[300];
} f;

/* ---- The target ---- */

static int read_register(void *opaque, unsigned thread, unsigned reg, struct gdb_value *value)
{
	*value = f.regs[thread][reg];
	return reg == 40 ? -1 : 0; /* f2 is nowhere */
}

static int write_register(void *opaque, unsigned thread, unsigned reg, struct gdb_value value)
{
	f.regs[thread][reg] = value;
	return 0;
}

static size_t read_memory(void *opaque, unsigned thread, u64 address, void *data, size_t len)
{
	u64 at = address - MEMORY_AT;

	if (at >= MEMORY_BYTES)
		return 0;
	if (len > MEMORY_BYTES - at)
		len = MEMORY_BYTES - at;
	memcpy(data, f.memory + at, len);
	return len;
}

static int write_memory(void *opaque, unsigned thread, u64 address, const void *data, size_t len)
{
	u64 at = address - MEMORY_AT;

	if (at > MEMORY_BYTES || len > MEMORY_BYTES - at)
		return -1;
	memcpy(f.memory + at, data, len);
	return 0;
}

static int set_point(void *opaque, enum gdb_point kind, u64 address, u64 len)
{
	f.points[kind]++;
	return address == 0xbad ? -1 : 0;
}

static int clear_point(void *opaque, enum gdb_point kind, u64 address, u64 len)
{
	f.points[kind]--;
	return 0;
}

static int run(void *opaque, const unsigned char *runs)
{
	memcpy(f.runs, runs, THREADS);
	f.n_runs++;
	return 0;
}

static void interrupt(void *opaque)
{
	f.n_interrupts++;
}

static bool next_stop(void *opaque, struct gdb_stop *stop)
{
	*stop = (struct gdb_stop){.thread = 1, .why = GDB_TRAPPED};
	if (!f.n_stops)
		return false;
	*stop = f.stops[--f.n_stops];
	return true;
}

static void describe_thread(void *opaque, unsigned thread, struct gdb_out *out)
{
	gdb_put_text(out, "t%u", thread);
}

static void command(void *opaque, unsigned thread, const char *text, struct gdb_out *out)
{
	snprintf(f.command, sizeof(f.command), "%s", text);
	if (!strcmp(text, "flood"))
		for (unsigned i = 0; i < GDB_BODY_MAX; i++)
			gdb_put_text(out, "no end of it");
}

static void kill_it(void *opaque)
{
	f.n_kills++;
}

static void on_send(void *opaque, const char *data, size_t len)
{
	assert_true(f.n_sent + len < sizeof(f.sent));
	memcpy(f.sent + f.n_sent, data, len);
	f.n_sent += len;
	f.sent[f.n_sent] = 0;
}

static int setup(void **state)
{
	memset(&f, 0, sizeof(f));
	f.target = (struct gdb_target){
	    .n_threads = THREADS,
	    .little = true,
	    .read_register = read_register,
	    .write_register = write_register,
	    .read_memory = read_memory,
	    .write_memory = write_memory,
	    .set_point = set_point,
	    .clear_point = clear_point,
	    .run = run,
	    .interrupt = interrupt,
	    .next_stop = next_stop,
	    .describe_thread = describe_thread,
	    .command = command,
	    .kill = kill_it,
	};
	f.stub = gdb_stub_new(&f.target, on_send, NULL);
	assert_non_null(f.stub);
	return 0;
}

static int teardown(void **state)
{
	gdb_stub_free(f.stub);
	return 0;
}

/* ---- Its other end ---- */

static void feed(const char *text)
{
	f.n_sent = 0;
	f.sent[0] = 0;
	gdb_stub_feed(f.stub, text, strlen(text));
}

/* Sends the packet, and has its answer be @body; NULL: none. */
static void expect(const char *packet, const char *body)
{
	static char frame[3 * GDB_FRAME_MAX];
	char wanted[1024];
	u8 sum = 0;

	for (const char *p = packet; *p; p++)
		sum += (u8)*p;
	snprintf(frame, sizeof(frame), "$%s#%02x", packet, sum);
	feed(frame);
	assert_int_equal(f.sent[0], '+');
	if (!body) {
		assert_string_equal(f.sent, "+");
		return;
	}
	sum = 0;
	for (const char *p = body; *p; p++)
		sum += (u8)*p;
	snprintf(wanted, sizeof(wanted), "+$%s#%02x", body, sum);
	assert_string_equal(f.sent, wanted);
}

static void stop(struct gdb_stop s)
{
	f.stops[f.n_stops++] = s;
}

/* ---- Packets ---- */

static void packets_in_pieces(void **state)
{
	static const char text[] = "+$qC#b4";

	f.n_sent = 0;
	for (size_t i = 0; i + 1 < sizeof(text); i++) {
		assert_int_equal(f.n_sent, 0);
		gdb_stub_feed(f.stub, text + i, 1);
	}
	assert_string_equal(f.sent, "+$QC1#c5");
}

static void what_is_no_packet(void **state)
{
	feed("$qC#b5"); /* a wrong sum */
	assert_string_equal(f.sent, "-");
	feed("$qC#xx");
	assert_string_equal(f.sent, "-");
	feed("}#00 garbage \x03"); /* nothing runs */
	assert_string_equal(f.sent, "");
	feed("$qAtta$qC#b4"); /* its end was lost */
	assert_string_equal(f.sent, "+$QC1#c5");
	feed("-");
	assert_string_equal(f.sent, "$QC1#c5");
	feed("$a}#de"); /* nothing to be escaped */
	assert_string_equal(f.sent, "-");
}

static void too_long(void **state)
{
	char *text = malloc(GDB_BODY_MAX + 16);

	memset(text, 'm', GDB_BODY_MAX + 2);
	text[0] = '$';
	strcpy(text + GDB_BODY_MAX + 2, "#6d");
	feed(text);
	assert_string_equal(f.sent, "-");
	free(text);
	expect("qC", "QC1");
}

static void without_acks(void **state)
{
	expect("QStartNoAckMode", "OK");
	feed("$qC#00$qC#b4-");
	assert_string_equal(f.sent, "$QC1#c5");
}

static void unknown_packets(void **state)
{
	expect("vMustReplyEmpty", "");
	expect("qCRC:0,1", "");
	expect("!", "");
	expect("", "");
	expect("qXfer:features:read:other.xml:0,10", "E01");
	expect("Z7,1000,4", "");
}

/* ---- Registers ---- */

static void registers_in_both_orders(void **state)
{
	f.regs[0][3].low = 0x0102030405060708;
	f.regs[0][34].low = 0x11223344; /* cr */
	expect("p3", "0807060504030201");
	expect("p22", "44332211");
	expect("p28", "xxxxxxxxxxxxxxxx");
	f.target.little = false;
	expect("p3", "0102030405060708");
	expect("P3=00000000000000ff", "OK");
	assert_int_equal(f.regs[0][3].low, 0xff);
	expect("p0ffff", "E01");
	expect("P3=00", "E01");
	expect("P3", "E01");
}

static void a_vector(void **state)
{
	unsigned n = 0;
	char packet[64];

	while (strcmp(gdb_registers[n].name, "vr2"))
		n++;
	assert_int_equal(gdb_registers[n].bits, 128);
	snprintf(packet, sizeof(packet), "P%x=000102030405060708090a0b0c0d0e0f", n);
	expect(packet, "OK");
	assert_true(f.regs[0][n].high == 0x0f0e0d0c0b0a0908 &&
		    f.regs[0][n].low == 0x0706050403020100);
	snprintf(packet, sizeof(packet), "p%x", n);
	expect(packet, "000102030405060708090a0b0c0d0e0f");
}

static void all_registers(void **state)
{
	size_t digits = 0;

	for (unsigned i = 0; i < gdb_n_registers; i++)
		digits += gdb_registers[i].bits / 4;
	feed("$g#67");
	assert_int_equal(f.n_sent, digits + 5);
	expect("G0100000000000000020000000000000003", "E01"); /* the third is cut off */
	assert_int_equal(f.regs[0][1].low, 2);
	expect("G05", "E01");
	expect("G0500000000000000", "OK");
	assert_int_equal(f.regs[0][0].low, 5);
}

/* Each register once, in the order of the numbers, however the text is cut. */
static void description(void **state)
{
	struct gdb_out *out = calloc(1, sizeof(*out)), *whole = calloc(1, sizeof(*whole));
	static char text[0x10000];
	size_t n = 0;

	for (out->len = 0; gdb_describe(out, n, 100); out->len = 0) {
		memcpy(text + n, out->body, out->len);
		n += out->len;
		assert_true(n < sizeof(text));
	}
	assert_true(gdb_describe(whole, 0, GDB_BODY_MAX));
	assert_memory_equal(whole->body, text, n < GDB_BODY_MAX ? n : GDB_BODY_MAX);
	for (unsigned i = 0; i < gdb_n_registers; i++) {
		char wanted[64];

		snprintf(wanted, sizeof(wanted), "<reg name=\"%s\" bitsize=\"%u\" regnum=\"%u\"",
			 gdb_registers[i].name, gdb_registers[i].bits, i);
		assert_non_null(strstr(text, wanted));
	}
	free(out);
	free(whole);
}

/* ---- Memory and points ---- */

static void memory(void **state)
{
	memcpy(f.memory, "\x01\x02\x03\x04", 4);
	expect("m1000,4", "01020304");
	expect("m103e,8", "0000"); /* what there is */
	expect("m2000,4", "E01");
	expect("m1000", "E01");
	feed("$m1000,fffffffffffffff0#84");
	assert_int_equal(f.n_sent, 1 + 4 + 2 * MEMORY_BYTES);
}

static void memory_written(void **state)
{
	expect("M1000,4:a1b2c3d4", "OK");
	assert_memory_equal(f.memory, "\xa1\xb2\xc3\xd4", 4);
	expect("M1000,4:a1b2", "E01");
	expect("M1000,ffffffffffffffff:a1b2", "E01");
	expect("M2000,2:a1b2", "E01");
	expect("X1000,0:", "OK");
	expect("X1004,3:a}\x03}\x04", "OK"); /* escaped # and $ */
	assert_memory_equal(f.memory + 4, "a#$", 3);
	expect("X1004,9:abc", "E01");
}

static void points(void **state)
{
	expect("Z0,c000000000001000,4", "OK");
	expect("Z2,1008,8", "OK");
	expect("z0,c000000000001000,4", "OK");
	expect("Z1,bad,4", "E01");
	expect("Z1,1000", "E01");
	assert_int_equal(f.points[GDB_SOFT_BREAK], 0);
	assert_int_equal(f.points[GDB_WATCH_WRITE], 1);
}

/* ---- Threads and running ---- */

static void threads(void **state)
{
	expect("qfThreadInfo", "m1,2,3");
	expect("qsThreadInfo", "l");
	expect("qThreadExtraInfo,2", "7431");
	expect("qThreadExtraInfo,0", "E01");
	expect("T3", "OK");
	expect("T4", "E01");
	f.regs[2][0].low = 9;
	expect("Hg3", "OK");
	expect("p0", "0900000000000000");
	expect("Hg4", "E01");
	expect("Hc-1", "OK");
	expect("p0", "0900000000000000");
}

static void actions(void **state)
{
	static const unsigned char one_steps[] = {GDB_GO, GDB_STEP, GDB_GO};
	static const unsigned char others_stay[] = {GDB_STAY, GDB_STAY, GDB_STEP};

	expect("vCont?", "vCont;c;C;s;S");
	expect("vCont;s:2;c", NULL);
	assert_memory_equal(f.runs, one_steps, THREADS);
	stop((struct gdb_stop){.thread = 1, .why = GDB_TRAPPED});
	f.n_sent = 0;
	gdb_stub_look(f.stub);
	assert_string_equal(f.sent, "$T05thread:2;#d8");
	expect("vCont;S05:3", NULL);
	assert_memory_equal(f.runs, others_stay, THREADS);
	assert_int_equal(f.n_runs, 2);
}

static void bad_actions(void **state)
{
	expect("vCont;x", "E01");
	expect("vCont;s:9", "E01");
	expect("vCont;C", "E01");
	expect("vCont;c:", "E01");
	expect("vContinue", "E01");
	expect("c1000", "E01");
	assert_int_equal(f.n_runs, 0);
}

static void reasons(void **state)
{
	expect("qSupported:multiprocess+;swbreak+;xmlRegisters=i386",
	       "PacketSize=4000;qXfer:features:read+;QStartNoAckMode+;vContSupported+;swbreak+;"
	       "hwbreak+");
	stop((struct gdb_stop){.thread = 2, .why = GDB_MET, .kind = GDB_SOFT_BREAK});
	expect("c", "T05thread:3;swbreak:;");
	stop((struct gdb_stop){.thread = 0, .why = GDB_MET, .kind = GDB_HARD_BREAK});
	expect("s", "T05thread:1;"); /* nobody asked for more */
	stop((struct gdb_stop){0, GDB_MET, GDB_WATCH_ACCESS, 0xc000000000001008});
	expect("c", "T05thread:1;awatch:c000000000001008;");
	expect("?", "T05thread:1;awatch:c000000000001008;");
}

static void interrupted(void **state)
{
	expect("vCont;c", NULL);
	expect("g", "E01"); /* not while it runs */
	feed("\x03");
	assert_string_equal(f.sent, "$T02thread:1;#d4");
	assert_int_equal(f.n_interrupts, 1);
	expect("c", NULL);
	stop((struct gdb_stop){.thread = 1, .why = GDB_TRAPPED});
	feed("\x03"); /* it stopped by itself at the same time */
	assert_string_equal(f.sent, "$T05thread:2;#d8");
}

static void commands(void **state)
{
	expect("qRcmd,696e666f", "OK");
	assert_string_equal(f.command, "info");
	expect("qRcmd,696", "E01");
	expect("qRcmd,zz", "E01");
	feed("$qRcmd,666c6f6f64#ca");
	assert_int_equal(f.n_sent, GDB_BODY_MAX + 5);
}

static void going_away(void **state)
{
	expect("qAttached", "1");
	expect("D;1", "OK");
	assert_true(gdb_stub_is_done(f.stub));
	feed("$qC#b4");
	assert_string_equal(f.sent, "");
}

static void killing(void **state)
{
	expect("c", NULL);
	expect("k", NULL);
	assert_int_equal(f.n_kills, 1);
	assert_true(gdb_stub_is_done(f.stub));
}

static void the_end(void **state)
{
	expect("c", NULL);
	f.n_sent = 0;
	gdb_stub_ended(f.stub, 3);
	assert_string_equal(f.sent, "$W03#ba");
	assert_true(gdb_stub_is_done(f.stub));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(packets_in_pieces), TEST(what_is_no_packet),
	    TEST(too_long),	     TEST(without_acks),
	    TEST(unknown_packets),   TEST(registers_in_both_orders),
	    TEST(a_vector),	     TEST(all_registers),
	    TEST(description),	     TEST(memory),
	    TEST(memory_written),    TEST(points),
	    TEST(threads),	     TEST(actions),
	    TEST(bad_actions),	     TEST(reasons),
	    TEST(interrupted),	     TEST(commands),
	    TEST(going_away),	     TEST(killing),
	    TEST(the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
